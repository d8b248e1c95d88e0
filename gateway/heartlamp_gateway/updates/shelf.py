"""Gives out bundles: offers them, and answers who wants the next bytes, in turn and no faster than is allowed."""

import threading
from collections.abc import Callable
from dataclasses import replace

from heartlamp_protocol.bundles import PIECE_BYTES
from heartlamp_protocol.device.names import topic
from heartlamp_protocol.updates import write_piece

from heartlamp_gateway.clock import boottime
from heartlamp_gateway.rules.model import Village
from heartlamp_gateway.rules.rate import Bucket, spend
from heartlamp_gateway.rules.updates import Turn, must_wait, next_offers, offers
from heartlamp_gateway.say import log
from heartlamp_gateway.updates.cache import Cache

LOOK_S = 1.0


class Shelf:
    """`village()`: as it is now; `lived()`: the village clock; `online()`: who is there; `say(topic, payload)`;
    `pause(seconds)`: waits, True when we stop."""

    def __init__(
        self,
        cache: Cache,
        rate: int,
        village: Callable[[], Village],
        lived: Callable[[], int],
        online: Callable[[], dict[str, bool]],
        say: Callable[[str, bytes], bool],
        pause: Callable[[float], bool],
    ) -> None:
        self._cache, self._village, self._lived = cache, village, lived
        self._online, self._say, self._pause = online, say, pause
        self._bucket = Bucket(rate)
        self._lock = threading.Lock()
        self._wake = threading.Event()
        self._wants: dict[str, tuple[str, int]] = {}  # device -> (bundle, byte), who asked first comes first
        self._turns: dict[str, Turn] = {}
        self._again: set[tuple[str, str]] = set()  # (device, bundle): offered though it was refused, once

    def wants(self, device: str, bundle: str, at: int) -> bool:
        """A device asks; called by who hears alarms, so it returns at once. False: there is nothing from that byte on,
        which the caller answers itself, because it is what a new program waits for."""
        size = self._cache.size(bundle)
        with self._lock:
            turn = self._turns.get(device)
            if turn is None or turn.bundle != bundle:
                turn = Turn(bundle, boottime())  # offered before our restart
            if size is None or at >= size:
                self._turns[device] = replace(turn, runs=size is not None)
                return False
            self._turns[device] = replace(turn, asked=boottime())
            self._wants[device] = (bundle, at)
        self._wake.set()
        return True

    def run(self) -> None:
        looked_at = -1
        while not self._pause(0):
            village, now = self._village(), boottime()
            if must_wait(village.incidents.values(), self._lived()):
                self._pause(LOOK_S)
                continue
            if now - looked_at >= LOOK_S * 1000:
                looked_at = now
                self._offer(village, now)
            if not self._give(village):
                self._wake.wait(LOOK_S)
                self._wake.clear()

    def _offer(self, village: Village, now: int) -> None:
        wanted = offers(village.registry)
        there = {device for device, online in self._online().items() if online}
        with self._lock:
            self._turns = {device: turn for device, turn in self._turns.items() if device in wanted}
            due = next_offers(wanted, self._turns, there, self._cache.bundles(), now)
            before = {device: self._turns.get(device) for device in due}
            self._turns |= {device: Turn(wanted[device].bundle, now) for device in due}
        for device in due:
            update = wanted[device]
            again = update.again and (device, update.bundle) not in self._again
            if self._say(topic(device, "piece"), write_piece(update.bundle, update.size, 0, b"", again)):
                self._again |= {(device, update.bundle)} if again else set()
                continue
            with self._lock:  # no session with the broker yet: it was not said
                was = before[device]
                self._turns = {d: t for d, t in self._turns.items() if d != device} | ({device: was} if was else {})

    def _give(self, village: Village) -> bool:
        """One piece to who waits longest. False: nobody does."""
        with self._lock:
            device = next(iter(self._wants), None)
            if device is None:
                return False
            bundle, at = self._wants.pop(device)
        size, wanted = self._cache.size(bundle), offers(village.registry).get(device)
        if size is None or wanted is None or wanted.bundle != bundle:
            return True  # taken back meanwhile: it asks again, ever more seldom
        try:
            data = self._cache.read(bundle, at, PIECE_BYTES)
        except OSError as wrong:
            log.error("the bundle %s cannot be read: %s; its devices go on with what they have", bundle, wrong)
            return True
        self._say(topic(device, "piece"), write_piece(bundle, size, at, data))
        self._bucket, wait = spend(self._bucket, len(data), boottime(), PIECE_BYTES)
        if wait:
            self._pause(wait / 1000)
        return True
