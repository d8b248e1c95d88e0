"""What may be seen of the village, as values. Pure.

Two things are in no view, so that no window can show them: silent alarms, and silent buttons, whose mere place in a
list would tell a household's secret. Of who is coming only a house of this village is named: who is on duty is a
person, the county's word may be one, and the office's screen is seen by whoever walks in.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from heartlamp_protocol.device.kinds import BATTERY_MS, LAMPS, heartbeat_ms
from heartlamp_protocol.device.lamp import answer_shown
from heartlamp_protocol.device.limits import NAME_MAX
from heartlamp_protocol.supervision import COUNTY_TROUBLE_MS, supervision_ms

from heartlamp_gateway.rules.model import Incident, Lamp, Village
from heartlamp_gateway.rules.untold import SILENT

NOWHERE = ("", "")  # of a site that the registry does not know
# What is seen is no finer than this: a lone reading of a silent button, a lamp that carried its frame and so spoke out
# of turn, a county that answered it, are then in nothing that could be watched.
READINGS_STEP, SPOKE_STEP_MS, CONTACT_STEP_MS = 100, 30_000, 5_000
STATES = ("online", "asleep", "offline", "missed", "unknown")
FLAWS = ("tamper", "battery_low", "battery_fault", "key_stuck")  # a reading's value that asks for a visit when it is 1


@dataclass(frozen=True, slots=True)
class Trouble:
    """What is wrong and what to do, in words. `code`: its stable name."""

    code: str
    zh: str
    en: str


@dataclass(frozen=True, slots=True)
class Call:
    """An open incident. `opened`: village clock, ms; `heard`: on our disk; `county`: the county has it; `showing` of
    `neighbours`: lamps of the other houses of the group that report that they show it; `answer`: as of lamp.RANK;
    `who`: the house that answered, "" where it is none of ours; `by`: whose answer it is: "village", "duty" (somebody
    on duty there), "county" or ""; `drill`: it is one."""

    id: str
    site: str
    place: str
    group: str
    what: str
    opened: int
    heard: bool
    county: bool
    neighbours: int
    showing: int
    answer: str
    who: str
    by: str
    drill: bool = False


@dataclass(frozen=True, slots=True)
class Seen:
    """A device. `state`: of STATES; `flaws`: of FLAWS, and "no_mains"; `spoke`: BOOTTIME ms, None never (it alone makes
    no view another one)."""

    id: str
    kind: str
    site: str
    place: str
    group: str
    state: str
    flaws: tuple[str, ...]
    spoke: int | None = field(compare=False)


@dataclass(frozen=True, slots=True)
class Stock:
    """What lies here. `pictures`: that the county has yet to get, whole or not; `bundles`: of programs for devices, and
    their `bytes`. None: this box has no such part."""

    pictures: int | None = None
    bundles: int | None = None
    bytes: int | None = None


@dataclass(frozen=True, slots=True)
class Box:
    """The gateway itself. `disk`: "ok" | "refusing" | "absent"; `waiting`: rows for the county, silent ones not
    counted, and `more` where at least so many; `readings`, `contact` (ms since the county spoke, None never): in whole
    steps; `parts`: (name, "ok" | "warn" | "fault") of the machine; `certificate_ends`: seconds since 1970, None not
    known."""

    id: str
    village: str
    county: bool
    broker: bool
    disk: str
    waiting: int
    more: bool
    readings: int
    readings_lost: int
    troubles: tuple[Trouble, ...]
    contact: int | None = field(compare=False)
    parts: tuple[tuple[str, str], ...] = ()
    stock: Stock = Stock()
    certificate_ends: float | None = None


@dataclass(frozen=True, slots=True)
class View:
    """`now`: BOOTTIME ms; `lived`: village clock, ms: of what ages are reckoned from."""

    box: Box
    calls: tuple[Call, ...]
    devices: tuple[Seen, ...]
    sessions: int
    unshown: int
    now: int
    lived: int


def calls(village: Village, waiting_events: frozenset[str], more: bool) -> tuple[Call, ...]:
    """The newest first. `waiting_events`: those that the county does not have; `more`: others may wait too."""
    sites = _sites(village)
    lamps = _lamps(village, sites)
    places = frozenset(place for place, _ in sites.values())
    seen = [
        _call(incident, sites, places, lamps, waiting_events, more)
        for incident in village.incidents.values()
        if incident.what != SILENT and incident.county != "closed"
    ]
    return tuple(sorted(seen, key=lambda c: (-c.opened, c.id)))


def devices(
    village: Village,
    online: Mapping[str, bool],
    quiet: Callable[[str], int | None],
    values: Mapping[str, Mapping[str, int]],
    now: int,
    started: int,
) -> tuple[Seen, ...]:
    """`quiet(device)`: ms since it said anything; `values`: what it said last; `started`: when we began to listen."""
    seen, sites = [], _sites(village)
    for device in village.registry.devices:
        if device.kind == SILENT or not device.users:
            continue
        since = quiet(device.id)
        said = values.get(device.id, {})
        flaws = [name for name in FLAWS if said.get(name)] + ["no_mains"] * (said.get("mains") == 0)
        seen.append(
            Seen(
                device.id,
                device.kind,
                device.site,
                *sites.get(device.site, NOWHERE),
                state(device.kind, online.get(device.id), since, now - started),
                tuple(flaws),
                None if since is None else now - since,
            )
        )
    return tuple(seen)


def state(kind: str, online: bool | None, quiet: int | None, listening: int) -> str:
    """`online`: its session, None unknown; `quiet`, `listening`: ms since it said anything, and since we listen. A
    battery device whose session ended sleeps, until it is due."""
    if (listening if quiet is None else quiet) > supervision_ms(kind):
        return "missed"
    if online:
        return "online"
    if quiet is not None and heartbeat_ms(kind) == BATTERY_MS:
        return "asleep"
    return "offline" if online is False else "unknown"


def troubles(county_away_ms: int, refused: bool, broker: bool, disk: str) -> tuple[Trouble, ...]:
    """`county_away_ms`: since when nothing is heard of it, 0 while it is there; `refused`: it does not know us."""
    found = []
    if not broker:
        found.append(
            Trouble(
                "broker",
                "设备连不上网关：村里的消息服务没有运行。现在按报警键没有人知道！请先打电话求助，再联系维护员。",
                "Devices cannot reach the gateway: its broker does not run. A press now reaches nobody here! "
                "Telephone for help, then call the technician.",
            )
        )
    if disk == "absent":
        found.append(
            Trouble(
                "disk",
                "网关的存储卡打不开。报警仍会点亮邻居的灯并上报县里，但断电后会丢失。请联系维护员更换存储卡。",
                "The gateway's disk cannot be opened. Alarms still light the neighbours and go to the county, but a "
                "power cut would lose them. Call the technician to replace the disk.",
            )
        )
    elif disk == "refusing":
        found.append(
            Trouble(
                "disk",
                "网关的存储卡写不进去，可能已满。报警仍会点亮邻居的灯并上报县里。请联系维护员。",
                "The gateway's disk takes nothing, it may be full. Alarms still light the neighbours and go to the "
                "county. Call the technician.",
            )
        )
    if refused:
        found.append(
            Trouble(
                "refused",
                "县里不认这台网关：令牌已作废，或已由另一台机器代替。村里报警照常，记录都存着，但送不到县里，等也没有用。"
                "急事请打电话。请维护员向县里要新的加入码，运行 setup --again；已被代替的机器请关掉。",
                "The county refuses this gateway: its token was revoked, or another box took its place. The village "
                "goes on and all is kept, but nothing goes up, and waiting does not help. For anything urgent "
                "telephone. The technician asks the county for a code and runs `setup --again`, or switches off a box "
                "that was replaced.",
            )
        )
    elif county_away_ms >= COUNTY_TROUBLE_MS:
        found.append(
            Trouble(
                "county",
                "联系不上县里。村里报警照常：邻居的灯会亮，记录先存着，恢复后自动上报。急事请打电话。",
                "The county cannot be reached. The village goes on: neighbours' lamps light, all is kept and goes up "
                "later. For anything urgent telephone.",
            )
        )
    return tuple(found)


def without_repetition(found: Iterable[Trouble]) -> tuple[Trouble, ...]:
    """The first of each code: other parts may know of the same."""
    by_code: dict[str, Trouble] = {}
    for trouble in found:
        by_code.setdefault(trouble.code, trouble)
    return tuple(by_code.values())


def _sites(village: Village) -> dict[str, tuple[str, str]]:
    """Site -> (place, household group)."""
    return {site.id: (site.name[:NAME_MAX], site.group) for site in village.registry.sites}


def _lamps(village: Village, sites: Mapping[str, tuple[str, str]]) -> dict[str, list[tuple[str, Lamp]]]:
    """Household group -> (site, lamp) of each of its lamps."""
    found: dict[str, list[tuple[str, Lamp]]] = {}
    for device in village.registry.devices:
        group, lamp = sites.get(device.site, NOWHERE)[1], village.lamps.get(device.id)
        if group and lamp is not None and device.kind in LAMPS:
            found.setdefault(group, []).append((device.site, lamp))
    return found


def _call(
    incident: Incident,
    sites: Mapping[str, tuple[str, str]],
    places: frozenset[str],
    lamps: Mapping[str, Sequence[tuple[str, Lamp]]],
    waiting_events: frozenset[str],
    more: bool,
) -> Call:
    place, group = sites.get(incident.site, NOWHERE)
    near = [lamp for site, lamp in lamps.get(group, ()) if site != incident.site]
    known = incident.county != "none" or bool(incident.frames)
    answer, who = answer_shown(incident.answer, incident.who, incident.county, incident.county_who, incident.county_by)
    ours = (answer, who) == (incident.answer, incident.who) or bool(incident.county_by)
    by = "" if answer == "none" else "county" if not ours else "village"
    if by == "village" and who not in places:
        by, who = "duty" if who else by, ""
    return Call(
        id=incident.id,
        site=incident.site,
        place=place,
        group=group,
        what=incident.what,
        opened=incident.opened,
        heard=bool(incident.heard),
        county=known or not (more or incident.id in waiting_events),
        neighbours=len(near),
        showing=sum(_shows(lamp, incident.id) for lamp in near),
        answer=answer,
        who=who if by == "village" else "",
        by=by,
        drill=incident.drill,
    )


def _shows(lamp: Lamp, incident: str) -> bool:
    """As of its own report."""
    return incident in lamp.lit
