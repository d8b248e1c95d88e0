"""What each lamp must show: a state with a version, compared with what the lamp reports."""

from dataclasses import replace

from heartlamp_protocol.device.kinds import LAMPS
from heartlamp_protocol.device.lamp import answer_shown
from heartlamp_protocol.device.limits import CALLS_MAX, DOWN_MAX, STATEMENT_MAX
from heartlamp_protocol.device.state import write_call, write_lamp

from heartlamp_gateway.rules.model import Incident, Lamp, NoteWanted, Village

LOST_MAX = 1_000_000  # versions


def relight(village: Village, groups: frozenset[str] | None = None) -> Village:
    """Computes the desired state of every lamp in these household groups (None: of all), one version higher where it
    changed. A lamp that left the registry leaves here too."""
    lamps = {} if groups is None else dict(village.lamps)
    registry = village.registry
    near = registry.devices if groups is None else [d for g in groups for d in registry.neighbours.get(g, ())]
    for device in near:
        if device.kind not in LAMPS or not device.users:
            continue
        lamp = village.lamps.get(device.id, Lamp())
        calls = _calls(village, device.id, device.site)
        if calls != lamp.calls:
            open_now = frozenset(incident for incident, _ in calls)
            lamp = replace(lamp, ver=lamp.ver + 1, calls=calls, lit=lamp.lit & open_now)
        lamps[device.id] = lamp
    return replace(village, lamps=lamps)


def groups_of(village: Village, *sites: str) -> frozenset[str]:
    return frozenset(village.group(site) for site in sites)


def payload(lamp: Lamp, epoch: str) -> bytes:
    return write_lamp(epoch, lamp.ver, [text for _, text in lamp.calls])


def shown(village: Village, device: str, ver: int) -> tuple[Village, list[NoteWanted]]:
    """The lamp reports the version it shows. Each call that became visible is told to the county once.

    A version above ours comes from a state that our disk did not keep: ours goes above it, to be taken again. One that
    is farther ahead than we can have lost is not our word, and would leave us no room above it."""
    lamp = village.lamps.get(device)
    if lamp is None or ver == lamp.shown == lamp.ver or ver > lamp.ver + LOST_MAX:
        return village, []
    notes: list[NoteWanted] = []
    if ver > lamp.ver:
        lamp = replace(lamp, ver=ver + 1, shown=-1)
    elif ver < lamp.ver:
        lamp = replace(lamp, shown=ver)
    else:
        new = [incident for incident, _ in lamp.calls if incident not in lamp.lit]
        notes = [NoteWanted(incident, "lit", device, key=f"lit {incident} {device}") for incident in new]
        lamp = replace(lamp, shown=ver, lit=lamp.lit | frozenset(new))
    return replace(village, lamps={**village.lamps, device: lamp}), notes


def asked(village: Village, device: str) -> Village:
    """The lamp (re)connected: what it shows is unknown until it says so."""
    lamp = village.lamps.get(device)
    if lamp is None or lamp.shown == -1:
        return village
    return replace(village, lamps={**village.lamps, device: replace(lamp, shown=-1)})


def forget_shown(village: Village) -> Village:
    """After a gap in our own attention: every lamp is told again, and says what it shows."""
    return replace(village, lamps={device: replace(lamp, shown=-1) for device, lamp in village.lamps.items()})


def unshown(village: Village) -> list[str]:
    return [device for device, lamp in village.lamps.items() if lamp.shown != lamp.ver]


def _calls(village: Village, device: str, site: str) -> tuple[tuple[str, str], ...]:
    group = village.group(site)
    own: list[Incident] = []
    near: list[Incident] = []
    for incident in village.incidents.values():
        if incident.what == "silent" or incident.county == "closed":
            continue
        if incident.site == site:
            own.append(incident)
        elif group and village.group(incident.site) == group:
            near.append(incident)
    newest = sorted(own, key=_newest) + sorted(near, key=lambda i: (i.drill, _newest(i)))  # green answers the first
    roles = ["own"] * len(own) + ["near"] * len(near)
    calls = [(i.id, _text(village, i, role, device)) for i, role in zip(newest, roles, strict=True)][:CALLS_MAX]
    while len(calls) > 1 and len(payload(Lamp(2**53, tuple(calls)), "f" * 16)) > DOWN_MAX:
        calls.pop()
    return tuple(calls)


def _newest(incident: Incident) -> tuple[int, str]:
    return -incident.opened, incident.id


def _text(village: Village, incident: Incident, role: str, device: str) -> str:
    statement = incident.frames.get(device, "")
    if len(statement.encode()) > STATEMENT_MAX:
        statement = ""  # the lamp would refuse the whole state for it
    answer, who = incident.answer, incident.who
    if role == "near" and incident.county in ("coming", "arrived"):  # the victim's own lamps have it signed
        answer, who = answer_shown(answer, who, incident.county, incident.county_who, incident.county_by)
    return write_call(
        incident.id,
        role,
        incident.what,
        village.place(incident.site),
        incident.heard,
        incident.ver,
        answer,
        who,
        statement,
        incident.drill and role == "near",
    )
