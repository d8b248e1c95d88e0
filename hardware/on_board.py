"""What the technician's self-test does on a board (MicroPython). hardware/selftest.py puts the firmware's own table of
pins before it, so that it moves the very pins that the firmware moves.

Every step writes one JSON line: `pin`, `gpio`, `ok` (1, 0, or null where only a person can tell), `found`.
"""

import json
import time

PRESS_MS = 20_000  # so long it waits for a hand
REST_MS = 300
LOOK_MS = 3_000
MEASURE_MS = 15_000  # so long a meter's tips take to find their place
RATE, HALF = 16_000, 15  # of the speaker: samples a second and of half a wave, 533 Hz


def run(table, machine, neopixel, tell=print):
    """`table`: PINS, INPUTS, HIGH, PULLED, LED, BATTERY, CAMERA, LIMITS by name, as the firmware has them. Returns
    how many steps failed."""
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
    if "i2s_data" in table["PINS"]:
        said("i2s_data", None, _speaker(table, machine))
    if "i2c_scl" in table["PINS"]:
        said("i2c_scl", *_i2c(table, machine))
    if "thermo" in table["PINS"]:
        said("thermo", None, _thermo(table, machine))
    if "modem_tx" in table["PINS"]:
        said("modem_tx", None, _modem(table, machine))
    if "indicator" in table["PINS"]:
        said("indicator", None, _indicator(table, machine, tell))
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


def _speaker(table, machine):
    """Where no amplifier is fitted it only stays silent."""
    sck, ws, sd = [machine.Pin(table["PINS"][name]) for name in ("i2s_bck", "i2s_ws", "i2s_data")]
    I2S = machine.I2S
    out = I2S(0, sck=sck, ws=ws, sd=sd, mode=I2S.TX, bits=16, format=I2S.MONO, rate=RATE, ibuf=8192)
    wave = (b"\x40\x1f" * HALF + b"\xc0\xe0" * HALF) * 32
    for _ in range(2 * RATE // len(wave)):
        out.write(wave)
    time.sleep_ms(REST_MS)  # what the driver still holds
    out.deinit()
    return "one second of 533 Hz from the speaker?"


def _thermo(table, machine):
    import ds18x20
    import onewire

    found = ds18x20.DS18X20(onewire.OneWire(machine.Pin(table["PINS"]["thermo"]))).scan()
    return "%d thermometers answer" % len(found)


def _modem(table, machine):
    pins = table["PINS"]
    if "modem_power" in pins:
        machine.Pin(pins["modem_power"], machine.Pin.OUT, value=0)
    uart = machine.UART(1, baudrate=115_200, tx=pins["modem_tx"], rx=pins["modem_rx"])
    uart.write(b"AT\r\n")
    time.sleep_ms(REST_MS)
    return "the modem says OK" if b"OK" in (uart.read() or b"") else "silent: none is fitted, or it is off"


def _indicator(table, machine, tell):
    """The camera's light, which is its supply: bright, then dark; then everything that leads to the camera is driven
    high in the dark, which must not keep it alive."""
    light = machine.Pin(table["PINS"]["indicator"], machine.Pin.OUT)
    light.value(1)
    time.sleep_ms(LOOK_MS)
    light.value(0)
    time.sleep_ms(LOOK_MS)
    wires = (table["CAMERA"] or {}).values()
    for number in wires:
        machine.Pin(number, machine.Pin.OUT, value=1)
    tell(json.dumps({"look": "CAM_2V8 below 1.0 V now, the light dark", "seconds": MEASURE_MS // 1000}))
    time.sleep_ms(MEASURE_MS)
    for number in wires:
        machine.Pin(number, machine.Pin.IN)
    return "three seconds of bright light, then dark, and CAM_2V8 low?"
