#!/bin/sh
# MicroPython with words of 4 bytes, as an ESP32 has, reachable as .tools/bin/micropython32: only to measure RAM.
# Where it cannot be had (another processor, no archive, a kernel without 32 bit), RAM is measured with 8.
set -eu
cd "$(dirname "$0")/.."
. bootstrap/say.sh
. bootstrap/unpack_micropython.sh
good='import sys; sys.exit(0 if sys.maxsize == 0x7fffffff else 1)'
link=.tools/bin/micropython32
[ -x "$link" ] && "$link" -c "$good" 2>/dev/null && exit 0
mkdir -p .tools/bin
if [ "$(uname -m)" = x86_64 ] && (unpack_micropython .tools/micropython32 "$link" i386) && "$link" -c "$good"; then
    exit 0
fi
rm -rf .tools/micropython32 "$link"
say "no MicroPython with words of 4 bytes for this machine: RAM will be measured with 8"
