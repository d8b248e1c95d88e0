"""End of line supervision: the resistance of a detector's pair of wires tells rest, alarm and a fault apart.

Two resistances are data: at rest and in alarm. With a resistor in the last detector and one in series with (normally
open) or across (normally closed) its contact, a short and a cut are told from both.
"""

SHORTED = 0  # `alarm_ohm` of a normally open contact without a resistor: a short is the alarm
CUT = -1  # `alarm_ohm` of a normally closed one: a cut is the alarm
REST, ALARM, SHORT, OPEN, ODD, UNREAD = "rest", "alarm", "short", "open", "odd", "unread"
FAULTS = {SHORT: 1, OPEN: 2, ODD: 3, UNREAD: 4}  # the value of `line_fault`
STAND_MS = 2_000  # a fault must stand


class Pair:
    """rest_ohm: at rest; alarm_ohm: in alarm, or SHORTED, or CUT."""

    def __init__(self, rest_ohm: int, alarm_ohm: int) -> None:
        self.rest_ohm = rest_ohm
        self.alarm_ohm = alarm_ohm


class Line:
    """zone: seen last; since: so long; fault: 0, or the FAULTS value of what has stood."""

    def __init__(self, zone: str = REST, since: int = 0, fault: int = 0) -> None:
        self.zone = zone
        self.since = since
        self.fault = fault


def zone_of(pair: Pair, ohm: "int | None") -> str:
    """`ohm`: None where it could not be measured. Within a third of either resistance is that; resistors, a hundred
    metres of wire and a cheap ADC are good to a tenth each."""
    if ohm is None:
        return UNREAD
    if abs(ohm - pair.rest_ohm) * 3 <= pair.rest_ohm:
        return REST
    if pair.alarm_ohm > 0 and abs(ohm - pair.alarm_ohm) * 3 <= pair.alarm_ohm:
        return ALARM
    low = min(pair.rest_ohm, pair.alarm_ohm) if pair.alarm_ohm > 0 else pair.rest_ohm
    high = max(pair.rest_ohm, pair.alarm_ohm)
    if ohm < low:
        return ALARM if pair.alarm_ohm == SHORTED else SHORT
    if ohm > high:
        return ALARM if pair.alarm_ohm == CUT else OPEN
    return ODD


def take(line: Line, pair: Pair, ohm: "int | None", now: int) -> "tuple[Line, int | None]":
    """(line, level): 1 in alarm, 0 at rest, None in a fault: whatever was believed before goes on."""
    zone = zone_of(pair, ohm)
    if zone in (REST, ALARM):
        return Line(zone, now, 0), int(zone == ALARM)
    since = line.since if zone == line.zone else now
    return Line(zone, since, FAULTS[zone] if now - since >= STAND_MS else line.fault), None
