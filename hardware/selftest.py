"""The technician's self-test for each board: the firmware's own table of pins, and on_board.py behind it. Pure.

It needs no firmware of ours on the chip: `mpremote run build/hardware/selftest/<board>.py` on a bare MicroPython.
"""

from pathlib import Path

from heartlamp_tech.boards import Board
from heartlamp_tech.compiling import board_sources

ANSWERS = {"thermo": "a thermometer", "i2c_scl": "a tilt sensor (0x18 or 0x19)", "modem_tx": "a modem"}
TOLERANCE = 0.06  # of divider (1 % resistors) and the chip's ADC together


def program(board: Board) -> str:
    """One file that runs on this board."""
    table = board_sources({board.name: board})[f"heartlamp/boards/{board.name.replace('-', '_')}"]
    body = (Path(__file__).parent / "on_board.py").read_text("utf-8")
    names = ["PINS", "INPUTS", "HIGH", "PULLED", "LED", "BATTERY", "CAMERA", "LIMITS"]
    return f"# {board.name}: {board.about}\n{table}LIMITS = {limits_mv(board)}\n\n{body}\n\n" + (
        'if __name__ == "__main__":\n    import machine\n    import neopixel\n\n'
        f"    run({{{', '.join(f'{name!r}: {name}' for name in names)}}}, machine, neopixel)\n"
    )


def limits_mv(board: Board) -> tuple[int, int]:
    """Between which a good cell's reading lies."""
    if board.battery is None:
        return 0, 0
    return round(board.battery.low_mv * (1 - TOLERANCE)), round(board.battery.full_mv * (1 + TOLERANCE))


def sheet(board: Board) -> str:
    """What to do and what to expect, as a Markdown table: the printed half of the self-test."""
    rows = ["| pin | GPIO | do | expect |", "|---|---|---|---|"]
    for name, number in board.pins.items():
        rows.append(f"| `{name}` | {number} | {_do(name)} | {_expect(board, name)} |")
    return "\n".join(rows) + "\n"


def _do(name: str) -> str:
    if name == "mains":
        return "pull the plug, put it in again"
    if name in ("red", "green", "cancel", "recessed"):
        return "press and let go"
    if name == "tamper":
        return "open the cover, close it"
    if name in ("smoke", "gas", "flood", "door", "rain", "shutter"):
        return "close the contact, open it"
    return "watch" if name in ("led", "indicator") else "listen" if name in ("buzzer", "i2s_data") else "measure"


def _expect(board: Board, name: str) -> str:
    if name == "battery_adc" and board.battery:
        low, full = limits_mv(board)
        share = board.battery.bottom_kohm / (board.battery.top_kohm + board.battery.bottom_kohm)
        return f"{low} to {full} mV at the cell; {low * share:.0f} to {full * share:.0f} mV at the pin"
    if name == "mains":
        return "3.0 V at the pin (5 V through 10 and 15 kΩ), 0 V without the plug"
    if name == "led" and board.led:
        return "one second of light" if board.led.type == "gpio" else f"{board.led.count} LEDs red, green, blue, dark"
    if name == "buzzer":
        return "one second of 520 Hz"
    if name == "i2s_data":
        return "one second of 533 Hz from the speaker, where one is fitted"
    if name == "indicator":
        return "three seconds of bright light, then dark; then CAM_2V8 below 1.0 V for fifteen seconds"
    if name in ("thermo", "i2c_scl", "modem_tx"):
        return f"{ANSWERS[name]} answers, where one is fitted"
    if _do(name) in ("press and let go", "open the cover, close it", "close the contact, open it"):
        return (
            "3.2 to 3.3 V at rest, below 0.1 V closed" if name not in board.active_high else "0 V at rest, 3.3 V closed"
        )
    return "no short to ground or 3.3 V: above 10 kΩ with the power off"
