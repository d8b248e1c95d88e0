"""What may sound aloud at which hour, and what goes before what."""

from dataclasses import dataclass

WHOLE_VILLAGE = ("fire", "flood", "gas", "slope")  # everybody is in danger, or can help: they wake the village
BROADCAST = "broadcast"  # what somebody at the county decided twice that a village shall hear
DAY_MIN = 24 * 60


@dataclass(frozen=True, slots=True)
class Night:
    """Minutes of the village's day, from (in) to (out); may wrap over midnight. Two equal ones: there is no night."""

    from_min: int = 22 * 60
    to_min: int = 6 * 60

    def holds(self, minute: int) -> bool:
        if self.from_min <= self.to_min:
            return self.from_min <= minute < self.to_min
        return minute >= self.from_min or minute < self.to_min


def may_sound(what: str, minute: int | None, night: Night, drill: bool = False) -> bool:
    """`minute`: of the village's day; None: nobody knows the time. Then it might be night: what is not for the whole
    village stays with the group's lamps, and so does a drill. A silent alarm never sounds."""
    if what == "silent":
        return False
    if what in (*WHOLE_VILLAGE, BROADCAST) and not drill:
        return True
    return minute is not None and not night.holds(minute)


def urgency(what: str, drill: bool = False) -> int:
    """The greater cuts off the smaller; of two equal ones the first goes on."""
    if drill or what == "test":
        return 0
    if what == BROADCAST:
        return 3
    return 2 if what in WHOLE_VILLAGE else 1
