"""The escalation plan of a village: whom to call at which silence. The county compiles it; the village keeps it and
goes on by it when the county is away.

`to_fields` / `from_fields` are inverse; `from_fields` raises FrameError on anything malformed. Times are ms since the
incident was opened; minutes are of the village's day.
"""

import json
import re
from dataclasses import dataclass
from typing import Any

from heartlamp_protocol.device.frame import FrameError
from heartlamp_protocol.device.limits import NAME_MAX, VERSION
from heartlamp_protocol.fields import read_integer, read_object, read_objects, read_text

# What ends a step. accepted: somebody on duty took it; coming, arrived: anybody; closed: by the county, ends all.
MILESTONES = ("accepted", "coming", "arrived", "closed")
OWNERS = ("village", "county")
CHANNELS = ("voice", "sms", "siren", "speaker", "push")
BY_VILLAGE = ("voice", "sms", "siren", "speaker")  # what a village can do by itself
DRILL = "d"  # behind the plan's version in the name of what is done for a drill: none of it is done for a real alarm
DAY_MIN = 24 * 60
TARGETS_MAX, POLICIES_MAX, STEPS_MAX = 2_000, 200, 40
WORD_MAX = 60  # of an id or an address
PLAN_MAX = 1_000_000  # bytes
ID = re.compile("[a-z0-9-]{1,40}")


@dataclass(frozen=True, slots=True)
class Reach:
    """One way to reach a target. `address`: a telephone number, or a siren's or loudspeaker's name, "" all of them."""

    channel: str
    address: str


@dataclass(frozen=True, slots=True)
class Target:
    """Whom a step calls: a person (`name`, as lamps and timelines may show it: a duty and not more where that is
    enough) or a machine. `reaches`: all at once. `lang`: of the prompts, as a device's `lang`."""

    id: str
    name: str
    lang: str
    reaches: tuple[Reach, ...]


@dataclass(frozen=True, slots=True)
class Step:
    """From `at_ms` on, unless `until` is reached, these targets; again every `again_ms` (0: never), at most `times`
    times each (0: without end). `owner`: who does it while village and county hear each other."""

    n: int
    owner: str
    at_ms: int
    until: str
    targets: tuple[str, ...]
    again_ms: int = 0
    times: int = 1


@dataclass(frozen=True, slots=True)
class Policy:
    """For which incidents: `whats` and `groups` (empty: all), `from_min` until `to_min` of the day (may wrap; 0 and
    DAY_MIN: always). `lapse_ms`: who is coming and has not arrived by then is not coming any more."""

    id: str
    whats: tuple[str, ...]
    groups: tuple[str, ...]
    from_min: int
    to_min: int
    lapse_ms: int
    steps: tuple[Step, ...]

    def fits(self, what: str, group: str, minute: int | None) -> bool:
        """`minute`: None where nobody knows what time it is; then only what holds all day fits."""
        if (self.whats and what not in self.whats) or (self.groups and group not in self.groups):
            return False
        if (self.from_min, self.to_min) == (0, DAY_MIN):
            return True
        if minute is None:
            return False
        if self.from_min < self.to_min:
            return self.from_min <= minute < self.to_min
        return minute >= self.from_min or minute < self.to_min

    def to_fields(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "whats": list(self.whats),
            "groups": list(self.groups),
            "from_min": self.from_min,
            "to_min": self.to_min,
            "lapse_ms": self.lapse_ms,
            "steps": [
                {
                    "n": s.n,
                    "owner": s.owner,
                    "at_ms": s.at_ms,
                    "until": s.until,
                    "targets": list(s.targets),
                    "again_ms": s.again_ms,
                    "times": s.times,
                }
                for s in self.steps
            ],
        }

    @classmethod
    def from_fields(cls, fields: dict[str, Any]) -> "Policy":
        steps = tuple(_step(s) for s in _few(fields, "steps", STEPS_MAX))
        if len({step.n for step in steps}) < len(steps):
            raise FrameError("two steps of one policy have the same number")
        return cls(
            read_text(fields, "id", WORD_MAX),
            _texts(fields, "whats", 20),
            _texts(fields, "groups", WORD_MAX),
            read_integer(fields, "from_min", 0, DAY_MIN),
            read_integer(fields, "to_min", 0, DAY_MIN),
            read_integer(fields, "lapse_ms", 1_000),
            steps,
        )


@dataclass(frozen=True, slots=True)
class Plan:
    """`version` 0: there is none. `utc_offset_min`: of the village's clocks. The first policy that fits counts, so that
    a special one stands before the general."""

    version: int
    utc_offset_min: int
    targets: tuple[Target, ...]
    policies: tuple[Policy, ...]

    def policy(self, what: str, group: str, minute: int | None) -> Policy | None:
        return next((p for p in self.policies if p.fits(what, group, minute)), None)

    def target(self, id: str) -> Target | None:
        return next((t for t in self.targets if t.id == id), None)

    def to_json(self) -> bytes:
        fields = {
            "v": VERSION,
            "version": self.version,
            "utc_offset_min": self.utc_offset_min,
            "targets": [target_fields(t) for t in self.targets],
            "policies": [p.to_fields() for p in self.policies],
        }
        return json.dumps(fields, ensure_ascii=False).encode()

    @classmethod
    def from_json(cls, data: bytes) -> "Plan":
        if len(data) > PLAN_MAX:
            raise FrameError(f"a plan of {len(data)} bytes, at most {PLAN_MAX} are allowed")
        fields = read_object(data)
        targets = tuple(read_target(t) for t in _few(fields, "targets", TARGETS_MAX))
        known = {target.id for target in targets}
        if len(known) < len(targets):
            raise FrameError("two targets have the same id")
        policies = tuple(Policy.from_fields(p) for p in _few(fields, "policies", POLICIES_MAX))
        for policy in policies:
            missing = sorted({target for step in policy.steps for target in step.targets} - known)
            if missing:
                raise FrameError(f"policy {policy.id} calls {missing[0]}, which is no target")
        return cls(
            read_integer(fields, "version"),
            read_integer(fields, "utc_offset_min", -DAY_MIN, DAY_MIN),
            targets,
            policies,
        )


NO_PLAN = Plan(0, 480, (), ())


def _step(fields: dict[str, Any]) -> Step:
    owner, until = read_text(fields, "owner", 20), read_text(fields, "until", 20)
    if owner not in OWNERS or until not in MILESTONES:
        raise FrameError(f"a step is of {' or '.join(OWNERS)}, until one of {', '.join(MILESTONES)}")
    return Step(
        read_integer(fields, "n", 1, 1_000),
        owner,
        read_integer(fields, "at_ms"),
        until,
        _texts(fields, "targets", WORD_MAX),
        read_integer(fields, "again_ms"),
        read_integer(fields, "times"),
    )


def target_fields(target: Target) -> dict[str, Any]:
    reaches = [{"channel": r.channel, "address": r.address} for r in target.reaches]
    return {"id": target.id, "name": target.name, "lang": target.lang, "reaches": reaches}


def read_target(fields: dict[str, Any]) -> Target:
    """Raises FrameError."""
    reaches = tuple(
        Reach(read_text(r, "channel", 20), read_text(r, "address", WORD_MAX)) for r in _few(fields, "reaches", 8)
    )
    for reach in reaches:
        if reach.channel not in CHANNELS:
            raise FrameError(f"a channel is one of {', '.join(CHANNELS)}")
    id = read_text(fields, "id", 40)
    if not ID.fullmatch(id):
        raise FrameError("a target's id is made of a-z, 0-9 and hyphens")
    return Target(id, read_text(fields, "name", NAME_MAX), read_text(fields, "lang", 16), reaches)


def _few(fields: dict[str, Any], name: str, most: int) -> list[dict[str, Any]]:
    found = read_objects(fields, name)
    if len(found) > most:
        raise FrameError(f"{name}: {len(found)}, at most {most} are allowed")
    return found


def _texts(fields: dict[str, Any], name: str, most: int) -> tuple[str, ...]:
    found = fields.get(name)
    if not isinstance(found, list) or not all(isinstance(t, str) and 0 < len(t) <= most for t in found):
        raise FrameError(f"{name} must be a list of texts of at most {most} characters")
    return tuple(found)
