#!/bin/sh
# A Raspberry Pi 3 that QEMU plays, for `pytest -m prove tests/gateway/sound/test_on_a_pi.py`: Debian 13's kernel and
# Python for arm64 and libgpiod's bindings, unpacked into .tools/pi (150 MB), nothing of it installed. By hand, once.
set -eu
cd "$(dirname "$0")/.."
. bootstrap/say.sh
home=$PWD/.tools/pi
[ -f "$home/ready" ] && exit 0
command -v qemu-system-aarch64 >/dev/null || need_packages qemu-system-arm
keyring=/usr/share/keyrings/debian-archive-keyring.gpg
[ -r "$keyring" ] || need_packages debian-archive-keyring
archive=${DEBIAN_ARCHIVE:-$(apt-get indextargets --format '$(SITE)' 'Created-By: Packages' | grep -v security | sort -u | head -n 1)}
say "unpacking a Raspberry Pi's kernel and Python from Debian 13 into .tools/pi"
rm -rf "$home"
mkdir -p "$home/lists/partial" "$home/cache/archives/partial" "$home/deb" "$home/kernel" "$home/root/app"
echo "deb [signed-by=$keyring] $archive trixie main" >"$home/sources.list"
apt="-qq -o Dir::Etc::SourceList=$home/sources.list -o Dir::Etc::SourceParts=/dev/null -o Dir::Etc::PreferencesParts=/dev/null
 -o Dir::State::Lists=$home/lists -o Dir::State::status=/dev/null -o Dir::Cache=$home/cache -o APT::Sandbox::User=$(id -un)
 -o APT::Architecture=arm64 -o APT::Architectures=arm64"
apt-get $apt update
kernel=$(apt-cache $apt depends linux-image-arm64 | sed -n 's/.*Depends: \(linux-image-.*\)/\1/p' | head -n 1)
(cd "$home/deb" && apt-get $apt download "$kernel" busybox-static python3.13-minimal libpython3.13-minimal \
    libpython3.13-stdlib libc6 libgcc-s1 libexpat1 libffi8 zlib1g)
for deb in "$home"/deb/*.deb; do
    case $deb in */linux-image*) into=kernel ;; *) into=root ;; esac
    dpkg-deb -x "$deb" "$home/$into"
done
for link in bin lib sbin; do ln -sfn "usr/$link" "$home/root/$link"; done
.tools/uv/bin/uv pip install --quiet --only-binary :all: --python-platform aarch64-unknown-linux-gnu \
    --python-version 3.13 --target "$home/root/app" gpiod
rm -rf "$home/lists" "$home/cache" "$home/deb" "$home/kernel/usr/lib/modules" "$home/kernel/lib"
touch "$home/ready"
