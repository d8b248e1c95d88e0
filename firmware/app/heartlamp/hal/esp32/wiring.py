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


def modem(board) -> tuple:
    """As hal/esp32/modem.py takes it. Raises OSError where the board has none."""
    if board is None or "modem_tx" not in board.PINS:
        raise OSError("this board has no modem")
    from machine import UART
    from network import PPP

    pins = board.PINS
    uart = UART(1, baudrate=115_200, tx=pins["modem_tx"], rx=pins["modem_rx"], timeout=0, rxbuf=2_048)
    power = Pin(pins["modem_power"], Pin.OUT, value=0) if "modem_power" in pins else None
    return uart, PPP, power


def battery_mv(board) -> "int | None":
    """Of the cell itself; None: no divider is fitted."""
    if board.BATTERY is None:
        return None
    adc = ADC(Pin(board.PINS["battery_adc"]), atten=ADC.ATTN_11DB)
    whole, part = board.BATTERY
    return sorted([adc.read_uv() for _ in range(SAMPLES)])[SAMPLES // 2] // 1000 * whole // part
