#!/bin/sh
# Installs the village gateway from this folder, without a network. Run again with a newer bundle it upgrades; --back
# returns to the version before. Data (/var/lib/heartlamp) and configuration (/etc/heartlamp) are never touched.
set -eu
cd "$(dirname "$0")"
home=/opt/heartlamp-gateway
units="heartlamp-broker.service heartlamp-gateway.service"
say() { printf '· %s\n' "$*"; }
stop() { printf 'install.sh: %s\n' "$*" >&2; exit 1; }

[ "$(id -u)" = 0 ] || stop "run it with sudo"
systemd() { [ -d /run/systemd/system ]; }
# listed FOLDER END: the bundle's own files there, and nothing that a stick or a second copy brought along.
listed() { sed -n "s,^[0-9a-f]\{64\}  \($1/[^/]*\.$2\)\$,\1,p" SHA256SUMS; }

# point VERSION: `current` is this one from now on, in one step.
point() {
    ln -sfn "$1" "$home/.current"
    mv -T "$home/.current" "$home/current"
}

restart() {
    systemd || return 0
    systemctl daemon-reload
    [ -e /etc/heartlamp/gateway.toml ] || return 0
    # Both say when they are ready, so this fails where they do not come up.
    systemctl restart $units
}

if [ "${1:-}" = --back ]; then
    [ -L "$home/previous" ] || stop "there is no version before"
    now=$(readlink "$home/current")
    back=$(readlink "$home/previous")
    point "$back"
    ln -sfn "$now" "$home/previous"
    restart
    say "back at $back (from $now)"
    exit 0
fi
[ $# = 0 ] || stop "only --back is known"

version=$(cat VERSION)
arch=$(cat ARCH)
sha256sum --quiet --check SHA256SUMS || stop "this bundle is damaged: fetch it again. Nothing was changed"
[ "$(dpkg --print-architecture)" = "$arch" ] || stop "this bundle is for $arch, this box is $(dpkg --print-architecture)"
command -v python3 >/dev/null || stop "python3 is missing: it comes with Raspberry Pi OS and with Debian's standard system"
python=$(python3 -c 'import sys; print("cp%d%d" % sys.version_info[:2])')
[ -d "wheels/$python" ] || stop "this bundle has nothing for Python $python; it has: $(ls wheels | tr '\n' ' ')"

# --- Mosquitto and openssl: Debian's own packages, those that are missing
codename=$(. /etc/os-release; echo "${VERSION_CODENAME:-}")
if ! command -v openssl >/dev/null || ! [ -x /usr/sbin/mosquitto ]; then
    [ -d "debs/$codename" ] || stop "mosquitto or openssl is missing, and this bundle has no packages for '$codename': apt install mosquitto openssl"
    fresh=no
    [ -x /usr/sbin/mosquitto ] || fresh=yes
    missing=""
    for deb in $(listed "debs/$codename" deb); do
        name=$(dpkg-deb --field "$deb" Package)
        [ "$(dpkg-query --show --showformat '${db:Status-Status}' "$name" 2>/dev/null)" = installed ] || missing="$missing $deb"
    done
    say "installing Debian's packages:$(for deb in $missing; do printf ' %s' "$(basename "$deb" | cut -d_ -f1)"; done)"
    DEBIAN_FRONTEND=noninteractive dpkg --install $missing >/dev/null || stop "dpkg could not install them; its words are above"
    # Debian's own Mosquitto, on port 1883, is nobody's here.
    if [ $fresh = yes ] && command -v systemctl >/dev/null; then systemctl disable --now mosquitto.service >/dev/null 2>&1 || true; fi
fi

# --- the program, in a folder of its version
say "installing $version for $python on $arch"
mkdir -p "$home"
room="$home/.$version.new"
rm -rf "$room"
python3 -m venv --without-pip "$room"
packages=$("$room/bin/python3" -c 'import sysconfig; print(sysconfig.get_paths()["purelib"])')
for wheel in $(listed wheels/any whl) $(listed "wheels/$python" whl); do
    python3 -m zipfile --extract "$wheel" "$packages"
done
cat >"$room/bin/heartlamp-gateway" <<PROGRAM
#!$home/$version/bin/python3
import os

from heartlamp_gateway.__main__ import main

os.umask(0o077)
main()
PROGRAM
chmod 755 "$room/bin/heartlamp-gateway"
# A root that is read-only cannot be written to later.
"$room/bin/python3" -m compileall -q -j 0 --invalidation-mode unchecked-hash "$packages"
"$room/bin/python3" -c 'import heartlamp_gateway.run' || { rm -rf "$room"; stop "the program does not load here; nothing was changed"; }
# Whatever a power cut leaves, `current` points to a version that is whole.
sync --file-system "$room"
rm -rf "$home/$version"
mv -T "$room" "$home/$version"

# --- who it runs as, where it keeps what
getent passwd heartlamp >/dev/null || useradd --system --user-group --home-dir /var/lib/heartlamp --shell /usr/sbin/nologin heartlamp
mkdir -p /etc/heartlamp /var/lib/heartlamp
chown heartlamp:heartlamp /var/lib/heartlamp
chmod 700 /var/lib/heartlamp
install -D -m 644 -t /etc/systemd/system units/*.service
install -D -m 644 journald.conf /etc/systemd/journald.conf.d/heartlamp.conf
install -D -m 644 modem.rules /etc/polkit-1/rules.d/50-heartlamp.rules
groups=""
for group in gpio audio dialout; do
    if getent group "$group" >/dev/null; then groups="$groups $group"; fi
done
mkdir -p /etc/systemd/system/heartlamp-gateway.service.d
printf '# The groups of devices that this box has.\n[Service]\nSupplementaryGroups=%s\n' "$groups" >/etc/systemd/system/heartlamp-gateway.service.d/groups.conf

before=$(readlink "$home/current" 2>/dev/null || true)
point "$version"
mkdir -p /usr/local/bin
ln -sfn "$home/current/bin/heartlamp-gateway" /usr/local/bin/heartlamp-gateway
if systemd; then
    systemctl daemon-reload
    systemctl enable --quiet $units
    systemctl try-restart systemd-journald.service || true
fi
if ! restart; then
    [ -n "$before" ] && [ "$before" != "$version" ] || stop "the services do not come up: journalctl -u heartlamp-gateway -u heartlamp-broker"
    point "$before"
    restart || true
    stop "$version does not come up here: $before runs again. journalctl -u heartlamp-gateway says why"
fi

if [ -n "$before" ] && [ "$before" != "$version" ]; then ln -sfn "$before" "$home/previous"; fi

# --- what is of the past: all versions but this one and the one before
for old in "$home"/*/; do
    old=$(basename "$old")
    case "$old" in current | previous | "$version" | "$(readlink "$home/previous" 2>/dev/null || true)") ;; *) rm -rf "${home:?}/$old" ;; esac
done
sync --file-system "$home" /etc
say "$version is installed$([ -n "$before" ] && echo ", before it was $before")"
[ -e /etc/heartlamp/gateway.toml ] || say "now: sudo heartlamp-gateway setup"
