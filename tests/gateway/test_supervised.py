"""The real gateway tells the county what does not work in its village, and systemd that it lives."""

import os
import signal
import socket
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from heartlamp_protocol.device.kinds import heartbeat_ms
from heartlamp_protocol.supervision import supervision_ms
from heartlamp_protocol.troubles import Told, read_trouble

from tests.gateway.faults.villages import village
from tests.gateway.rig.processes import GATEWAY, Process
from tests.gateway.rig.village import Rig
from tests.gateway.rig.waiting import until
from tests.ports import free_port


@pytest.fixture
def watched() -> Iterator[Rig]:
    """A village that tells an outage at once, and has its box looked at."""
    with tempfile.TemporaryDirectory(prefix="hl-") as folder:
        rig = Rig(Path(folder))
        with rig.config.open("a") as config:
            config.write("\n[supervision]\nhold_s = 0\nsettle_s = 1\n")
        try:
            yield rig.start()
        finally:
            rig.close()
            print((rig.folder / "gateway.log").read_text())


def told(rig: Rig, what: str, kind: str, subject: str, seconds: float = 30.0) -> Told:
    def find() -> list[Told]:
        said = [read_trouble(n[1], n[2]) for n in rig.county.store.notes.values() if n[1] == what]
        return [each for each in said if (each.kind, each.subject) == (kind, subject)]

    return rig.county.board.wait(f"{what} {kind} of {subject}", find, seconds)[-1]


@pytest.mark.prove
def test_what_devices_say_is_wrong_goes_up_and_many_without_mains_are_one(watched: Rig) -> None:
    rig = watched
    lamps = [rig.device(id) for id in ("lamp7", "lamp9", "lamp2")]
    lamps[0].read(tamper=1, mains=1)
    assert told(rig, "trouble", "tamper", "lamp7").detail == "tamper=1"
    for lamp in lamps:
        lamp.read(mains=0, tamper=0)
    over = told(rig, "restored", "tamper", "lamp7")
    assert rig.county.store.notes[over.began][2] == "tamper tamper=1 lamp7"
    outage = told(rig, "trouble", "outage", "group g3")
    assert outage.detail == "3/3:power"
    rig.gateway.kill()
    rig.gateway.start()
    until("it listens again", lambda: rig.gateway.said("gateway-telemetry: session with the broker\n") == 2)
    for lamp in lamps:
        lamp.read(mains=1)
    ended = told(rig, "restored", "outage", "group g3", 20)
    assert rig.county.store.notes[ended.began][2] == "outage 3/3:power group g3"
    kinds = [read_trouble(n[1], n[2]).kind for n in rig.county.store.notes.values() if n[1] in ("trouble", "restored")]
    assert "mains" not in kinds


def test_a_silent_button_with_a_low_battery_is_told_to_the_county_and_to_no_log(watched: Rig) -> None:
    hush, lamp7 = watched.device("hush7"), watched.device("lamp7")
    hush.read(battery_low=1)
    lamp7.read(battery_low=1)
    told(watched, "trouble", "battery", "hush7")
    told(watched, "trouble", "battery", "lamp7")
    watched.gateway.says("lamp7 its battery is low")
    assert "hush7" not in watched.gateway.log.read_text()


@pytest.mark.prove
def test_a_fault_that_goes_on_over_a_restart_is_not_told_to_be_over() -> None:
    with tempfile.TemporaryDirectory(prefix="hl-") as folder:
        rig = Rig(Path(folder), tables=f'\n[ups]\nname = "ups"\nport = {free_port()}\n\n[supervision]\nlook_s = 8\n')
        try:
            rig.start()
            told(rig, "trouble", "box", "ups", 30)
            rig.gateway.kill()
            rig.gateway.start()
            # Devices are judged every 5 s, the box after 8: in between nobody knows how it is.
            until("looked at again", lambda: rig.gateway.said("ups is fault") == 2, 40)
            lamp7 = rig.device("lamp7")
            lamp7.is_received(lamp7.press())
            ended = [n for n in rig.county.store.notes.values() if n[1] == "restored" and "ups" in n[2]]
            assert not ended
        finally:
            rig.close()
            print((rig.folder / "gateway.log").read_text())


@pytest.mark.prove
@pytest.mark.timeout(300)
def test_a_lamp_that_falls_silent_is_missed_and_the_county_too(watched: Rig) -> None:
    rig = watched
    lamp7, lamp9 = rig.device("lamp7"), rig.device("lamp9")
    rig.county.noted("online", "lamp7")
    rig.county.noted("online", "lamp9")
    lamp7.vanish()
    beaten = time.monotonic()

    def missed() -> bool:
        nonlocal beaten
        if time.monotonic() - beaten > heartbeat_ms("lamp") / 1000:
            beaten = time.monotonic()
            lamp9.read(mains=1)
        return rig.gateway.said("trouble: 三组 7号 lamp7 says nothing") > 0

    until("lamp7 is missed", missed, supervision_ms("lamp") / 1000 + 15)
    told(rig, "trouble", "missed", "lamp7")
    assert not [n for n in rig.county.store.notes.values() if "lamp9" in n[2] and n[1] != "online"]
    rig.device("lamp7")
    told(rig, "restored", "missed", "lamp7")
    rig.county.stop()
    rig.gateway.says("no word of the county", 110)
    rig.county.start()
    told(rig, "trouble", "county", "gwliu1")
    told(rig, "restored", "county", "gwliu1")


@pytest.mark.parametrize("status", [429, pytest.param(503, marks=pytest.mark.prove)])
def test_a_county_that_has_too_much_to_do_gets_alarms_as_ever_and_readings_seldom(rig: Rig, status: int) -> None:
    lamp7, button = rig.device("lamp7"), rig.device("butt7")
    rig.county.noted("online", "lamp7")
    rig.county.noted("online", "butt7")
    rig.county.busy = status
    lamp7.read(temp_mc=1)
    rig.gateway.says(f"the county answers {status}: readings go up more rarely")
    turned_away = rig.county.turned_away
    begun = time.monotonic()
    for number in range(500):
        lamp7.read(temp_mc=number)
        if number % 50 == 0:
            button.is_received(button.press())
    rig.county.board.wait("time", lambda: time.monotonic() - begun > 4)
    assert rig.county.turned_away == turned_away
    assert not rig.county.store.readings


@pytest.mark.prove
@pytest.mark.timeout(300)
def test_a_broker_that_is_gone_is_a_fault_of_the_box_and_nobody_is_missed_for_it(watched: Rig) -> None:
    rig = watched
    rig.device("lamp7")
    rig.county.noted("online", "lamp7")
    rig.broker.kill()
    rig.gateway.says("broker is fault", 80)
    assert told(rig, "trouble", "box", "broker").detail == "fault"
    rig.broker.start()
    rig.gateway.says("broker is ok", 80)
    told(rig, "restored", "box", "broker")
    assert not [n for n in rig.county.store.notes.values() if n[2].startswith("missed")]


def everything(heard: socket.socket) -> list[bytes]:
    """Until nothing comes for its timeout."""
    said = []
    try:
        while True:
            said.append(heard.recv(100))
    except TimeoutError:
        return said


def test_systemd_is_told_that_it_is_ready_lives_and_stops() -> None:
    with tempfile.TemporaryDirectory(prefix="hl-") as folder, socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as heard:
        address = f"{folder}/notify"
        heard.bind(address)
        heard.settimeout(15)
        rig = Rig(Path(folder))
        rig.gateway = Process([*GATEWAY, str(rig.config)], rig.folder / "gateway.log", {"NOTIFY_SOCKET": address})
        try:
            rig.start()
            said = {heard.recv(100)}
            while said != {b"READY=1", b"WATCHDOG=1"}:
                said.add(heard.recv(100))
            os.kill(rig.gateway.pid, signal.SIGSTOP)  # as a whole: it is fed no more, and goes on when it may
            heard.settimeout(7)
            everything(heard)
            heard.settimeout(15)
            os.kill(rig.gateway.pid, signal.SIGCONT)
            assert heard.recv(100) == b"WATCHDOG=1"
            assert rig.gateway.end() == 0
            heard.settimeout(1)
            assert everything(heard)[-1] == b"STOPPING=1"
        finally:
            rig.close()
            print((rig.folder / "gateway.log").read_text())


def test_a_table_that_makes_no_sense_is_said_in_words_and_the_village_served() -> None:
    with village("[ups]\nport = 3493\n") as rig:
        rig.gateway.says("[ups]: `name` must be the name of the UPS as in ups.conf; this part is left out")
        button = rig.device("butt7")
        button.is_heard(button.press())
