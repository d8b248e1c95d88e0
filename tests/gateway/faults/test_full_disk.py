"""A disk that is really full: a small tmpfs, the real gateway, and presses all the while."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import apsw
import pytest

from tests.gateway.rig.device import Device
from tests.gateway.rig.village import Rig
from tests.gateway.rig.waiting import until

SIZE = 24_000_000
RESERVE_MB = 2


@pytest.fixture
def small() -> Iterator[Rig]:
    """A village whose gateway has a disk of 24 MB."""
    with tempfile.TemporaryDirectory(prefix="hl-") as folder:
        data = Path(folder) / "data"
        data.mkdir()
        mount = ["mount", "-t", "tmpfs", "-o", f"size={SIZE},mode=700", "tmpfs", str(data)]
        if shutil.which("mount") is None or subprocess.run(mount, capture_output=True).returncode:
            pytest.skip("no small disk can be mounted here: that needs root and CAP_SYS_ADMIN")
        rig = None
        try:
            rig = Rig(Path(folder))
            with rig.config.open("a") as config:
                config.write(f"\n[supervision]\nreserve_mb = {RESERVE_MB}\n")
            yield rig.start()
        finally:
            if rig is not None:
                rig.close()
                print((rig.folder / "gateway.log").read_text())
            subprocess.run(["umount", str(data)], check=True)


def fill(rig: Rig) -> Path:
    """Takes every byte that is left."""
    junk = rig.data / "junk"
    with junk.open("ab", buffering=0) as out:
        for piece in (1_000_000, 4096):
            try:
                while True:
                    out.write(bytes(piece))
            except OSError:
                pass
    return junk


def free(rig: Rig) -> int:
    found = os.statvfs(rig.data)
    return found.f_bavail * found.f_frsize


def press_and_hear(devices: list[Device], times: int) -> list[str]:
    """Each press offered again until it is heard, as every device does."""
    pressed = [(device, device.press("panic" if n % 2 else "fire")) for n in range(times) for device in devices]
    for device, press in pressed:
        device.is_heard(press)
    return [press for _, press in pressed]


def test_on_a_full_disk_telemetry_goes_first_and_alarms_are_kept_and_heard(small: Rig) -> None:
    rig = small
    reserve = rig.data / "reserve"
    until("a reserve", lambda: reserve.exists() and reserve.stat().st_size == RESERVE_MB * 1_000_000)
    lamp7, lamp9, button = (rig.device(id) for id in ("lamp7", "lamp9", "butt7"))
    rig.county.stop()
    for n in range(300):
        lamp7.read(temp_mc=n)
    until("readings on the disk", lambda: waiting(rig) > 200)
    assert reserve.exists()

    junk = fill(rig)
    pressed: list[str] = []
    while not rig.gateway.said("the reserve is given up for alarms"):  # how many fit beside it, nobody knows
        pressed += press_and_hear([button, lamp9, lamp7], 100)
        assert len(pressed) < 9_000
    # Of two houses a fire and a panic each; which press came first, and gave the incident its name, nobody knows.
    lamp9.board.wait("its lamp says heard of all four", lambda: [c["heard"] for c in lamp9.calls()] == [1, 1, 1, 1])
    assert not reserve.exists()
    lamp7.read(temp_mc=9_999)  # is taken, in memory
    until("readings leave the disk", lambda: not (rig.data / "readings.db").exists())
    assert "the disk does not take it" not in rig.gateway.log.read_text()

    rig.gateway.kill()  # what was heard is on the disk, full as it is
    fill(rig)
    rig.gateway.start()
    until("a session", lambda: rig.gateway.said("gateway-alarms: session with the broker\n") == 2)
    until("devices are back", lambda: all(d.connected for d in (lamp7, lamp9, button)))

    junk.unlink()
    until("a reserve again", lambda: reserve.exists() and reserve.stat().st_size == RESERVE_MB * 1_000_000, 15)
    lamp7.read(temp_mc=1)
    until("readings are back on it", lambda: (rig.data / "readings.db").exists(), 15)
    rig.county.start()
    for press in pressed:
        rig.county.has(press, 30)
    assert set(rig.county.store.events) == set(pressed)


def test_on_a_full_disk_a_silent_alarm_is_heard_and_nothing_changes_that_is_seen(small: Rig) -> None:
    rig = small
    for name in ("reserve", "spare"):
        until(f"a {name}", lambda name=name: (rig.data / name).exists())  # type: ignore[misc]
    hush = rig.device("hush7")
    rig.county.stop()
    fill(rig)
    hush.is_heard(hush.press("silent"))
    assert (rig.data / "reserve").exists()
    assert "given up" not in rig.gateway.log.read_text()


def test_where_even_the_reserve_is_used_up_nothing_is_heard_but_everybody_is_told(small: Rig) -> None:
    rig = small
    lamp9, button = rig.device("lamp9"), rig.device("butt7")
    rig.gateway.says("devices at")
    junk = fill(rig)
    heard = 0
    for n in range(20_000):  # alarms that only the disk can end
        press = button.press("panic" if n % 2 else "fire")
        if n % 50 == 0:
            if rig.gateway.said("the disk does not take it"):
                break
            fill(rig)  # what readings and the reserve gave back is not for alarms alone here
            heard += 1
    assert heard > 0
    unheard = button.press("gas")
    lamp9.call(unheard, heard=0)
    rig.county.has(unheard)
    assert unheard not in button.heard
    junk.unlink()
    button.is_heard(unheard)
    button.is_received(press)


def waiting(rig: Rig) -> int:
    db = apsw.Connection(str(rig.data / "readings.db"), flags=apsw.SQLITE_OPEN_READONLY)
    try:
        return next(int(rows) for (rows,) in db.execute("SELECT count(*) FROM reading"))
    finally:
        db.close()
