#!/bin/bash
# Collects what setup.sh installs into a folder that can be carried in: our program, each package of requirements.lock as a
# wheel for the kiosk's processor and Debian 12's Python, and setup.sh itself.  --check only says whether they all exist.
set -euo pipefail

usage="bundle.sh [--python PYTHON] [--arch aarch64|x86_64] (--check | FOLDER)"
HERE=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
PYTHON=python3 ARCH=aarch64 CHECK=no FOLDER=""
while [ $# -gt 0 ]; do
  case $1 in
    --python) PYTHON=${2:?}; shift ;;
    --arch) ARCH=${2:?}; shift ;;
    --check) CHECK=yes ;;
    -*) echo "$usage" >&2; exit 2 ;;
    *) FOLDER=$1 ;;
  esac
  shift
done
case $ARCH in aarch64 | x86_64) ;; *) echo "bundle.sh: --arch is aarch64 or x86_64" >&2; exit 2 ;; esac
[ "$CHECK" = yes ] || [ -n "$FOLDER" ] || { echo "$usage" >&2; exit 2; }

wanted=(--quiet --disable-pip-version-check --require-hashes --no-deps --only-binary=:all: --python-version 3.11 --implementation cp --abi cp311 --abi abi3 --abi none)
for libc in 2_28 2_27 2_26 2_24 2_17; do wanted+=(--platform "manylinux_${libc}_$ARCH"); done
wanted+=(--platform "manylinux2014_$ARCH")

if [ "$CHECK" = yes ]; then
  nowhere=$(mktemp -d)
  trap 'rm -rf "$nowhere"' EXIT
  "$PYTHON" -m pip install "${wanted[@]}" --dry-run --ignore-installed --target "$nowhere" -r "$HERE/requirements.lock"
  exit
fi
mkdir -p "$FOLDER/wheels" "$FOLDER/deploy"
"$PYTHON" -m pip download "${wanted[@]}" --dest "$FOLDER/wheels" -r "$HERE/requirements.lock"
"$PYTHON" -m pip wheel --quiet --disable-pip-version-check --no-deps --wheel-dir "$FOLDER/wheels" "$HERE"
cp -r "$HERE/deploy/kiosk" "$FOLDER/deploy/"
cp "$HERE/requirements.lock" "$FOLDER/"
echo "$FOLDER: $(find "$FOLDER/wheels" -name '*.whl' | wc -l) wheels; on the kiosk: $FOLDER/deploy/kiosk/setup.sh"
