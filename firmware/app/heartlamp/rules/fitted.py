"""Whether `"sensors"` of a configuration makes sense, whatever kind of device it is for."""

from heartlamp.rules import thresholds, wired
from heartlamp.rules.given import Given


def wrong(sensors: object) -> int:
    """How many faults are found in it; 0: none."""
    given = Given(sensors)
    for read in (
        wired.wirings,
        wired.pairs,
        wired.age_days,
        thresholds.of_heat,
        thresholds.of_rain,
        thresholds.of_tilt,
    ):
        read(given)
    return given.wrong
