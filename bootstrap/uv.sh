#!/bin/sh
# uv, by pip, into .tools/uv: it locks and installs everything else that is Python.
set -eu
cd "$(dirname "$0")/.."
. bootstrap/say.sh
UV_VERSION=0.13.9
[ "$(.tools/uv/bin/uv --version 2>/dev/null | cut -d' ' -f2)" = "$UV_VERSION" ] && exit 0

python=""
for name in python3.13 python3.12 python3.11 python3; do
    if "$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then python=$name; break; fi
done
if [ -z "$python" ]; then
    echo "Python 3.11 or newer is needed; this machine has: $(python3 --version 2>&1 || echo none)." >&2
    exit 1
fi
# Debian splits the part of venv that brings pip into a package of its own.
"$python" -c 'import ensurepip' 2>/dev/null || need_packages python3-venv
say "fetching uv $UV_VERSION into .tools/uv"
"$python" -m venv --clear .tools/uv
.tools/uv/bin/pip install --quiet --disable-pip-version-check "uv==$UV_VERSION"
