"""A certified detector's contact, a water or a door contact: from raw edges to what is said. Times in ms of one clock.

A contact is believed once it was active for `stand_ms` longer than it was not: a spark is no fire, and a corroded
contact that trembles through a fire still says so. Nothing here mutes an input. For one that trembles a visit is asked,
and only its *repeated* alarms are spaced out, because 200 of them would leave no room on the flash for a press of red.

In a technician's test, a detector's test button closes the same contact as a fire does. So a closing is held for
TEST_HOLD_MS: one that opens before is a test; one that stands, or still stands when the test ends, is an alarm. Test
mode lives in RAM only: after a power cut there is none.
"""

START_MS = 2_000  # while a device starts
TREMBLE_MS = 50  # edges within this time are one movement
MOVES_VISIT = 10  # movements, of which one in LEAK_MS is forgiven
MOVES_CALM = 2
MOVES_MOST = 20
LEAK_MS = 600_000
GAP_FIRST_MS = 10_000  # between alarms of a trembling contact; doubles
GAP_MOST_MS = 600_000
TEST_HOLD_MS = 60_000
TEST_MS = 600_000  # a test mode that nobody ended


class Wiring:
    """What a contact is and how it is wired. what: the alarm it raises, "" for none; nc 1: normally closed, so that
    opening is the alarm, a cut wire too; stuck_ms: active this long asks for a visit, 0 never; life_days: of the
    detector, 0 unknown."""

    def __init__(self, what: str, stand_ms: int, stuck_ms: int, life_days: int, nc: int = 0) -> None:
        self.what = what
        self.stand_ms = stand_ms
        self.stuck_ms = stuck_ms
        self.life_days = life_days
        self.nc = nc


_HOUR_MS = 3_600_000
WIRINGS = {
    # A smoke alarm is replaced after 10 years (what its makers print under EN 14604), a household gas alarm after
    # 5 (CJJ/T 146-2011). Both have judged for themselves before their relay moves.
    "smoke": Wiring("fire", 30, 8 * _HOUR_MS, 3652),
    "gas": Wiring("gas", 30, 8 * _HOUR_MS, 1826),
    "flood": Wiring("flood", 1_000, 24 * _HOUR_MS, 0),  # a splash is no flood
    "door": Wiring("", 30, 0, 0),
}


class Contact:
    """level: raw, 1 active; charge: ms that it was active more than not, 0…stand_ms, as of `since`; closed, closed_at:
    what is believed; moves, leaked_at, moved_at, trembling: how often it moved; alarm_at, gap, held: the spacing of a
    trembling contact's alarms; test_at: a closing that may yet be a fire. Never changed, only replaced."""

    def __init__(self, since: int, level: int = 0) -> None:
        self.level = level
        self.since = since
        self.charge = 0
        self.closed = False
        self.closed_at = since
        self.moves = 0
        self.leaked_at = since
        self.moved_at = since - TREMBLE_MS
        self.trembling = False
        self.alarm_at = since
        self.gap = 0
        self.held = False
        self.test_at: "int | None" = None

    def copy(self) -> "Contact":
        other = Contact(self.since, self.level)
        other.charge, other.closed, other.closed_at = self.charge, self.closed, self.closed_at
        other.moves, other.leaked_at, other.moved_at = self.moves, self.leaked_at, self.moved_at
        other.trembling, other.alarm_at, other.gap = self.trembling, self.alarm_at, self.gap
        other.held, other.test_at = self.held, self.test_at
        return other


def begin(wiring: Wiring, now: int) -> Contact:
    """Before the first edge. A normally closed contact of which nothing was heard is taken for open, because a cut wire
    says nothing; where it is closed, its hal says so well within START_MS."""
    return Contact(now + START_MS if wiring.nc else now, wiring.nc)


def edge(c: Contact, wiring: Wiring, level: int, now: int) -> Contact:
    """`level` 1: the contact is closed, electrically. Call settle with the same `now` first: it acts on what was."""
    active = level ^ wiring.nc
    if active == c.level:
        return c
    after = _charged(c, wiring, now)
    after.level = active
    if now - c.moved_at >= TREMBLE_MS:
        after.moves = min(MOVES_MOST, after.moves + 1)
        after.moved_at = now
    return after


def settle(c: Contact, wiring: Wiring, testing: bool, now: int) -> "tuple[Contact, list[str], int | None]":
    """(contact, effects, when to look again). Effects: "closed", "opened": tell it; "alarm": raise wiring.what;
    "tested": a closing in test mode was a test."""
    after = _charged(c, wiring, now)
    if testing:
        after.moves = 0  # a technician's, not its own
    after = _calmed(after, now)
    effects = []
    if not after.closed and after.charge == wiring.stand_ms:
        after.closed, after.closed_at = True, now
        effects.append("closed")
        if testing:
            after.test_at = now
        else:
            after.held = True
    elif after.closed and after.charge == 0:
        after.closed = False
        effects.append("opened")
    if after.test_at is not None:
        if not after.closed:
            after.test_at = None
            effects.append("tested")
        elif not testing or now - after.test_at >= TEST_HOLD_MS:
            after.test_at = None
            after.held = True
    if after.held and (after.gap == 0 or now - after.alarm_at >= after.gap):
        after.held, after.alarm_at = False, now
        if after.trembling:
            after.gap = min(GAP_MOST_MS, max(GAP_FIRST_MS, after.gap * 2))
        if wiring.what:
            effects.append("alarm")
    return after, effects, _look_at(after, wiring, now)


def is_stuck(c: Contact, wiring: Wiring, now: int) -> bool:
    return c.closed and wiring.stuck_ms > 0 and now - c.closed_at >= wiring.stuck_ms


def is_worn(wiring: Wiring, age_days: int) -> bool:
    """Past the end of the detector's life."""
    return 0 < wiring.life_days <= age_days


def _charged(c: Contact, wiring: Wiring, now: int) -> Contact:
    after = c.copy()
    passed = max(0, now - c.since)
    after.charge = min(wiring.stand_ms, c.charge + passed) if c.level else max(0, c.charge - passed)
    after.since = max(c.since, now)
    return after


def _calmed(c: Contact, now: int) -> Contact:
    """Forgives one movement in LEAK_MS. `c` is ours."""
    leaks = (now - c.leaked_at) // LEAK_MS
    c.leaked_at += leaks * LEAK_MS
    c.moves = max(0, c.moves - leaks)
    c.trembling = c.moves > MOVES_CALM if c.trembling else c.moves >= MOVES_VISIT
    if not c.trembling:
        c.gap = 0
    return c


def _look_at(c: Contact, wiring: Wiring, now: int) -> "int | None":
    times = []
    if c.level and not c.closed:
        times.append(max(now, c.since) + wiring.stand_ms - c.charge)
    if not c.level and c.closed:
        times.append(now + c.charge)
    if c.held:
        times.append(c.alarm_at + c.gap)
    if c.test_at is not None:
        times.append(c.test_at + TEST_HOLD_MS)
    if c.moves:
        times.append(c.leaked_at + LEAK_MS)
    if c.closed and wiring.stuck_ms and not is_stuck(c, wiring, now):
        times.append(c.closed_at + wiring.stuck_ms)
    return min(times) if times else None
