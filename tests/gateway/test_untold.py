"""A silent alarm in what a person with the box's log and its commands sees: nothing."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import apsw
import pytest
from heartlamp_gateway.install.backup import snapshot

from tests.gateway.rig.village import Rig
from tests.gateway.rig.waiting import until


@pytest.fixture
def rig(tmp_path: Path) -> Any:
    made = Rig(tmp_path).start()
    try:
        yield made
    finally:
        made.close()


def told(rig: Rig, *command: str) -> str:
    run = [sys.executable, "-m", "heartlamp_gateway", *command, "--config", str(rig.config)]
    return subprocess.run(run, check=True, capture_output=True, text=True).stdout


def rows_of(rig: Rig, device: str) -> int:
    db = apsw.Connection(str(rig.data / "alarms.db"))
    return len(db.execute("SELECT 1 FROM outbox WHERE device = ?", (device,)).fetchall())


def status(rig: Rig) -> dict[str, Any]:
    """Without what goes on by itself."""
    found: dict[str, Any] = json.loads(told(rig, "status", "--json"))
    for moves in ("county_contact", "disk_free_mb", "readings_waiting", "wrong", "troubles"):
        found.pop(moves)
    return found


def test_neither_log_names_who_pressed_whatever_becomes_of_it(rig: Rig) -> None:
    rig.county.quarantined.add("hush7")
    hush, lamp9 = rig.device("hush7"), rig.device("lamp9")
    silent = hush.press("silent")
    hush.is_heard(silent)
    rig.county.board.wait("it is at the county", lambda: rig.county.posts)
    frame = hush.frames[silent]
    mac = frame.index(b'"mac":"') + 7
    hush.publish("event", frame[:mac] + bytes([frame[mac] ^ 1]) + frame[mac + 1 :])  # same id, other bytes
    hush.publish("event", b"rubbish")
    hush.publish("state", b"rubbish")
    hush.publish("reading", frame)
    until("all of it is there", lambda: rows_of(rig, "hush7") == 4)
    lamp9.publish("event", b"rubbish")
    rig.gateway.says("lamp9: unreadable frame")  # so the others were judged, and the log is not simply mute
    hush.stop()
    lamp9.is_heard(lamp9.press())  # the broker is through with it
    logs = rig.gateway.log.read_text() + rig.broker.log.read_text()
    assert (logs.count("hush7"), logs.count(silent)) == (0, 0)


def test_no_count_rises_and_no_backup_says_that_one_waits(rig: Rig, tmp_path: Path) -> None:
    hush, lamp9, button = rig.device("hush7"), rig.device("lamp9"), rig.device("butt7")
    rig.county.stop()
    lamp9.is_heard(lamp9.press())
    until("lamps show their states", lambda: status(rig)["lamps_not_showing"] <= 4)
    before = status(rig)
    assert before["waiting"] >= 1
    for device in (hush, button):  # also where it is not a silent button's
        device.is_heard(device.press("silent"))
    assert status(rig) == before
    assert snapshot(rig.data / "alarms.db", tmp_path / "saved.db")[1] == before["waiting"]
    rig.gateway.kill()
    rig.gateway.start()
    rig.gateway.says(f", {before['waiting']} rows wait for the county")
