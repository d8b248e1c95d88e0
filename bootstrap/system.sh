#!/bin/sh
# System packages: Mosquitto for everything, a browser and a font with Chinese for the tests (with the word "browser").
set -eu
cd "$(dirname "$0")/.."
. bootstrap/say.sh
missing=""
[ -x /usr/sbin/mosquitto ] || command -v mosquitto >/dev/null || missing="$missing mosquitto"
if [ "${1:-}" = browser ]; then
    command -v chromium >/dev/null || missing="$missing chromium"
    [ -n "$(find /usr/share/fonts -iname '*cjk*' -print -quit 2>/dev/null)" ] || missing="$missing fonts-noto-cjk"
fi
[ -z "$missing" ] || need_packages $missing
