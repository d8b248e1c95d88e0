"""Counts and times what passes through the alarm chain, from outside: it stands between the chain and the broker,
and the chain knows nothing of it. A silent alarm is not counted, nor timed: a number that
goes up by one would tell of it."""

import re
import threading
import time
from bisect import bisect_left
from collections import OrderedDict
from collections.abc import Callable, Sequence

from heartlamp_protocol.registry import Registry

from heartlamp_gateway.rules import relay
from heartlamp_gateway.rules.model import Village
from heartlamp_gateway.rules.untold import SILENT, says_silent

Receive = Callable[[Sequence[tuple[str, bytes]]], None]
Say = Callable[[str, bytes], bool]

EVENTS = ("alarm", "answer", "cancel", "still")
HEARD_S = (0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
RECEIVED_S = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 60.0, 600.0, 3600.0, 86400.0)
REMEMBERED = 4_096  # events

_ID = re.compile(rb'"id":"([a-z0-9]{4,20}-[0-9a-f]{16})"')
_KIND = re.compile(rb'"kind":"([a-z]+)"')
_RECEIPT = re.compile(rb'"kind":"(heard|received)".*?"event":"([a-z0-9]{4,20}-[0-9a-f]{16})"')


def seconds() -> float:
    """BOOTTIME, finer than milliseconds: `heard` takes two of them."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


class Histogram:
    """`bounds`: upper ones, seconds, rising."""

    def __init__(self, bounds: tuple[float, ...]) -> None:
        self.bounds = bounds
        self.counts = [0] * (len(bounds) + 1)
        self.sum = 0.0

    def add(self, seconds: float) -> None:
        self.counts[bisect_left(self.bounds, seconds)] += 1
        self.sum += seconds


class Measures:
    """`village`: gives the present one."""

    def __init__(self, village: Callable[[], Village]) -> None:
        self._village = village
        self._lock = threading.Lock()
        self._came: OrderedDict[bytes, tuple[float, bytes, set[bytes]]] = OrderedDict()  # id -> (when, kind, receipts)
        self._registry: Registry | None = None
        self._silent: frozenset[str] = frozenset()
        self.kept = dict.fromkeys(EVENTS, 0)
        self.heard, self.received = Histogram(HEARD_S), Histogram(RECEIVED_S)

    def receiving(self, receive: Receive) -> Receive:
        def both(batch: Sequence[tuple[str, bytes]]) -> None:
            now = seconds()
            for name, payload in batch:
                self._arrives(name, payload, now)
            receive(batch)

        return both

    def saying(self, say: Say) -> Say:
        def both(name: str, payload: bytes) -> bool:
            said = say(name, payload)
            if name.endswith("/receipt"):
                self._receipt(payload, seconds())
            return said

        return both

    def _arrives(self, name: str, payload: bytes, now: float) -> None:
        word = relay.said(name)
        if word is None or word.what != "event" or says_silent(payload) or word.device in self._secret():
            return
        id, kind = _ID.search(payload), _KIND.search(payload)
        if id is None or kind is None:
            return
        with self._lock:
            if id[1] not in self._came:
                self._came[id[1]] = (now, kind[1], set())
                if len(self._came) > REMEMBERED:
                    self._came.popitem(last=False)

    def _receipt(self, payload: bytes, now: float) -> None:
        found = _RECEIPT.search(payload)
        with self._lock:
            came = self._came.get(found[2]) if found else None
            if found is None or came is None or found[1] in came[2]:
                return
            at, kind, receipts = came
            receipts.add(found[1])
            (self.heard if found[1] == b"heard" else self.received).add(now - at)
            if found[1] == b"heard" and kind.decode() in self.kept:
                self.kept[kind.decode()] += 1

    def _secret(self) -> frozenset[str]:
        registry = self._village().registry
        if registry is not self._registry:
            self._silent = frozenset(d.id for d in registry.devices if d.kind == SILENT)
            self._registry = registry
        return self._silent
