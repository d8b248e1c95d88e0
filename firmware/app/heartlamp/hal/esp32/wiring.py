"""What is wired to which pin of this board: one of heartlamp/boards/, made from hardware/boards/*.toml by the build.

Not run by the tests, as all of hal/esp32.
"""

from machine import ADC, I2S, PWM, Pin
from neopixel import NeoPixel

from heartlamp.hal.esp32.leds import Plain

SAMPLES = 8  # of the cell's voltage, whose median counts: a radio that sends makes single ones low


class Wiring:
    def __init__(self, board: str) -> None:
        """`board`: as provisioned, "esp32c3-button". Raises ValueError where this firmware has no such board."""
        try:
            self._board = __import__("heartlamp.boards." + board.replace("-", "_"), None, None, ("PINS",))
        except ImportError:
            raise ValueError("this firmware knows no board %r; provision one of its manifest's" % board)
        self._adc = None

    def has(self, name: str) -> bool:
        return name in self._board.INPUTS or name in self._board.PINS

    def inputs(self) -> "list[tuple[str, Pin, int]]":
        """(name, pin, level that means pulled) of every key and contact."""
        b = self._board
        found = []
        for name in b.INPUTS:
            high = int(name in b.HIGH)
            pull = None if name in b.PULLED else Pin.PULL_DOWN if high else Pin.PULL_UP
            found.append((name, Pin(b.INPUTS[name], Pin.IN, pull), high))
        return found

    def wakes(self) -> "tuple[str, ...]":
        """Inputs that can end deep sleep."""
        return self._board.WAKE

    def pin(self, name: str) -> "int | None":
        return self._board.PINS.get(name)

    def strip(self):
        """A NeoPixel, a Plain, or None where there is no LED."""
        if self._board.LED is None:
            return None
        kind, count = self._board.LED
        pin = Pin(self._board.PINS["led"])
        return NeoPixel(pin, count) if kind == "ws2812" else Plain(PWM(pin, freq=1000, duty_u16=0))

    def piezo(self) -> "PWM | None":
        number = self._board.PINS.get("buzzer")
        return None if number is None else PWM(Pin(number), freq=880, duty_u16=0)

    def open_i2s(self):
        """open(rate, buffer) of the speaker's amplifier, or None."""
        p = self._board.PINS
        if "i2s_data" not in p:
            return None
        return lambda rate, buffer: I2S(
            0,
            sck=Pin(p["i2s_bck"]),
            ws=Pin(p["i2s_ws"]),
            sd=Pin(p["i2s_data"]),
            mode=I2S.TX,
            bits=16,
            format=I2S.MONO,
            rate=rate,
            ibuf=buffer,
        )

    def battery_mv(self) -> "int | None":
        """Of the cell itself; None: no divider is fitted."""
        if self._board.BATTERY is None:
            return None
        if self._adc is None:
            self._adc = ADC(Pin(self._board.PINS["battery_adc"]), atten=ADC.ATTN_11DB)
        whole, part = self._board.BATTERY
        seen = sorted([self._adc.read_uv() for _ in range(SAMPLES)])[SAMPLES // 2]
        return seen // 1000 * whole // part
