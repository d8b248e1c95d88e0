"""The village as values. Nothing is changed in place: a rule returns a new one, and what differs is what to save."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from heartlamp_protocol.device.limits import NAME_MAX
from heartlamp_protocol.escalation.decide import Course
from heartlamp_protocol.escalation.plan import NO_PLAN, Plan
from heartlamp_protocol.registry import Device, Registry, Site

KEEP_MS = 30 * 24 * 3600 * 1000  # docs/protocol.md §11


@dataclass(frozen=True, slots=True)
class Incident:
    """One call for help. `id`: its opening event's; `events`: opening one first, then the newest; `opened`: village
    clock, ms; `responders`: (site id, or `@` and the id of a plan's target, "coming" | "arrived", its event or "") in
    the order they answered; `ver`, `answer`,
    `who`: the village's word; `county`, `county_who`, `county_by`: the county's; `frames`: lamp -> the county's signed
    statement; `heard`: 1 when on our disk; `drill`: it is one."""

    id: str
    site: str
    what: str
    events: tuple[str, ...]
    opened: int
    responders: tuple[tuple[str, str, str], ...] = ()
    ver: int = 0
    answer: str = "none"
    who: str = ""
    county: str = "none"
    county_who: str = ""
    county_by: str = ""
    frames: Mapping[str, str] = field(default_factory=dict)
    heard: int = 1
    drill: bool = False


@dataclass(frozen=True, slots=True)
class Lamp:
    """Desired against reported. `calls`: (incident id, call text) in the order shown; `shown`: the version that the
    lamp reported, -1 unknown; `lit`: the incidents whose light the county was told of."""

    ver: int = 1
    calls: tuple[tuple[str, str], ...] = ()
    shown: int = -1
    lit: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Escalation:
    """What is done about one open incident. `opened`: village clock, ms; `done`: (step, target) -> (how often, ms since
    `opened` when it was last begun); `duty`: (target, "coming" | "arrived" | "cannot"), the last word of each, in the
    order they answered; `since`: responder who is coming -> village clock, ms, when we learnt it."""

    course: Course
    opened: int
    done: Mapping[tuple[int, str], tuple[int, int]] = field(default_factory=dict)
    duty: tuple[tuple[str, str], ...] = ()
    since: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Village:
    """`incidents`: open ones by id; `lamps`: by device id; `ways`: device -> the lamp that carried what it said last,
    of those that did not come by their own session; `plan`: the county's, `escalations`: by incident id, of those that
    the plan had something for when they opened, `uncalled`: those that it had nothing for;
    `drills`: site -> (since, until), village clock, ms, of windows in which its next alarm is a drill."""

    registry: Registry
    incidents: Mapping[str, Incident] = field(default_factory=dict)
    lamps: Mapping[str, Lamp] = field(default_factory=dict)
    ways: Mapping[str, str] = field(default_factory=dict)
    plan: Plan = NO_PLAN
    escalations: Mapping[str, Escalation] = field(default_factory=dict)
    uncalled: frozenset[str] = frozenset()
    drills: Mapping[str, tuple[int, int]] = field(default_factory=dict)

    def incident(self, event: str) -> Incident | None:
        """The open one that holds this event: the county may have made two one since it was named."""
        return self.incidents.get(event) or next((i for i in self.incidents.values() if event in i.events), None)

    def device(self, device: str) -> Device | None:
        return self.registry.device.get(device)

    def site(self, site: str) -> Site | None:
        return self.registry.site.get(site)

    def key_version(self, device: str) -> int | None:
        """The newest that may log in: whose frame it is when the frame does not say."""
        found = self.device(device)
        versions = [user.rpartition(".")[2] for user in found.users] if found else []
        return max((int(v) for v in versions if v.isascii() and v.isdigit()), default=None)

    def site_of(self, device: str) -> str:
        """Site id, or "" for a device that the registry does not know."""
        found = self.device(device)
        return found.site if found else ""

    def group(self, site: str) -> str:
        found = self.site(site)
        return found.group if found else ""

    def place(self, site: str) -> str:
        """The name as a lamp may show it, of a site or of who is on duty (`@` and a target's id)."""
        if site.startswith("@"):
            targets = [self.plan.target(site[1:]), *(e.course.target(site[1:]) for e in self.escalations.values())]
            return next((t.name[:NAME_MAX] for t in targets if t), "")
        found = self.site(site)
        return found.name[:NAME_MAX] if found else ""


EMPTY = Village(Registry(0, "", (), ()))


@dataclass(frozen=True, slots=True)
class NoteWanted:
    """Effect: the county is to learn what the village did. Fields as in uplink.Note. `key`: what makes it the same note
    when it is made again after a kill; "" where each one is its own."""

    incident: str
    what: str
    subject: str
    key: str = ""
