# mypy: ignore-errors
"""Runs on MicroPython: an ESP32's Board with stand-ins for the chip's modules, its pins and sleeps in our hand.

esp32_board.py gpio|ext0|none: the chip's way to be woken. Prints as JSON, by story, the edges that the program was
given or what the sleep was armed with.
"""

import asyncio
import json
import sys


class Slept(Exception):
    pass


class Chip:
    """What does not start again with the program."""

    cause, reason, woke = 1, 0, ()
    memory = b""
    levels = {3: 1, 4: 1, 5: 1}  # noqa: RUF012 as by pull-ups: nothing is pressed
    armed = None


class Pin:
    IN, OUT, PULL_UP, PULL_DOWN, IRQ_RISING, IRQ_FALLING = range(6)

    def __init__(self, number, *_):
        self.number = number

    def value(self):
        return Chip.levels[self.number]

    def irq(self, call, _):
        CALLS[self.number] = lambda: call(self)


class Rtc:
    def memory(self, data=None):
        if data is None:
            return Chip.memory
        if len(data) > 2048:
            raise ValueError("buffer too long")
        Chip.memory = data
        return None


def deepsleep(ms):
    Chip.slept_ms = ms
    raise Slept


def wake_on_gpio(pins, how):
    Chip.armed = [sorted([pin.number for pin in pins]), how]


def wake_on_ext0(pin, how):
    Chip.armed = [[pin.number], how]


class Nvs:
    """As esp32.NVS, while `works`."""

    blobs, works = {}, True

    def __init__(self, _):
        if not self.works:
            raise OSError("no NVS")

    def get_blob(self, key, buffer):
        if key not in self.blobs:
            raise OSError("no such key")
        buffer[: len(self.blobs[key])] = self.blobs[key]
        return len(self.blobs[key])

    def set_blob(self, key, value):
        self.blobs[key] = value

    def commit(self):
        pass

    get_i32 = None


class Module:
    def __init__(self, **names):
        for name in names:
            setattr(self, name, names[name])


CALLS = {}
machine = Module(
    DEEPSLEEP_RESET=4, TIMER_WAKE=4, RTC=Rtc, WDT=None, Pin=Pin, ADC=None, PWM=None, I2S=None, deepsleep=deepsleep,
    reset=None, reset_cause=lambda: Chip.cause, unique_id=None, wake_reason=lambda: Chip.reason,
)  # fmt: skip
sys.modules["machine"] = machine
esp32 = sys.modules["esp32"] = Module(NVS=Nvs, WAKEUP_ALL_LOW="low", WAKEUP_ANY_HIGH="high")
if sys.argv[1] != "none":
    setattr(esp32, "wake_on_" + sys.argv[1], wake_on_gpio if sys.argv[1] == "gpio" else wake_on_ext0)
sys.modules["network"] = sys.modules["neopixel"] = Module(NeoPixel=None)
sys.modules["heartlamp.boards"] = Module()
sys.modules["heartlamp.boards.test"] = Module(
    PINS={"red": 3, "cancel": 4, "tamper": 5}, INPUTS=("red", "cancel", "tamper"), HIGH=(), PULLED=(),
    WAKE=("red", "cancel", "tamper"), LED=None, BATTERY=None, CAMERA=None,
)  # fmt: skip

from heartlamp.hal.esp32.board import Board  # noqa: E402


def board():
    made = Board()
    made.fit("test")
    return made


def given(made):
    """The edges that the program has not been given yet."""
    edges, made._edges = [[name, level] for name, level, _ in made._edges], []
    return edges


def sleep(made, ms=900_000):
    """What it is armed with and for how long; None: it does not sleep."""
    try:
        made.sleep(ms)
    except Slept:
        return Chip.armed + [Chip.slept_ms]  # noqa: RUF005
    return None


def wake(*pulled, by):
    """The start after a sleep that was ended `by` "pin" or "time", with these inputs pulled by now."""
    for name, number in (("red", 3), ("cancel", 4), ("tamper", 5)):
        Chip.levels[number] = int(name not in pulled)
    Chip.cause, Chip.reason = 4, 4 if by == "time" else 7
    return board()


def asleep(*pulled):
    """As a board that fell asleep with these pulled, once the program had seen them."""
    made = wake(*pulled, by="time")
    given(made)
    return sleep(made)


told = {}
Chip.levels[3] = 0
made = board()
told["held at power on"] = given(made)
Chip.levels[3] = 1
CALLS[3]()
told["let go"] = given(made)
Chip.levels[3] = 0
CALLS[3]()
Chip.levels[3] = 1
CALLS[3]()
told["pressed and let go"] = given(made)
CALLS[3]()  # both edges came while the chip was busy: who is called finds red as it was
told["a tap that nobody saw"] = given(made)
told["can sleep"] = made.can_sleep()
Chip.levels[3] = 0  # and its interrupt has not been heard of yet
told["pressed as it falls asleep"] = [sleep(made), given(made)]
if sys.argv[1] != "none":
    told["asleep"] = asleep()
    told["a tap"] = given(wake(by="pin"))
    asleep()
    told["pressed"] = given(wake("red", by="pin"))
    asleep()
    told["the time came"] = given(wake(by="time"))
    asleep()
    told["pressed as the time came"] = given(wake("red", by="time"))
    told["asleep, stuck"] = asleep("red")
    told["stuck, the time came"] = given(wake("red", by="time"))
    asleep("red")
    told["let go while asleep"] = given(wake(by="pin"))
    asleep("red")
    told["let go while asleep, and pressed again"] = given(wake("red", by="pin"))
    told["asleep, opened"] = asleep("tamper")
    told["opened, the time came"] = given(wake("tamper", by="time"))
    asleep()
    told["cancel is pressed"] = given(wake("cancel", by="pin"))
    machine.wake_pins = lambda: (4,)
    asleep()
    told["cancel was tapped"] = given(wake(by="pin"))
    del machine.wake_pins
    made = wake(by="time")
    made.kept["ages"] = {"lamp0a1b-" + "0123456789abc" + str(n): 86_400_000 + n for n in range(200)}
    made.kept["drill"] = 5
    sleep(made)
    told["too much to remember"] = [len(Chip.memory) <= 2048, json.loads(Chip.memory)["drill"]]
    Chip.cause = 3
    Chip.levels[3] = 0
    told["a watchdog, and red is held"] = given(board())
Chip.cause = 1
made = Board()
made.fit("")  # its settings are lost
told["without settings"] = given(made)
made.fit("test")
told["provisioned again"] = given(made)
Nvs.works = False
made = Board()
told["a broken NVS"] = made.nvs()
made.fit("test")
told["a broken NVS, red is held"] = given(made)
made = Board()
made.trace = lambda what, **fields: told.update({"complaint": what})
made.fit("")
told["a broken NVS, without settings"] = [given(made), made.level("red")]


class Dials:
    """A modem that tries for long and gets no address."""

    tries = 0

    async def join(self, _):
        self.tries += 1
        await asyncio.sleep_ms(100)
        raise OSError("no address")


async def joined(made):
    async def one():
        try:
            await made.link()
        except OSError as error:
            return str(error)

    return await asyncio.gather(*[one() for _ in range(4)])


made = Board()
made.modem, made._modem = {"apn": "net"}, Dials()
told["four at once"] = [asyncio.run(joined(made)), made._modem.tries]
told["and later"] = [asyncio.run(joined(made))[0], made._modem.tries]
print(json.dumps(told))
