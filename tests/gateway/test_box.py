"""The box itself: what is said of each part by what it measures, and what becomes of a check or thread that hangs."""

import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from heartlamp_gateway.disk.room import Room
from heartlamp_gateway.rules.dates import SET_FROM
from heartlamp_gateway.rules.health import ABSENT, FAULT, OK, WARN, Health
from heartlamp_gateway.rules.watch import LATE_MS, LOOK_MS, STILL_MS, late, overslept
from heartlamp_gateway.supervision import broker, certificate, county, date, disk, heat, memory, systemd, threads, ups
from heartlamp_gateway.supervision.box import Box
from heartlamp_gateway.supervision.config import Supervision, read_supervision, read_ups
from heartlamp_gateway.supervision.watch import STUCK, Watch

from tests.gateway.rig.certificates import Authority

GB = 1_000_000_000


@pytest.mark.parametrize(
    ("health", "state"),
    [
        (disk.judge(20 * GB, 32 * GB, 900, 1000, True, False), OK),
        (disk.judge(1 * GB, 32 * GB, 900, 1000, True, False), WARN),
        (disk.judge(12 * GB, 160 * GB, 900, 1000, True, False), OK),  # a small share of a large disk is room enough
        (disk.judge(20 * GB, 32 * GB, 9, 1000, True, False), WARN),
        (disk.judge(20 * GB, 32 * GB, 0, 0, True, False), OK),
        (disk.judge(0, 32 * GB, 900, 1000, False, False), FAULT),
        (disk.judge(20 * GB, 32 * GB, 900, 1000, True, True), FAULT),
        (date.judge(0.0, 0, True), FAULT),
        (date.judge(SET_FROM + 1, -3 * 86_400_000, True), WARN),
        (date.judge(SET_FROM + 1, 0, False), WARN),
        (date.judge(SET_FROM + 1, 1_000, True), OK),
        (date.judge(SET_FROM + 1, 0, True, 299.0), OK),
        (date.judge(SET_FROM + 1, 0, True, -300.0), FAULT),
        (heat.judge(None), ABSENT),
        (heat.judge(50_000), OK),
        (heat.judge(76_000), WARN),
        (heat.judge(86_000), FAULT),
        (memory.judge(80_000_000), OK),
        (memory.judge(250_000_000), WARN),
        (memory.judge(500_000_000), FAULT),
        (broker.judge(100_000, None, 1, 99_000), FAULT),
        (broker.judge(100_000, 1, None, 99_000), FAULT),
        (broker.judge(100_000, 1, 1, 99_000), OK),
        (broker.judge(100_000, 1, 1, 70_000), FAULT),
        (broker.judge(100_000, 1, 90_000, None), OK),
        (county.judge(0), OK),
        (county.judge(19_999), OK),
        (county.judge(20_000), WARN),
        (county.judge(90_000), FAULT),
        (ups.absent(), ABSENT),
        (ups.judge({"ups.status": "OL", "battery.charge": "100"}), OK),
        (ups.judge({"ups.status": "OL CHRG", "battery.charge": "7.5"}), OK),
        (ups.judge({"ups.status": "OB DISCHRG", "battery.charge": "80", "battery.runtime": "3600"}), WARN),
        (ups.judge({"ups.status": "OB DISCHRG", "battery.charge": "20"}), FAULT),
        (ups.judge({"ups.status": "OB LB"}), FAULT),
        (ups.judge({"ups.status": "OL RB", "battery.charge": "odd"}), FAULT),
        (ups.judge({"ups.status": "OFF"}), FAULT),
        (ups.judge({"ups.status": "OL OVER"}), WARN),
        (ups.judge({"ups.status": "TRIM"}), WARN),
        (ups.judge({}), FAULT),
    ],
)
def test_what_is_measured_is_judged_and_said_in_both_languages(health: Health, state: str) -> None:
    assert health.state == state
    assert any("\u4e00" <= c <= "\u9fff" for c in health.zh) or "%" in health.zh or "°C" in health.zh
    assert health.en.isascii() or "°" in health.en


def test_this_very_box_is_looked_at(tmp_path: Path) -> None:
    room = Room(tmp_path, 1_000_000)
    room.look()
    assert disk.look(tmp_path, room.is_kept()).state in (OK, WARN)
    assert memory.look().state in (OK, WARN, FAULT)
    assert date.Date().look().name == "clock"
    zone = tmp_path / "thermal_zone0"
    zone.mkdir()
    (zone / "temp").write_text("48300\n")
    (tmp_path / "thermal_zone1").mkdir()
    (tmp_path / "thermal_zone1" / "temp").write_text("off\n")
    assert heat.look(tmp_path).en == "48 °C."
    assert heat.look(tmp_path / "nowhere").state == ABSENT


class Upsd:
    """upsd as its protocol says, on a real port: LIST VAR, LOGOUT, ERR. `mute`: it accepts and says nothing."""

    def __init__(self) -> None:
        self.values = {"ups.status": "OL", "battery.charge": "100", "ups.model": 'a "good" one'}
        self.error, self.mute = "", False
        self.asked: list[str] = []
        self._server = socket.create_server(("127.0.0.1", 0))
        self.door = ups.Door("box", *self._server.getsockname())
        self._open: list[socket.socket] = []
        threading.Thread(target=self._run, daemon=True).start()

    def _run(self) -> None:
        while True:
            try:
                client, _ = self._server.accept()
            except OSError:
                return
            self._open.append(client)
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        with client, client.makefile("rw", encoding="utf-8", newline="\n") as lines:
            for line in lines:
                self.asked.append(line.strip())
                if self.mute:
                    continue
                if line.startswith("LOGOUT"):
                    lines.write("OK Goodbye\n")
                    return
                lines.write(self._answer(line.split()))
                lines.flush()

    def _answer(self, words: list[str]) -> str:
        if self.error:
            return f"ERR {self.error}\n"
        if words[:2] != ["LIST", "VAR"] or len(words) != 3:
            return "ERR UNKNOWN-COMMAND\n"
        if words[2] != "box":
            return "ERR UNKNOWN-UPS\n"
        quoted = {name: value.replace("\\", "\\\\").replace('"', '\\"') for name, value in self.values.items()}
        said = "".join(f'VAR box {name} "{value}"\n' for name, value in quoted.items())
        return f"BEGIN LIST VAR box\n{said}END LIST VAR box\n"

    @property
    def is_open(self) -> bool:
        return self._server.fileno() >= 0

    def close(self) -> None:
        self._server.shutdown(socket.SHUT_RDWR)  # else the thread that accepts keeps the port open
        self._server.close()
        for each in self._open:
            each.close()


@pytest.fixture
def upsd() -> Iterator[Upsd]:
    made = Upsd()
    try:
        yield made
    finally:
        if made.is_open:
            made.close()


def test_the_ups_is_asked_in_its_own_protocol(upsd: Upsd) -> None:
    assert ups.ask(upsd.door)["ups.model"] == 'a "good" one'
    assert ups.look(upsd.door).state == OK
    upsd.values |= {"ups.status": "OB DISCHRG", "battery.charge": "64", "battery.runtime": "1260"}
    health = ups.look(upsd.door)
    assert (health.state, "64 % / 21 min" in health.en, "64 % / 21 min" in health.zh) == (WARN, True, True)
    upsd.values["ups.status"] = "OB DISCHRG LB"
    assert ups.look(upsd.door).state == FAULT
    for error in ("DATA-STALE", "DRIVER-NOT-CONNECTED", "ACCESS-DENIED"):
        upsd.error = error
        health = ups.look(upsd.door)
        assert (health.state, error in health.en) == (FAULT, True)
    assert "LIST VAR box" in upsd.asked


def test_an_unknown_ups_and_no_upsd_at_all_are_faults_that_say_so(upsd: Upsd) -> None:
    assert "UNKNOWN-UPS" in ups.look(ups.Door("other", upsd.door.host, upsd.door.port)).en
    upsd.close()
    assert "NUT" in ups.look(upsd.door).en
    assert ups.look(None).state == ABSENT


def test_an_upsd_that_hangs_is_a_fault_and_holds_up_nobody(upsd: Upsd) -> None:
    upsd.mute = True
    box = Box(
        {"ups": lambda: ups.look(upsd.door), "memory": lambda: memory.judge(40_000_000)}, lambda s: True, deadline_s=0.2
    )
    box.look()
    found = {health.name: health for health in box.healths()}
    assert (found["ups"].state, found["ups"].en) == (FAULT, "It does not answer: restart, then repair it.")
    assert found["memory"].state == OK
    box.look()  # nobody piles up behind it
    assert len([line for line in upsd.asked if line.startswith("LIST")]) == 1


def test_a_fault_is_told_at_once_and_a_warning_where_it_lasts() -> None:
    now, state = 0, WARN
    box = Box({"clock": lambda: Health("clock", state, "", "")}, lambda s: True, clock=lambda: now)
    box.look()
    assert box.lasting()[0] == []
    now = 600_000
    box.look()
    assert [h.state for h in box.lasting()[0]] == [WARN]
    state = FAULT
    box.look()
    assert [h.state for h in box.lasting()[0]] == [FAULT]
    state = WARN
    box.look()
    assert box.lasting()[0] == []


def test_a_check_that_breaks_is_a_fault_of_its_part_alone() -> None:
    def broken() -> Health:
        raise RuntimeError("the driver is confused")

    box = Box({"ups": broken, "memory": lambda: memory.judge(40_000_000)}, lambda s: True)
    box.look()
    assert [(h.name, h.state) for h in box.healths()] == [("ups", FAULT), ("memory", OK)]
    assert "the driver is confused" in box.healths()[0].en


def test_the_reserve_is_given_up_once_and_made_again_where_there_is_room(tmp_path: Path) -> None:
    room = Room(tmp_path, 1_000_000)
    assert not room.give_up()
    room.look()
    assert room.is_kept()
    assert (tmp_path / "reserve").stat().st_blocks * 512 >= 1_000_000  # it holds its place, it is no hole
    assert not room.short
    assert room.give_up()  # the spare, which nobody sees
    assert room.is_kept()
    assert room.give_up()
    assert (room.is_kept(), room.short) == (False, True)
    assert not room.give_up()
    room.look()
    assert (room.is_kept(), room.short) == (True, False)
    assert room.give_up()
    assert room.is_kept()  # the spare is there again, too


def test_tables_are_read_and_what_is_wrong_is_said(tmp_path: Path) -> None:
    assert read_supervision({}, tmp_path) == Supervision()
    read = read_supervision({"village_many": 5, "hold_s": 0, "reserve_mb": 2, "zones": "zones"}, tmp_path)
    assert (read.limits.village_many, read.limits.hold_ms, read.reserve) == (5, 0, 2_000_000)
    assert read.zones == tmp_path / "zones"
    assert read_ups({"name": "box"}, tmp_path) == ups.Door("box")
    for table in ({"village_share": 101}, {"hold_s": "soon"}, {"reserve": 3}):
        with pytest.raises(ValueError, match=next(iter(table))):
            read_supervision(table, tmp_path)
    for wrong, ups_table in (("name", {}), ("name", {"name": "a b"}), ("port", {"port": 0}), ("user", {"user": "me"})):
        with pytest.raises(ValueError, match=wrong):
            read_ups({"name": "box"} | ups_table if wrong != "name" else ups_table, tmp_path)


def test_a_thread_is_late_after_a_minute_and_nobody_is_where_all_stood_still() -> None:
    seen = {"alarms": 1_000, "uplink": 30_000}
    assert late(seen, LATE_MS) == []
    assert late(seen, LATE_MS + 1_000) == ["alarms"]
    assert not overslept(0, LOOK_MS)
    assert overslept(0, STILL_MS + 1)


HANGING = """
import sys, threading
from heartlamp_gateway.supervision.watch import Watch
now = [0]
watch = Watch(lambda: now[0])
alive, hangs = watch.heart("ticker"), watch.heart("uplink")
def pause(seconds):
    now[0] += int(sys.argv[1])
    alive()
    return now[0] > 300_000
watch.run(pause, lambda: print("fed", now[0], flush=True))
"""


def test_a_process_of_which_one_thread_hangs_ends_loudly_and_is_fed_no_more() -> None:
    ended = subprocess.run([sys.executable, "-c", HANGING, "5000"], capture_output=True, text=True, timeout=30)
    assert ended.returncode == STUCK
    assert "uplink: no sign of life for a minute" in ended.stderr
    assert "most recent call first" in ended.stderr  # where each thread was
    assert ended.stdout.split()[-1] == "55000"
    frozen = subprocess.run([sys.executable, "-c", HANGING, "100000"], capture_output=True, text=True, timeout=30)
    assert frozen.returncode == 0  # it was stopped as a whole, again and again
    assert "stood still for 100 s" in frozen.stderr


def test_a_thread_that_no_alarm_needs_is_said_to_hang_and_ends_nothing() -> None:
    now = [0]
    watch = Watch(lambda: now[0])
    chain, time, gone = watch.heart("ticker"), watch.part("time"), watch.thread("papers", lambda: None)
    watch.part("papers"), watch.part("pictures up")
    found: list[list[str]] = []

    def pause(seconds: float) -> bool:
        now[0] += 5_000
        chain()
        found.append(watch.hanging())
        if now[0] == 100_000:
            gone.start()  # its work is over
            gone.join()
        if now[0] < 200_000 or now[0] > 520_000:
            time()
        return now[0] > 530_000

    watch.run(pause, lambda: None)
    assert found[58] == []
    assert found[61] == ["pictures up"]
    assert found[103] == ["pictures up", "time"]
    assert watch.hanging() == ["pictures up"]
    assert threads.judge([]).state == OK
    assert "pictures up" in threads.judge(["pictures up"]).zh


@pytest.mark.parametrize("abstract", [False, True])
def test_systemd_is_told_over_its_socket(tmp_path: Path, abstract: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    name = f"\0heartlamp-{os.getpid()}-{tmp_path.name}" if abstract else str(tmp_path / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as heard:
        heard.bind(name)
        heard.settimeout(5)
        monkeypatch.setenv("NOTIFY_SOCKET", name.replace("\0", "@"))
        assert systemd.notify("WATCHDOG=1")
        assert heard.recv(100) == b"WATCHDOG=1"
    assert not systemd.notify("READY=1") or abstract is False
    monkeypatch.delenv("NOTIFY_SOCKET")
    assert not systemd.notify("READY=1")


def test_a_certificate_and_another_ones_key_are_a_fault_before_the_broker_starts_again(tmp_path: Path) -> None:
    authority = Authority(tmp_path, "county")
    cert, key = authority.certificate("one")
    _, other = authority.certificate("two")
    assert certificate.Paper(cert, key).look().state == OK
    health = certificate.Paper(cert, other).look()
    assert (health.state, str(other) in health.en, str(other) in health.zh) == (FAULT, True, True)
