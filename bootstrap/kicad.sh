#!/bin/sh
# kicad-cli 9, reachable as .tools/bin/kicad-cli, to hold the schematics against KiCad's electrical rules: only for
# `make hardware`. Unpacked and not installed, with the libraries that this system lacks: Debian 12 has it in its
# backports, Debian 13 as it is. Where it cannot be had, the schematics are written and the rules are not run.
set -eu
cd "$(dirname "$0")/.."
. bootstrap/say.sh
home=$PWD/.tools/kicad
link=.tools/bin/kicad-cli
[ -x "$link" ] && "$link" version >/dev/null 2>&1 && exit 0
keyring=/usr/share/keyrings/debian-archive-keyring.gpg
fetch() {
    codename=$(. /etc/os-release; [ "$ID" = debian ] && echo "${VERSION_CODENAME:-}")
    [ -n "$codename" ] && [ -r "$keyring" ] || return 1
    archive=${DEBIAN_ARCHIVE:-$(apt-get indextargets --format '$(SITE)' 'Created-By: Packages' | grep -v security | sort -u | head -n 1)}
    mkdir -p "$home/lists/partial" "$home/cache/archives/partial" "$home/deb" .tools/bin
    echo "deb [signed-by=$keyring] $archive $codename main" >"$home/sources.list"
    [ "$codename" != bookworm ] || echo "deb [signed-by=$keyring] $archive bookworm-backports main" >>"$home/sources.list"
    apt="-qq -o Dir::Etc::SourceList=$home/sources.list -o Dir::Etc::SourceParts=/dev/null -o Dir::Etc::Preferences=/dev/null
     -o Dir::Etc::PreferencesParts=/dev/null -o Dir::State::Lists=$home/lists -o Dir::Cache=$home/cache -o APT::Sandbox::User=$(id -un)"
    from=""
    [ "$codename" != bookworm ] || from="-t bookworm-backports"
    apt-get $apt update || return 1
    names=$(apt-get $apt $from install --no-install-recommends --simulate kicad | sed -n 's/^Inst \([^ ]*\) .*/\1/p')
    (cd "$home/deb" && apt-get $apt $from download $names) || return 1
    for deb in "$home"/deb/*.deb; do dpkg-deb -x "$deb" "$home/root" || return 1; done
    rm -rf "$home/lists" "$home/cache" "$home/deb"
    lib=$(dirname "$(find "$home/root/usr/lib" -name 'libkicommon.so*' | head -n 1)")
    # its own libraries; and it writes settings and a cache, but not into anybody's home
    printf '#!/bin/sh\nexport XDG_CONFIG_HOME="%s/user" XDG_CACHE_HOME="%s/user" XDG_DATA_HOME="%s/user"\n' "$home" "$home" "$home" >"$link"
    printf 'LD_LIBRARY_PATH="%s:%s" exec "%s/root/usr/bin/kicad-cli" "$@"\n' \
        "$lib" "$home/root/usr/lib/$(uname -m)-linux-gnu" "$home" >>"$link"
    chmod +x "$link"
    "$link" version >/dev/null
}
rm -rf "$home"
say "unpacking kicad-cli into .tools/kicad (110 MB, once)"
mkdir -p "$home"
if ! fetch >"$home.log" 2>&1; then
    tail -n 3 "$home.log" >&2
    rm -rf "$home" "$link"
    say "kicad-cli cannot be had here (its words are above): schematics are written, KiCad's rules are not run"
fi
rm -f "$home.log"
