"""Mains and the backup cell: a power cut is said upward at once, so that the village knows before anybody calls."""

from heartlamp.part import Part as _Part
from heartlamp.rules import battery, keys


class Part(_Part):
    PINS = ("mains",)  # 1: there is mains

    def __init__(self, hal, device) -> None:
        super().__init__(hal, device)
        self._line = keys.Line(1, None, None, True)
        self._lost_at = None

    def start(self) -> None:
        if self.hal.level("mains") == 0:
            self.edge("mains", 0, self.hal.clock(), None)

    def edge(self, pin: str, level: int, at: int, stamp: object) -> None:
        self._line = keys.edge_contact(self._line, level, at)

    def settle(self, now: int) -> "int | None":
        self._line, gesture, at = keys.settle_contact(self._line, now)
        if gesture:
            self._lost_at = None if gesture == "closed" else now
            self.hal.trace("mains", on=int(self._lost_at is None))
            self.device.telemetry.add([("mains", int(self._lost_at is None))] + self._cell(), now)
            self.device.to_show.ring()
        return at

    def values(self) -> "list[tuple[str, int]]":
        lost = self._lost_at
        values = [("mains", int(lost is None))]
        if lost is not None:
            values.append(("backup_ms", self.hal.clock() - lost))
        return values + self._cell()

    def _cell(self) -> "list[tuple[str, int]]":
        try:
            mv = self.hal.measure("battery_mv")
        except OSError:
            return [("battery_fault", 1)]
        return (
            [] if mv is None else [("battery_mv", mv), ("battery_low", int(battery.is_low(mv, battery.BACKUP_LOW_MV)))]
        )
