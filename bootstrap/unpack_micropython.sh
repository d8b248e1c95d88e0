# unpack_micropython <folder> <program> [<Debian architecture>]: MicroPython of Debian 13 in a folder of its own, started
# through its own loader, so that the system's C library is left alone.
unpack_micropython() {
    home=$PWD/$1
    link=$2
    keyring=/usr/share/keyrings/debian-archive-keyring.gpg
    [ -r "$keyring" ] || need_packages debian-archive-keyring
    # The archive this machine already uses; on Ubuntu, the one debootstrap knows.
    archive=${DEBIAN_ARCHIVE:-}
    if [ -z "$archive" ] && [ "$(. /etc/os-release; echo "$ID")" = debian ]; then
        archive=$(apt-get indextargets --format '$(SITE)' 'Created-By: Packages' | grep -v security | sort -u | head -n 1)
    fi
    if [ -z "$archive" ]; then
        [ -r /usr/share/debootstrap/scripts/sid ] || need_packages debootstrap
        archive=$(sed -n 's/^ *default_mirror  *//p' /usr/share/debootstrap/scripts/sid | head -n 1)
        [ -n "$archive" ] || archive=$(sed -n 's/^DEF_MIRROR="\(.*debian\)"$/\1/p' /usr/sbin/debootstrap)
    fi
    if [ -z "$archive" ]; then
        echo "No Debian archive is known on this machine. Name one: DEBIAN_ARCHIVE=http://…/debian make demo" >&2
        return 1
    fi
    say "unpacking MicroPython from Debian 13 into $1"
    rm -rf "$home"
    mkdir -p "$home/lists/partial" "$home/cache/archives/partial" "$home/deb"
    echo "deb [signed-by=$keyring] $archive trixie main" >"$home/sources.list"
    apt="-qq -o Dir::Etc::SourceList=$home/sources.list -o Dir::Etc::SourceParts=/dev/null -o Dir::Etc::Preferences=/dev/null
     -o Dir::Etc::PreferencesParts=/dev/null -o Dir::State::Lists=$home/lists -o Dir::Cache=$home/cache
     -o APT::Sandbox::User=$(id -un) ${3:+-o APT::Architecture=$3 -o APT::Architectures=$3}"
    apt-get $apt update
    (cd "$home/deb" && apt-get $apt download micropython libc6 libffi8 libmbedcrypto16 libmbedtls21 libmbedx509-7)
    for deb in "$home"/deb/*.deb; do dpkg-deb -x "$deb" "$home/root"; done
    rm -rf "$home/lists" "$home/cache" "$home/deb"
    lib=$(dirname "$(find "$home/root" -name libc.so.6 | head -n 1)")
    loader=$(find "$lib" -name 'ld-linux*' | head -n 1)
    # exec, so that the process we start is the process we can kill
    printf '#!/bin/sh\nexec "%s" --library-path "%s" "%s/root/usr/bin/micropython" "$@"\n' "$loader" "$lib" "$home" >"$link"
    chmod +x "$link"
}
