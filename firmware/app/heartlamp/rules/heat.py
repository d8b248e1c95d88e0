"""A thermometer that knows a fire: by its heat, or by how fast it rises. Thousandths of a degree Celsius (mc), ms.

Both figures are those of common heat detectors, as data: 57 °C (135 °F) lies in the 54 to 65 °C in which EN 54-5 wants
a class A1 detector to respond; 8.3 °C (15 °F) a minute is what rate-of-rise detectors of the NFPA 72 kind are set to.
This is no certified detector and replaces none: its probe follows the air more slowly than theirs.
"""

from heartlamp.rules import probe
from heartlamp.rules.probe import Probe, Range

SAMPLE_MS = 10_000
# What the probes can; a flash or a glitch; a DS18B20 in a cellar may stand on one of its 0.0625 °C steps for a day.
RANGE = Range(-40_000, 125_000, 15_000, 48 * 3_600_000)
SAMPLES_MOST = 8
HOT = 3  # samples in a row as hot as a fire, however they came there: a fire, whatever the probe's fault


class Limits:
    """fire_mc: two samples in a row that hot are a fire; so are two that rose by rise_mc within a minute, at
    rise_from_mc or above (a heated cold room is none); armed again below rearm_mc. low_mc, high_mc: said, no alarm."""

    def __init__(
        self,
        fire_mc: int = 57_000,
        rearm_mc: int = 50_000,
        rise_mc: int = 8_300,
        rise_from_mc: int = 30_000,
        low_mc: int = 2_000,
        high_mc: int = 40_000,
    ) -> None:
        self.fire_mc = fire_mc
        self.rearm_mc = rearm_mc
        self.rise_mc = rise_mc
        self.rise_from_mc = rise_from_mc
        self.low_mc = low_mc
        self.high_mc = high_mc


BACK_MC = 1_000  # hysteresis of low and high


class Heat:
    """probe: what is believed; past: (ms, mc) of the last minute, the oldest first, at most SAMPLES_MOST; fire: alarmed
    and not yet armed again; rising: the last sample rose fast enough; low, high: thresholds; hot: samples in a row as
    hot as a fire, the first of them within the probe's range. Never changed, only replaced."""

    def __init__(
        self,
        probe: Probe,
        past: "list[tuple[int, int]]",
        fire: bool = False,
        rising: bool = False,
        low: bool = False,
        high: bool = False,
        hot: int = 0,
    ) -> None:
        self.probe = probe
        self.past = past
        self.fire = fire
        self.rising = rising
        self.low = low
        self.high = high
        self.hot = hot


def begin(now: int) -> Heat:
    return Heat(probe.begin(now), [])


def take(heat: Heat, limits: Limits, sample: "int | None", now: int) -> "tuple[Heat, bool]":
    """(heat, True where a fire begins with this sample)."""
    believed, value, joins = probe.take(heat.probe, RANGE, sample, now)
    hot = _hot(heat.hot, limits, sample)
    if value is None:
        # A fire that outruns the probe looks like a broken one: jumps, and then beyond its range.
        burning = hot >= HOT
        after = Heat(believed, heat.past, heat.fire or burning, False, heat.low, heat.high, hot)
        return after, burning and not heat.fire
    past = heat.past if joins else []
    burning = bool(past) and past[-1][1] >= limits.fire_mc and value >= limits.fire_mc
    rate = rise(past, value, now)
    rising = rate is not None and rate >= limits.rise_mc and value >= limits.rise_from_mc
    burning = burning or (rising and heat.rising) or hot >= HOT
    calm = value < limits.rearm_mc and (rate is None or rate < limits.rise_mc // 2)
    after = Heat(
        believed,
        ([p for p in past if now - p[0] <= 60_000 + SAMPLE_MS] + [(now, value)])[-SAMPLES_MOST:],
        burning or (heat.fire and not calm),
        rising,
        probe.over(heat.low, value, limits.low_mc, limits.low_mc + BACK_MC),
        probe.over(heat.high, value, limits.high_mc, limits.high_mc - BACK_MC),
        hot,
    )
    return after, burning and not heat.fire


def _hot(before: int, limits: Limits, sample: "int | None") -> int:
    """Silence neither adds nor takes away: a burnt wire is no comfort. Beyond the range begins nothing: so reads a
    probe that never was one."""
    if sample is None:
        return before
    if sample < limits.fire_mc or (sample > RANGE.high and not before):
        return 0
    return min(HOT, before + 1)


def rise(past: "list[tuple[int, int]]", value: int, now: int) -> "int | None":
    """mc a minute over the last whole minute; None before there is one."""
    whole = [p for p in past if now - p[0] >= 60_000]
    if not whole:
        return None
    at, before = whole[-1]
    return (value - before) * 60_000 // (now - at)
