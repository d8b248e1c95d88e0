# mypy: ignore-errors
"""Runs on MicroPython: the ESP32's LED task and player, with the chips' ends of the wires in our hand.

light_and_sound.py <clip>… prints what came out, and when: {"painted": [[ms, LEDs lit], …], "plain": [[ms, Hz, duty],
…], "piezo": likewise, "tone": {…}, "clip": {…}, "cut": {…}}.
"""

import asyncio
import io
import json
import sys
import time

from heartlamp.hal.esp32.leds import Leds, Plain
from heartlamp.hal.esp32.sounder import Sounder
from heartlamp.rules import tones

began = time.ticks_ms()


def now():
    return time.ticks_diff(time.ticks_ms(), began)


class Strip(list):
    """A NeoPixel's end."""

    def write(self):
        painted.append([now(), len([led for led in self if max(led) > 60])])


class Pwm:
    def __init__(self):
        self.hertz, self.said = 0, []

    def freq(self, hertz):
        self.hertz = hertz

    def duty_u16(self, duty):
        self.said.append([now(), self.hertz if duty else 0, duty])


class I2s(io.IOBase):
    """An amplifier that takes 32 bytes a millisecond, and 8 KiB ahead; as machine.I2S it blocks until it was polled."""

    def __init__(self):
        self.polled, self.blocked = False, 0
        self.data, self.began, self.open = b"", now(), True

    def _room(self):
        return 8192 + (now() - self.began) * 32 - len(self.data)

    def write(self, data):
        self.blocked += int(not self.polled)
        taken = max(0, min(self._room(), len(data)))
        self.data += bytes(data[:taken])
        return taken

    def ioctl(self, request, flags):
        self.polled = True
        return flags & 4 if request == 3 and self._room() > 0 else 0  # poll: writable

    def deinit(self):
        self.open = False
        self.ended = now()


painted = []
opened = []


def open_i2s(rate, buffer):
    assert rate == 16_000
    opened.append(I2s())
    return opened[-1]


def no_i2s(rate, buffer):
    raise OSError("out of DMA memory")


def speaker(traces):
    return Sounder(None, open_i2s, lambda what, **more: traces.append(more))


def heard(i2s):
    """Its samples' sign changes a second, how long it plays, and what it begins with."""
    changes = 0
    for i in range(3, len(i2s.data), 2):
        changes += (i2s.data[i] ^ i2s.data[i - 2]) >> 7
    return {
        "changes": changes,
        "ms": len(i2s.data) // 32,
        "open": i2s.open,
        "took": i2s.ended - i2s.began,
        "blocked": i2s.blocked,
    }


async def main():
    strip = Strip([(0, 0, 0)] * 12)
    leds = Leds(strip, now)
    for meaning in ("working", "coming"):
        leds.show(meaning)
    leds.show("coming")  # the same again goes on
    await asyncio.sleep_ms(2600)
    leds.show("dark")
    await asyncio.sleep_ms(300)
    pwm = Pwm()
    plain = Leds(Plain(pwm), now)
    plain.show("told")
    await asyncio.sleep_ms(700)
    plain.show("dark")
    piezo = Pwm()
    sounder = Sounder(piezo, None, None)
    await sounder.tone([(880, 200), (0, 200)], 2)
    await sounder.play(["no such clip"])  # no speaker: nothing to do
    both = Sounder(Pwm(), open_i2s, None)
    await both.tone([(500, 100), (0, 50)], 2)
    tone = heard(opened[-1])
    traces = []
    await speaker(traces).play(sys.argv[1:])
    clip = heard(opened[-1])
    clip["spoilt"] = [trace["path"] for trace in traces]
    broken = Sounder(Pwm(), no_i2s, lambda what, **more: traces.append(more))
    await broken.tone([(880, 50)], 1)
    await broken.play(sys.argv[1:])
    clip["complaints"], clip["beeps"] = len(traces) - len(clip["spoilt"]), len(broken._piezo.said)
    cut = Sounder(Pwm(), open_i2s, None)
    task = asyncio.create_task(cut.tone(tones.NOTES["near"], 5))
    await asyncio.sleep_ms(900)
    task.cancel()
    at = now()
    try:
        await task
    except asyncio.CancelledError:
        pass
    await asyncio.sleep_ms(20)
    silent = {"after": max(cut._piezo.said[-1][0], opened[-1].ended) - at, "duty": cut._piezo.said[-1][2]}
    silent["open"] = opened[-1].open
    print(
        json.dumps(
            {"painted": painted, "plain": pwm.said, "piezo": piezo.said, "tone": tone, "clip": clip, "cut": silent}
        )
    )


asyncio.run(main())
