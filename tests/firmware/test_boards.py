"""Boards as data: the real ones hold, and each mistake that would cost a soldered board is found with a reason."""

import json
import subprocess

import pytest
from heartlamp.rules.battery import LOW_MV
from heartlamp_protocol.device.kinds import KINDS
from heartlamp_tech.board_rules import check, reasons_of
from heartlamp_tech.boards import INPUTS, NEEDS, BoardsError, read, read_all
from heartlamp_tech.compiling import board_sources

from tests.firmware.conftest import ENVIRONMENT, MICROPYTHON, REPO

FOLDER = REPO / "hardware/boards"
BUTTON = (FOLDER / "esp32c3-button.toml").read_text()
LAMP = (FOLDER / "esp32-devkit.toml").read_text()
CAMERA = (FOLDER / "esp32s3-camera.toml").read_text()


def test_every_board_can_do_what_stands_in_its_file_and_every_kind_has_one() -> None:
    boards = read_all(FOLDER)
    check(boards)
    assert {board.chip for board in boards.values()} == {"esp32", "esp32c3", "esp32s3", "virtual"}
    real = {kind for board in boards.values() if board.chip != "virtual" for kind in board.kinds}
    assert real == set(KINDS) == set(NEEDS) == set(boards["virtual"].kinds)


@pytest.mark.parametrize(
    ("text", "old", "new", "reason"),
    [
        (BUTTON, 'chip = "esp32c3"', 'chip = "esp8266"', "chip must be one of esp32, esp32s3, esp32c3, virtual"),
        (BUTTON, "flash_mb = 4", 'flash_mb = "4"', "flash_mb must be a whole number, 4 to 32"),
        (BUTTON, "flash_mb = 4", "", "flash_mb must be a whole number, 4 to 32"),
        (BUTTON, 'kinds = ["button", ', 'kinds = ["knob", ', "kinds must be a list out of button, silent"),
        (BUTTON, 'serial = "usb"', 'serial = "usb"\ncolour = "red"', "colour is not known; is it spelt right?"),
        (BUTTON, "red = 3", "rot = 3", "pins.rot is not known; it must be one of red, green"),
        (BUTTON, "red = 3", "red = true", "pins.red must be a whole number"),
        (BUTTON, "top_kohm = 2200", "top_kohm = 2.2", "battery.top_kohm must be a whole number, 0 to 10000"),
        (BUTTON, 'type = "gpio"', 'type = "neon"', "led.type must be one of ws2812, gpio"),
        (BUTTON, "[led]", "[led", "is not TOML"),
        (CAMERA, 'psram = "octal"', "", "psram must be one of quad, octal"),
        (CAMERA, "d7 = 16", "", "camera.d7 must be a GPIO number"),
    ],
)
def test_a_wrong_field_is_named_with_what_belongs_there(text: str, old: str, new: str, reason: str) -> None:
    assert old in text
    with pytest.raises(BoardsError) as error:
        read("x", text.replace(old, new, 1))
    assert str(error.value).startswith("hardware/boards/x.toml")
    assert reason in str(error.value)


@pytest.mark.parametrize(
    ("text", "old", "new", "reason"),
    [
        (BUTTON, "red = 3", "red = 4", "cancel = 4: the pin is red's already"),
        (BUTTON, "red = 3", "red = 22", "red = 22: the esp32c3 has no such pin"),
        (BUTTON, "buzzer = 6", "buzzer = 12", "buzzer = 12: the flash chip hangs on this pin"),
        (BUTTON, "buzzer = 6", "buzzer = 19", "buzzer = 19: this is the technician's serial line"),
        (BUTTON, "buzzer = 6", "buzzer = 9", "the chip reads this pin at power-up (low starts the serial loader)"),
        (BUTTON, "red = 3", "red = 7", "wake red = 7: this pin cannot end deep sleep; take one of 0, 1, 2, 3, 4, 5"),
        (BUTTON, '"red", "cancel", "tamper"]', '"cancel"]', "a button sleeps: name red in `wake`"),
        (BUTTON, "red = 3", "", "a button needs red, which has no pin"),
        (
            BUTTON,
            "quiescent_ua = 8",
            "quiescent_ua = 40",
            "a button lives on a cell: quiescent_ua must be known, and at most 15",
        ),
        (BUTTON, "quiescent_ua = 8", "", "a button lives on a cell: quiescent_ua must be known"),
        (BUTTON, "battery_adc = 0", "battery_adc = 7", "cannot measure while Wi-Fi is on; take one of 0, 1, 2, 3, 4"),
        (BUTTON, "battery_adc = 0", "", "[battery] and the pin battery_adc belong together"),
        (BUTTON, "top_kohm = 2200", "top_kohm = 100", "mV at the pin, which measures up to 2500 mV"),
        (BUTTON, "low_mv = 2700", "low_mv = 4000", "battery.low_mv must be below battery.full_mv"),
        (BUTTON, '[led]\ntype = "gpio"', "", "[led] and the pin led belong together"),
        (LAMP, "led = 27", "led = 37", "led = 37: this pin can only be read"),
        (LAMP, 'pulled = ["mains", "tamper", ', 'pulled = ["mains", ', "tamper = 35: this pin has no pull-up"),
        (CAMERA, 'pulled = ["mains"]', "", "mains = 42: the chip's pull-down (some 45 kOhm) would weaken a divider"),
        (LAMP, 'kinds = ["lamp"]', 'kinds = ["lamp", "camera"]', "a camera needs indicator, which has no pin"),
        (LAMP, 'kinds = ["lamp"]', 'kinds = ["lamp", "camera"]', "a camera needs [camera]"),
        (LAMP, "psram_mb = 0", 'psram_mb = 4\npsram = "quad"', "modem_tx = 17: the PSRAM hangs on this pin"),
        (LAMP, "i2c_scl = 23", "", "i2c_sda and i2c_scl belong together"),
        (
            LAMP,
            "active_high",
            'wake = ["red", "green", "cancel"]\nactive_high',
            "can be woken by 2 keys to ground, not 3",
        ),
        (LAMP, "red = 32", "red = 0", "red = 0: the chip reads this pin at power-up (low starts the serial loader)"),
        (CAMERA, "indicator = 47", "indicator = 15", "camera.xclk = 15: the pin is indicator's already"),
        (CAMERA, "indicator = 47", "indicator = 35", "indicator = 35: the PSRAM hangs on this pin"),
        (
            CAMERA,
            "[led]",
            '[strapping]\nred = "so"\n\n[led]',
            "strapping.red: the chip does not read this pin at power",
        ),
    ],
)
def test_what_a_chip_cannot_do_is_found_before_it_is_soldered(text: str, old: str, new: str, reason: str) -> None:
    assert old in text
    assert any(reason in said for said in reasons_of(read("x", text.replace(old, new, 1))))


def test_every_pin_that_a_part_wants_can_be_wired() -> None:
    parts = REPO / "firmware/app/heartlamp/parts"
    names = [f"heartlamp.parts.{path.stem}" for path in parts.glob("*.py") if path.stem not in ("__init__", "every")]
    wanted = set(run(f"for n in {names!r}:\n print(*__import__(n, None, None, ('Part',)).Part.PINS)\n").split())
    assert "red" in wanted
    assert wanted <= set(INPUTS)


def test_a_device_has_in_its_firmware_what_stands_in_the_file() -> None:
    boards = read_all(FOLDER)
    names = "[CHIP, INPUTS, PINS, HIGH, PULLED, WAKE, LED, BATTERY, CAMERA]"
    for board in boards.values():
        text = board_sources(boards)[f"heartlamp/boards/{board.name.replace('-', '_')}"]
        said = json.loads(run(f"{text}\nimport json\nprint(json.dumps({names}))"))
        chip, inputs, pins, high, pulled, wake, led, battery, camera = said
        assert (chip, pins, inputs) == (board.chip, board.pins, [name for name in board.pins if name in INPUTS])
        assert (high, pulled, wake) == (list(board.active_high), list(board.pulled), list(board.wake))
        assert led == (board.led and [board.led.type, board.led.count])
        assert camera == (board.camera and board.camera.wires)
        if board.battery:
            assert battery == [board.battery.top_kohm + board.battery.bottom_kohm, board.battery.bottom_kohm]


def test_the_buttons_cell_is_low_in_its_file_where_it_is_in_its_firmware() -> None:
    battery = read_all(FOLDER)["esp32c3-button"].battery
    assert battery is not None
    assert battery.low_mv == LOW_MV


def run(script: str) -> str:
    """What MicroPython prints."""
    done = subprocess.run([str(MICROPYTHON), "-c", script], env=ENVIRONMENT, capture_output=True, text=True, check=True)
    return done.stdout
