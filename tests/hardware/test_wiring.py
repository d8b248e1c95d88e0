"""One source for a pin: what changes in a board's file changes in firmware, wiring picture, schematic and self-test."""

import json
import subprocess
from pathlib import Path

import pytest
from heartlamp_tech.boards import Board, read, read_all
from heartlamp_tech.compiling import board_sources

from hardware import bom, kicad, selftest, wiring, wiring_picture

REPO = Path(__file__).resolve().parents[2]
BOARDS = read_all(REPO / "hardware/boards")
WITH_BOARD = [device for device in wiring.DEVICES if wiring.load(device, BOARDS).board]


@pytest.mark.parametrize("device", wiring.DEVICES)
def test_every_device_can_be_wired_and_every_pin_of_its_board_is(device: str) -> None:
    wired = wiring.load(device, BOARDS)
    if wired.board:
        assert set(wired.board.pins) == {net for net in wired.nets() if net == net.lower()} | set(wired.on_board)


@pytest.mark.parametrize("device", wiring.DEVICES)
def test_what_is_wired_is_bought(device: str) -> None:
    bought: set[str] = set()
    for line in bom.read_all()[device]:
        first, _, last = line.ref.partition("-")
        letters = first.rstrip("0123456789")
        number = first[len(letters) :]
        end = int(last[len(letters) :]) if last else int(number or 0)
        many = [f"{letters}{n}" for n in range(int(number), end + 1)] if number else [first]
        assert line.qty == len(many) or not last, line.ref
        bought.update(many)
    wired = wiring.load(device, BOARDS)
    board_carries = {"X1"} if device == "camera" else set()  # the lens comes with the board
    parts = {part.ref for part in wired.parts if part.kind != "pads"} - board_carries
    assert parts - bought == set()


def changed() -> tuple[Board, Board]:
    """The button's board as it is, and with its red key on another pin."""
    text = (REPO / "hardware/boards/esp32c3-button.toml").read_text()
    assert "red = 3" in text
    assert "tamper = 5" in text
    name = "esp32c3-button"
    swapped = text.replace("red = 3", "red = 5").replace("tamper = 5", "tamper = 3")
    return read(name, text), read(name, swapped)


def test_a_changed_pin_shows_in_firmware_picture_schematic_and_self_test() -> None:
    before, after = changed()
    texts = []
    for board in (before, after):
        wired = wiring.load("button", {**BOARDS, board.name: board})
        texts.append(
            (
                board_sources({board.name: board})["heartlamp/boards/esp32c3_button"],
                wiring_picture.draw(wired),
                kicad.project(wired)["button.kicad_sch"],
                selftest.program(board),
                selftest.sheet(board),
            )
        )
    (firmware, picture, schematic, program, sheet), new = texts
    assert ("'red': 3" in firmware, "'red': 5" in new[0]) == (True, True)
    assert ("GPIO3 red" in picture, "GPIO5 red" in new[1], "GPIO3 red" in new[1]) == (True, True, False)
    assert schematic != new[2]
    assert ("'red': 3" in program, "'red': 5" in new[3]) == (True, True)
    assert ("| `red` | 3 |" in sheet, "| `red` | 5 |" in new[4]) == (True, True)


def run(board: Board, wired: dict[str, int], mv: int, folder: Path) -> list[dict[str, object]]:
    program = folder / "selftest.py"
    program.write_text(selftest.program(board), "utf-8")
    hands = REPO / "tests/hardware/on_device/hands.py"
    command = [str(REPO / ".tools/bin/micropython"), str(hands), str(program), json.dumps(wired), str(mv)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


@pytest.mark.parametrize("name", [name for name in BOARDS if name != "virtual"])
def test_the_self_test_passes_on_a_board_that_is_wired_as_its_file_says(name: str, tmp_path: Path) -> None:
    board = BOARDS[name]
    battery = board.battery
    mv = battery and (battery.full_mv * battery.bottom_kohm) // (battery.top_kohm + battery.bottom_kohm)
    said = run(board, board.pins, mv or 0, tmp_path)
    assert said[-1]["failed"] == 0
    tried = {str(line["pin"]) for line in said if "pin" in line}
    by_hand = (
        "red",
        "green",
        "tamper",
        "mains",
        "smoke",
        "battery_adc",
        "led",
        "buzzer",
        "indicator",
        "i2s_data",
        "thermo",
    )
    assert {pin for pin in board.pins if pin in (*by_hand, "i2c_scl", "modem_tx")} <= tried
    wires = board.camera.wires.values() if board.camera else []
    touched = said[-1]["touched"]
    assert isinstance(touched, list)
    assert {*board.pins.values(), *wires} == {*touched}  # nothing that is wired goes untried


def test_the_self_test_finds_a_key_on_the_wrong_pin_and_an_empty_cell(tmp_path: Path) -> None:
    before, after = changed()
    said = run(before, after.pins, 1650, tmp_path)
    failed = {line["pin"]: line["found"] for line in said if line.get("ok") == 0}
    assert failed == {
        "red": "nothing came: open, or wired to another pin",
        "tamper": "nothing came: open, or wired to another pin",
    }
    low = run(before, before.pins, 1100, tmp_path)
    assert [line["pin"] for line in low if line.get("ok") == 0] == ["battery_adc"]


@pytest.mark.parametrize(
    ("device", "old", "new", "reason"),
    [
        (
            "button",
            'pins = { 1 = "red", 2 = "GND" }',
            'pins = { 1 = "rot", 2 = "GND" }',
            "rot is no pin of esp32c3-button",
        ),
        ("button", '{ 1 = "red", 2 = "GND" }', '{ 1 = "red", 2 = "3V3" }', "S1: a key lies between an input and GND"),
        ("button", 'LX2 = "COIL2"', 'LX2 = "COIL3"', "COIL3 ends in the air at U2"),
        ("button", "IO3 = 15, ", "", "U1: ESP32-C3-WROOM-02 brings out no IO3"),
        ("gateway", 'kind = "fuse"', 'kind = "fusible"', "F1: kind must be one of"),
        ("gateway", '"fuse 5 A, at', '"fuse of five amperes that sits at', "F1: a name has room for 36"),
    ],
)
def test_what_could_not_work_is_named(device: str, old: str, new: str, reason: str) -> None:
    text = (REPO / f"hardware/{device}/wiring.toml").read_text()
    assert old in text
    with pytest.raises(ValueError, match=reason):
        wiring.wired(device, text.replace(old, new, 1), BOARDS)


def test_the_cameras_whole_supply_goes_through_its_light() -> None:
    """From the 5 V rail to the lens there is one way, and the light lies on it."""
    wired = wiring.load("camera", BOARDS)
    nets = wired.nets()
    assert {part.ref for part, _ in nets["CAM_5V"]} == {"Q1", "D2"}
    assert {part.ref for part, _ in nets["CAM_FED"]} == {"D2", "U2"}
    assert {part.ref for part, _ in nets["CAM_2V8"]} == {"U2", "X1", "C1", "R10"}
    assert {part.ref for part, _ in nets["indicator"]} >= {"U1", "Q2"}
    ends = {part.ref: {end.net for end in part.ends} for part in wired.parts}
    assert ends["D2"] == {"CAM_5V", "CAM_FED"}
    assert ends["U2"] == {"CAM_FED", "CAM_2V8", "GND"}
    assert ends["X1"] == {"CAM_2V8", "GND"}


def test_no_mains_reaches_a_households_device() -> None:
    for device in WITH_BOARD:
        assert not any(net.startswith("MAINS_") for net in wiring.load(device, BOARDS).nets()), device


@pytest.mark.parametrize("device", ["gateway", "access-point"])
def test_nothing_but_its_fuse_hangs_on_a_battery(device: str) -> None:
    parts = [part for part, _ in wiring.load(device, BOARDS).nets()["BATTERY"]]
    assert sorted(part.kind for part in parts) == ["cell", "fuse"]


@pytest.mark.parametrize("device", ["lamp", "camera"])
def test_the_charger_feels_its_cell_and_is_the_only_way_to_it(device: str) -> None:
    nets = wiring.load(device, BOARDS).nets()
    assert [(part.ref, end.terminal) for part, end in nets["CELL_TEMP"]] == [("U3", "THERM"), ("RT1", "1")]
    feeding = [part.ref for part, _ in nets["CELL"] if part.kind not in ("resistor", "cell")]
    assert feeding == ["U3"]


def test_the_tilt_sensor_that_is_bought_is_the_one_that_the_firmware_speaks_to() -> None:
    probes = (REPO / "firmware/app/heartlamp/hal/esp32/probes.py").read_text()
    bought = next(line.part for line in bom.read_all()["sensor"] if line.ref == "X7")
    wired = next(part.name for part in wiring.load("sensor", BOARDS).parts if part.ref == "X7")
    assert all("LIS3DH" in text for text in (probes, bought, wired))


@pytest.mark.parametrize("device", WITH_BOARD)
def test_light_is_dark_while_the_chip_starts(device: str) -> None:
    """A level shifter's input that floats shows colours that mean nothing."""
    nets = wiring.load(device, BOARDS).nets()
    for name in {"led", "indicator"} & set(nets):
        behind = [part for part, end in nets[name] if end.terminal in ("A", "G") and part.kind == "module"]
        held = [part for part, _ in nets[name] if {end.net for end in part.ends} == {name, "GND"}]
        assert not behind or held, name
