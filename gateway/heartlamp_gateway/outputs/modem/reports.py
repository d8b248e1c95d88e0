"""Delivery reports: ModemManager gives each as a message of its own that names the one it is about by a number."""

import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from heartlamp_gateway.outputs.adapter import Report

KEPT_S = 3600.0
MOST = 256  # the network's numbers go from 0 to 255

UNDELIVERED = {
    0x41: "对方收不了短信 their telephone takes no SMS",
    0x42: "对方拒收 refused by their telephone",
    0x43: "号码不存在或停机 no such number, or it is cut off",
    0x46: "一直没开机，短信过期 switched off for too long",
    0x49: "短信中心丢了它 the SMS centre has lost it",
}


def said(status: int) -> Report | None:
    """A report's status (3GPP TS 23.040 TP-ST; CDMA's above 0xff). None: the network goes on trying."""
    if status == 0x00:
        return Report("delivered")
    if 0x40 <= status < 0x80 or 0x200 <= status < 0x300:
        return Report("failed", UNDELIVERED.get(status, f"没送到 not delivered ({status:#04x})"))
    return None


def _same(reference: int, number: str, other_reference: int, other_number: str) -> bool:
    """Not every network says in a report whom it is about."""
    return reference == other_reference and (number == other_number or not number or not other_number)


@dataclass(frozen=True, slots=True)
class _Waiting:
    reference: int
    number: str
    tell: Callable[[Report], None]
    since: float


class Reports:
    """Between who sends (any thread) and who reads what comes in (another). Numbers in E.164."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._waiting: deque[_Waiting] = deque(maxlen=MOST)
        self._early: deque[tuple[int, str, Report, float]] = deque(maxlen=MOST)

    def expect(self, reference: int, number: str, since: float, tell: Callable[[Report], None]) -> None:
        """`tell`: called once, from whichever thread. `since`: when sending began, by the clock."""
        with self._lock:
            early = next((e for e in self._early if _same(reference, number, *e[:2]) and e[3] >= since), None)
            if early is None:
                self._waiting.append(_Waiting(reference, number, tell, self._clock()))
            else:
                self._early.remove(early)
        if early is not None:
            tell(early[2])

    def came(self, reference: int, number: str, status: int) -> None:
        report, now = said(status), self._clock()
        if report is None:
            return
        with self._lock:
            while self._waiting and self._waiting[0].since < now - KEPT_S:
                self._waiting.popleft()
            # the newest: numbers come again after 256 messages
            found = next((w for w in reversed(self._waiting) if _same(reference, number, w.reference, w.number)), None)
            if found is None:
                self._early.append((reference, number, report, now))
            else:
                self._waiting.remove(found)
        if found is not None:
            found.tell(report)
