"""A drill of one house: one press within the window that the county opened. Every other alarm of that house is real,
and makes what was a drill real too (docs/decisions/0028-drill-from-the-press.md). Pure; times are the village clock's,
ms."""

from dataclasses import replace

from heartlamp_gateway.rules.model import Incident, Village


def open_window(village: Village, site: str, since: int, until: int) -> Village:
    """`since`: when it was announced. It is kept in memory only: who is killed in it announces a real alarm."""
    return replace(village, drills={**village.drills, site: (since, until)})


def press(village: Village, site: str, pressed: int | None, now: int) -> tuple[Village, bool]:
    """An alarm of this house, `pressed` then, None at a time that nobody knows: whether it is the drill. The window is
    shut by it, whatever it is."""
    window = village.drills.get(site)
    if window is None:
        return village, False
    since, until = window
    real_one = any(i.site == site and i.county != "closed" and not i.drill for i in village.incidents.values())
    return shut(village, site), not real_one and pressed is not None and since <= pressed and now < until


def shut(village: Village, site: str) -> Village:
    if site not in village.drills:
        return village
    return replace(village, drills={s: window for s, window in village.drills.items() if s != site})


def in_earnest(village: Village, site: str) -> Village:
    """Nothing of this house is a drill any more. What is done about it begins anew, and who answered the drill has not
    answered this. The caller sees to the lamps."""
    changed = {i.id: real(i) for i in village.incidents.values() if site and i.site == site and i.drill}
    if not changed:
        return village
    rest = {id: e for id, e in village.escalations.items() if id not in changed}
    return replace(village, incidents={**village.incidents, **changed}, escalations=rest)


def real(incident: Incident) -> Incident:
    if not incident.drill:
        return incident
    return replace(incident, drill=False, responders=(), ver=incident.ver + 1, answer="none", who="")
