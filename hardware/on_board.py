"""What the technician's self-test does on a board (MicroPython). hardware/selftest.py puts the firmware's own table of
pins before it, so that it moves the very pins that the firmware moves.

Every step writes one JSON line: `pin`, `gpio`, `ok` (1, 0, or null where only a person can tell), `found`.
"""

import json
import time

PRESS_MS = 20_000  # so long it waits for a hand
REST_MS = 300


def run(table, machine, neopixel, tell=print):
    """`table`: PINS, INPUTS, HIGH, PULLED, LED, BATTERY, LIMITS by name, as the firmware has them. Returns how many
    steps failed."""
    failed = 0

    def said(pin, ok, found):
        nonlocal failed
        failed += ok == 0
        tell(json.dumps({"pin": pin, "gpio": table["PINS"][pin], "ok": ok, "found": found}))

    for name in table["INPUTS"]:
        said(name, *_input(name, table, machine, tell))
    if "battery_adc" in table["PINS"]:
        said("battery_adc", *_battery(table, machine))
    if table["LED"]:
        said("led", None, _led(table, machine, neopixel))
    if "buzzer" in table["PINS"]:
        said("buzzer", None, _buzzer(table, machine))
    if "i2c_scl" in table["PINS"]:
        said("i2c_scl", *_i2c(table, machine))
    tell(json.dumps({"failed": failed}))
    return failed


def _input(name, table, machine, tell):
    """It must rest, then follow a hand. `mains` is there already, and goes when the plug is pulled."""
    high = name in table["HIGH"]
    pull = None if name in table["PULLED"] else machine.Pin.PULL_DOWN if high else machine.Pin.PULL_UP
    pin = machine.Pin(table["PINS"][name], machine.Pin.IN, pull)
    rest = 1 if name == "mains" else 0
    time.sleep_ms(REST_MS)
    if (pin.value() == high) != rest:
        return 0, "not at rest: shorted, wired to another pin, or held"
    tell(json.dumps({"do": "pull the plug" if rest else "close " + name, "seconds": PRESS_MS // 1000}))
    for level, late in ((not rest, "nothing came: open, or wired to another pin"), (rest, "it did not let go")):
        begun = time.ticks_ms()
        while (pin.value() == high) != bool(level):
            if time.ticks_diff(time.ticks_ms(), begun) > PRESS_MS:
                return 0, late
            time.sleep_ms(5)
    return 1, "followed"


def _battery(table, machine):
    low, full = table["LIMITS"]
    whole, part = table["BATTERY"]
    adc = machine.ADC(machine.Pin(table["PINS"]["battery_adc"]), atten=machine.ADC.ATTN_11DB)
    mv = sorted([adc.read_uv() for _ in range(9)])[4] // 1000 * whole // part
    return int(low <= mv <= full), "%d mV at the cell, %d to %d belong there" % (mv, low, full)


def _led(table, machine, neopixel):
    pin = machine.Pin(table["PINS"]["led"], machine.Pin.OUT)
    kind, count = table["LED"]
    if kind == "gpio":
        for level in (1, 0):
            pin.value(level)
            time.sleep_ms(1000)
        return "one second of light?"
    strip = neopixel.NeoPixel(pin, count)
    for color in ((60, 0, 0), (0, 60, 0), (0, 0, 60), (0, 0, 0)):
        strip.fill(color)
        strip.write()
        time.sleep_ms(1000)
    return "all %d red, green, blue, dark?" % count


def _buzzer(table, machine):
    piezo = machine.PWM(machine.Pin(table["PINS"]["buzzer"], machine.Pin.OUT), freq=520, duty_u16=32768)
    time.sleep_ms(1000)
    piezo.deinit()
    return "one second of 520 Hz?"


def _i2c(table, machine):
    pins = table["PINS"]
    bus = machine.SoftI2C(scl=machine.Pin(pins["i2c_scl"]), sda=machine.Pin(pins["i2c_sda"]))
    return None, "answers at " + (", ".join(hex(a) for a in bus.scan()) or "no address")
