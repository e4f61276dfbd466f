"""`make compile`: the media node's hot modules to C by mypyc, into build/compiled (server/media/compiled.py).

Needs a C compiler and Python's headers (Debian: gcc, python3-dev) and takes about a minute.
"""

import contextlib
import json
import os
import shutil
import sys
import sysconfig
import tempfile
from collections.abc import Iterator
from pathlib import Path

from server.media import compiled

ROOT = compiled.SOURCE.parents[1]
WITHOUT = "The media node runs without it, with fewer rooms per core."


def missing() -> str:
    """What this machine lacks for compiling; empty if nothing."""
    if shutil.which(os.environ.get("CC", "gcc")) is None:
        return "There is no C compiler (Debian: apt-get install gcc)."
    if not Path(sysconfig.get_paths()["include"], "Python.h").exists():
        return "Python's headers are not installed (Debian: apt-get install python3-dev)."
    return ""


@contextlib.contextmanager
def beside(folder: Path) -> Iterator[None]:
    """Work in a folder; mypyc leaves its C files where it runs."""
    before = Path.cwd()
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(before)


def build(folder: Path) -> None:
    """Compile the hot modules of the `server` package that lies in this folder, in place."""
    from mypyc.build import mypycify
    from setuptools import setup

    with beside(folder):
        sources = [f"server/media/{name}.py" for name in compiled.HOT]
        extensions = mypycify([*sources], opt_level="2", debug_level="0", group_name=compiled.GROUP)
        setup(name="jietan-compiled", packages=[], py_modules=[], ext_modules=extensions, script_args=["-q", "build_ext", "--inplace"])


def collect(folder: Path, target: Path) -> None:
    """Move what was built to where the node looks for it; the hashes come last, so that half of it is never used."""
    shutil.rmtree(target, ignore_errors=True)
    for library in [*folder.glob("*.so"), *(folder / "server").rglob("*.so")]:
        place = target / library.relative_to(folder)
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(library, place)
    known = {"python": sys.implementation.cache_tag, "sources": compiled.hashes(folder / "server" / "media")}
    (target / compiled.HASHES).write_text(json.dumps(known, indent=1))


def main() -> None:
    """Compile, or say why not."""
    lacks = missing()
    if lacks:
        raise SystemExit(f"Not compiled.  {lacks}  {WITHOUT}")
    with tempfile.TemporaryDirectory(prefix="jietan-compile-") as name:
        folder = Path(name)
        shutil.copytree(ROOT / "server", folder / "server", ignore=shutil.ignore_patterns("*.so", "__pycache__"))
        build(folder)
        collect(folder, compiled.FOLDER)
    sys.stderr.write(f"Compiled {len(compiled.HOT)} modules into {compiled.FOLDER.relative_to(ROOT)}.\n")


if __name__ == "__main__":
    main()
