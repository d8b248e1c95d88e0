"""The lamp's LEDs: a WS2812 ring (or one of them), or a plain LED on a PWM pin, which shows the rhythm only.

One task paints; between two changes of the light it sleeps, and a steady light costs nothing.
"""

import asyncio

from heartlamp.rules import glow


def fitted(board, clock) -> "Leds | None":
    """The LEDs of a board of heartlamp/boards."""
    from machine import PWM, Pin
    from neopixel import NeoPixel

    if board.LED is None:
        return None
    kind, count = board.LED
    pin = Pin(board.PINS["led"], Pin.OUT)
    return Leds(NeoPixel(pin, count) if kind == "ws2812" else Plain(PWM(pin, freq=1000, duty_u16=0)), clock)


class Leds:
    """`strip`: a NeoPixel, or a Plain; `clock()`: ms."""

    def __init__(self, strip, clock) -> None:
        self._strip = strip
        self._clock = clock
        self._meaning = None
        self._task = None

    def show(self, meaning: str) -> None:
        """At once, and until the next one. The same again goes on in its rhythm."""
        if meaning == self._meaning:
            return
        self._meaning = meaning
        if self._task is not None:
            self._task.cancel()
        since = self._clock()
        again = self._paint(0)
        self._task = None if again is None else asyncio.create_task(self._play(since, again))

    def _paint(self, ms: int) -> "int | None":
        again = glow.paint(self._strip, self._meaning, ms)
        self._strip.write()
        return again

    async def _play(self, since: int, again: "int | None") -> None:
        while again is not None:
            await asyncio.sleep_ms(max(0, since + again - self._clock()))
            again = self._paint(self._clock() - since)


class Plain:
    """One LED without a colour: as bright as the brightest of the three. `pwm`: a machine.PWM."""

    def __init__(self, pwm) -> None:
        self._pwm = pwm
        self._drive = 0

    def __len__(self) -> int:
        return 1

    def __setitem__(self, _: int, color: "tuple[int, int, int]") -> None:
        self._drive = max(color)

    def write(self) -> None:
        self._pwm.duty_u16(self._drive * 257)
