"""Tells devices of the village the time, as long as this box itself can be believed."""

import socket
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import replace

from heartlamp_gateway.clock import boottime
from heartlamp_gateway.kernel_clock import discipline
from heartlamp_gateway.rules.sntp import CLIENTS_MAX, Asked, Clock, answer, ask
from heartlamp_gateway.say import log
from heartlamp_gateway.sntp_table import TimeTable

LOOK_S, AGAIN_S = 1.0, 30.0


def own_clock() -> Clock:
    try:
        good, error = discipline()
    except OSError:
        good, error = False, 0.0
    return Clock(time.time(), good, error)


class Sntp:
    """`pause(seconds)`: waits, True when we stop. `clock`: this box's; `is_wrong(now)`: whether somebody better knows
    that it is."""

    def __init__(
        self,
        table: TimeTable,
        pause: Callable[[float], bool],
        clock: Callable[[], Clock] = own_clock,
        is_wrong: Callable[[float], bool] = lambda now: False,
    ) -> None:
        self._table, self._pause, self._clock, self._is_wrong = table, pause, clock, is_wrong
        self._asked: OrderedDict[str, Asked] = OrderedDict()  # of the last addresses

    def run(self) -> None:
        """A port that is taken is said, and tried again: time is a favour, alarms are not."""
        said = ""
        while True:
            wrong = self._serve()
            if wrong and wrong != said:
                log.error("nobody is told the time here, tried again: %s", wrong)
            said = wrong
            if self._pause(AGAIN_S if wrong else 0):
                return

    def _serve(self) -> str:
        """Until we stop; or why it could not go on."""
        host, port = self._table.host, self._table.port
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        try:
            with socket.socket(family, socket.SOCK_DGRAM) as sock:
                sock.bind((host, port))
                sock.settimeout(LOOK_S)
                log.info("the time is told on %s, UDP %d", host, port)
                while not self._pause(0):
                    self._one(sock)
        except OSError as wrong:
            return f"UDP {host} port {port}: {wrong}"
        return ""

    def _one(self, sock: socket.socket) -> None:
        try:
            question, sender = sock.recvfrom(512)
        except TimeoutError:
            return
        before = self._asked.pop(sender[0], None)
        self._asked[sender[0]], word = ask(before, boottime())
        if len(self._asked) > CLIENTS_MAX:
            self._asked.popitem(last=False)
        if word == "silent":
            return
        clock = self._clock()
        if self._is_wrong(clock.now):
            clock = replace(clock, synchronised=False)
        said = answer(question, clock, word.encode())
        if said is not None:
            try:
                sock.sendto(said, sender)
            except OSError:
                pass  # it is gone, or its address was none
