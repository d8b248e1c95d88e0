"""What is wired to which pin of this board: a module of heartlamp/boards, made of hardware/boards by the build.

`find` and `inputs` run against stand-ins for the chip, the rest is compiled and no more.
"""

from machine import ADC, Pin

SAMPLES = 9  # of the cell, whose median counts: a radio that sends makes single ones low


def find(board: str):
    """The module of the board of this name, None where this firmware has no such board."""
    if not board:
        return None
    try:
        return __import__("heartlamp.boards." + board.replace("-", "_"), None, None, ("PINS",))
    except ImportError:
        return None


def inputs(board) -> "list[tuple[str, Pin, int]]":
    """(name, pin, level that means pulled) of every key and contact."""
    found = []
    for name in board.INPUTS:
        high = int(name in board.HIGH)
        pull = None if name in board.PULLED else Pin.PULL_DOWN if high else Pin.PULL_UP
        found.append((name, Pin(board.PINS[name], Pin.IN, pull), high))
    return found


def battery_mv(board) -> "int | None":
    """Of the cell itself; None: no divider is fitted."""
    if board.BATTERY is None:
        return None
    adc = ADC(Pin(board.PINS["battery_adc"]), atten=ADC.ATTN_11DB)
    whole, part = board.BATTERY
    return sorted([adc.read_uv() for _ in range(SAMPLES)])[SAMPLES // 2] // 1000 * whole // part
