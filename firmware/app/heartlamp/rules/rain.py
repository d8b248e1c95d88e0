"""A tipping bucket: its tips become rain, thousandths of a millimetre (um), ms.

An alarm for the slope is 100 mm in 3 hours (what the China Meteorological Administration's red rainstorm signal stands
for), or 50 mm in 3 hours (its orange one) on ground that has had 100 mm in the 24 hours before (a 大暴雨 of GB/T
28592). They are data, and a village below a slope that has slid before sets them lower.
"""

TIP_MS = 250  # a bucket needs longer to fill in any rain; closer edges are its reed's bounce
SLOT_MS = 600_000
SLOTS = 144  # 24 hours
MINUTE_MS = 60_000
MINUTE_MOST_UM = 20_000  # twice the heaviest rain of five minutes in China (53 mm, 1971): more is a fault, not rain
HANGS_MS = 600_000  # a bucket passes its reed in a moment; closed for longer it hangs


class Limits:
    def __init__(
        self, tip_um: int = 200, heavy_um: int = 100_000, wet_um: int = 50_000, before_um: int = 100_000
    ) -> None:
        self.tip_um = tip_um
        self.heavy_um = heavy_um
        self.wet_um = wet_um
        self.before_um = before_um


class Rain:
    """slots: um of each 10 minutes of the last day, the newest last; slot_at, slot: the one that runs; minute_at,
    minute: the minute that is not yet believed; tip_at: of the last tip; level, level_at: of the reed; alarmed: and not
    yet less than half of it; bad_at: the last minute that cannot have been rain. Never changed, only replaced."""

    def __init__(self, now: int) -> None:
        self.slots: "list[int]" = []
        self.slot_at = now
        self.slot = 0
        self.minute_at = now
        self.minute = 0
        self.tip_at = now - TIP_MS
        self.level = 0
        self.level_at = now
        self.alarmed = False
        self.bad_at: "int | None" = None

    def copy(self) -> "Rain":
        other = Rain(self.slot_at)
        other.slots, other.slot = self.slots, self.slot
        other.minute_at, other.minute, other.tip_at = self.minute_at, self.minute, self.tip_at
        other.level, other.level_at = self.level, self.level_at
        other.alarmed, other.bad_at = self.alarmed, self.bad_at
        return other


def edge(rain: Rain, limits: Limits, level: int, now: int) -> Rain:
    """One edge of the reed; a closing is a tip."""
    after = rain.copy()
    after.level, after.level_at = level, now
    if level and now - rain.tip_at >= TIP_MS:
        after.tip_at = now
        after.minute += limits.tip_um
    return after


def settle(rain: Rain, limits: Limits, now: int) -> "tuple[Rain, bool, int]":
    """(rain, True where the slope is in danger from now on, when to look again)."""
    if now - rain.minute_at < MINUTE_MS:
        return rain, False, rain.minute_at + MINUTE_MS
    after = rain.copy()
    if after.minute <= MINUTE_MOST_UM * max(1, (now - rain.minute_at) // MINUTE_MS):
        after.slot += after.minute
    else:
        after.bad_at = now
    after.minute_at, after.minute = now, 0
    if now - after.slot_at >= SLOT_MS:
        empty = min(SLOTS, (now - after.slot_at) // SLOT_MS - 1)
        after.slots = (after.slots + [after.slot] + [0] * empty)[-SLOTS:]
        after.slot_at, after.slot = now, 0
    danger = is_danger(after, limits)
    alarm = danger and not rain.alarmed
    after.alarmed = danger or (rain.alarmed and fallen(after, 18) * 2 >= limits.wet_um)
    return after, alarm, now + MINUTE_MS


def fallen(rain: Rain, slots: int) -> int:
    """um in the last `slots` pieces of 10 minutes (6: an hour, 144: a day), and the one that runs."""
    return sum(rain.slots[-slots:]) + rain.slot


def is_danger(rain: Rain, limits: Limits) -> bool:
    three_hours = fallen(rain, 18)
    before = sum(rain.slots[:-18])
    return three_hours >= limits.heavy_um or (three_hours >= limits.wet_um and before >= limits.before_um)


def fault(rain: Rain, now: int) -> int:
    """1: more tips than rain can make, within the last hour; 2: the bucket hangs; 0: neither."""
    if rain.bad_at is not None and now - rain.bad_at < 3_600_000:
        return 1
    return 2 if rain.level and now - rain.level_at >= HANGS_MS else 0
