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

from heartlamp.hal.unix.flash import BLOCK, LFS
from heartlamp.outbox import Outbox, Record

BLOCKS = 32
RECORDS = 60


class Nor:
    """Flash in RAM: erases to 0xFF, programs only what is erased, and remembers each operation."""

    def __init__(self, image):
        self.image = image
        self.log = []

    def readblocks(self, block, buffer, offset=0):
        at = block * BLOCK + offset
        buffer[:] = self.image[at : at + len(buffer)]

    def writeblocks(self, block, buffer, offset=None):
        if offset is None:
            self.ioctl(6, block)
            offset = 0
        at = block * BLOCK + offset
        for i, byte in enumerate(buffer):
            assert self.image[at + i] & byte == byte, "programmed twice without an erase"
        self.image[at : at + len(buffer)] = buffer
        self.log.append((at, bytes(buffer)))

    def ioctl(self, op, block):
        if op == 3:
            return 0
        if op == 4:
            return BLOCKS
        if op == 5:
            return BLOCK
        if op == 6:
            self.image[block * BLOCK : (block + 1) * BLOCK] = b"\xff" * BLOCK
            self.log.append((block * BLOCK, b"\xff" * BLOCK))
            return 0
        return None


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
    empty = bytearray(b"\xff" * (BLOCK * BLOCKS))
    vfs.VfsLfs2.mkfs(Nor(empty), **LFS)
    flash = Nor(bytearray(empty))
    promises = run(flash, early)
    image = bytearray(empty)
    cuts = lost = returned = unmountable = 0
    for done, (at, data) in enumerate(flash.log):
        for part in (0, len(data) // 2):  # cut before the operation, and in the middle of it
            torn = bytearray(image)
            torn[at : at + part] = data[:part]
            held = held_after_cut(torn)
            cuts += 1
            if held is None:
                unmountable += 1
                continue
            kept = {p[2] for p in promises if p[1] == "add" and p[0] <= done}
            going = {p[2] for p in promises if p[1] == "remove" and p[3] <= done}
            gone = {p[2] for p in promises if p[1] == "remove" and p[0] <= done}
            lost += len(kept - going - held)
            returned += len(gone & held)
        image[at : at + len(data)] = data
    print(json.dumps({"cuts": cuts, "lost": lost, "returned": returned, "unmountable": unmountable}))


main()
