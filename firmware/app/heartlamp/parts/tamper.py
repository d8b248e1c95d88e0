"""The case's contact: opened or torn off the wall is said at once, and counted."""

from heartlamp.part import Part as _Part
from heartlamp.rules import keys


class Part(_Part):
    PINS = ("tamper",)  # 1: open

    def __init__(self, hal, device) -> None:
        super().__init__(hal, device)
        self._line = keys.Line()
        self._opened = 0

    def edge(self, pin: str, level: int, at: int, stamp: object) -> None:
        self._line = keys.edge_contact(self._line, level, at)

    def settle(self, now: int) -> "int | None":
        self._line, gesture, at = keys.settle_contact(self._line, now)
        if gesture:
            self._opened += int(gesture == "closed")
            self.hal.trace("tamper", open=int(gesture == "closed"))
            self.device.telemetry.add(self.values(), now)
        return at

    def values(self) -> "list[tuple[str, int]]":
        return [("tamper", int(self._line.done)), ("tampered", self._opened)]
