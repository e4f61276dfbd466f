#!/bin/bash
# Turns a plain Debian 12 into a kiosk: see README.md beside it.  May be run again, also without options: what is right
# already, and what was chosen before, stays.
set -euo pipefail
umask 022                        # the kiosk's account reads what is installed here, the browser its policy

HERE=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
TREE=$HERE/../..                 # our own source, or what bundle.sh collected
LOCK=$TREE/requirements.lock
WHEELS=$TREE/wheels      # of bundle.sh: nothing of Python comes from the internet then
ROOT=${JIETAN_ROOT:-}            # a folder instead of /, for trying it
PREFIX=/opt/jietan
ACCOUNT=jietan
DATA=/var/lib/jietan-kiosk
SETTINGS=/etc/jietan-kiosk.conf
CHOICES=/etc/jietan-kiosk.setup  # what earlier runs of this script were told of the machine itself

# kept FILE NAME OTHERWISE: what an earlier run, or somebody by hand, wrote there.
kept() {
  local found=""
  [ ! -f "$ROOT$1" ] || found=$(sed -n "s/^$2=//p" "$ROOT$1" | tail -n 1)
  echo "${found:-$3}"
}
SERVER=$(kept $SETTINGS JIETAN_KIOSK_SERVER "")
OUTPUT=$(kept $CHOICES OUTPUT "") ROTATE=$(kept $CHOICES ROTATE normal) CALIBRATION=$(kept $CHOICES CALIBRATION "")
USB_STORAGE=$(kept $CHOICES USB_STORAGE no) UPDATES=$(kept $CHOICES UPDATES yes)
KEYBOARDS=$(kept $CHOICES KEYBOARDS yes)
CODE="" SOURCE="" DRY=no SLIPS="" PAPER="" READER="" ALARM="" HANDSET=""
PACKAGES=(cage chromium wlr-randr dbus-user-session libpam-systemd fonts-noto-cjk fonts-noto-color-emoji
  python3 python3-venv pipewire wireplumber pipewire-pulse alsa-utils unattended-upgrades ca-certificates
  libzinnia0 tegaki-zinnia-simplified-chinese)

usage() {
  cat <<TEXT
setup.sh --server ADDRESS --code CODE [options]     (as root)

What is left out stays as an earlier run set it, or as somebody wrote it into /etc/jietan-kiosk.conf.

  --server ADDRESS    the office, e.g. https://jietan.example.gov.cn; needed the first time only
  --code CODE         one-time code from the page 管理; needed the first time only
  --source WHAT       what pip installs: a wheel, or a folder; else what this script came with, and without that the
                      program that is installed stays
  --output NAME       the display to use, e.g. HDMI-A-1 (see: wlr-randr); needed for --rotate
  --rotate DEGREES    normal, 90, 180 or 270: a display that stands upright
  --calibration "a b c d e f"   touch: the matrix of libinput, for a panel whose touch does not meet the picture
  --slip-printer NAME    the printer for slips, by its name in CUPS (lpadmin -p NAME …)
  --paper-printer NAME   the printer for A4
  --card-reader PORT     the port on 127.0.0.1 of the identity card reader's bridge program
  --alarm-button DEVICE  the emergency button, e.g. /dev/input/by-id/…-event-kbd
  --handset DEVICE       the hook of the hand-set, likewise
                         (each of these five may be none: there is none any more)
  --allow-usb-storage keep USB sticks working (they are locked out otherwise); --lock-usb-storage takes it back
  --no-keyboards      the display takes no key of a keyboard or switch that is plugged in; --keyboards takes it back
  --no-updates        no security updates by itself (where an own mirror does that); --updates takes it back
  --dry-run           only say what would be done
TEXT
}

while [ $# -gt 0 ]; do
  case $1 in
    --server) SERVER=${2:?}; shift ;;
    --code) CODE=${2:?}; shift ;;
    --source) SOURCE=${2:?}; shift ;;
    --output) OUTPUT=${2:?}; shift ;;
    --rotate) ROTATE=${2:?}; shift ;;
    --calibration) CALIBRATION=${2:?}; shift ;;
    --slip-printer) SLIPS=${2:?}; shift ;;
    --paper-printer) PAPER=${2:?}; shift ;;
    --card-reader) READER=${2:?}; shift ;;
    --alarm-button) ALARM=${2:?}; shift ;;
    --handset) HANDSET=${2:?}; shift ;;
    --allow-usb-storage) USB_STORAGE=yes ;;
    --lock-usb-storage) USB_STORAGE=no ;;
    --no-keyboards) KEYBOARDS=no ;;
    --keyboards) KEYBOARDS=yes ;;
    --no-updates) UPDATES=no ;;
    --updates) UPDATES=yes ;;
    --dry-run) DRY=yes ;;
    -h | --help) usage; exit 0 ;;
    *) echo "setup.sh: unknown option $1" >&2; usage >&2; exit 2 ;;
  esac
  shift
done

fail() { echo "setup.sh: $1" >&2; exit 1; }
[ -n "$SERVER" ] || fail "--server is missing"
[[ $SERVER =~ ^https?://[A-Za-z0-9.:_-]+/?$ ]] || fail "--server is no address: $SERVER"
case $ROTATE in normal | 90 | 180 | 270) ;; *) fail "--rotate is normal, 90, 180 or 270" ;; esac
[ "$ROTATE" = normal ] || [ -n "$OUTPUT" ] || fail "--rotate needs --output"
[[ -z $OUTPUT || $OUTPUT =~ ^[A-Za-z0-9-]+$ ]] || fail "--output is no display: $OUTPUT"
[[ -z $CALIBRATION || $CALIBRATION =~ ^(-?[0-9.]+ ){5}-?[0-9.]+$ ]] || fail "--calibration is six numbers"
[[ $SLIPS$PAPER =~ ^[A-Za-z0-9_-]*$ ]] || fail "--slip-printer and --paper-printer are names of CUPS: $SLIPS $PAPER"
[[ $READER =~ ^([0-9]{1,5}|none|)$ ]] || fail "--card-reader is a port: $READER"
[[ $ALARM =~ ^(/dev/[A-Za-z0-9/._:+-]+|none|)$ ]] || fail "--alarm-button is a device below /dev: $ALARM"
[[ $HANDSET =~ ^(/dev/[A-Za-z0-9/._:+-]+|none|)$ ]] || fail "--handset is a device below /dev: $HANDSET"

# Never a name alone that anybody may have given to a package of theirs at an index.
INSTALLED=no
[ ! -x "$ROOT$PREFIX/bin/jietan" ] || INSTALLED=yes
if [ -z "$SOURCE" ]; then
  if [ -d "$WHEELS" ]; then
    SOURCE=jietan # --no-index: the one of this folder
  elif [ -f "$TREE/pyproject.toml" ]; then
    SOURCE=$TREE
  fi
fi
[ -n "$SOURCE" ] || [ "$INSTALLED" = yes ] || fail "--source is missing: the wheel of jietan, or its folder"

# setting NAME VALUE: for the settings file; left out, what stands there stays; none: there is no such device.
CHANGED=()
setting() {
  case $2 in "") ;; none) CHANGED+=("JIETAN_KIOSK_$1=$3") ;; *) CHANGED+=("JIETAN_KIOSK_$1=$2") ;; esac
}
printer() { case $1 in "" | none) echo "$1" ;; *) echo "ipp://127.0.0.1:631/printers/$1" ;; esac; }
setting SERVER "${SERVER%/}" ""
setting SLIP_PRINTER "$(printer "$SLIPS")" ""
setting PAPER_PRINTER "$(printer "$PAPER")" ""
setting CARD_READER_PORT "$READER" 0
setting ALARM_DEVICE "$ALARM" ""
setting HANDSET_DEVICE "$HANDSET" ""
# The settings as they are to stand: those of an earlier run, with what is new in its place.
settings() {
  if [ -f "$ROOT$SETTINGS" ]; then cat "$ROOT$SETTINGS"; else filled kiosk.conf; fi |
    awk 'BEGIN { for (n = 1; n < ARGC; n++) { name = ARGV[n]; sub(/=.*/, "", name); names[n] = name; line[name] = ARGV[n] } most = ARGC; ARGC = 1 }
         { name = $0; sub(/=.*/, "", name); if (!(name in line)) print; else if (!(name in done)) print line[name]; done[name] = 1 }
         END { for (n = 1; n < most; n++) if (!(names[n] in done)) print line[names[n]] }' "${CHANGED[@]}"
}
[ "$DRY" = yes ] || [ -n "$ROOT" ] || [ "$(id -u)" = 0 ] || fail "needs root"

say() { echo "· $1"; }
# Does something to the machine itself; not for --dry-run, nor where only files are written to a folder.
act() {
  if [ "$DRY" = yes ] || [ -n "$ROOT" ]; then echo "  would run: $*"; else "$@"; fi
}
# put MODE PATH: what comes in goes to PATH, where it is not so already.
put() {
  local mode=$1 path=$ROOT$2 new
  new=$(mktemp)
  cat >"$new"
  if [ -f "$path" ] && cmp -s "$new" "$path" && [ "0$(stat -c %a "$path")" = "$mode" ]; then
    echo "  $2: is so already"
  elif [ "$DRY" = yes ]; then
    echo "  would write $2:"
    sed 's/^/    | /' "$new"
  else
    install -D -m "$mode" "$new" "$path"
    echo "  $2: written"
  fi
  rm -f "$new"
}
# away PATH: a file of ours that is no longer wanted.
away() {
  [ -f "$ROOT$1" ] || return 0
  if [ "$DRY" = yes ]; then echo "  would remove $1"; else rm "$ROOT$1" && echo "  $1: removed"; fi
}
# Fills the places of a file of ours.
filled() {
  sed -e "s|@PREFIX@|$PREFIX|g" -e "s|@ACCOUNT@|$ACCOUNT|g" -e "s|@DATA@|$DATA|g" -e "s|@SETTINGS@|$SETTINGS|g" \
    -e "s|@SERVER@|${SERVER%/}|g" -e "s|@OUTPUT@|$OUTPUT|g" -e "s|@ROTATE@|$ROTATE|g" "$HERE/files/$1"
}

PRINTS=no
if settings | grep "^JIETAN_KIOSK_[A-Z]*_PRINTER=ipp://127.0.0.1:631/" >/dev/null; then
  PRINTS=yes
  PACKAGES+=(cups cups-client)
fi

say "packages"
act apt-get update -q
act env DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends "${PACKAGES[@]}"

say "account $ACCOUNT: no password, no shell, the devices of a kiosk"
if ! id "$ACCOUNT" >/dev/null 2>&1; then
  act useradd --system --create-home --home-dir "$DATA" --shell /usr/sbin/nologin "$ACCOUNT"
fi
act usermod -a -G video,audio,input,render,lp "$ACCOUNT"
act install -d -m 0700 -o "$ACCOUNT" -g "$ACCOUNT" "$DATA"

say "the program, in $PREFIX"
FROM=()
[ ! -d "$WHEELS" ] || FROM=(--no-index --find-links "$WHEELS")
if [ -z "$SOURCE" ]; then
  echo "  stays as it is"
else
  act python3 -m venv "$PREFIX"
  if [ -f "$LOCK" ]; then # exactly the packages that were tested, each with its hash
    act "$PREFIX/bin/pip" install --quiet "${FROM[@]}" --require-hashes -r "$LOCK"
    act "$PREFIX/bin/pip" install --quiet "${FROM[@]}" --upgrade --no-deps "$SOURCE"
  else
    act "$PREFIX/bin/pip" install --quiet "${FROM[@]}" --upgrade "$SOURCE"
  fi
fi
filled jietan-kiosk | put 0755 /usr/local/sbin/jietan-kiosk

say "settings: what is new is set, all else stays as it stands there"
settings | put 0600 "$SETTINGS" # keys of programs beside it may stand there; systemd reads it as root
printf '%s\n' "OUTPUT=$OUTPUT" "ROTATE=$ROTATE" "CALIBRATION=$CALIBRATION" "USB_STORAGE=$USB_STORAGE" "UPDATES=$UPDATES" "KEYBOARDS=$KEYBOARDS" |
  put 0644 "$CHOICES"

if [ "$PRINTS" = yes ]; then
  say "printers: what is printed lies in memory only; that it was printed, without its words, is known for five minutes"
  filled var-spool-cups.mount | put 0644 /etc/systemd/system/var-spool-cups.mount
  act systemctl daemon-reload
  act systemctl stop cups.service cups.socket cups.path
  act systemctl enable --now var-spool-cups.mount
  act systemctl start cups.service
  act cupsctl PreserveJobHistory=300 PreserveJobFiles=No --no-share-printers --no-remote-any
  case $SLIPS in "" | none) ;; *) act lpadmin -d "$SLIPS" ;; esac
fi

say "services: the program, and the display with nothing but its browser"
filled jietan-kiosk.service | put 0644 /etc/systemd/system/jietan-kiosk.service
filled jietan-screen.service | put 0644 /etc/systemd/system/jietan-screen.service
filled jietan-reboot.service | put 0644 /etc/systemd/system/jietan-reboot.service
filled jietan-reboot.path | put 0644 /etc/systemd/system/jietan-reboot.path
filled jietan-screen | put 0755 "$PREFIX/bin/jietan-screen"

say "the browser's policy: our address and nothing else"
filled chromium-policy.json | put 0644 /etc/chromium/policies/managed/jietan.json

say "display and touch"
{
  echo "# Touch panels: to which display they belong, and how their touch meets the picture (libinput)."
  [ -z "$OUTPUT" ] || echo "ENV{ID_INPUT_TOUCHSCREEN}==\"1\", ENV{WL_OUTPUT}=\"$OUTPUT\""
  [ -z "$CALIBRATION" ] || echo "ENV{ID_INPUT_TOUCHSCREEN}==\"1\", ENV{LIBINPUT_CALIBRATION_MATRIX}=\"$CALIBRATION\""
  [ "$KEYBOARDS" = yes ] || echo 'ENV{ID_INPUT_KEY}=="1", ENV{ID_INPUT_TOUCHSCREEN}!="1", ENV{LIBINPUT_IGNORE_DEVICE}="1"'
} | put 0644 /etc/udev/rules.d/90-jietan-touch.rules

say "locked down: no other terminals, no restart from a keyboard, no sticks"
filled logind.conf | put 0644 /etc/systemd/logind.conf.d/jietan.conf
filled sysctl.conf | put 0644 /etc/sysctl.d/90-jietan.conf
if [ "$USB_STORAGE" = no ]; then
  filled modprobe.conf | put 0644 /etc/modprobe.d/jietan.conf
else
  away /etc/modprobe.d/jietan.conf
fi
act systemctl mask ctrl-alt-del.target getty@tty1.service autovt@.service

if [ -n "$ROOT" ] || [ -f /etc/default/grub ]; then
  filled grub.cfg | put 0644 /etc/default/grub.d/jietan.cfg
  act update-grub
fi

say "no swap: what was in memory only comes to no disk"
act swapoff -a
act systemctl mask swap.target

say "the log: small, in memory, and nothing of anybody in it"
filled journald.conf | put 0644 /etc/systemd/journald.conf.d/jietan.conf

say "a computer that hangs starts itself again"
filled watchdog.conf | put 0644 /etc/systemd/system.conf.d/jietan.conf

if [ "$UPDATES" = yes ]; then
  say "security updates at night, with a restart where one is needed"
  filled upgrades.conf | put 0644 /etc/apt/apt.conf.d/90-jietan
else
  away /etc/apt/apt.conf.d/90-jietan
fi

if [ -n "$CODE" ]; then
  say "enrolling"
  act runuser -u "$ACCOUNT" -- env JIETAN_KIOSK_DATA_DIR="$DATA" JIETAN_DATA_DIR="$DATA" \
    "$PREFIX/bin/jietan" kiosk enrol --server "$SERVER" --code "$CODE"
fi

say "starting"
act udevadm control --reload
act systemctl daemon-reload
act systemctl set-default graphical.target
act systemctl enable jietan-kiosk.service jietan-screen.service
act systemctl enable --now jietan-reboot.path
act systemctl restart systemd-journald.service
act systemctl restart jietan-kiosk.service jietan-screen.service
say "done: after a restart the welcome screen comes by itself; \`jietan-kiosk startup\` says how long it took"
