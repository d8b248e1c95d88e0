#!/bin/sh
# machine.sh ROOT MARK [ro]: what stands in ROOT as a machine of its own, its init as PID 1, with a loopback and no other
# network. It ends when this is ended, or by its own `systemctl poweroff`. /proc/sys and /sys cannot be written there; ro:
# nor its files, but for those below /var/lib/heartlamp; /tmp and /var/tmp are in memory then.
set -eu
root=$1 mark=$2 how=${3:-rw}
# Its own group of processes, because systemd wants to be the first in one.
groups=$(mktemp -d) empty=$(mktemp -d)
mount -t cgroup2 none "$groups"
mkdir "$groups/$mark"
gone() {
    echo $$ >"$groups/cgroup.procs"
    # The kernel needs a moment to bury what was killed.
    until find "$groups/$mark" -depth -type d -exec rmdir {} + 2>/dev/null; do sleep 0.05; done
    umount "$groups"
    rmdir "$groups" "$empty"
}
trap gone EXIT
trap 'kill -9 $machine; wait $machine 2>/dev/null || true; exit 0' TERM
echo $$ >"$groups/$mark/cgroup.procs"
# The kernel and its clock are not its own.
setpriv --pdeathsig KILL --bounding-set -sys_module,-sys_time unshare --mount --pid --ipc --uts --net --cgroup --fork --kill-child sh -euc '
    cd "$0"
    mount --make-rprivate /
    if [ $1 = ro ]; then
        mount -t tmpfs tmpfs "$2"
        mkdir "$2/none" "$2/state"
        mount --bind var/lib/heartlamp "$2/state"
        mount -t overlay -o lowerdir="$0:$2/none" overlay "$0"
        mount --bind "$2/state" "$0/var/lib/heartlamp"
        for place in tmp var/tmp; do mount -t tmpfs -o mode=1777 tmpfs "$0/$place"; done
    else
        mount --bind . .
    fi
    cd "$0"
    mount -t proc -o nosuid,noexec,nodev proc proc
    mount --bind proc/sys proc/sys
    mount -o remount,bind,ro proc/sys
    mount -t sysfs -o ro sysfs sys
    mount -t tmpfs -o mode=755 tmpfs dev
    node() { mknod -m 666 "dev/$1" c "$2" "$3"; }
    node null 1 3; node zero 1 5; node full 1 7; node random 1 8; node urandom 1 9; node tty 5 0
    mkdir dev/pts dev/shm
    mount -t devpts -o newinstance,ptmxmode=0666,mode=620,gid=5 devpts dev/pts
    ln -s pts/ptmx dev/ptmx
    ln -s /proc/self/fd dev/fd
    mount -t tmpfs -o mode=1777 tmpfs dev/shm
    mount -t tmpfs -o mode=755 tmpfs run
    mount -t cgroup2 cgroup2 sys/fs/cgroup
    ip link set lo up
    pivot_root . mnt
    umount -l mnt
    exec env -i container=heartlamp PATH=/usr/sbin:/usr/bin:/sbin:/bin /sbin/init --log-target=journal </dev/null
' "$root" "$how" "$empty" &
machine=$!
wait $machine || true
