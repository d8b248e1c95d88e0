"""Thermometer, tilt and supervised lines on an ESP32. Compiled, never run.

thermo            DS18B20 on one wire (MicroPython's onewire and ds18x20)
i2c_sda, i2c_scl  LIS3DH (ST, DocID17530: WHO_AM_I 0x0F is 0x33; 1 mg a digit at ±2 g in high resolution; a FIFO of 32)
<pin>_line_adc    a detector's pair, between PULL_OHM to 3.3 V and ground
"""

import math
import time

from machine import ADC, I2C, Pin

PULL_OHM = 4_700
SUPPLY_UV = 3_300_000
OPEN_UV = 2_400_000  # the ADC of a C3 sees no more than 2.5 V
OPEN_OHM = 1_000_000
CONVERT_MS = 800  # of a DS18B20: 750
POWER_ON_C = 85.0  # what it says where it was reset and has not measured
LIS3DH = 0x33
GRAVITY_MG = (800, 1_200)  # beyond it somebody shakes it, or it is broken


class Probes:
    """`pins`: GPIO by name."""

    def __init__(self, pins: "dict[str, int]") -> None:
        self._pins = pins
        self._thermo = None
        self._tilt = None
        self._lines = {}

    def measure(self, name: str) -> "int | None":
        """As Board.measure."""
        if name == "temp_mc" and "thermo" in self._pins:
            self._thermo = self._thermo or Thermometer(self._pins["thermo"])
            return self._thermo.read()
        if name == "tilt_mdeg" and "i2c_sda" in self._pins:
            self._tilt = self._tilt or Tilt(self._pins["i2c_sda"], self._pins["i2c_scl"])
            return self._tilt.read()
        if name[-9:] == "_line_ohm" and name[:-9] + "_line_adc" in self._pins:
            return self._line(name[:-9] + "_line_adc")
        return None

    def _line(self, pin: str) -> int:
        if pin not in self._lines:
            self._lines[pin] = ADC(Pin(self._pins[pin]), atten=ADC.ATTN_11DB)
        uv = self._lines[pin].read_uv()
        return OPEN_OHM if uv >= OPEN_UV else PULL_OHM * uv // (SUPPLY_UV - uv)


class Thermometer:
    """Each reading is of the conversion that the one before it started: nobody waits 750 ms."""

    def __init__(self, pin: int) -> None:
        self._pin = pin
        self._wire = None
        self._rom = None
        self._asked_at = None

    def read(self) -> "int | None":
        try:
            return self._read()
        except Exception as error:  # ds18x20 raises bare ones, and a lost wire is no reason to fall
            self._rom = self._asked_at = None
            raise OSError("thermometer: " + str(error))

    def _read(self) -> "int | None":
        if self._rom is None:
            import ds18x20
            import onewire

            self._wire = ds18x20.DS18X20(onewire.OneWire(Pin(self._pin)))
            found = self._wire.scan()
            if not found:
                return None
            self._rom = found[0]
        celsius = None
        if self._asked_at is not None and time.ticks_diff(time.ticks_ms(), self._asked_at) >= CONVERT_MS:
            celsius = self._wire.read_temp(self._rom)
        self._wire.convert_temp()
        first, self._asked_at = self._asked_at is None, time.ticks_ms()
        if celsius == POWER_ON_C:
            raise ValueError("it was reset")
        if celsius is None and not first:
            raise ValueError("asked too soon")
        return None if celsius is None else round(celsius * 1000)


class Tilt:
    """From upright, the mean of what its FIFO holds: 3.2 s at 10 Hz."""

    def __init__(self, sda: int, scl: int) -> None:
        self._i2c = I2C(0, sda=Pin(sda), scl=Pin(scl), freq=400_000)
        self._address = None
        self._buffer = bytearray(6 * 32)

    def read(self) -> "int | None":
        if self._address is None:
            self._find()
            return None  # its FIFO is empty yet
        count = self._i2c.readfrom_mem(self._address, 0x2F, 1)[0] & 0x1F  # FIFO_SRC: unread samples
        if not count:
            self._address = None
            raise OSError("tilt: no samples")
        part = memoryview(self._buffer)[: 6 * count]
        self._i2c.readfrom_mem_into(self._address, 0x28 | 0x80, part)  # OUT_X_L, counting on
        x, y, z = [sum([_signed(part, 6 * i + axis) for i in range(count)]) / count for axis in (0, 2, 4)]
        length = math.sqrt(x * x + y * y + z * z)
        if not GRAVITY_MG[0] <= length <= GRAVITY_MG[1]:
            raise OSError("tilt: %d mg" % length)
        return round(math.degrees(math.atan2(math.sqrt(x * x + y * y), z)) * 1000)

    def _find(self) -> None:
        for address in (0x18, 0x19):
            try:
                if self._i2c.readfrom_mem(address, 0x0F, 1)[0] != LIS3DH:
                    continue
            except OSError:
                continue
            for register, value in (
                (0x20, 0x27),  # CTRL_REG1: 10 Hz, all axes
                (0x23, 0x88),  # CTRL_REG4: block update, high resolution, ±2 g
                (0x24, 0x40),  # CTRL_REG5: FIFO
                (0x2E, 0x80),  # FIFO_CTRL: stream, the oldest goes
            ):
                self._i2c.writeto_mem(address, register, bytes([value]))
            self._address = address
            return


def _signed(buffer, at: int) -> int:
    """12 bits, left-justified in 16: mg."""
    value = buffer[at] | buffer[at + 1] << 8
    return (value - 65536 if value & 0x8000 else value) >> 4
