# mypy: ignore-errors
# ruff: noqa: UP031
"""Runs on MicroPython: a camera's pictures on real littlefs, the power cut at every operation of the flash and in its
middle.

Pictures are taken, sent, grown old and dropped for their room. After each cut the outbox and the pictures are loaded:
an event on the flash has its whole picture, unless that had gone up or been given up. Prints `{"cuts", "missing",
"spoilt", "strangers", "unmountable"}`. `--event-first`: shows that the test can fail, by storing the event before the
picture is whole.
"""

import hashlib
import json
import sys

import vfs

if ".frozen" not in sys.path:
    sys.path.append(".frozen")

from heartlamp import pictures
from heartlamp.hal.unix.flash import LFS
from heartlamp.outbox import Outbox, Record
from heartlamp.pictures import Pictures
from nor import Nor, cuts, empty

BLOCKS = 40
STILLS = 24
pictures.RESERVE = 0


def picture(n):
    return bytes([(n * 37 + i * i) & 0xFF for i in range(3000 + n % 9 * 900)])


def sum_of(n):
    return hashlib.sha256(picture(n)).digest().hex()


def id_of(n):
    return "camera01-%016x" % n


def event(n):
    body = '{"v":1,"kind":"still","id":"%s","dev":"camera01","seq":%d,"sum":"%s","bytes":%d}'
    return Record(id_of(n), "still", "5a" * 32, (body % (id_of(n), n, sum_of(n), len(picture(n)))).encode(), n, 0, 0)


def write(kept, n):
    with kept.new() as file:
        data = picture(n)
        for at in range(0, len(data), 1024):
            file.write(data[at : at + 1024])
    kept.whole(sum_of(n))


def take(outbox, kept, n, event_first):
    """As parts/camera.py does it."""
    assert kept.make_room(len(picture(n)))
    if event_first:
        outbox.add(event(n))
        write(kept, n)
    else:
        write(kept, n)
        outbox.add(event(n))
    kept.adopt(sum_of(n), id_of(n), len(picture(n)))


def run(flash, event_first):
    """{still: operations done before its picture had gone up or was given up, None: it is kept}."""
    times = {}
    vfs.mount(vfs.VfsLfs2(flash, **LFS), "/f")
    outbox, kept = Outbox("/f/out"), Pictures("/f")
    outbox.load(0)
    kept.load([])
    for n in range(1, STILLS + 1):
        times[id_of(n)] = None
        for step in ("take", "sent", "age"):
            before = len(flash.log)
            if step == "take":
                take(outbox, kept, n, event_first)
            elif step == "sent" and n % 3 == 0:
                kept.remove(id_of(n - 1))
            elif step == "age" and n % 4 == 0:
                kept.age()
            for id in times:
                if kept.find(id) is None and times[id] is None:
                    times[id] = before
    vfs.umount("/f")
    return times


def after_cut(image):
    """(events, {event: its picture's sum}), None where the flash cannot be mounted."""
    try:
        vfs.mount(vfs.VfsLfs2(Nor(image), **LFS), "/f")
    except OSError:
        return None
    outbox, kept = Outbox("/f/out"), Pictures("/f")
    outbox.load(0)
    kept.load([(r.id, json.loads(r.body)["sum"]) for r in outbox.records])
    sums = {}
    for one in kept.kept:
        data = bytearray(one.size)
        kept.read(one, 0, data)
        sums[one.id] = hashlib.sha256(data).digest().hex()
    strangers = [name for name, _ in kept._list() if "." not in name]
    vfs.umount("/f")
    return [r.id for r in outbox.records], sums, strangers


def main():
    blank = empty(BLOCKS)
    vfs.VfsLfs2.mkfs(Nor(blank), **LFS)
    flash = Nor(bytearray(blank))
    times = run(flash, "--event-first" in sys.argv)
    sums = {id_of(n): sum_of(n) for n in range(1, STILLS + 1)}
    result = {"cuts": 0, "missing": 0, "spoilt": 0, "strangers": 0, "unmountable": 0}
    for done, torn in cuts(blank, flash.log):
        result["cuts"] += 1
        found = after_cut(torn)
        if found is None:
            result["unmountable"] += 1
            continue
        events, held, strangers = found
        for id in events:
            given_up = times[id] is not None and times[id] <= done
            result["missing"] += id not in held and not given_up
        result["spoilt"] += len([1 for id in held if held[id] != sums[id]])
        result["strangers"] += len(strangers)
    print(json.dumps(result))


main()
