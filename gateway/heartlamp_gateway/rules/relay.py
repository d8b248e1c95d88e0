"""What a lamp carries for a device that reaches it by radio: whether it may, whose word it is, and the way back."""

from dataclasses import dataclass, replace

from heartlamp_protocol.device.kinds import LAMPS
from heartlamp_protocol.device.limits import HOPS_MAX
from heartlamp_protocol.device.names import topic
from heartlamp_protocol.registry import Registry
from heartlamp_protocol.topics import CARRIED_UP, of_relay_topic, of_topic, relay_topic

from heartlamp_gateway.rules.ingest import Judged, bringer
from heartlamp_gateway.rules.model import Village

EDGES_MAX = 1 + HOPS_MAX  # from the device to its lamp, and from lamp to lamp


@dataclass(frozen=True, slots=True)
class Said:
    """`device`: whose message it is; `what`: the last part of its topic; `lamp`: the one that carried it, whose session
    with the broker it came by, or "" where the device has its own."""

    device: str
    what: str
    lamp: str = ""


def said(name: str) -> Said | None:
    """A topic taken apart; None for one that no device may write."""
    own = of_topic(name)
    if own is not None:
        return Said(*own)
    carried = of_relay_topic(name)
    if carried is None or carried[2] not in CARRIED_UP:
        return None
    return Said(carried[1], carried[2], carried[0])


def carriers(registry: Registry, device: str) -> frozenset[str]:
    """The lamps that may bring this device's messages: those that it names, those that these name, and so on. Who was
    revoked carries nothing and is not carried."""
    known, live = registry.device, registry.live
    found: set[str] = set()
    reached = {device} & live
    for _ in range(EDGES_MAX):
        named = {lamp for one in reached for lamp in known[one].through} & live
        reached = {lamp for lamp in named if known[lamp].kind in LAMPS} - found
        found |= reached
    return frozenset(found - {device})


def carrying(registry: Registry) -> frozenset[str]:
    """The lamps that may carry anybody's messages at all."""
    live = [d for d in registry.devices if d.users]
    named = {lamp for d in live for lamp in d.through}
    return frozenset(d.id for d in live if d.id in named and d.kind in LAMPS)


def trusted(registry: Registry, word: Said) -> bool:
    """It came by the device's own session, or by a lamp that may carry it."""
    return not word.lamp or word.lamp in carriers(registry, word.device)


def blame(judged: Judged, lamp: str, key_version: int | None) -> Judged:
    """What is no event counts against the lamp that carried it: a bad lamp must not use up what is kept of another."""
    return replace(judged, device=lamp, user=bringer(lamp, key_version))


# --- the way back


def came_by(village: Village, device: str, lamp: str) -> Village:
    """It spoke this way last: what is said to it goes back so. `lamp` "": its own session, or none that we know."""
    if village.ways.get(device, "") == lamp:
        return village
    ways = {one: way for one, way in village.ways.items() if one != device}
    return replace(village, ways=ways | {device: lamp} if lamp else ways)


def allowed_ways(village: Village) -> Village:
    """Without those that a new registry does not allow."""
    ways = {one: lamp for one, lamp in village.ways.items() if lamp in carriers(village.registry, one)}
    return village if len(ways) == len(village.ways) else replace(village, ways=ways)


def topics_to(village: Village, device: str, what: str, in_session: bool) -> list[str]:
    """Where this is said to the device: on the way that it spoke last. `in_session`: its own session is up, so there
    too: a lamp that only says that it carries it must not take its light away. Where no way is known, on all."""
    lamp = village.ways.get(device)
    own = topic(device, what)
    if lamp is not None:
        return [relay_topic(lamp, device, what), own] if in_session else [relay_topic(lamp, device, what)]
    found = None if in_session else village.device(device)
    if found is None or not found.through:
        return [own]
    return [own, *(relay_topic(each, device, what) for each in sorted(carriers(village.registry, device)))]


def end_of_line(village: Village, lamp: str) -> tuple[Village, list[str]]:
    """This lamp's session is over: no way leads through it, until somebody speaks. Returns also who came so."""
    lost = [device for device, way in village.ways.items() if way == lamp]
    for device in lost:
        village = came_by(village, device, "")
    return village, lost


# --- an event by a lamp that may not carry it: kept under a name of its own, so that it stands in nobody's way


def aside(lamp: str, event: str) -> str:
    """Under this name it is kept. An event id has no `>`."""
    return f"{lamp}>{event}"


def aside_by(name: str) -> str:
    """The lamp that carried what is kept under this name, "" for an event's own id."""
    lamp, mark, _ = name.partition(">")
    return lamp if mark else ""
