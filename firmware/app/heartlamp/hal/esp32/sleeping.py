"""An ESP32's deep sleep and what its end says of the keys; for boards that do. `kept`: what is not forgotten."""

import time

import esp32
import machine

from heartlamp.rules import inputs, sleep

STUCK_MS = 300_000


def found(names: "dict[str, int]", pulled: "list[str]", kept: dict) -> "list[tuple[str, int]]":
    """The edges (input, level) that the start after a sleep finds. names: the inputs' GPIOs; pulled: those that are."""
    if machine.wake_reason() == machine.TIMER_WAKE:
        woke = []
    elif hasattr(machine, "wake_pins"):  # from MicroPython 1.27
        gpios = machine.wake_pins()
        woke = [name for name in names if names[name] in gpios] or None
    else:
        woke = None
    return inputs.found(pulled, kept.get("held", []), kept.get("armed", []), woke)


def sleep_on(pins: dict, pulled: "list[str]", wake: "list[str]", kept: dict, ms: int) -> None:
    """Until one of `wake` is pulled or the time is over; never returns. pins: (pin, level that means pulled) by name;
    pulled: those that the program knows to be so, because a key pressed since then must wake it again. A red key that
    is stuck would do so at once: then letting go does, and the time after STUCK_MS, because the chip's own resistors
    may pull against the board's."""
    red, level = pins["red"]
    wake = [name for name in wake if name in pins and pins[name][1] == level]
    if "red" in pulled:
        ms, level = min(ms, STUCK_MS), 1 - level
    how = esp32.WAKEUP_ANY_HIGH if level else esp32.WAKEUP_ALL_LOW
    one = hasattr(esp32, "wake_on_ext0")
    kept["held"], kept["armed"] = inputs.held(pulled), inputs.armed(wake, pulled, one)
    if one:  # ESP32, ESP32-S3
        esp32.wake_on_ext0(red, how)
    else:  # ESP32-C3
        esp32.wake_on_gpio(tuple([pins[name][0] for name in kept["armed"]]), how)
    kept["slept_at"] = time.time_ns() // 1_000_000
    machine.RTC().memory(sleep.remembered(kept))
    machine.deepsleep(ms)
