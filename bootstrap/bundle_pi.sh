#!/bin/sh
# build/bundle/heartlamp-gateway-<version>-<arch>.tar.gz, for arm64 and amd64: what a bare Raspberry Pi OS or Debian 12 or 13
# needs to become a village gateway without a network. Wheels by the lock's hashes, Debian's own packages by its signatures.
set -eu
cd "$(dirname "$0")/.."
. bootstrap/say.sh
uv=$PWD/.tools/uv/bin/uv
out=$PWD/build/bundle
version=$(sed -n 's/^version = "\(.*\)"/\1/p' gateway/pyproject.toml)
# The same source gives the same bytes, as far as the archives give the same packages.
SOURCE_DATE_EPOCH=$(git log -1 --format=%ct 2>/dev/null || echo 1700000000)
export SOURCE_DATE_EPOCH
rm -rf "$out"
mkdir -p "$out/room"

say "our own wheels"
for part in protocol gateway; do $uv build --quiet --wheel --out-dir "$out/room/any" "$part"; done
rm -f "$out/room/any/.gitignore"
$uv export --quiet --package heartlamp-gateway --frozen --no-emit-workspace --no-dev --all-extras --no-header >"$out/room/locked.txt"

# wheels ARCH: of all that is locked, for both Pythons.
wheels() {
    case "$1" in arm64) machine=aarch64 ;; amd64) machine=x86_64 ;; esac
    for python in 311 313; do # Debian 12, Debian 13
        platforms=""
        for glibc in 2_36 2_35 2_34 2_31 2_28 2_27 2_26 2_24 2_17; do platforms="$platforms --platform manylinux_${glibc}_$machine"; done
        .tools/uv/bin/python -m pip download --quiet --disable-pip-version-check --no-deps --require-hashes --only-binary=:all: \
            $platforms --platform "manylinux2014_$machine" --implementation cp --python-version "3.${python#3}" --abi "cp$python" --abi abi3 --abi none \
            --requirement "$out/room/locked.txt" --dest "$2/wheels/cp$python"
    done
    strange=$(for wheel in "$2"/wheels/*/*.whl; do python3 -m zipfile --list "$wheel"; done | grep -E '^[^ ]+\.data/' || true)
    [ -z "$strange" ] || { echo "a wheel has files for outside of its package, which install.sh does not place: $strange" >&2; exit 1; }
}

# needs PACKAGE...: these and all that they depend on, by name.
needs() { apt-get $apt install --no-install-recommends --simulate "$@" | sed -n 's/^Inst \([^ ]*\) .*/\1/p' | LC_ALL=C sort; }

# debs CODENAME ARCH FOLDER: Mosquitto, openssl and what they need beyond every Debian's own.
debs() {
    keyring=/usr/share/keyrings/debian-archive-keyring.gpg
    home=$out/apt/$1-$2
    mkdir -p "$home/lists/partial" "$home/cache/archives/partial" "$3"
    : >"$home/status"
    echo "deb [signed-by=$keyring] ${DEBIAN_ARCHIVE:-http://deb.debian.org/debian} $1 main" >"$home/sources.list"
    apt="-qq -o Dir::Etc::SourceList=$home/sources.list -o Dir::Etc::SourceParts=/dev/null -o Dir::Etc::Preferences=/dev/null
     -o Dir::Etc::PreferencesParts=/dev/null -o Dir::State::Lists=$home/lists -o Dir::State::status=$home/status -o Dir::Cache=$home/cache
     -o APT::Sandbox::User=$(id -un) -o APT::Architecture=$2 -o APT::Architectures=$2 -o Acquire::Languages=none"
    apt-get $apt update || return 1
    # What every Debian with Python has anyway is not carried along.
    needs $(apt-cache $apt dumpavail | awk '/^Package: /{name=$2} /^(Essential: yes|Priority: required)/{print name}' | sort -u) python3 >"$home/there"
    needs mosquitto openssl | grep -vxF -f "$home/there" >"$home/names"
    (cd "$3" && apt-get $apt download $(cat "$home/names"))
}

for arch in arm64 amd64; do
    name=heartlamp-gateway-$version-$arch
    room=$out/room/$name
    mkdir -p "$room/wheels"
    cp -r "$out/room/any" "$room/wheels/any"
    cp -r gateway/bundle/. "$room/"
    echo "$version" >"$room/VERSION"
    echo "$arch" >"$room/ARCH"
    say "wheels for $arch"
    wheels "$arch" "$room"
    for codename in bookworm trixie; do
        say "Debian's packages for $codename on $arch"
        if ! { command -v apt-get && [ -r /usr/share/keyrings/debian-archive-keyring.gpg ] && debs "$codename" "$arch" "$room/debs/$codename"; } >/dev/null; then
            say "  not to be had here: on the box, \`apt install mosquitto openssl\` must come first"
            rm -rf "$room/debs/$codename"
        fi
    done
    (cd "$room" && find . -type f ! -name SHA256SUMS -printf '%P\n' | LC_ALL=C sort | xargs sha256sum >SHA256SUMS)
    tar -C "$out/room" --sort=name --mtime="@$SOURCE_DATE_EPOCH" --owner=0 --group=0 --numeric-owner --mode='u=rwX,go=rX' -cf - "$name" | gzip -n -9 >"$out/$name.tar.gz"
done
rm -rf "$out/room" "$out/apt"
(cd "$out" && sha256sum -- *.tar.gz)
du -h "$out"/*.tar.gz
