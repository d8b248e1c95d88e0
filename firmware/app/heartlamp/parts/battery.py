"""The cell: measured before radio and flash are used, while nothing loads it."""

from heartlamp.part import Part as _Part
from heartlamp.rules import battery


class Part(_Part):
    def __init__(self, hal, device) -> None:
        super().__init__(hal, device)
        self._mv = None
        self._fault = 0

    def check(self) -> None:
        try:
            self._mv = self.hal.measure("battery_mv")
        except OSError:
            self._fault = 1
        self.hal.transmit(battery.transmit_dbm(self._mv))

    def values(self) -> "list[tuple[str, int]]":
        if self._mv is None:
            return [("battery_fault", self._fault)]
        return [("battery_mv", self._mv), ("battery_low", int(battery.is_low(self._mv)))]
