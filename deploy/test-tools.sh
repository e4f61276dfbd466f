#!/bin/sh
# What `make test` drives besides Python: a real browser, Chinese fonts to look at, a media tool to make fake
# cameras, a reader of handwriting, what makes certificates.  Installs them where it may, else says what to install.
set -eu
missing=""
has() { command -v "$1" >/dev/null 2>&1; }
# One engine in two packages: the shell without window frame is several times quicker, either will do.
has chromium-headless-shell || has chromium || has "${CHROMIUM:-chromium}" || missing="$missing chromium-headless-shell"
# The kiosk reads handwriting with this library and its model.
python3 -c 'import ctypes; ctypes.CDLL("libzinnia.so.0")' 2>/dev/null || missing="$missing libzinnia0"
[ -f /usr/share/tegaki/models/zinnia/handwriting-zh_CN.model ] || missing="$missing tegaki-zinnia-simplified-chinese"
# A time-stamping authority of the tests' own.
has openssl || missing="$missing openssl"
has ffmpeg || missing="$missing ffmpeg"
fc-list :lang=zh-cn 2>/dev/null | grep -q . || missing="$missing fonts-noto-cjk fontconfig"
# A real TURN server in network namespaces: only root can make those, for others these tests are skipped.
if [ "$(id -u)" = 0 ]; then
    has turnserver || missing="$missing coturn"
    has ip || missing="$missing iproute2"
    has iptables || missing="$missing iptables"
fi
# The tests of the night open the kiosk's browser on a display, print its slip through CUPS and send as a foreign encoder.
if [ -n "${NIGHT:-}" ]; then
    has chromium || missing="$missing chromium"
    has Xvfb || missing="$missing xvfb"
    [ -x /usr/sbin/cupsd ] || missing="$missing cups-daemon"
    has lpadmin || missing="$missing cups-client"
    has pdftotext || missing="$missing poppler-utils"
    /usr/bin/python3 -c 'import gi; gi.require_version("GstWebRTC", "1.0")' 2>/dev/null ||
        missing="$missing python3-gi gir1.2-gst-plugins-bad-1.0 gstreamer1.0-plugins-good gstreamer1.0-plugins-bad gstreamer1.0-nice"
fi
[ -n "$missing" ] || exit 0
if [ "$(id -u)" = 0 ] && has apt-get; then
    echo "Installing for the tests:$missing" >&2
    apt-get update -qq
    # shellcheck disable=SC2086
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >/dev/null
    # Debian starts what it installs; the tests start their own.
    case "$missing" in *coturn*) systemctl disable --now coturn >/dev/null 2>&1 || true ;; esac
else
    echo "The tests need these Debian packages:$missing" >&2
    echo "Install them with:  sudo apt-get install$missing" >&2
    exit 1
fi
