# mypy: ignore-errors
# ruff: noqa: UP031
"""Runs on MicroPython: updates on real littlefs and NVS, the power cut after every operation of the flash and in its
middle, and what starts then is started.

update_cut.py <bundles.json> <shard> <shards> [--resume N] [--rot SEED] [--trust] [--small-pieces]
[--trial-too-early].

The run, once, on a flash that remembers every operation: an update comes in pieces, with alarms and a restart between
them, is tried and earns its receipt; a second one likewise; a third never earns one and is gone back from; a fourth is
refused for its signature; a fifth, whose file is spoilt, as well. For each operation of that run (of this shard) the
flash as it was then is given to boot.py. It must choose a copy whose every file is right and that can be imported, one
that had earned its receipt or whose trial was due; and the outbox must hold what was promised.
With `--resume N`, every N-th time the update is then carried to its end as well.
Prints `{"cuts": …, "started": {…}, "half": …, "unstartable": …, "older": …, "lost": …, "unfinished": …, …}`.
`--rot SEED`: no cuts, but blocks full of chance, as a worn chip has: `lost` and `older` count what was in them.
`--trust`: boot.py looks at no file, so that the order of writing alone must keep half a copy from starting.
`--trial-too-early`: shows that the test can fail, by setting the trial before anything was verified.
"""

import json
import random
import sys
import time
from binascii import unhexlify

if ".frozen" not in sys.path:
    sys.path.append(".frozen")

import boot as starter
import vfs
from heartlamp import boot_state
from heartlamp.hal.unix import nvs as unix_nvs
from heartlamp.hal.unix.flash import BLOCK, LFS
from heartlamp.outbox import Outbox, Record
from heartlamp.rules import boot
from heartlamp.update import download as download_file
from heartlamp.update import slots
from heartlamp.update import state as kept
from heartlamp.update.download import Device, Download
from heartlamp.update.manifest import Refused
from nor import Nor, cuts, empty, is_erase

FILES, NVS = 56, 4  # blocks
PIECE = 512
ROOT = "/f"
download_file.ROOM = 16 * 1024  # of a flash that is small, so that cuts are quick


class Board:
    """What a device does to its flash, without its links. `files`, `nvs`: partitions."""

    def __init__(self, image, log, ours):
        self.files = Nor(image, 0, FILES, log)
        self.partition = Nor(image, FILES, NVS, log)
        self.ours = ours
        self.nvs = None
        self.start = None
        self.outbox = None

    def power_on(self):
        """As virtual.py and board_main.py do."""
        region = unix_nvs.Region(self.partition)
        region.open()
        self.nvs = unix_nvs.Nvs(region, "heartlamp")
        fresh = starter.mount(self.files, ROOT, LFS)
        self.start = starter.choose(self.nvs, ROOT, fresh)
        self.outbox = Outbox(ROOT + "/out")
        self.outbox.load(0)

    def power_off(self):
        vfs.umount(ROOT)

    def download(self):
        found = Download(ROOT, self.nvs, self.ours)
        try:
            found.open()
        except Refused as refused:
            found.refuse(refused.reason)
        return found


def record(n):
    id = "lamp0a1b-%016x" % n
    body = ('{"v":1,"kind":"alarm","id":"%s","dev":"lamp0a1b","seq":%d,"what":"panic"}' % (id, n)).encode()
    return Record(id, "alarm", "5a" * 32, body, n, 0, 0)


class Run:
    """`promises`: [(operations done, "add" or "remove", id, operations before)]."""

    def __init__(self, image, bundles, modulus, early):
        self.log = []
        self.image = image
        self.bundles = bundles
        self.early = early
        self.board = Board(image, self.log, Device("virtual", "lamp", 0, 12500, modulus))
        self.promises = []
        self.confirmed = [(0, 0, 0)]  # (operations done before, and after it was written, version)
        self.version = 0
        self.n = 0

    def restart(self, healthy=True):
        self.board.power_off()
        self.board.power_on()
        if healthy:
            boot_state.settle(self.board.nvs)

    def alarm(self):
        one, before = record(self.n), len(self.log)
        self.n += 1
        assert self.board.outbox.add(one)
        self.promises.append((len(self.log), "add", one.id, before))
        if len(self.board.outbox.records) > 3:
            gone, before = self.board.outbox.records[0], len(self.log)
            self.board.outbox.remove(gone)
            self.promises.append((len(self.log), "remove", gone.id, before))

    def take_in(self, bundle, interruptions):
        """True: it is on trial; False: it was refused."""
        board = self.board
        board.ours.version = self.version
        download = board.download()
        try:
            for _ in download.beginning(bundle["id"], len(bundle["data"])):
                pass
            pieces = 0
            while not download.complete:
                at = download.at
                download.take(at, bundle["data"][at : at + PIECE])
                pieces += 1
                if pieces % 5 == 0:
                    self.alarm()
                if pieces in interruptions:
                    self.restart()
                    download = board.download()
                    assert download.id == bundle["id"], "it forgot what was under way"
                if self.early and download.version and pieces == interruptions[-1] + 1:
                    state = boot.on_trial(kept.load(board.nvs), download.slot, download.id, download.version)
                    kept.save(board.nvs, state)
            for _ in download.proving():
                pass
        except Refused as refused:
            download.refuse(refused.reason)
            return False
        download.to_trial()
        return True

    def confirm(self, version):
        state = kept.load(self.board.nvs)
        before = len(self.log)
        kept.save(self.board.nvs, boot.confirmed(state))
        self.confirmed.append((before, len(self.log), version))
        self.version = version

    def all(self):
        first, second, third, forged, spoilt = self.bundles
        self.board.power_on()
        self.alarm()
        for bundle in (first, second):
            assert self.take_in(bundle, (3, 9))
            self.restart()
            assert self.board.start["trial"], "the trial did not start"
            self.alarm()
            self.restart()  # a power cut in the middle of the trial
            assert self.board.start["trial"]
            self.confirm(bundle["version"])
            self.restart()
            assert not self.board.start["trial"]
            assert self.board.start["version"] == bundle["version"]
            if self.early:
                self.board.power_off()
                return
        assert self.take_in(third, (4,))
        for _ in range(boot.TRIES):
            self.restart(False)
            assert self.board.start["trial"]
            self.alarm()
        self.restart()
        assert self.board.start["version"] == second["version"], "it did not go back"
        assert not self.take_in(forged, (2,))
        assert not self.take_in(spoilt, (2,))
        self.restart()
        assert self.board.start["version"] == second["version"]
        self.board.power_off()


def whole(start, bundles):
    """Whether every byte of the chosen copy is the bundle's."""
    if start["slot"] == boot.ROM:
        return True
    bundle = next(b for b in bundles if b["version"] == start["version"])
    at = bundle["head"]
    for path, size in bundle["files"]:
        with open(ROOT + "/" + start["slot"] + "/" + path, "rb") as f:
            if f.read() != bundle["data"][at : at + size]:
                return False
        at += size
    return True


def main():
    global PIECE
    began = time.ticks_ms()
    PIECE = 200 if "--small-pieces" in sys.argv else PIECE
    early = "--trial-too-early" in sys.argv
    if "--trust" in sys.argv:
        slots.works = lambda folder, id, quick=False: True
    every = int(sys.argv[sys.argv.index("--resume") + 1]) if "--resume" in sys.argv else 0
    shard, shards = int(sys.argv[2]), int(sys.argv[3])
    with open(sys.argv[1]) as f:
        given = json.load(f)
    for bundle in given["bundles"]:
        bundle["data"] = unhexlify(bundle["data"])
    modulus = int(given["modulus"], 16)
    blank = empty(FILES + NVS)
    starting = bytearray(blank)
    vfs.VfsLfs2.mkfs(Nor(starting, 0, FILES), **LFS)
    run = Run(bytearray(starting), given["bundles"], modulus, early)
    run.all()
    counts = {
        "cuts": 0,
        "half": 0,
        "unstartable": 0,
        "older": 0,
        "lost": 0,
        "reformatted": 0,
        "unfinished": 0,
        "resumed": 0,
    }
    started = {}
    spoilt = rotten(run.image, int(sys.argv[sys.argv.index("--rot") + 1])) if "--rot" in sys.argv else None
    for n, (done, torn) in enumerate(spoilt or cuts(starting, run.log)):
        if n % shards != shard:
            continue
        counts["cuts"] += 1
        board = Board(torn, [], Device("virtual", "lamp", 0, 12500, modulus))
        try:
            board.power_on()
        except Exception as error:
            sys.print_exception(error, sys.stderr)
            counts["unstartable"] += 1
            continue
        start = board.start
        name = start["slot"] + (" on trial" if start["trial"] else "")
        started[name] = started.get(name, 0) + 1
        counts["reformatted"] += start["fresh"]
        try:
            right = whole(start, given["bundles"])
        except OSError:
            right = False
        if right and start["slot"] != boot.ROM:
            try:
                right = program(start) == start["version"]
            except (ImportError, SyntaxError, AttributeError):
                right = False
        if not start["trial"]:
            last = [version for _, after, version in run.confirmed if after <= done][-1]
            due = [version for before, _, version in run.confirmed if before <= done]
            counts["older"] += start["version"] not in due[due.index(last) :]
        held = {r.id for r in board.outbox.records}
        kept = {p[2] for p in run.promises if p[1] == "add" and p[0] <= done}
        going = {p[2] for p in run.promises if p[1] == "remove" and p[3] <= done}
        counts["half"] += not right
        counts["lost"] += len(kept - going - held)
        if every and n // shards % every == 0:
            counts["resumed"] += 1
            counts["unfinished"] += not finishes(board, given["bundles"])
        board.power_off()
    erases = len([1 for operation in run.log if is_erase(operation)])
    counts.update(
        {
            "operations": len(run.log),
            "erases": erases,
            "started": started,
            "took_ms": time.ticks_diff(time.ticks_ms(), began),
        }
    )
    print(json.dumps(counts))


def rotten(image, seed):
    """The flash at the end of the run with one block of it full of chance, another one each time; then with two."""
    random.seed(seed)
    for count in (1, 1, 1, 2, 2, 2):
        for block in range(FILES + NVS):
            spoilt = bytearray(image)
            for at in [block] + [random.randrange(FILES + NVS) for _ in range(count - 1)]:
                spoilt[at * BLOCK : (at + 1) * BLOCK] = bytes([random.randrange(256) for _ in range(BLOCK)])
            yield 1 << 30, spoilt


def program(start):
    """The version that the chosen copy says it is, by importing it from there and nowhere else."""
    before = sys.path[:]
    sys.path[:] = [ROOT + "/" + start["slot"]]
    sys.modules.pop("trial_program", None)
    sys.modules.pop("trial_program.main", None)
    try:
        return __import__("trial_program.main", None, None, ("VERSION",)).VERSION
    finally:
        sys.path[:] = before


def finishes(board, bundles):
    """An update that was cut is carried to its end: the bundle under way, or the second, is on trial then."""
    download = board.download()
    if not download.id:
        return True
    bundle = next(b for b in bundles if b["id"] == download.id)
    try:
        while not download.complete:
            download.take(download.at, bundle["data"][download.at : download.at + PIECE])
        for _ in download.proving():
            pass
    except Refused:
        return bundle["bad"]
    download.to_trial()
    board.power_off()
    board.power_on()
    return board.start["trial"] and board.start["version"] == bundle["version"]


main()
