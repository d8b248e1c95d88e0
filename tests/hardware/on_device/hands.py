"""Runs a self-test's program on MicroPython with a board that a hand presses: argv: program, GPIO by key as JSON (how
the board is really wired), mV at the battery pin. Stands in for the chip's pins and nothing else."""

import json
import sys

program, wired, mv = sys.argv[1], json.loads(sys.argv[2]), int(sys.argv[3])
table = {}
with open(program) as f:
    exec(f.read(), table)
pressed = set()  # GPIOs that are closed now
touched = []


class Pin:
    IN, OUT, PULL_UP, PULL_DOWN = 0, 1, 2, 3

    def __init__(self, number, mode=None, pull=None, value=None):
        self.number = number
        touched.append(number)

    def value(self, level=None):
        name = next((n for n, number in wired.items() if number == self.number), "")
        closed = (self.number in pressed) != (name == "mains")
        return int(closed) if name in table["HIGH"] else int(not closed)


class ADC:
    ATTN_11DB = 3

    def __init__(self, pin, atten):
        pass

    def read_uv(self):
        return mv * 1000


class PWM:
    def __init__(self, pin, freq, duty_u16):
        self.pin = pin

    def deinit(self):
        pass


class SoftI2C:
    def __init__(self, scl, sda):
        pass

    def scan(self):
        return [0x18]


class I2S:
    TX, MONO = 0, 1

    def __init__(self, number, **wires):
        pass

    def write(self, wave):
        clock[0] += len(wave) // 32

    def deinit(self):
        pass


class UART:
    def __init__(self, number, baudrate, tx, rx):
        touched.extend((tx, rx))

    def write(self, words):
        pass

    def read(self):
        return b"AT\r\r\nOK\r\n"


class Wire:
    """onewire and ds18x20 in one."""

    def OneWire(self, pin):
        return pin

    def DS18X20(self, wire):
        return self

    def scan(self):
        return [b"one"]


class NeoPixel:
    def __init__(self, pin, count):
        self.pin = pin

    def fill(self, color):
        pass

    def write(self):
        pass


class Chip:
    pass


chip = Chip()
chip.Pin, chip.ADC, chip.PWM, chip.SoftI2C, chip.I2S, chip.UART = Pin, ADC, PWM, SoftI2C, I2S, UART
sys.modules["onewire"] = sys.modules["ds18x20"] = Wire()
ring = Chip()
ring.NeoPixel = NeoPixel
clock = [0]


class Time:
    """Passes when somebody sleeps; a hand that was asked closes the contact, and opens it again."""

    asked = None

    def sleep_ms(self, ms):
        clock[0] += ms
        if self.asked and clock[0] > self.asked[1] + 100:
            pressed.add(wired[self.asked[0]])
        if self.asked and clock[0] > self.asked[1] + 200:
            pressed.discard(wired[self.asked[0]])
            self.asked = None

    def ticks_ms(self):
        return clock[0]

    def ticks_diff(self, a, b):
        return a - b


def tell(line):
    print(line)
    do = json.loads(line).get("do")
    if do:
        table["time"].asked = ("mains" if do == "pull the plug" else do.split()[-1], clock[0])


table["time"] = Time()
failed = table["run"](table, chip, ring, tell)
print(json.dumps({"touched": sorted(set(touched)), "failed": failed}))
