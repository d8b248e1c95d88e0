#!/bin/sh
# OpenSCAD for the enclosures, and a screen that nobody sees for its pictures: only for `make hardware`.
set -eu
cd "$(dirname "$0")/.."
. bootstrap/say.sh
missing=""
command -v openscad >/dev/null || missing="$missing openscad"
command -v Xvfb >/dev/null || missing="$missing xvfb"
command -v xauth >/dev/null || missing="$missing xauth"
[ -n "$(find /usr/lib -name 'swrast_dri.so' -print -quit 2>/dev/null)" ] || missing="$missing libgl1-mesa-dri"
[ -z "$missing" ] || need_packages $missing
