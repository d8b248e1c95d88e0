# mypy: ignore-errors
# ruff: noqa: UP031
"""Runs on MicroPython: what alarms cost the flash, on real littlefs over a NOR that counts its erases.

Prints `{"records": …, "erases_add": …, "erases_remove": …, "bytes": …}` for alarms as devices write them, one by one
stored and received; the longest device id there can be.
"""

import json

import vfs
from heartlamp.hal.unix.flash import BLOCKS, LFS
from heartlamp.outbox import Outbox, Record
from heartlamp_protocol.device.event import write_alarm
from heartlamp_protocol.device.frame import sign
from nor import Nor, empty, is_erase

RECORDS = 400
DEV = "abcdefghij0123456789"


def main():
    flash = Nor(empty(BLOCKS))
    vfs.VfsLfs2.mkfs(flash, **LFS)
    vfs.mount(vfs.VfsLfs2(flash, **LFS), "/f")
    outbox = Outbox("/f/out")
    outbox.load(0)
    told = {"records": RECORDS, "erases_add": 0, "erases_remove": 0, "bytes": 0}

    def count(name):
        told[name] += len([operation for operation in flash.log if is_erase(operation)])
        flash.log.clear()

    count("bytes")
    told["bytes"] = 0
    for seq in range(1, RECORDS + 1):
        id = "%s-%016x" % (DEV, seq)
        body = write_alarm(id, DEV, 100, "0badcafe", seq, 3_600_000 * seq, "panic")
        record = Record(id, "alarm", sign(b"k", body), body, seq, 0, 0)
        told["bytes"] = 16 + 64 + len(body)
        assert outbox.add(record)
        count("erases_add")
        outbox.remove(record)
        count("erases_remove")
    print(json.dumps(told))


main()
