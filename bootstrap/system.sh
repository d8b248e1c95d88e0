#!/bin/sh
# System packages: Mosquitto for everything, a machine's voice for loudspeakers without recordings, a browser and a font
# with Chinese for the tests (with the word "browser").
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
fi
[ -z "$missing" ] || need_packages $missing
