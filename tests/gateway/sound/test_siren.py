"""The siren's relay. This kernel has no GPIO (and no gpio-sim), so the line is one of our own with the same interface;
what libgpiod says where there is no chip is the real library's word."""

import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from heartlamp_gateway.config import ConfigError
from heartlamp_gateway.outputs.adapter import Report
from heartlamp_gateway.outputs.gpio import GpioLine, Relay
from heartlamp_gateway.outputs.siren import RHYTHMS, Rhythm, Siren, SirenSettings, read_siren
from heartlamp_gateway.rules.loudness import Night

from tests.gateway.sound.orders import DAY, NIGHT, at, nobody, order

SHORT = {
    "fire": Rhythm(((30, 20),), 300),
    "panic": Rhythm(((10, 40),), 5_000),
    "test": Rhythm(((20, 0),), 20),
}


class Line:
    """A line that keeps its last level when it is let go, as a Raspberry Pi's does. `switched`: (ms, on)."""

    def __init__(self) -> None:
        self.on = False
        self.is_held = False
        self.switched: list[tuple[float, bool]] = []
        self.breaks_after: int | None = None
        self.stuck: bool | None = None
        self.changed = threading.Condition()
        self._start = time.monotonic()

    @contextmanager
    def held(self) -> Iterator[Relay]:
        if self.is_held:
            raise OSError(16, "Device or resource busy")
        self.is_held, self.on = True, False
        try:
            yield self
        finally:
            self.on = self.is_held = False

    def set(self, on: bool) -> None:
        assert self.is_held
        if self.breaks_after is not None and len(self.switched) >= self.breaks_after:
            raise OSError(5, "Input/output error")
        with self.changed:
            self.on = on
            self.switched.append(((time.monotonic() - self._start) * 1000, on))
            self.changed.notify_all()

    def is_on(self) -> bool:
        return self.on if self.stuck is None else self.stuck

    def wait_on(self) -> None:
        with self.changed:
            assert self.changed.wait_for(lambda: self.on, 5)


def siren(line: Line, minute: int | None = DAY, most_s: float = 60.0) -> Siren:
    return Siren(SirenSettings("siren", GpioLine("/dev/none", 17, False), most_s, SHORT), Night(), at(minute), line)


def test_a_fire_sounds_in_its_rhythm_and_then_it_is_off() -> None:
    line, said = Line(), list[Report]()
    assert siren(line).perform(order("fire", channel="siren"), said.append) == Report("done")
    assert said == [Report("sent")]
    assert [on for _, on in line.switched] == [True, False] * (len(line.switched) // 2)
    assert 2 <= len(line.switched) // 2 <= 7
    assert (line.on, line.is_held) == (False, False)


def test_never_longer_than_it_may_whatever_the_rhythm_says() -> None:
    line = Line()
    start = time.monotonic()
    siren(line, most_s=0.2).perform(order("panic"), nobody)
    assert time.monotonic() - start < 3.0, "the rhythm alone takes 5 s"
    assert not line.on


def test_a_line_that_somebody_looks_at_in_that_moment_is_tried_again() -> None:
    line, sounded = Line(), threading.Event()

    def look() -> None:
        with line.held():
            sounded.wait(0.5)

    looking = threading.Thread(target=look)
    looking.start()
    while not line.is_held:
        time.sleep(0.001)
    assert siren(line).perform(order("fire", channel="siren"), nobody) == Report("done")
    looking.join()


def test_a_line_that_breaks_is_let_go_off_and_the_order_has_failed() -> None:
    line = Line()
    line.breaks_after = 3  # while it is on
    ended = siren(line).perform(order("fire"), nobody)
    assert ended.state == "failed"
    assert "Input/output" in ended.why
    assert line.switched[-1][1] is True
    assert (line.on, line.is_held) == (False, False)


def test_a_line_that_does_not_follow_is_told() -> None:
    line = Line()
    line.stuck = False
    assert siren(line).perform(order("fire"), nobody).state == "failed"
    line.stuck = True
    found = siren(line).perform(order("fire"), nobody)
    assert found.state == "failed"
    assert "still reads on" in found.why
    assert "reads on" in siren(line).health()


def test_a_fire_cuts_off_a_panic() -> None:
    line, done = Line(), dict[str, Report]()
    it = siren(line)

    def panic() -> None:
        done["panic"] = it.perform(order("panic"), nobody)

    thread = threading.Thread(target=panic)
    thread.start()
    line.wait_on()
    start = time.monotonic()
    assert it.perform(order("fire"), nobody) == Report("done")
    thread.join(5)
    assert time.monotonic() - start < 4.0, "the panic would have gone on for 5 s"
    assert "cut off" in done["panic"].why


def test_when_the_process_stops_the_relay_is_off_before_it_does() -> None:
    line = Line()
    it = siren(line)
    thread = threading.Thread(target=lambda: it.perform(order("panic"), nobody), daemon=True)
    thread.start()
    line.wait_on()
    assert it.stop()
    assert (line.on, line.is_held) == (False, False)
    assert it.perform(order("fire"), nobody).state == "failed"


def test_what_a_process_before_left_on_goes_off_at_the_start() -> None:
    line = Line()
    line.on = True
    siren(line).off()
    assert not line.on


def test_at_night_a_panic_is_left_to_the_lamps_and_a_fire_is_not() -> None:
    line = Line()
    assert siren(line, NIGHT).perform(order("panic"), nobody).state == "done"
    assert line.switched == []
    siren(line, NIGHT).perform(order("fire"), nobody)
    assert line.switched != []


def test_a_drill_only_chirps() -> None:
    line = Line()
    assert siren(line).perform(order("fire", drill=1), nobody) == Report("done")
    assert len(line.switched) == 2


def test_a_silent_alarm_is_refused_before_anything_is_touched() -> None:
    line, said = Line(), list[Report]()
    assert siren(line).perform(order("silent"), said.append).state == "failed"
    assert (line.switched, said) == ([], [])


def test_health_is_the_lines_own_word() -> None:
    line = Line()
    it = siren(line)
    assert it.health() == ""
    with line.held():
        assert "busy" in it.health()


def test_where_there_is_no_chip_libgpiod_says_so() -> None:
    pytest.importorskip("gpiod")
    real = GpioLine("/dev/gpiochip-that-is-not-there", 17, False)
    it = Siren(SirenSettings("siren", real, 60.0), Night(), at(DAY), real)
    assert "No such file" in it.health()
    it.off()  # and the gateway starts
    ended = it.perform(order("fire"), nobody)
    assert (ended.state, ended.why) == ("failed", it.health()), "people's words, not the kernel's alone"


def test_no_rhythm_is_one_of_the_national_air_raid_alarm() -> None:
    for what, rhythm in RHYTHMS.items():
        assert all(on < 6_000 for on, _ in rhythm.steps), what


def test_the_file_says_which_line(tmp_path: Path) -> None:
    read = read_siren({"line": 17, "active_low": True, "most_s": 30}, tmp_path)
    assert (read.line, read.most_s) == (GpioLine("/dev/gpiochip0", 17, True), 30.0)
    own = read_siren({"line": "GPIO17", "rhythms": {"fire": {"steps": [[3000, 1000]], "for_ms": 20000}}}, tmp_path)
    assert own.rhythms["fire"] == Rhythm(((3_000, 1_000),), 20_000)
    assert own.rhythms["panic"] == RHYTHMS["panic"]


@pytest.mark.parametrize(
    "table",
    [
        {},
        {"line": -1},
        {"line": 17, "most_s": 181},
        {"line": 17, "active_low": 1},
        {"line": 17, "pin": 3},
        {"line": 17, "rhythms": {"silent": {"steps": [[100, 100]], "for_ms": 1000}}},
        {"line": 17, "rhythms": {"fire": {"steps": [[0, 100]], "for_ms": 1000}}},
    ],
)
def test_a_file_that_is_wrong_is_refused_with_the_field(table: dict[str, object], tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="siren"):
        read_siren(table, tmp_path)


def test_after_every_end_of_the_gateway_systemd_switches_it_off(tmp_path: Path) -> None:
    file = tmp_path / "gateway.toml"
    file.write_text("id = 7 # wrong, and none of its business\n")
    command = [sys.executable, "-m", "heartlamp_gateway.outputs.siren_off", str(file)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout == "this box has no siren\n"
    file.write_text('[siren]\nchip = "/dev/gpiochip-that-is-not-there"\nline = 17\n')
    failed = subprocess.run(command, capture_output=True, text=True)
    assert failed.returncode == 1
    assert "NOT switched off" in failed.stderr
    assert "No such file" in failed.stderr
