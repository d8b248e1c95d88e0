"""A detector's contact: an alarm where it closed, a reading whenever it moved."""

from heartlamp.part import Part as _Part
from heartlamp.rules import keys


class Part(_Part):
    PINS = ("smoke", "gas", "flood", "door")

    def __init__(self, hal, device) -> None:
        super().__init__(hal, device)
        self._lines = {}
        self._levels = {device.config.kind: 0}

    def edge(self, pin: str, level: int, at: int, stamp: object) -> None:
        self._lines[pin] = keys.edge_contact(self._lines.get(pin, keys.Line()), level, at)

    def settle(self, now: int) -> "int | None":
        soonest = None
        for pin in self._lines:
            self._lines[pin], gesture, at = keys.settle_contact(self._lines[pin], now)
            if gesture:
                self._levels[pin] = int(gesture == "closed")
                if gesture == "closed" and pin in keys.CONTACTS:
                    self.device.alarm(keys.CONTACTS[pin], pin, now, self.hal.stamp())
                self.device.telemetry.add([(pin, self._levels[pin])], now)
            if at is not None and (soonest is None or at < soonest):
                soonest = at
        return soonest

    def values(self) -> "list[tuple[str, int]]":
        return list(self._levels.items())
