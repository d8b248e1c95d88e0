"""For who services the device: the key behind a pin-hole, which held at power-up makes it nobody's (its unsent events
stay), and the serial line, which keeps a battery device awake while somebody speaks to it."""

from heartlamp.part import Part as _Part
from heartlamp.rules import recessed

SPOKEN_MS = 60_000  # after the last word


class Part(_Part):
    PINS = ("recessed",)

    def __init__(self, hal, device) -> None:
        super().__init__(hal, device)
        self._fires_at = None

    def edge(self, pin: str, level: int, at: int, stamp: object) -> None:
        self._fires_at = recessed.fires_at(self._fires_at, level, at, self.device.boot_at)

    def settle(self, now: int) -> "int | None":
        if self._fires_at is not None and now >= self._fires_at:
            self._fires_at = None
            from heartlamp.settings.answers import reset

            reset(self.device.desk, "recessed key")
        return self._fires_at

    def awake(self) -> bool:
        asked_at = self.device.desk.asked_at
        return asked_at is not None and self.hal.clock() - asked_at < SPOKEN_MS
