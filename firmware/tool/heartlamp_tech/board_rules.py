"""What a board's chip cannot do, found before anybody solders it. Pure: a board in, reasons out."""

from collections.abc import Iterator

from heartlamp_tech.boards import ANALOG, BOTH_WAYS, INPUTS, NEEDS, OUTPUTS, Board, BoardsError
from heartlamp_tech.chips import CHIPS

ASLEEP_MOST_UA = 15  # with it and its heartbeats a button still lasts five years (hardware/power.py)


def check(boards: dict[str, Board]) -> None:
    """Raises BoardsError with every reason of every board, one a line."""
    reasons = [f"hardware/boards/{name}.toml: {reason}" for name in boards for reason in reasons_of(boards[name])]
    if reasons:
        raise BoardsError("\n".join(reasons))


def reasons_of(board: Board) -> list[str]:
    """Why this board could not work, in words for whoever wires it; empty where it could."""
    return [*_wiring(board), *_sleeping(board), *_parts(board)]


def _wiring(board: Board) -> Iterator[str]:
    chip = CHIPS[board.chip]
    taken: dict[int, str] = {}
    for name, number in _all_pins(board).items():
        pin = f"{name} = {number}"
        if number in taken:
            yield f"{pin}: the pin is {taken[number]}'s already"
        taken.setdefault(number, name)
        if number not in chip.exists:
            yield f"{pin}: the {board.chip} has no such pin"
        if number in chip.flash:
            yield f"{pin}: the flash chip hangs on this pin"
        if number in chip.psram.get(board.psram, ()):
            yield f"{pin}: the PSRAM hangs on this pin"
        if number in chip.serial[board.serial]:
            yield f"{pin}: this is the technician's serial line"
        if number in chip.strapping and name not in board.strapping:
            yield (
                f"{pin}: the chip reads this pin at power-up ({chip.strapping[number]}); take another, "
                f"or say under [strapping] why it does no harm"
            )
        if number in chip.no_output and name in OUTPUTS + BOTH_WAYS:
            yield f"{pin}: this pin can only be read"
        if number in chip.no_output and name in INPUTS and name not in board.pulled:
            yield f"{pin}: this pin has no pull-up; give it a resistor and name it in `pulled`"
        if name in board.active_high and name not in board.pulled and board.chip != "virtual":
            yield f"{pin}: the chip's pull-down (some 45 kOhm) would weaken a divider; name it in `pulled`"
        if name in ANALOG and number not in chip.adc1:
            yield f"{pin}: this pin cannot measure while Wi-Fi is on; take one of {_list(chip.adc1)}"
    for name in board.strapping:
        if board.pins.get(name) not in chip.strapping:
            yield f"strapping.{name}: the chip does not read this pin at power-up; take the line out"


def _sleeping(board: Board) -> Iterator[str]:
    chip = CHIPS[board.chip]
    for name in (*board.wake, *board.active_high, *board.pulled):
        if name not in board.pins:
            yield f"{name} is named as an input, but has no pin"
    for name in board.wake:
        if name in board.pins and board.pins[name] not in chip.wake:
            yield f"wake {name} = {board.pins[name]}: this pin cannot end deep sleep; take one of {_list(chip.wake)}"
    low = [name for name in board.wake if name not in board.active_high]
    if len(low) > chip.low_wakes:
        yield f"wake: the {board.chip} can be woken by {chip.low_wakes} keys to ground, not {len(low)}"


def _parts(board: Board) -> Iterator[str]:
    if not board.kinds:
        yield "kinds is empty: what could the board be?"
    for kind in board.kinds:
        for name in NEEDS[kind]:
            if name not in board.pins:
                yield f"a {kind} needs {name}, which has no pin"
        if kind == "camera" and board.camera is None and board.chip != "virtual":
            yield "a camera needs [camera]"
        if kind in ("button", "silent") and "red" not in board.wake:
            yield f"a {kind} sleeps: name red in `wake`"
        if kind in ("button", "silent") and board.chip != "virtual" and not 0 < board.quiescent_ua <= ASLEEP_MOST_UA:
            yield f"a {kind} lives on a cell: quiescent_ua must be known, and at most {ASLEEP_MOST_UA}"
    if (board.led is None) != ("led" not in board.pins):
        yield "[led] and the pin led belong together"
    if board.led and board.led.type == "gpio" and board.led.count != 1:
        yield "led.count: a plain LED is one"
    if (board.battery is None) != ("battery_adc" not in board.pins):
        yield "[battery] and the pin battery_adc belong together"
    if board.battery:
        yield from _battery(board)
    if board.camera and not board.psram_mb and board.chip != "virtual":
        yield "a camera needs PSRAM for its picture"
    for pair in (("i2c_sda", "i2c_scl"), ("i2s_bck", "i2s_ws", "i2s_data"), ("modem_tx", "modem_rx")):
        if 0 < sum(name in board.pins for name in pair) < len(pair):
            yield " and ".join(pair) + " belong together"


def _battery(board: Board) -> Iterator[str]:
    battery = board.battery
    assert battery is not None
    if battery.low_mv >= battery.full_mv:
        yield "battery.low_mv must be below battery.full_mv"
    seen = battery.full_mv * battery.bottom_kohm // (battery.top_kohm + battery.bottom_kohm)
    if seen > CHIPS[board.chip].adc_mv:
        yield f"[battery]: a full cell is {seen} mV at the pin, which measures up to {CHIPS[board.chip].adc_mv} mV"


def _all_pins(board: Board) -> dict[str, int]:
    wires = board.camera.wires if board.camera else {}
    return {**board.pins, **{f"camera.{name}": number for name, number in wires.items()}}


def _list(numbers: frozenset[int]) -> str:
    return ", ".join(str(number) for number in sorted(numbers))
