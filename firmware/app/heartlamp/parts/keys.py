"""Red: help, at its first edge. Green: I go; long: I am here. The small third key: it was a mistake."""

from heartlamp.part import Part as _Part
from heartlamp.rules import keys, lamp


class Part(_Part):
    PINS = (keys.PANIC, keys.GO, keys.CANCEL)
    _green_at = 0

    def __init__(self, hal, device) -> None:
        super().__init__(hal, device)
        self._lines = {}

    def edge(self, pin: str, level: int, at: int, stamp: object) -> None:
        self._lines[pin], pressed = keys.edge(self._lines.get(pin, keys.Line()), level, at)
        if pressed and pin == keys.PANIC:
            what = "silent" if self.device.config.kind == "silent" else "panic"
            self.device.alarm(what, pin, at, stamp)

    def _held(self) -> "list[bool]":
        """Of each key that is down: whether it hangs."""
        now = self.hal.clock()
        return [keys.is_stuck(line, now) for line in self._lines.values() if line.level]

    def values(self) -> "list[tuple[str, int]]":
        """A key that is held for a minute hangs, or somebody leans on it: a visit, whatever it said."""
        stuck = True in self._held()
        return [("key_stuck", int(stuck or any(self.hal.level(pin) for pin in self.hal.kept.get("held", ()))))]

    def awake(self) -> bool:
        """Who holds a key, and lets go to press it again, finds us listening; unless it hangs."""
        return False in self._held()

    def settle(self, now: int) -> "int | None":
        soonest = None
        for pin in self._lines:
            self._lines[pin], gesture, at = keys.settle(self._lines[pin], now)
            if gesture and pin == keys.GO:
                showing = self.device.showing
                calls = showing.calls()
                meant = keys.answer_by_green(gesture, calls)
                # In trouble the lamp shows no neighbour: who presses green then cannot mean one.
                if meant is not None and (meant[1] != "coming" or not lamp.is_trouble(showing.facts(now), now)):
                    self.device.answer(meant[0], meant[1], pin, now, self.hal.stamp())
                elif not calls and now - self._green_at >= 2000:  # who plays with it drives out no reading
                    # It answers nothing. A phone beside the lamp may wait for it; by its number it is no other press.
                    self._green_at = now
                    self.device.telemetry.add([("green", int.from_bytes(self.hal.random(6), "big"))], now)
            elif gesture and pin == keys.CANCEL:
                self.device.cancel(pin, now, self.hal.stamp())
            if at is not None and (soonest is None or at < soonest):
                soonest = at
        return soonest
