"""The village's siren: a relay on a GPIO line, in a rhythm for each kind of alarm, off after every end.

Rhythms are (on ms, off ms) one after the other, again until `for_ms`. None is like the three of the national air-raid
alarm (36 s on and 24 s off, 6 s on and 6 s off, 3 minutes on), which would send people to shelters.
"""

import errno
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from heartlamp_protocol.device.names import WHATS

from heartlamp_gateway.config import ConfigError
from heartlamp_gateway.outputs.adapter import Order, Report
from heartlamp_gateway.outputs.gpio import GpioLine, Relay
from heartlamp_gateway.outputs.turns import Turns
from heartlamp_gateway.rules.languages import in_both
from heartlamp_gateway.rules.loudness import Night, may_sound, urgency
from heartlamp_gateway.say import log

AGAIN_S = 0.1  # a line that somebody else holds
MOST_S = 180  # nothing that a file says makes it sound for longer


@dataclass(frozen=True, slots=True)
class Rhythm:
    steps: tuple[tuple[int, int], ...]
    for_ms: int


RHYTHMS = {
    "fire": Rhythm(((1_000, 1_000),), 30_000),
    "flood": Rhythm(((4_000, 2_000),), 30_000),
    "gas": Rhythm(((400, 400), (400, 400), (400, 2_000)), 30_000),
    "slope": Rhythm(((2_000, 500), (500, 500)), 30_000),
    "panic": Rhythm(((300, 700),), 10_000),
    "test": Rhythm(((500, 0),), 500),
}


@dataclass(frozen=True, slots=True)
class SirenSettings:
    """`name`: as the plan's addresses call it; `most_s`: the longest that it may sound in one go."""

    name: str
    line: GpioLine
    most_s: float
    rhythms: dict[str, Rhythm] = field(default_factory=lambda: dict(RHYTHMS))


class Holder(Protocol):
    """What GpioLine is: off before, off after."""

    def held(self) -> AbstractContextManager[Relay]: ...


class Siren:
    """An output's Adapter. `at_once`: an order may be given while another is under way, in a thread of its own; a fire
    cuts off a panic."""

    channel = "siren"
    at_once = True

    def __init__(self, settings: SirenSettings, night: Night, minute: Callable[[], int | None], line: Holder) -> None:
        """`minute`: of the village's day now, None where nobody knows."""
        self.deadline_s = 2 * settings.most_s + 10  # one before it, and itself
        self._settings = settings
        self._night = night
        self._minute = minute
        self._line = line
        self._turns = Turns()

    def perform(self, order: Order, report: Callable[[Report], None]) -> Report:
        if order.what == "silent":
            return Report("failed", "refused")
        if order.address not in ("", self._settings.name):
            return Report("failed", f"no siren is called {order.address}")
        if not may_sound(order.what, self._minute(), self._night, bool(order.drill)):
            return Report("done", "not at this hour: the lamps of the group call")
        # A siren cannot say that it is a drill, so it only shows that it would have wailed.
        wanted = "test" if order.drill else order.what
        rhythm = self._settings.rhythms.get(wanted, self._settings.rhythms["panic"])
        until = time.monotonic() + self.deadline_s - self._settings.most_s - 1
        turn = self._turns.take(urgency(order.what, bool(order.drill)), until)
        if turn is None:
            return Report("failed", "it was never this alarm's turn: something more urgent sounds, or the box stops")
        try:
            return self._sound(rhythm, turn.cut.wait, report, until)
        except OSError as wrong:
            return Report("failed", _cannot_be_had(wrong))
        finally:
            self._turns.give_back(turn)

    @contextmanager
    def _hold(self, until: float, cut: Callable[[float], bool]) -> Iterator[Relay]:
        """Somebody may look at the line in this moment, we ourselves or a technician: it is tried again. Raises OSError
        where it cannot be had until `until`."""
        with ExitStack() as stack:
            while True:
                try:
                    relay = stack.enter_context(self._line.held())
                    break
                except OSError as wrong:
                    if wrong.errno != errno.EBUSY or time.monotonic() >= until or cut(AGAIN_S):
                        raise
            yield relay

    def _sound(
        self, rhythm: Rhythm, cut: Callable[[float], bool], report: Callable[[Report], None], until: float
    ) -> Report:
        followed = False
        with self._hold(until, cut) as relay:
            end = time.monotonic() + min(rhythm.for_ms / 1000, self._settings.most_s)
            report(Report("sent"))
            while time.monotonic() < end:
                for on_ms, off_ms in rhythm.steps:
                    relay.set(True)
                    followed = relay.is_on() or followed
                    was_cut = cut(max(0.0, min(on_ms / 1000, end - time.monotonic())))
                    relay.set(False)
                    if was_cut or cut(max(0.0, min(off_ms / 1000, end - time.monotonic()))):
                        return Report("done", "cut off by something more urgent, or the box stops")
                    if time.monotonic() >= end:
                        break
            if relay.is_on():
                return Report("failed", "switched off, its line still reads on: look at the relay now, is it wailing?")
        return Report("done") if followed else Report("failed", "its line never read on; look at pin and wiring")

    def off(self) -> None:
        """At the start of the process, for what one before it may have left on. A line that cannot be had is said, and
        keeps no gateway from starting."""
        try:
            with self._line.held():
                pass
        except (OSError, ImportError) as wrong:
            log.error("the siren could not be switched off at the start: %s; look at [siren], or is it wailing?", wrong)

    def health(self) -> str:
        if self._turns.busy:
            return ""  # it sounds now, and its report says how that went
        try:
            with self._line.held() as relay:
                stuck = relay.is_on()
        except ImportError:
            return in_both(
                "警报器缺少 gpiod 程序包，请安装 heartlamp-gateway[siren]",
                "The siren needs the package gpiod: install heartlamp-gateway[siren]",
            )
        except OSError as wrong:
            return _cannot_be_had(wrong)
        if not stuck:
            return ""
        return in_both(
            "警报器已关，控制线却显示接通，请检查引脚和接线",
            "The siren's line reads on though it is switched off; look at pin and wiring",
        )

    def troubles(self) -> dict[str, str]:
        """It is one thing: `health` has it."""
        return {}

    def stop(self) -> bool:
        """Before the process ends: daemon threads end without their `finally`. True: the relay is off."""
        return self._turns.close(2.0)


def _cannot_be_had(wrong: OSError) -> str:
    return in_both(
        "警报器的控制线打不开，请检查 [siren] 的 chip 和 line，以及是否被别的程序占用",
        f"The siren's line cannot be had: {wrong}; look at [siren] chip and line, and who else uses them",
    )


def read_siren(table: dict[str, Any], here: Path) -> SirenSettings:
    """`here`: the file's folder; a chip's path is absolute in practice. Raises ConfigError."""
    known = {"name", "chip", "line", "active_low", "most_s", "rhythms"}
    if unknown := sorted(set(table) - known):
        raise ConfigError(f"[siren] has no `{unknown[0]}`; it has {', '.join(sorted(known))}")
    line, chip = table.get("line"), table.get("chip", "/dev/gpiochip0")
    if not (type(line) is int and line >= 0) and not (isinstance(line, str) and line):
        raise ConfigError("`siren.line` must be a line's number on its chip, or its name")
    if not isinstance(chip, str) or not chip:
        raise ConfigError("`siren.chip` must be a path, such as /dev/gpiochip0")
    most = table.get("most_s", 60)
    if type(most) not in (int, float) or not 1 <= most <= MOST_S:
        raise ConfigError(f"`siren.most_s` must be a number from 1 to {MOST_S}")
    low = table.get("active_low", False)
    if type(low) is not bool:
        raise ConfigError("`siren.active_low` must be true or false")
    rhythms = table.get("rhythms", {})
    if not isinstance(rhythms, dict):
        raise ConfigError("`siren.rhythms` must be a table")
    return SirenSettings(
        str(table.get("name", "siren")),
        GpioLine(str(here / chip), line, low),
        float(most),
        RHYTHMS | {str(what): _rhythm(str(what), fields) for what, fields in rhythms.items()},
    )


def _rhythm(what: str, fields: object) -> Rhythm:
    wrong = ConfigError(f"`siren.rhythms.{what}` must be {{ steps = [[on ms, off ms], ...], for_ms = ... }}")
    if what not in (*WHATS, "test") or what == "silent":
        raise ConfigError(f"`siren.rhythms.{what}`: there is no such alarm that may be heard")
    if not isinstance(fields, dict) or type(fields.get("for_ms")) is not int or fields["for_ms"] < 100:
        raise wrong
    steps = fields.get("steps")
    if not isinstance(steps, list) or not steps:
        raise wrong
    for step in steps:
        if not isinstance(step, list) or [type(ms) for ms in step] != [int, int] or step[0] < 50 or step[1] < 0:
            raise wrong
    return Rhythm(tuple((on, off) for on, off in steps), fields["for_ms"])
