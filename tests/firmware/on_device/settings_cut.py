# mypy: ignore-errors
# ruff: noqa: RUF005
"""Runs on MicroPython: the settings in NVS and in a file on real littlefs, the power cut after every operation of the
flash and in its middle, through all that a technician does to them.

After each cut the device starts: its settings are entirely those before or those after what was under way, both copies
agree, a second start finds the same, and the event that it holds is there. Prints `{"cuts": …, "mixed": …, "lost": …,
"revived": …, "disagree": …, "erases": …}`; revived: a consent that was withdrawn and acknowledged is back.

Two proofs that the test can fail: `--in-place` writes the new settings over the old ones, once; `--answer-early` takes
a change for acknowledged before it is written.
"""

import json
import sys
from binascii import b2a_base64

import vfs

if ".frozen" not in sys.path:
    sys.path.append(".frozen")

from heartlamp.hal.unix import nvs
from heartlamp.hal.unix.flash import LFS
from heartlamp.outbox import Outbox, Record
from heartlamp.settings import keeper
from heartlamp.settings.answers import handle
from heartlamp.settings.desk import Desk
from heartlamp.settings.log import Log
from heartlamp.settings.store import Store
from nor import Nor, cuts, empty, is_erase

FILES, VALUES = 24, 4  # blocks of littlefs, of the NVS
DER = b2a_base64(b"\x30\x82" + (1196).to_bytes(2, "big") + bytes(1196)).decode()
CA = "-----BEGIN CERTIFICATE-----\n" + DER + "-----END CERTIFICATE-----\n"
FIRST = {"dev": "lamp0a1b", "kind": "camera", "kv": 1, "root": "5a" * 32, "host": "10.0.0.2", "port": 8883}
FIRST.update({"server_name": "gwliu1.heartlamp", "ca": CA, "wifi": {"ssid": "village", "password": "correct horse"}})
SECOND = dict(FIRST, kv=2, root="a5" * 32, ca=CA + CA, radio={"channel": 6, "down": {"button01": "7e" * 32}})


class Hal:
    log = Log()
    board = "virtual"

    def about(self):
        return {}


def steps():
    yield {"cmd": "provision", "settings": FIRST}
    for round in range(8):
        yield {"cmd": "set", "settings": {"lang": "zh"}}
        yield {"cmd": "set", "settings": {"consent": 1}}
        yield {"cmd": "set", "settings": {"wifi": {"ssid": "upper village", "password": "battery staple"}}}
        yield {"cmd": "set", "settings": {"consent": 0}}
        yield {"cmd": "provision", "settings": SECOND if round != 1 else dict(SECOND, consent=1)}
        yield {"cmd": "set", "settings": {"consent": None}}
        yield {"cmd": "reset"}
        yield {"cmd": "provision", "settings": FIRST}


def start(image, log):
    """What a start does before anything else."""
    flash = Nor(image, FILES, VALUES, log)
    region = nvs.Region(flash)
    region.open()
    vfs.mount(vfs.VfsLfs2(Nor(image, 0, FILES, log), **LFS), "/f")
    store, outbox = Store(nvs.Nvs(region, "heartlamp"), "/f"), Outbox("/f/out")
    store.load()
    outbox.load(0)
    return store, outbox


def in_place():
    """One copy, written over itself: its sum tells that it is damaged, and there is no other."""
    write = keeper._write_nvs

    def over(store, data):
        store.slot = 1
        write(store, data)

    keeper._places = lambda store: [("nvs", over)]


def main():
    if "--in-place" in sys.argv:
        in_place()
    early = "--answer-early" in sys.argv
    image = empty(FILES + VALUES)
    vfs.VfsLfs2.mkfs(Nor(image, 0, FILES), **LFS)
    flash = Nor(bytearray(image))
    store, outbox = start(flash.image, flash.log)
    body = b'{"v":1,"kind":"alarm","id":"lamp0a1b-0123456789abcdef","dev":"lamp0a1b","seq":1,"what":"panic"}'
    outbox.add(Record("lamp0a1b-0123456789abcdef", "alarm", "5a" * 32, body, 1, 0, 0))
    stored = len(flash.log)
    desk = Desk(Hal(), store, outbox)
    promised = [(0, None)]  # (operations done when it was acknowledged, settings)
    for n, step in enumerate(steps()):
        before = len(flash.log)
        answer, _ = handle(desk, dict(step, id=n))
        assert answer["ok"], answer
        promised.append((before if early else len(flash.log), store.fields))
    vfs.umount("/f")
    tried = mixed = lost = revived = disagree = 0
    for done, torn in cuts(image, flash.log):
        before = [fields for at, fields in promised if at <= done][-1]
        after = [fields for at, fields in promised if at > done][:1]
        again, held = start(torn, [])
        vfs.umount("/f")
        twice, _ = start(torn, [])
        tried += 1
        if again.fields not in [before] + after:
            mixed += 1
        if done >= stored and len(held.records) != 1:
            lost += 1
        may_consent = [f for f in [before] + after if f and f.get("consent")]
        if again.fields and again.fields.get("consent") and not may_consent:
            revived += 1
        if twice.fields != again.fields or (twice.generation and not twice.agree()) or twice.repaired:
            disagree += 1
        vfs.umount("/f")
    erases = len([1 for operation in flash.log if is_erase(operation)])
    found = {"cuts": tried, "mixed": mixed, "lost": lost, "revived": revived, "disagree": disagree}
    print(json.dumps(dict(found, erases=erases, changes=len(promised) - 1)))


main()
