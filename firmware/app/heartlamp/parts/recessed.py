"""The key behind a pin-hole: held at power-up, it makes this device nobody's. Its unsent events stay."""

from heartlamp.part import Part as _Part
from heartlamp.rules import recessed


class Part(_Part):
    PINS = ("recessed",)

    def __init__(self, hal, device) -> None:
        super().__init__(hal, device)
        self._hold = recessed.RELEASED

    def edge(self, pin: str, level: int, at: int, stamp: object) -> None:
        self._hold = recessed.edge(self._hold, level, at, self.device.boot_at)

    def settle(self, now: int) -> "int | None":
        at = recessed.fires_at(self._hold)
        if at is not None and now >= at:
            self._hold = recessed.RELEASED
            self.device.desk.reset("recessed key")
        return at
