"""When the camera may take a still, and that its light is on before. Times in ms of one clock.

A still is taken at an alarm made at this device, or at a call that its own site raised, and at nothing else: not at a
neighbour's call, not for a silent alarm, not because somebody asks from outside. Consent, shutter and safe mode are
looked at when the light goes on, all the while it is on, and once more at the moment of taking. Nothing is made up for
later: a still that was not allowed then is not taken when the shutter opens.
"""

LIGHT_MS = 1_050  # the light is on for a full second before the exposure, whatever clocks round…
AFTER_MS = 500  # …and this long after it
ASKED_MS = 5_000  # a wish older than this is void
SIGNED_MS = 30_000  # the county's word for an own call comes this soon after the village's, or is no reason any more
PER_INCIDENT = 3
SPACING_MS = 20_000
PER_HOUR = 6
REMEMBERED = 12  # incidents

REST, LIT, EXPOSING, AFTER = "rest", "lit", "exposing", "after"


class Facts:
    """What is true now, each 0 or 1. consent: recorded and not withdrawn; shutter: it is closed; safe: the device is in
    safe mode; fitted: a camera answers and there is room for its picture."""

    def __init__(self, consent: int, shutter: int, safe: int, fitted: int) -> None:
        self.consent = consent
        self.shutter = shutter
        self.safe = safe
        self.fitted = fitted


class Still:
    """phase, since: REST, LIT, EXPOSING or AFTER, and from when; incident: what the light is on for; asked, asked_at: a
    wish, "" none; seen: incidents of this site that are known; taken: (incident, ms) of each exposure. Never changed,
    only replaced."""

    def __init__(
        self,
        phase: str = REST,
        since: int = 0,
        incident: str = "",
        asked: str = "",
        asked_at: int = 0,
        seen: "list[str] | None" = None,
        taken: "list[tuple[str, int]] | None" = None,
    ) -> None:
        self.phase = phase
        self.since = since
        self.incident = incident
        self.asked = asked
        self.asked_at = asked_at
        self.seen = seen or []
        self.taken = taken or []

    def at(self, phase: str, since: int, incident: str = "") -> "Still":
        return Still(phase, since, incident, "", 0, self.seen, self.taken)

    def wish(self, incident: str, now: int) -> "Still":
        return Still(self.phase, self.since, self.incident, incident, now, self.seen, self.taken)


def alarmed(still: Still, incident: str, what: str, now: int) -> Still:
    """An alarm was made at this device; `incident`: its event id."""
    if what == "silent":
        return still
    after = still.wish(incident, now)
    after.seen = (still.seen + [incident])[-REMEMBERED:]
    return after


def vouched(
    first: "dict[str, int]", calls: "list[tuple[str, str, str, str, int]]", followed: bool, now: int
) -> "tuple[dict[str, int], list[tuple[str, str, str, str]]]":
    """(when each own call was first shown, the calls that called() may hear of). calls: as there, and whether the
    county signed for it: whoever runs the village's broker can light a lamp, and must not take a picture with that."""
    kept: "dict[str, int]" = {}
    heard = []
    for incident, role, what, answer, signed in calls:
        if role == "own":
            kept[incident] = first.get(incident, now if followed else now - SIGNED_MS - 1)
            if signed and now - kept[incident] <= SIGNED_MS:
                heard.append((incident, role, what, answer))
    return kept, heard


def called(still: Still, calls: "list[tuple[str, str, str, str]]", followed: bool, now: int) -> Still:
    """What the lamp shows: (incident, role, what, answer) of each call. followed: we have heard the village all along;
    where not, after a start say, a call that is new to us may be hours old, and is no reason for a still."""
    own = [c[0] for c in calls if c[1] == "own" and c[2] != "silent" and c[3] != "closed"]
    fresh = [c for c in own if c not in still.seen]
    if not fresh:
        return still
    after = Still(still.phase, still.since, still.incident, still.asked, still.asked_at, still.seen, still.taken)
    if followed:
        after.asked, after.asked_at = fresh[0], now
    after.seen = (still.seen + fresh)[-REMEMBERED:]
    return after


def step(still: Still, facts: Facts, now: int) -> "tuple[Still, list[tuple[str, str]], int | None]":
    """(still, effects, when to look again). Effects, to be done in order: ("light", "on" or "off"), ("expose",
    incident), ("refused", why). After an "expose" call exposed(), whatever came of it."""
    if still.phase == EXPOSING:
        return still, [], None
    if still.phase == AFTER:
        if now - still.since < AFTER_MS:
            return still, [], still.since + AFTER_MS
        rest = Still(REST, now, "", still.asked, still.asked_at, still.seen, still.taken)
        rest, effects, look = step(rest, facts, now)
        return rest, [("light", "off")] + effects, look
    if still.phase == LIT:
        why = refusal(still, facts, still.incident, now)
        if why:
            return still.at(REST, now), [("light", "off"), ("refused", why)], None
        if now - still.since < LIGHT_MS:
            return still, [], still.since + LIGHT_MS
        after = still.at(EXPOSING, now, still.incident)
        after.taken = (still.taken + [(still.incident, now)])[-REMEMBERED:]
        return after, [("expose", still.incident)], None
    if not still.asked:
        return still, [], None
    why = "too late" if now - still.asked_at > ASKED_MS else refusal(still, facts, still.asked, now)
    if why:
        return still.at(REST, now), [("refused", why)], None
    return still.at(LIT, now, still.asked), [("light", "on")], now + LIGHT_MS


def exposed(still: Still, now: int) -> Still:
    """The exposure is over, or has failed."""
    return Still(AFTER, now, "", still.asked, still.asked_at, still.seen, still.taken)


def refusal(still: Still, facts: Facts, incident: str, now: int) -> str:
    """Why no still may be taken now, "" where it may."""
    for why, holds in (("no consent", not facts.consent), ("shutter", facts.shutter), ("safe mode", facts.safe)):
        if holds:
            return why
    if not facts.fitted:
        return "no camera"
    if len([i for i, _ in still.taken if i == incident]) >= PER_INCIDENT:
        return "enough of this alarm"
    if [t for _, t in still.taken if now - t < SPACING_MS]:
        return "just taken"
    if len([t for _, t in still.taken if now - t < 3_600_000]) >= PER_HOUR:
        return "enough in this hour"
    return ""
