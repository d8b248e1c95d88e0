"""An analog probe's samples: what may be believed. Times in ms of one clock.

What is not plausible is never an alarm and never counts as quiet either: the probe is reported at fault, and what it
says is not passed on. Other inputs know nothing of it.
"""

FINE, SILENT, OUTSIDE, STUCK, JUMPS = 0, 1, 2, 3, 4  # values of `temp_fault`, `tilt_fault`
GAP_MS = 30_000  # samples farther apart do not join on to each other
BAD, VISIT, MOST = 2, 8, 12  # a bad sample counts two, a good one takes one away; four bad ones in a row are a visit
CONFIRMED = 3  # samples on the same side of a jump: a thing that happened, and no glitch


class Range:
    """What a healthy probe can say, in its own unit. low, high: beyond them it is broken; jump: more than this between
    two samples waits to be confirmed; stuck_ms: the very same value for so long is a fault, 0: it may be."""

    def __init__(self, low: int, high: int, jump: int, stuck_ms: int) -> None:
        self.low = low
        self.high = high
        self.jump = jump
        self.stuck_ms = stuck_ms


class Probe:
    """value, at: believed last, None before the first; changed_at: since then it is that very value; jumps: samples
    in a row that were far above it (below 0: far below it); score: of bad samples. Never changed, only replaced."""

    def __init__(
        self,
        value: "int | None",
        at: int,
        changed_at: int,
        jumps: int = 0,
        score: int = 0,
        fault: int = FINE,
    ) -> None:
        self.value = value
        self.at = at
        self.changed_at = changed_at
        self.jumps = jumps
        self.score = score
        self.fault = fault


def begin(now: int) -> Probe:
    return Probe(None, now, now)


def take(probe: Probe, limits: Range, sample: "int | None", now: int) -> "tuple[Probe, int | None, bool]":
    """(probe, the sample if it is believed, whether it joins on to the one believed before). `sample`: None where the
    probe did not answer."""
    if sample is None:
        return _bad(probe, SILENT, 0), None, False
    if not limits.low <= sample <= limits.high:
        return _bad(probe, OUTSIDE, 0), None, False
    joins = probe.value is not None and now - probe.at < GAP_MS
    if probe.value is not None and abs(sample - probe.value) > limits.jump:
        side = 1 if sample > probe.value else -1
        jumps = probe.jumps + side if probe.jumps * side > 0 else side
        if abs(jumps) < CONFIRMED:
            return _bad(probe, JUMPS, jumps), None, False
        joins = False
    changed_at = probe.changed_at if sample == probe.value else now
    if limits.stuck_ms and now - changed_at >= limits.stuck_ms:
        return Probe(sample, now, changed_at, 0, probe.score, STUCK), None, False
    score = max(0, probe.score - 1)
    fault = FINE if not score or probe.fault == STUCK else probe.fault
    return Probe(sample, now, changed_at, 0, score, fault), sample, joins


def over(was: bool, value: int, limit: int, back: int) -> bool:
    """A threshold with hysteresis: true from `limit` on until `back`, on whichever side of it `back` lies."""
    if back <= limit:
        return value >= limit or (was and value > back)
    return value <= limit or (was and value < back)


def _bad(probe: Probe, how: int, jumps: int) -> Probe:
    score = min(MOST, probe.score + BAD)
    fault = how if score >= VISIT else probe.fault
    return Probe(probe.value, probe.at, probe.changed_at, jumps, score, fault)
