#!/bin/sh
# MicroPython's unix port, 1.25 or newer, reachable as .tools/bin/micropython.
# Debian 13 has it as a package. Elsewhere the packages of Debian 13 are unpacked into .tools.
set -eu
cd "$(dirname "$0")/.."
. bootstrap/say.sh
. bootstrap/unpack_micropython.sh
good='import sys; sys.exit(0 if sys.implementation[1][:2] >= (1, 25) else 1)'
link=.tools/bin/micropython
[ -x "$link" ] && "$link" -c "$good" 2>/dev/null && exit 0
mkdir -p .tools/bin
if command -v micropython >/dev/null && micropython -c "$good" 2>/dev/null; then
    ln -sf "$(command -v micropython)" "$link"
    exit 0
fi
if [ "$(. /etc/os-release; echo "${VERSION_CODENAME:-}")" = trixie ]; then
    need_packages micropython
    ln -sf "$(command -v micropython)" "$link"
    exit 0
fi
unpack_micropython .tools/micropython "$link"
"$link" -c "$good"
