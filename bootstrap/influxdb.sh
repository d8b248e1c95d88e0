#!/bin/sh
# InfluxDB 1.6.7 of this system's own archive in .tools/influxdb, for tests that run it on a port and a folder of their own.
# Unpacked and not installed: its service would listen on this machine.
set -eu
cd "$(dirname "$0")/.."
. bootstrap/say.sh
home=$PWD/.tools/influxdb
[ -x "$home/usr/bin/influxd" ] && exit 0
say "unpacking InfluxDB for the tests of the time series"
rm -rf "$home"
mkdir -p "$home/deb"
if ! (cd "$home/deb" && apt-get -qq -o APT::Sandbox::User="$(id -un)" download influxdb) >"$home/log" 2>&1; then
    tail -n 3 "$home/log" >&2
    echo "InfluxDB cannot be fetched (its words are above); the tests that need it are left out." >&2
    exit 0
fi
dpkg-deb -x "$home"/deb/*.deb "$home"
rm -rf "$home/deb" "$home/log"
