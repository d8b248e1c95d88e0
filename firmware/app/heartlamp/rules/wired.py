"""How detectors are wired: `"sensors"` of the configuration over WIRINGS.

{"age_days": 400, "smoke": {"nc": 1, "stand_ms": 30, "life_days": 3652, "rest_ohm": 4700, "alarm_ohm": 680}}
"""

from heartlamp.rules.contact import WIRINGS, Wiring
from heartlamp.rules.given import Given
from heartlamp.rules.line import CUT, SHORTED, Pair


def wirings(given: Given) -> "dict[str, Wiring]":
    """By pin."""
    out = {}
    for pin in WIRINGS:
        w, said = WIRINGS[pin], given.about(pin)
        out[pin] = Wiring(
            w.what,
            given.whole(said, "stand_ms", w.stand_ms, 10, 60_000),
            given.whole(said, "stuck_ms", w.stuck_ms, 0, 1 << 40),
            given.whole(said, "life_days", w.life_days, 0, 36_500),
            given.whole(said, "nc", w.nc, 0, 1),
        )
    return out


def pairs(given: Given) -> "dict[str, Pair]":
    """The supervised ones, by pin."""
    out = {}
    for pin in WIRINGS:
        said = given.about(pin)
        rest = given.whole(said, "rest_ohm", 0, 100, 1_000_000)
        if rest:
            out[pin] = Pair(rest, given.whole(said, "alarm_ohm", SHORTED, CUT, 1_000_000))
    return out


def age_days(given: Given) -> int:
    """Of the detector, when it was provisioned."""
    return given.own("age_days", 0, 0, 36_500)
