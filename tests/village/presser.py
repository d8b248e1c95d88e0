"""Fingers on red keys at random, and which of their presses a board must have noticed."""

import random
import threading
import time
from collections import defaultdict, deque
from dataclasses import dataclass

from heartlamp_tech.virtual_board import BoardError

from tests.village.journal import Seen
from tests.village.rig import Rig

KEPT_NS = 300_000_000  # a board that is killed so soon after the release may not have written anything yet
APART_NS = 300_000_000  # closer to the last edge of its key, a press may be taken for the contact's bounce
LATE_NS = 5_000_000_000  # a busy machine


@dataclass(frozen=True, slots=True)
class Press:
    """`at`, `released`: time.time_ns(); `pid`: the board's process before the press; `counts`: nothing excuses it."""

    device: str
    at: int
    released: int
    pid: int | None
    counts: bool


class Presser:
    """`start` until `stop`; then `presses` holds all, oldest first. `off(device)`: somebody has killed this board."""

    def __init__(self, rig: Rig, seed: int) -> None:
        self._rig = rig
        self._dice = random.Random(seed)
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="presser")
        self._booted: set[str] = set()
        self._released: dict[str, int] = {}
        self._fresh: deque[Press] = deque()
        self.presses: list[Press] = []

    def start(self) -> None:
        self._booted.update(self._rig.boards)
        self._rig.journal.listeners.append(self._hear)
        self._thread.start()

    def stop(self) -> None:
        self._ended.set()
        self._thread.join()
        time.sleep(KEPT_NS / 1e9)  # the last press's own time; nothing tells that a board was not killed
        self._judge()
        self._rig.journal.listeners.remove(self._hear)

    def off(self, device: str) -> None:
        self._booted.discard(device)

    def _hear(self, seen: Seen) -> None:
        if seen.what == "boot":
            self._booted.add(seen.source)

    def _run(self) -> None:
        keys = [h.device(kind) for h in self._rig.houses() for kind in ("button", "lamp")]
        while not self._ended.is_set():
            self._press(self._dice.choice(keys), self._dice.uniform(0.02, 0.12))
            self._judge()
            self._ended.wait(self._dice.uniform(0.02, 0.4))

    def _press(self, device: str, hold: float) -> None:
        pid, up, at = self._pid(device), device in self._booted, time.time_ns()
        counts = pid is not None and up and at - self._released.get(device, 0) > APART_NS
        try:
            self._rig.press(device, hold=hold)
        except BoardError:
            counts = False  # its power is off just now: a key that nobody can read
        self._released[device] = released = time.time_ns()
        self._fresh.append(Press(device, at, released, pid, counts))

    def _judge(self) -> None:
        """Looks at boards only once their time is over, so that no press waits for it."""
        while self._fresh and time.time_ns() - self._fresh[0].released >= KEPT_NS:
            p = self._fresh.popleft()
            lives = self._pid(p.device) == p.pid
            self.presses.append(Press(p.device, p.at, p.released, p.pid, p.counts and lives))

    def _pid(self, device: str) -> int | None:
        board = self._rig.boards[device]
        return board.pid if board.running else None


def swallowed(presses: list[Press], entries: list[Seen]) -> list[Press]:
    """The presses that count and have no `pressed` trace. Pure. A press that does not count may have one, too: it takes
    its own, so that it cannot stand for another's. `entries`: all that the boards said; one that said nothing from the
    press until it was killed had not come so far: the disk may pause for a second."""
    left: dict[str, deque[int]] = defaultdict(deque)
    said: dict[str, list[Seen]] = defaultdict(list)
    for seen in sorted(entries, key=lambda s: s.at):
        said[seen.source].append(seen)
        if seen.what == "pressed":
            left[seen.source].append(seen.at)
    lost = []
    for press in sorted(presses, key=lambda p: p.at):
        mine = left[press.device]
        while mine and mine[0] < press.at:
            mine.popleft()
        if mine and mine[0] <= press.released + LATE_NS:
            mine.popleft()
        elif press.counts and not _died_silent(press, said[press.device]):
            lost.append(press)
    return lost


def _died_silent(press: Press, said: list[Seen]) -> bool:
    after = next((s for s in said if s.at > press.at), None)
    return after is not None and after.what == "boot"
