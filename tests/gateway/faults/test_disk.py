"""The gateway's disk: the plug pulled, the disk full, the disk broken, the process killed at the worst moment."""

import random
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import apsw
import pytest
from heartlamp_gateway.disk import changes
from heartlamp_gateway.disk.alarms import AlarmFile
from heartlamp_protocol.device import event

from tests.gateway.rig import plug
from tests.gateway.rig.village import Rig
from tests.gateway.rig.waiting import until

PLUG = (sys.executable, plug.__file__)


class Plugged:
    """A village whose gateway sits on the bad disk; `switch(name)` is a file that turns a fault on."""

    def __init__(self, folder: Path, synchronous: str) -> None:
        self.switches = folder / "switches"
        self.switches.mkdir()
        seed = str(random.randrange(2**32))
        print(f"seed of the disk {seed}")
        self.switch("seed").write_text(seed)
        self.rig = Rig(folder, (*PLUG, synchronous, str(self.switches)))

    def switch(self, name: str) -> Path:
        return self.switches / name


@pytest.fixture
def plugged() -> Iterator[Callable[[str], Plugged]]:
    made: list[Plugged] = []
    with tempfile.TemporaryDirectory(prefix="hl-") as folder:

        def make(synchronous: str) -> Plugged:
            below = Path(folder) / str(len(made))
            below.mkdir()
            made.append(Plugged(below, synchronous))
            made[-1].rig.start()
            return made[-1]

        try:
            yield make
        finally:
            for each in made:
                each.rig.close()
                print((each.rig.folder / "gateway.log").read_text())


def kept_events(rig: Rig) -> set[str]:
    """What a gateway that starts now would find."""
    file = AlarmFile(rig.data / "alarms.db")
    file.open()
    try:
        return {kept.event for kept in file.waiting(0, 100_000)}
    finally:
        file.close()


def lost_by_a_power_cut(rig: Rig, seed: int) -> int:
    """Presses flow, the plug is pulled at a random moment; how many were said to be `heard` and are not there."""
    print(f"seed {seed}")
    dice = random.Random(seed)
    rig.county.stop()
    devices = [rig.device(id) for id in ("butt7", "lamp9", "lamp2")]
    cut_after = dice.randrange(20, 120)
    presses = 0
    while sum(len(device.heard) for device in devices) < cut_after and presses < 2000:
        device = dice.choice(devices)
        press = device.press(dice.choice(("panic", "fire", "gas")))
        presses += 1
        if dice.random() < 0.3:
            device.is_heard(press)
    time.sleep(dice.random() * 0.003)  # the moment of the cut is the experiment
    rig.gateway.kill()
    heard = {event for device in devices for event in device.heard}
    kept = kept_events(rig)
    print(f"{presses} pressed, {len(heard)} heard, {len(kept & heard)} of them kept")
    assert len(heard) >= 20
    return len(heard - kept)


@pytest.mark.parametrize("_", [*range(3), *(pytest.param(n, marks=pytest.mark.prove) for n in range(3, 33))])
def test_a_power_cut_loses_nothing_that_was_heard(plugged: Callable[[str], Plugged], _: int) -> None:
    assert lost_by_a_power_cut(plugged("FULL").rig, random.randrange(2**32)) == 0


def test_the_power_cut_is_a_real_one_without_synchronous_it_loses(plugged: Callable[[str], Plugged]) -> None:
    assert lost_by_a_power_cut(plugged("OFF").rig, random.randrange(2**32)) > 0


def test_killed_between_commit_and_heard_it_says_heard_after_the_restart(plugged: Callable[[str], Plugged]) -> None:
    village = plugged("FULL")
    rig = village.rig
    button, lamp9 = rig.device("butt7"), rig.device("lamp9")
    lamp9.board.wait("its first state", lambda: lamp9.lamps)
    rig.county.stop()  # or its receipt may come first, and where that is there is nothing to say of the village
    village.switch("die").write_bytes(b"butt7-")
    press = button.press()
    assert rig.gateway.exit_code() == -9
    assert press not in button.heard
    assert not lamp9.calls()
    village.switch("die").unlink()
    rig.gateway.start()
    button.is_heard(press)  # nobody offered it again
    lamp9.call(press)
    rig.county.start()
    button.is_received(press)


@pytest.mark.parametrize("fault", ["full", "eio"])
def test_a_disk_that_refuses_gives_no_heard_but_lamps_and_county_are_told(
    plugged: Callable[[str], Plugged], fault: str
) -> None:
    village = plugged("FULL")
    rig = village.rig
    button, lamp7, lamp9 = rig.device("butt7"), rig.device("lamp7"), rig.device("lamp9")
    village.switch(fault).touch()
    press = button.press()
    lamp9.call(press, heard=0)
    assert lamp7.call(press)["heard"] == 0
    button.is_received(press)
    rig.gateway.says("the disk does not take it")
    button.again(press)
    second = button.press("fire")
    lamp9.call(second)
    button.is_received(second)
    assert button.heard == {}
    village.switch(fault).unlink()
    button.is_heard(press)
    button.is_heard(second)
    lamp9.call(press, heard=1)
    rig.gateway.says("the disk takes it again")
    rig.gateway.kill()
    assert len(rig.county.store.events) == 2
    with sqlite(rig) as db:
        assert {row[0] for row in db.execute("SELECT event FROM outbox WHERE frame IS NOT NULL")} == {press, second}


@pytest.mark.parametrize("fault", ["full", "eio"])
def test_a_disk_that_refuses_is_not_spoken_of_because_of_a_silent_alarm(
    plugged: Callable[[str], Plugged], fault: str
) -> None:
    """Nothing else was written since it began to refuse: who sees the box learns of it by the next event that people
    know of, or by the box's own note of each minute."""
    village = plugged("FULL")
    rig = village.rig
    hush, button = rig.device("hush7"), rig.device("butt7")
    said = "the disk does not take it"
    until("its first note", lambda: sqlite(rig).execute("SELECT 1 FROM word WHERE name = 'clock'").fetchall())
    village.switch(fault).touch()
    silent = hush.press("silent")
    hush.is_received(silent)  # the county's word is written too, a moment later
    for _ in range(2):  # who asks is answered by the tick that tries again to write
        before = len(button.pulses)
        button.publish("ask", event.write_ask(""))
        button.board.wait("a pulse", lambda before=before: len(button.pulses) > before)  # type: ignore[misc]
    assert (hush.heard, rig.gateway.said(said)) == ({}, 0)
    button.is_received(button.press())
    rig.gateway.says(said)
    village.switch(fault).unlink()
    hush.is_heard(silent)
    rig.gateway.says("the disk takes it again")


def test_a_file_that_may_not_grow_gives_no_heard_either(rig: Rig) -> None:
    """The same from the kernel: a limit on file sizes, as a quota has it."""
    button, lamp9 = rig.device("butt7"), rig.device("lamp9")
    button.is_received(button.press("gas"))
    size = (rig.data / "alarms.db-wal").stat().st_size
    before = resource.prlimit(rig.gateway.pid, resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))
    press = button.press("panic")
    lamp9.call(press, heard=0)
    button.is_received(press)
    assert press not in button.heard
    resource.prlimit(rig.gateway.pid, resource.RLIMIT_FSIZE, before)
    button.is_heard(press)
    lamp9.call(press, heard=1)


def test_started_on_a_full_disk_the_village_is_still_lit_and_the_county_told(rig: Rig) -> None:
    button = rig.device("butt7")
    before = button.press("gas")
    button.is_received(before)
    assert rig.gateway.end() == 0
    assert not (rig.data / "alarms.db-shm").exists()
    limited = "import resource, runpy, sys; resource.setrlimit(resource.RLIMIT_FSIZE, (0, resource.RLIM_INFINITY));"
    limited += "sys.argv = sys.argv[1:]; runpy.run_module('heartlamp_gateway', run_name='__main__')"
    command = [sys.executable, "-c", limited, "heartlamp_gateway", "run", "--config", str(rig.config)]
    # Its log goes through a pipe, because no file may grow.
    gateway = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    try:
        lamp9 = rig.device("lamp9")
        lamp9.call(before, heard=1)  # read from the disk that cannot be written
        press = button.press("panic")
        lamp9.call(press, heard=0)
        button.is_received(press)
        assert press not in button.heard
    finally:
        gateway.terminate()
        _, log = gateway.communicate(timeout=10)
        print(log)
    assert "cannot be opened" in log
    assert gateway.returncode == 0
    rig.gateway.start()
    until("a session", lambda: rig.gateway.said("gateway-alarms: session with the broker\n") == 2)
    button.again(press)
    button.is_heard(press)


@pytest.mark.parametrize("kills", [3, pytest.param(30, marks=[pytest.mark.prove, pytest.mark.timeout(300)])])
def test_killed_again_and_again_while_presses_flow_nothing_is_lost(rig: Rig, kills: int) -> None:
    seed = random.randrange(2**32)
    print(f"seed {seed}")
    dice = random.Random(seed)
    devices = [rig.device(id) for id in ("butt7", "lamp9", "lamp2")]
    pressed = {}
    for turn in range(kills):
        for _ in range(dice.randrange(5, 40)):
            device = dice.choice(devices)
            pressed[device.press(dice.choice(("panic", "fire")))] = device
            time.sleep(dice.random() * 0.004)  # the moment of the kill is the experiment
        rig.gateway.kill()
        rig.gateway.start()
        sessions = turn + 2
        until("a session", lambda: rig.gateway.said("gateway-alarms: session with the broker\n") == sessions)  # noqa: B023
    for press, device in pressed.items():
        if press not in device.heard and press not in device.received:
            device.again(press)  # as every device does: no receipt, so it is offered again
    for press, device in pressed.items():
        rig.county.has(press)
        device.is_received(press)
    assert set(rig.county.store.events) == set(pressed)


def test_a_damaged_store_is_set_aside_and_a_new_epoch_begins(rig: Rig) -> None:
    button = rig.device("butt7")
    button.is_received(button.press())
    (epoch,) = rig.county.store.gateway_epochs
    assert rig.gateway.end() == 0
    store = rig.data / "alarms.db"
    store.write_bytes(b"\xa5" * store.stat().st_size)
    rig.gateway.start()
    until("a session", lambda: rig.gateway.said("gateway-alarms: session with the broker\n") == 2)
    until("devices", lambda: rig.gateway.said("devices at") == 2)
    until("devices", lambda: button.connected)
    press = button.press("fire")
    button.is_received(press)
    assert rig.county.store.gateway_epochs > {epoch}
    (aside,) = rig.data.glob("alarms.db.damaged-????????")
    assert aside.read_bytes()[:2] == b"\xa5\xa5"


def test_damage_found_while_running_is_remembered_for_the_next_start(tmp_path: Path) -> None:
    path = tmp_path / "alarms.db"
    file = AlarmFile(path)
    file.open()
    epoch = file.word("epoch")
    file.commit([changes.word(f"word {n}", "x" * 2000) for n in range(200)])
    file.close()
    with path.open("r+b") as disk:  # past the first pages, so that it opens and only later is found out
        disk.seek(8 * 4096)
        disk.write(b"\xa5" * 4096 * 20)
    connection = apsw.Connection(str(path))
    damaged = AlarmFile(path)
    damaged._db = connection  # as a running gateway has it: opened before the damage
    with pytest.raises(apsw.CorruptError):
        damaged.commit([changes.word(f"word {n}", "y" * 3000) for n in range(200)])
    connection.close()
    file.open()
    assert file.word("epoch") not in ("", epoch)
    file.close()
    assert len(list(tmp_path.glob("*.damaged-????????"))) == 1


def test_what_is_kept_is_told_by_status(rig: Rig) -> None:
    button = rig.device("butt7")
    rig.county.stop()
    button.is_heard(button.press())
    told = subprocess.run(
        [sys.executable, "-m", "heartlamp_gateway", "status", "--config", str(rig.config)],
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    print(told)
    assert "waiting for county 1 of 1 kept" in told
    assert "open incidents     1" in told
    assert "lamps              5, not showing their state: 5" in told


def sqlite(rig: Rig) -> apsw.Connection:
    return apsw.Connection(str(rig.data / "alarms.db"))
