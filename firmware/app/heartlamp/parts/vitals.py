"""What every device says of itself: why it started, how well it hears, what it runs, when a press last went through."""

from heartlamp.part import Part as _Part
from heartlamp.version import VERSION


class Part(_Part):
    def values(self) -> "list[tuple[str, int]]":
        hal, drill_at = self.hal, self.device.drill_at
        values = [
            ("version", VERSION),
            ("reset_cause", hal.reset_cause()),
            ("drill_ms", -1 if drill_at is None else hal.clock() - drill_at),
            ("settings_ver", self.device.config.fields.get("settings_ver", 0)),
        ]
        rssi = hal.rssi()
        if rssi is None and self.device.air is not None:
            rssi = self.device.air.rssi()
        return values if rssi is None else values + [("rssi_dbm", rssi)]
