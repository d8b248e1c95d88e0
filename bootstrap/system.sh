#!/bin/sh
# System packages: Mosquitto for everything, a machine's voice for loudspeakers without recordings; with the word "browser"
# what only the tests need, too: a browser, a font with Chinese, a D-Bus of their own with a service on it that stands for
# ModemManager, and a wall clock that is wrong.
set -eu
cd "$(dirname "$0")/.."
. bootstrap/say.sh
missing=""
[ -x /usr/sbin/mosquitto ] || command -v mosquitto >/dev/null || missing="$missing mosquitto"
command -v espeak-ng >/dev/null || missing="$missing espeak-ng"
if [ "${1:-}" = browser ]; then
    command -v chromium >/dev/null || missing="$missing chromium"
    # what drives the browser is a Node of its own, and that needs it
    /sbin/ldconfig -p 2>/dev/null | grep -q libatomic.so.1 || missing="$missing libatomic1"
    [ -n "$(find /usr/share/fonts -iname '*cjk*' -print -quit 2>/dev/null)" ] || missing="$missing fonts-noto-cjk"
    [ -n "$(find /usr/lib -path '*/faketime/libfaketimeMT.so.1' -print -quit)" ] || missing="$missing libfaketime"
    command -v dbus-daemon >/dev/null || missing="$missing dbus"
    # the system's own Python runs it: dbus-python, which it needs, is on PyPI only as source for a C compiler
    /usr/bin/python3 -c "import dbusmock" 2>/dev/null || missing="$missing python3-dbusmock"
fi
[ -z "$missing" ] || need_packages $missing
