#!/bin/sh
# ModemManager of this system's own archive in .tools/modemmanager, for tests that run it on a bus and a modem of their own.
# Unpacked and not installed: its service would speak to every serial line of this machine, boards on a cable too.
set -eu
cd "$(dirname "$0")/.."
. bootstrap/say.sh
home=$PWD/.tools/modemmanager
[ -x "$home/usr/sbin/ModemManager" ] && exit 0
say "unpacking ModemManager for the tests of the gateway's modem"
rm -rf "$home"
mkdir -p "$home/deb"
if ! (cd "$home/deb" && apt-get -qq -o APT::Sandbox::User="$(id -un)" download modemmanager libmm-glib0 libmbim-glib4 \
    libqmi-glib5 libqrtr-glib0 libpolkit-gobject-1-0 libgudev-1.0-0) >"$home/log" 2>&1; then
    tail -n 3 "$home/log" >&2
    echo "ModemManager cannot be fetched (its words are above); the tests that need it are left out." >&2
    exit 0
fi
for deb in "$home"/deb/*.deb; do dpkg-deb -x "$deb" "$home"; done
rm -rf "$home/deb" "$home/log"
