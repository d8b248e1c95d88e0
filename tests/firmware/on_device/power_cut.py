# mypy: ignore-errors
# ruff: noqa: UP031
"""Runs on MicroPython: the outbox on real littlefs, the power cut after every operation of the flash and in its middle.

A run of presses and receipts is done once on a recording flash. Then, for each operation of that run, a flash that
holds only what was programmed until then is mounted, and the outbox is loaded: what it had promised must be there.
Prints `{"cuts": …, "lost": …, "returned": …, "unmountable": …}`. `--promise-early`: shows that the test can fail, by
counting a record as promised before its file is closed.
"""

import json
import sys

import vfs

if ".frozen" not in sys.path:
    sys.path.append(".frozen")

from heartlamp.hal.unix.flash import LFS
from heartlamp.outbox import Outbox, Record
from nor import Nor, cuts, empty

BLOCKS = 32
RECORDS = 60


def record(n):
    id = "lamp0a1b-%016x" % n
    body = ('{"v":1,"kind":"alarm","id":"%s","dev":"lamp0a1b","seq":%d,"what":"panic"}' % (id, n)).encode()
    return Record(id, "alarm", "5a" * 32, body, n, 0, 0)


def run(flash, early):
    """[(operations done, "add" or "remove", id)]: what the outbox had promised when. Half of them are received."""
    promises = []
    vfs.mount(vfs.VfsLfs2(flash, **LFS), "/f")
    outbox = Outbox("/f/out")
    outbox.load(0)
    for n in range(RECORDS):
        one = record(n)
        before = len(flash.log)
        assert outbox.add(one)
        promises.append((before if early else len(flash.log), "add", one.id))
        if n % 4 > 1:
            gone = outbox.records[0]
            outbox.remove(gone)
            promises.append((len(flash.log), "remove", gone.id, before))
    vfs.umount("/f")
    return promises


def held_after_cut(image):
    """Ids that a restart finds; None where the flash cannot even be mounted."""
    try:
        vfs.mount(vfs.VfsLfs2(Nor(image), **LFS), "/f")
    except OSError:
        return None
    outbox = Outbox("/f/out")
    outbox.load(0)
    vfs.umount("/f")
    return {r.id for r in outbox.records}


def main():
    early = "--promise-early" in sys.argv
    image = empty(BLOCKS)
    vfs.VfsLfs2.mkfs(Nor(image), **LFS)
    flash = Nor(bytearray(image))
    promises = run(flash, early)
    tried = lost = returned = unmountable = 0
    for done, torn in cuts(image, flash.log):
        held = held_after_cut(torn)
        tried += 1
        if held is None:
            unmountable += 1
            continue
        kept = {p[2] for p in promises if p[1] == "add" and p[0] <= done}
        going = {p[2] for p in promises if p[1] == "remove" and p[3] <= done}
        gone = {p[2] for p in promises if p[1] == "remove" and p[0] <= done}
        lost += len(kept - going - held)
        returned += len(gone & held)
    print(json.dumps({"cuts": tried, "lost": lost, "returned": returned, "unmountable": unmountable}))


main()
