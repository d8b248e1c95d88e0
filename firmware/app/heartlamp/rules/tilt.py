"""A stake in the slope above houses: its tilt in thousandths of a degree (mdeg), ms. A sliding slope tilts it first.

Uchimura and others (Landslides 12, 2015) propose a precaution at 0.01 and a warning at 0.1 degree an hour, with better
sensors than a small accelerometer, which drifts as much in a day's sun. So the alarm here is ten times theirs, and
`alarm_mdeg` is data, for those who fit a better one. What is measured goes up, and the county may judge more finely.
"""

from heartlamp.rules import probe
from heartlamp.rules.probe import Probe, Range

SAMPLE_MS = 10_000
RANGE = Range(0, 180_000, 45_000, 48 * 3_600_000)  # from upright; noise alone moves a living accelerometer
MEAN_MS = 300_000
MEANS_MOST = 12  # an hour
ALARM_MDEG = 1_000
STANDS = 6  # samples: a goat shakes the stake, a slope leaves it tilted


class Tilt:
    """means: of the last hour in pieces of 5 minutes, the oldest first; total, count, since: of the piece that runs;
    moved: samples in a row that were far from where the hour was. Never changed, only replaced."""

    def __init__(
        self,
        probe: Probe,
        means: "list[int]",
        since: int,
        total: int = 0,
        count: int = 0,
        moved: int = 0,
        change: int = 0,
    ) -> None:
        self.probe = probe
        self.means = means
        self.since = since
        self.total = total
        self.count = count
        self.moved = moved
        self.change = change


def begin(now: int) -> Tilt:
    return Tilt(probe.begin(now), [], now)


def take(tilt: Tilt, alarm_mdeg: int, sample: "int | None", now: int) -> "tuple[Tilt, bool]":
    """(tilt, True where the slope is taken to move). After an alarm the new place is where it stands: the next alarm
    needs the next movement."""
    believed, value, _ = probe.take(tilt.probe, RANGE, sample, now)
    if value is None:
        return Tilt(believed, tilt.means, tilt.since, tilt.total, tilt.count, tilt.moved, tilt.change), False
    means, since, total, count = tilt.means, tilt.since, tilt.total, tilt.count
    if now - since >= MEAN_MS:
        if count:
            means = (means + [total // count])[-MEANS_MOST:]
        since, total, count = now, 0, 0
    change = change_mdeg(means, value)
    moved = tilt.moved + 1 if change >= alarm_mdeg else 0
    if moved >= STANDS:
        return Tilt(believed, [value], now, value, 1, 0, change), True
    if moved:  # not yet believed: the mean of the hour is not to follow it
        return Tilt(believed, means, since, total, count, moved, change), False
    return Tilt(believed, means, since, total + value, count + 1, 0, change), False


def change_mdeg(means: "list[int]", value: int) -> int:
    """How far the stake is from where it was within the last hour."""
    return max(abs(value - max(means)), abs(value - min(means))) if means else 0
