"""Our own probes: thermometer, tilt, rain. Samples become alarms, readings and faults as rules/ say.

A probe counts as fitted once it answers, and at once where the kind of the device or its configuration names it.
"""

from heartlamp.part import Part as _Part
from heartlamp.rules import heat, rain, telemetry, thresholds, tilt
from heartlamp.rules.given import Given

NAMED = {"temperature": ("temp_mc",), "slope": ()}
SEEK_MS = 1_000  # between two looks for a probe that was never there
NAMED_MS = 30_000  # one that is named and never answered is a fault after this
STEPS = {  # how far a value must move to be worth a reading of its own
    "temp_mc": 1_000,
    "temp_rise_mc": 3_000,
    "tilt_mdeg": 300,
    "tilt_change_mdeg": 300,
    "rain_um_h": 10_000,
    "rain_3h_um": 10_000,
    "rain_24h_um": 20_000,
}


class Part(_Part):
    PINS = ("rain",)

    def __init__(self, hal, device) -> None:
        super().__init__(hal, device)
        self._heat_limits = None
        self._rain_limits = None
        self._tilt_mdeg = 0
        self._wrong = 0
        self._named = ()
        self._heat = None
        self._tilt = None
        self._rain = None
        self._said = None
        self._sample_at = 0
        self._look_at = 0

    def start(self) -> None:
        now, given = self.hal.clock(), Given(self.device.config.fields.get("sensors"))
        self._heat_limits = thresholds.of_heat(given)
        self._rain_limits = thresholds.of_rain(given)
        self._tilt_mdeg = thresholds.of_tilt(given)
        self._wrong = given.wrong
        self._named = NAMED.get(self.device.config.kind, ())
        self._named += tuple([n for n, s in (("temp_mc", "heat"), ("tilt_mdeg", "tilt")) if given.names(s)])
        if given.names("rain"):
            self._rain = rain.Rain(now)
        self._said = telemetry.begin(now, self._random16())

    def edge(self, pin: str, level: int, at: int, stamp: object) -> None:
        if self._rain is None:
            self._rain = rain.Rain(at)
        self._rain = rain.edge(self._rain, self._rain_limits, level, at)
        self._look_at = min(self._look_at, at + rain.MINUTE_MS)

    def settle(self, now: int) -> "int | None":
        if now < self._look_at:
            return self._look_at
        self._look_at = self._settle(now)
        return self._look_at

    def _settle(self, now: int) -> int:
        if now >= self._sample_at:
            self._sample_at = now + self._sample(now)
        look_at = self._sample_at
        if self._rain is not None:
            self._rain, danger, at = rain.settle(self._rain, self._rain_limits, now)
            look_at = min(look_at, at)
            if danger:
                self.device.alarm("slope", "rain", now, self.hal.stamp())
        values = self._readings(now)
        if values and telemetry.due(self._said, values, STEPS, now):
            self.device.telemetry.add(values, now)
            self._said = telemetry.say(values, now, self._random16())
        if values:
            look_at = min(look_at, telemetry.look_at(self._said, values, STEPS))
        return look_at

    def values(self) -> "list[tuple[str, int]]":
        """Faults; what is measured goes up as readings."""
        out = []
        if self._heat is not None:
            out.append(("temp_fault", self._heat.probe.fault))
        if self._tilt is not None:
            out.append(("tilt_fault", self._tilt.probe.fault))
        if self._rain is not None:
            out.append(("rain_fault", rain.fault(self._rain, self.hal.clock())))
        if not out and self.hal.clock() - self.device.boot_at >= NAMED_MS:
            out.append(("probes_missing", 1))
        if self._wrong:
            out.append(("sensors_wrong", self._wrong))
        return out

    def self_test(self) -> "tuple[int, str]":
        """What each probe says at this moment."""
        ok, found = 1, []
        for name in ("temp_mc", "tilt_mdeg"):
            try:
                value = self.hal.measure(name)
            except OSError as error:
                ok = 0
                found.append(str(error))
                continue
            if value is not None:
                found.append("%s %d" % (name, value))
            elif name in self._named:
                ok = 0
                found.append(name + " is missing")
        if self._rain is not None:
            found.append("rain_24h_um %d" % rain.fallen(self._rain, rain.SLOTS))
        return ok, ", ".join(found) or "no probe is fitted"

    def _sample(self, now: int) -> int:
        """Takes one of each probe; returns ms to the next one."""
        found, sample = self._measure("temp_mc", self._heat is not None, now)
        if found:
            if self._heat is None:
                self._heat = heat.begin(now)
            self._heat, fire = heat.take(self._heat, self._heat_limits, sample, now)
            if fire:
                self.device.alarm("fire", "temp_mc", now, self.hal.stamp())
        found, sample = self._measure("tilt_mdeg", self._tilt is not None, now)
        if found:
            if self._tilt is None:
                self._tilt = tilt.begin(now)
            self._tilt, slides = tilt.take(self._tilt, self._tilt_mdeg, sample, now)
            if slides:
                self.device.alarm("slope", "tilt_mdeg", now, self.hal.stamp())
        return SEEK_MS if self._heat is None and self._tilt is None else heat.SAMPLE_MS

    def _measure(self, name: str, known: bool, now: int) -> "tuple[bool, int | None]":
        """(whether there is, or should be, such a probe; what it says, None: nothing)."""
        try:
            sample = self.hal.measure(name)
        except OSError:
            return True, None
        if sample is None and not known:
            return name in self._named and now - self.device.boot_at >= NAMED_MS, None
        return True, sample

    def _readings(self, now: int) -> "list[tuple[str, int]]":
        """What is believed now; a probe at fault says nothing but that."""
        out = []
        h, t, r = self._heat, self._tilt, self._rain
        if h is not None:
            out.append(("temp_fault", h.probe.fault))
            if not h.probe.fault and h.past:
                out += [("temp_mc", h.past[-1][1]), ("temp_low", int(h.low)), ("temp_high", int(h.high))]
                rise = heat.rise(h.past[:-1], h.past[-1][1], h.past[-1][0])
                if rise is not None:
                    out.append(("temp_rise_mc", rise))
        if t is not None:
            out.append(("tilt_fault", t.probe.fault))
            if not t.probe.fault and t.probe.value is not None:
                out += [("tilt_mdeg", t.probe.value), ("tilt_change_mdeg", t.change)]
        if r is not None:
            out.append(("rain_fault", rain.fault(r, now)))
            out.append(("rain_um_h", rain.fallen(r, 1) * 6 * rain.SLOT_MS // (rain.SLOT_MS + now - r.slot_at)))
            out += [("rain_3h_um", rain.fallen(r, 18)), ("rain_24h_um", rain.fallen(r, 144))]
        return out

    def _random16(self) -> int:
        two = self.hal.random(2)
        return two[0] << 8 | two[1]
