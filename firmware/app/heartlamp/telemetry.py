"""Readings on their way: in RAM only, because a reading is not worth an erase, the oldest dropped first and counted."""

from heartlamp_protocol.device.event import write_reading
from heartlamp_protocol.device.frame import sign, write_frame

MOST = 24  # readings that wait for a path


class Telemetry:
    def __init__(self, device) -> None:
        self._device = device
        self._waiting = []  # (body, mac, up)
        self.dropped = 0

    def add(self, values: "list[tuple[str, int]]", now: int) -> None:
        """A reading to be kept until it is sent."""
        if len(self._waiting) >= MOST:
            self._waiting.pop(0)
            self.dropped += 1
        self._waiting.append(self._signed("reading", values, now))
        self._device.to_read.ring()

    def heartbeat(self, values: "list[tuple[str, int]]", now: int) -> bytes:
        """A frame for now or never: the next one says it all again."""
        return self._frame(self._signed("heartbeat", values, now), now)

    def next(self, now: int) -> "tuple | None":
        """(reading, its frame) of the oldest; sent() takes it away."""
        return (self._waiting[0], self._frame(self._waiting[0], now)) if self._waiting else None

    def sent(self, reading: tuple) -> None:
        if reading in self._waiting:  # else it was dropped while it was on its way
            self._waiting.remove(reading)

    def _signed(self, kind: str, values: "list[tuple[str, int]]", now: int) -> tuple:
        d, c = self._device, self._device.config
        up = now - d.boot_at
        body = write_reading(kind, c.dev, c.kv, d.boot, d.seq, up, values)
        d.seq += 1
        return body, sign(c.device_key, body), up

    def _frame(self, signed: tuple, now: int) -> bytes:
        body, mac, up = signed
        return write_frame(now - self._device.boot_at - up, mac, body)
