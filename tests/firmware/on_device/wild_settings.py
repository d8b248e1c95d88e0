# mypy: ignore-errors
"""Runs on MicroPython: a flash with random bytes spoilt, and random lines on the serial port.

wild_settings.py <seed>. However much is spoilt, a start finds the settings as they were or none, never others; however
a line is spoilt, it is answered, and changes nothing. Prints `{"starts": …, "kept": …, "none": …, "lines": …,
"refused": …}`.
"""

import json
import random
import sys
from binascii import b2a_base64

import vfs

if ".frozen" not in sys.path:
    sys.path.append(".frozen")

from heartlamp.hal.unix import nvs
from heartlamp.hal.unix.flash import BLOCK, LFS
from heartlamp.outbox import Outbox
from heartlamp.settings import serial
from heartlamp.settings.answers import handle
from heartlamp.settings.desk import Desk
from heartlamp.settings.log import Log
from heartlamp.settings.store import Store
from nor import Nor, empty

FILES, VALUES = 16, 4
DER = b2a_base64(b"\x30\x82" + (1796).to_bytes(2, "big") + bytes(1796)).decode()
CA = "-----BEGIN CERTIFICATE-----\n" + DER + "-----END CERTIFICATE-----\n"
FIELDS = {"dev": "lamp0a1b", "kind": "lamp", "kv": 1, "root": "5a" * 32, "host": "10.0.0.2", "port": 8883}
FIELDS.update({"server_name": "gwliu1.heartlamp", "ca": CA, "consent": 1, "site": "三组 7号"})


class Hal:
    log = Log()
    board = "virtual"

    def about(self):
        return {}


def start(image):
    region = nvs.Region(Nor(image, FILES, VALUES, worn=True))
    region.open()
    try:
        vfs.mount(vfs.VfsLfs2(Nor(image, 0, FILES, worn=True), **LFS), "/f")
        mounted = True
    except OSError:
        mounted = False  # boot.py would make it anew
    store = Store(nvs.Nvs(region, "heartlamp"), "/f")
    store.load()
    return store, mounted


def spoil(image, first, blocks, n):
    for _ in range(n):
        image[first * BLOCK + random.randrange(blocks * BLOCK)] = random.randrange(256)


def main():
    random.seed(int(sys.argv[1]))
    image = empty(FILES + VALUES)
    vfs.VfsLfs2.mkfs(Nor(image, 0, FILES), **LFS)
    store, _ = start(image)
    store.save(FIELDS)
    vfs.umount("/f")
    starts = kept = none = 0
    for round in range(200):
        spoilt = bytearray(image)
        n = 1 << random.randrange(11)
        if round % 3 != 1:
            spoil(spoilt, FILES, VALUES, n)
        if round % 3:
            spoil(spoilt, 0, FILES, n)
        found, mounted = start(spoilt)
        starts += 1
        if found.fields is None:
            none += 1
        elif found.fields == FIELDS:
            kept += 1
        if mounted:
            vfs.umount("/f")

    store, _ = start(bytearray(image))
    desk = Desk(Hal(), store, Outbox("/f/out"))
    generation, lines, refused = store.generation, 0, 0
    request = {"id": 1, "cmd": "provision", "settings": dict(FIELDS, kv=2, consent=0)}
    for round in range(400):
        line = bytearray(serial.write_line(request).encode())
        for _ in range(1 << random.randrange(5)):
            at = random.randrange(len(line))
            if round % 3 == 0:
                line[at] = line[at] ^ (1 << random.randrange(8))
            elif round % 3 == 1:
                del_from, del_to = at, min(len(line), at + 1 + random.randrange(30))
                line = line[:del_from] + line[del_to:]
            else:
                line = line[:at] + bytes([random.randrange(256)]) + line[at:]
        try:
            text = line.decode()
        except ValueError:
            text = "?"
        if round % 7 == 0:
            text = text * 4  # longer than a line may be
        answer, _ = handle(desk, text)
        lines += 1
        refused += not answer["ok"] and bool(answer["error"]) and bool(answer["do"])
    for said in (
        None,
        5,
        [],
        {},
        {"id": "1", "cmd": "get"},
        {"id": 1},
        {"id": 1, "cmd": []},
        {"id": 1, "cmd": "set"},
        "[" * 8000,
    ):
        answer, _ = handle(desk, said)
        lines += 1
        refused += not answer["ok"]
    assert store.generation == generation, "a spoilt line changed the settings"
    print(json.dumps({"starts": starts, "kept": kept, "none": none, "lines": lines, "refused": refused}))


main()
