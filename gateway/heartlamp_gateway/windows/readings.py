"""What each device said last of its battery, its mains, its case: in memory only, as it came by. The county alone can
tell whether a reading is genuine; the broker sees to it that nobody speaks on another's topic."""

import json
import threading
from collections.abc import Callable, Mapping, Sequence

from heartlamp_protocol.device.frame import FrameError, split_frame
from heartlamp_protocol.device.limits import VALUES_MAX

from heartlamp_gateway.rules import relay
from heartlamp_gateway.rules.model import Village
from heartlamp_gateway.rules.untold import is_secret

Receive = Callable[[Sequence[tuple[str, bytes]]], None]
NAMES_MAX = 64  # of one device: more than any kind says, and a bound for one that makes them up


class LastReadings:
    """`village`: gives the present one."""

    def __init__(self, village: Callable[[], Village]) -> None:
        self._village = village
        self._lock = threading.Lock()
        self._values: dict[str, dict[str, int]] = {}

    def beside(self, receive: Receive) -> Receive:
        """`receive`, and after it a look at what came."""

        def both(batch: Sequence[tuple[str, bytes]]) -> None:
            receive(batch)
            for name, payload in batch:
                self._take(name, payload)

        return both

    def all(self) -> dict[str, Mapping[str, int]]:
        """By device. No dict of it is changed later."""
        with self._lock:
            return dict(self._values)

    def _take(self, name: str, payload: bytes) -> None:
        word, village = relay.said(name), self._village()
        if word is None or word.what != "reading" or is_secret(village, word.device):
            return
        if village.device(word.device) is None or not relay.trusted(village.registry, word):
            return
        try:
            body = json.loads(split_frame(payload)[2])
            said = body["values"] if body["dev"] == word.device else {}
            new = {n: v for n, v in said.items() if type(v) is int}
        except (FrameError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
            return  # evidence, not ours to judge
        with self._lock:
            merged = {**self._values.get(word.device, {}), **dict(list(new.items())[:VALUES_MAX])}
            if len(merged) <= NAMES_MAX:
                self._values[word.device] = merged
            known = (
                {d.id for d in village.registry.devices} if len(self._values) > len(village.registry.devices) else ()
            )
            if known:
                self._values = {d: v for d, v in self._values.items() if d in known}
