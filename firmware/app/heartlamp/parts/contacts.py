"""Detectors' contacts: an alarm where one closed, a reading whenever it moved, and what a visit is needed for.

Test mode is entered at the device only: over its serial port (self_test), or by holding the recessed key for a second.
"""

from heartlamp.age import Age
from heartlamp.part import Part as _Part
from heartlamp.rules import contact, line, wired
from heartlamp.rules.given import Given

TEST_KEY = "recessed"  # held at power-up it is another thing, so it counts only some time after a start
TEST_KEY_MS = 1_000
AFTER_START_MS = 5_000
LINE_MS = 250  # between two measurements of a supervised line


class Part(_Part):
    PINS = ("smoke", "gas", "flood", "door", TEST_KEY)

    def __init__(self, hal, device) -> None:
        super().__init__(hal, device)
        self._contacts = {}
        self._lines = {}
        self._told = {}
        self._wirings = {}
        self._pairs = {}
        self._wrong = 0
        self._age = None
        self._line_at = 0
        self._test_until = None
        self._key_since = None

    def start(self) -> None:
        now, given = self.hal.clock(), Given(self.device.config.fields.get("sensors"))
        self._wirings = wired.wirings(given)
        self._pairs = wired.pairs(given)
        for pin in self._wirings:
            if pin == self.device.config.kind or given.names(pin):
                self._begin(pin, now)
        for pin in self._pairs:
            self._lines[pin] = line.Line(line.REST, now)
        if [1 for pin in self._contacts if self._wirings[pin].life_days]:
            self._age = Age(self.hal.root + "/age", wired.age_days(given))
            self._age.start(now)
        self._wrong = given.wrong

    def test(self, now: int, ms: int = contact.TEST_MS) -> None:
        """For `ms` a detector's test button is a test: a closing that opens within a minute is no alarm. 0: ends."""
        self._test_until = now + min(ms, contact.TEST_MS) if ms > 0 else None
        self.hal.trace("test", on=int(ms > 0))
        self.device.telemetry.add([("test", int(ms > 0))], now)

    def self_test(self) -> "tuple[int, str]":
        """A detector tests itself by its own button, so this begins test mode."""
        now = self.hal.clock()
        self.test(now)
        faults = [name for pin in self._contacts for name, value in self._faults(pin, now) if value]
        found = ", ".join(faults) if faults else "no fault"
        return int(not faults), found + "; test mode for 10 minutes: press each detector's own button"

    def edge(self, pin: str, level: int, at: int, stamp: object) -> None:
        if pin == TEST_KEY:
            self._key_since = at if level and at - self.device.boot_at >= AFTER_START_MS else None
        elif pin not in self._lines:  # a supervised line is read by its resistance
            if pin not in self._contacts:
                self._begin(pin, at)
            self._moved(pin, level, at)

    def settle(self, now: int) -> "int | None":
        times = [self._test_mode(now)]
        if self._lines:
            times.append(self._measure(now))
        for pin in self._contacts:
            times.append(self._settle(pin, now))
            self._visit(pin, now)
        if self._age is not None:
            times.append(self._age.settle(now))
        times = [at for at in times if at is not None]
        return min(times) if times else None

    def values(self) -> "list[tuple[str, int]]":
        now = self.hal.clock()
        out = []
        for pin, c in self._contacts.items():
            out.append((pin, int(c.closed)))
            out += self._faults(pin, now)
            wiring = self._wirings[pin]
            if wiring.life_days and self._age is not None:
                out.append((pin + "_worn", int(contact.is_worn(wiring, self._age.days()))))
        if self._age is not None:
            out.append(("age_days", self._age.days()))
        if self._test_until is not None:
            out.append(("test", 1))
        if self._wrong:
            out.append(("sensors_wrong", self._wrong))
        return out

    def _faults(self, pin: str, now: int) -> "list[tuple[str, int]]":
        """What a visit is needed for."""
        c, wiring = self._contacts[pin], self._wirings[pin]
        out = [(pin + "_trembles", int(c.trembling))]
        if wiring.stuck_ms:
            out.append((pin + "_stuck", int(contact.is_stuck(c, wiring, now))))
        if pin in self._lines:
            out.append((pin + "_line_fault", self._lines[pin].fault))
        return out

    def _visit(self, pin: str, now: int) -> None:
        faults = self._faults(pin, now)
        before = self._told.get(pin)
        self._told[pin] = faults
        if before is not None and before != faults:
            self.device.telemetry.add(faults, now)

    def _begin(self, pin: str, now: int) -> None:
        self._contacts[pin] = contact.begin(self._wirings[pin], now)

    def _moved(self, pin: str, level: int, at: int) -> None:
        self._contacts[pin] = contact.edge(self._contacts[pin], self._wirings[pin], level, at)

    def _settle(self, pin: str, now: int) -> "int | None":
        wiring = self._wirings[pin]
        testing = self._test_until is not None
        c, effects, look_at = contact.settle(self._contacts[pin], wiring, testing, now)
        self._contacts[pin] = c
        for effect in effects:
            if effect == "alarm":
                self.device.alarm(wiring.what, pin, now, self.hal.stamp())
            elif effect == "tested":
                self.device.telemetry.add([(pin + "_tested", 1)], now)
            elif not c.trembling:  # the heartbeat says where it is
                mark = [("test", 1)] if testing else []
                self.device.telemetry.add([(pin, int(c.closed))] + mark, now)
        return look_at

    def _measure(self, now: int) -> int:
        if now >= self._line_at:
            self._line_at = now + LINE_MS
            for pin in self._lines:
                try:
                    ohm = self.hal.measure(pin + "_line_ohm")
                except OSError:
                    ohm = None
                self._lines[pin], active = line.take(self._lines[pin], self._pairs[pin], ohm, now)
                if active is not None:
                    self._moved(pin, active ^ self._wirings[pin].nc, now)
        return self._line_at

    def _test_mode(self, now: int) -> "int | None":
        if self._key_since is not None and now - self._key_since >= TEST_KEY_MS:
            self._key_since = None
            self.test(now, 0 if self._test_until is not None else contact.TEST_MS)
        if self._test_until is not None and now >= self._test_until:
            self.test(now, 0)
        if self._key_since is not None:
            return self._key_since + TEST_KEY_MS
        return self._test_until
