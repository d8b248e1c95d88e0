"""`heartlamp-gateway status` where it is needed most: a full disk, a damaged file, a locked one, none at all."""

import contextlib
import fcntl
import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import apsw
import pytest
from heartlamp_gateway.disk.alarms import AlarmFile
from heartlamp_gateway.disk.readings import ReadingFile
from heartlamp_gateway.disk.room import Room
from heartlamp_gateway.insides import TOLD
from heartlamp_gateway.rules.languages import both, in_both, listed

from tests.gateway.rig.certificates import Authority
from tests.gateway.rig.little import LITTLE

CONFIG = f"""{LITTLE}[supervision]
reserve_mb = 1
[updates]
"""


class Box:
    """A gateway's folder, in which it once ran."""

    def __init__(self, folder: Path) -> None:
        self.config, self.data = folder / "gateway.toml", folder / "data"
        self.config.write_text(CONFIG)
        self.data.mkdir(exist_ok=True)

    def ran(self) -> "Box":
        for file in (AlarmFile(self.data / "alarms.db"), ReadingFile(self.data / "readings.db")):
            file.open()
            file.close()
        Room(self.data, 1_000_000).look()
        return self

    def status(self, *options: str) -> tuple[int, str]:
        """(exit code, what a person reads); never a traceback."""
        command = [sys.executable, "-m", "heartlamp_gateway", "status", "--config", str(self.config), *options]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60)
        assert "Traceback" not in done.stderr
        return done.returncode, done.stdout + done.stderr

    def facts(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.status("--json")[1])
        return found


@pytest.fixture
def box(tmp_path: Path) -> Box:
    return Box(tmp_path)


@contextlib.contextmanager
def small_disk(folder: Path) -> Iterator[Path]:
    """The data folder on a disk of 2 MB."""
    (folder / "data").mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=2m,mode=700", "tmpfs", str(folder / "data")]
    if shutil.which("mount") is None or subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("no small disk can be mounted here: that needs root and CAP_SYS_ADMIN")
    try:
        yield folder / "data"
    finally:
        subprocess.run(["umount", str(folder / "data")], check=True)


def fill(data: Path) -> None:
    with (data / "filler").open("wb", buffering=0) as file, contextlib.suppress(OSError):
        while True:
            file.write(bytes(4096))


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Box]:
    """On a small disk that is really full."""
    with small_disk(tmp_path) as data:
        made = Box(tmp_path).ran()
        fill(data)
        yield made


def test_a_gateway_that_is_well(box: Box) -> None:
    code, said = box.ran().status()
    assert code == 0
    assert "waiting for county 0 of 0 kept" in said
    assert "the reserve for alarms is there" in said
    assert "updates cached     0" in said
    assert "✗" not in said


def test_a_plan_is_missed_where_something_could_be_done_by_it(box: Box) -> None:
    said = box.ran().status()[1]
    assert "plan               version 0: 0 policies, 0 targets" in said
    assert "! plan" not in said  # lamps need none
    box.config.write_text(CONFIG + "[modem]\n")
    assert "! plan             This village has no plan" in box.status()[1]
    assert (box.facts()["plan_policies"], box.facts()["plan_missing"]) == (0, True)
    broken = apsw.Connection(str(box.data / "alarms.db"))
    broken.execute("INSERT OR REPLACE INTO word(name, value) VALUES('plan', '{}')")
    broken.close()
    code, said = box.status()
    assert (code, "the plan in it cannot be read" in said, "plan               version ?" in said) == (1, True, True)


def test_one_that_never_ran(box: Box) -> None:
    code, said = box.status()
    assert code == 1
    assert "✗ there is no" in said
    assert "has not run yet" in said


def test_a_full_disk(small: Box) -> None:
    code, said = small.status()
    assert "disk free          0 MB" in said
    assert code == 1
    assert "the disk is full: free space" in said
    assert "waiting for county 0 of 0 kept" in said  # what the file alone has


def test_a_first_start_on_a_full_disk_says_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_text(Authority(tmp_path).ca.read_text())
    with small_disk(tmp_path) as data:
        box = Box(tmp_path)
        fill(data)
        for words in (["run"], ["run", "--with-broker"], ["broker-files"]):
            command = [sys.executable, "-m", "heartlamp_gateway", *words, "--config", str(box.config)]
            done = subprocess.run(command, capture_output=True, text=True, timeout=60)
            assert done.returncode == 1
            assert f"the disk of {data} is full: free some MB" in done.stderr
            assert "Traceback" not in done.stderr
        code, said = box.status()
        assert (code, "Alarms go on" in said) == (1, False)
        assert "nothing was kept on it yet: free space" in said


@pytest.mark.parametrize("damage", ["its head", "a page"])
def test_a_damaged_file_says_what_to_do_and_the_rest_is_told(box: Box, damage: str) -> None:
    path = box.ran().data / "alarms.db"
    whole = bytearray(path.read_bytes())
    if damage == "its head":
        whole[:100] = b"x" * 100
    else:
        for at in range(4096, len(whole), 4096):
            whole[at : at + 200] = b"x" * 200
    path.write_bytes(whole)
    code, said = box.status()
    assert code == 1
    assert "✗" in said
    assert "Restart the gateway: it sets the file aside" in said
    assert "readings waiting   0" in said
    assert "waiting for county ?" in said
    assert box.facts()["waiting"] is None


def test_a_locked_file(box: Box) -> None:
    holder = apsw.Connection(str(box.ran().data / "alarms.db"))
    holder.pragma("locking_mode", "exclusive")
    holder.execute("BEGIN EXCLUSIVE; UPDATE word SET value = value")
    code, said = box.status()
    holder.close()
    assert code == 1
    assert "another program holds it" in said


def test_the_cards_record_is_told_and_what_the_running_gateway_says(box: Box) -> None:
    soon = date.today() + timedelta(days=3)
    more = f'[modem]\n[modem.sim]\npayer = "村委会"\nexpires = {soon}\n'
    box.config.write_text(CONFIG + more)
    (box.ran().data / TOLD).write_text('[{"code": "ups", "zh": "停电", "en": "Power is out."}]')
    code, said = box.status()
    assert (code, "The SIM card's plan ends on" in said, "paid by 村委会" in said) == (0, True, True)
    assert "Power is out." not in said  # it does not run: that is of before
    with (box.data / "lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert "! ups              Power is out." in box.status()[1]


def test_a_text_in_both_languages_is_parted() -> None:
    assert both("卡住了。 It is stuck.") == ("卡住了。", "It is stuck.")
    assert both("SIM 卡套餐 2027-01-01 到期，付费：李。 The SIM card's plan ends, in 3 days.") == (
        "SIM 卡套餐 2027-01-01 到期，付费：李。",
        "The SIM card's plan ends, in 3 days.",
    )
    assert both(in_both("连不上", "It cannot be reached: no route")) == ("连不上。", "It cannot be reached: no route.")
    assert listed({"村口": in_both("坏了", "It broke"), "北坡": "no route"}) == (
        "北坡：no route；村口：坏了",
        "北坡: no route; 村口: It broke",
    )
    assert both("no route to host") == ("no route to host", "no route to host")
