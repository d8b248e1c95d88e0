"""A camera module on an ESP32-S3 with PSRAM, through the `camera` module of firmware built with micropython-camera-API
(its README: Camera(frame_size, pixel_format, jpeg_quality, fb_count), init, capture, deinit). Compiled, never run.

The sensor is initialised only while the indicator is on, which gives its exposure control the second before.
"""

import asyncio

from machine import Pin

FRAMES_FIRST = 2  # whose exposure is not settled yet


def find(indicator: "int | None", wires: "dict[str, int] | None"):
    """A Camera, or None where this firmware or board has none. indicator: its pin; wires: `[camera]` of the board's
    file, None where the firmware was built for this very board."""
    if indicator is None:
        return None
    try:
        import camera
    except ImportError:
        return None
    return Camera(camera, indicator, wires)


class Camera:
    def __init__(self, module, indicator: int, wires: "dict[str, int] | None") -> None:
        self._module = module
        self._wires = _arguments(wires) if wires else {}
        self._indicator = Pin(indicator, Pin.OUT, value=0)
        self._sensor = None
        self._picture = None

    def light(self, on: bool) -> None:
        """As hal/unix/camera.py says."""
        if on:
            self._indicator.value(1)
            try:
                self._begin()
            except OSError:
                pass  # take() tries once more, and says why
            return
        self.drop()
        if self._sensor is not None:
            self._sensor.deinit()
            self._sensor = None
        self._indicator.value(0)

    async def take(self) -> int:
        self._begin()
        try:
            for _ in range(FRAMES_FIRST):
                self._sensor.capture()
                await asyncio.sleep_ms(0)
            self._picture = self._sensor.capture()
        except Exception as error:  # the driver raises what it likes, and a missing picture is no reason to fall
            raise OSError("camera: " + str(error))
        if self._picture is None:
            raise OSError("camera: no frame")
        return len(self._picture)

    def part(self, at: int, size: int):
        return memoryview(self._picture)[at : at + size]

    def _begin(self) -> None:
        m = self._module
        if self._sensor is None:
            try:
                self._sensor = m.Camera(
                    pixel_format=m.PixelFormat.JPEG,
                    frame_size=m.FrameSize.SVGA,
                    jpeg_quality=80,
                    fb_count=1,
                    **self._wires,
                )
            except Exception as error:
                raise OSError("camera: " + str(error))

    def drop(self) -> None:
        self._picture = None
        if self._sensor is not None and hasattr(self._sensor, "free_buffer"):
            self._sensor.free_buffer()


def _arguments(wires: "dict[str, int]") -> dict:
    return {
        "data_pins": [wires["d%d" % i] for i in range(8)],
        "vsync_pin": wires["vsync"],
        "href_pin": wires["href"],
        "sda_pin": wires["sda"],
        "scl_pin": wires["scl"],
        "pclk_pin": wires["pclk"],
        "xclk_pin": wires["xclk"],
        "powerdown_pin": wires.get("power_down", -1),
        "reset_pin": wires.get("reset", -1),
    }
