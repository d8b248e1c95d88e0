"""Webhooks to other systems: what is told when, to whom, and how often it is tried. Pure."""

import ipaddress
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal, get_args

OPENED, ACCEPTED, ARRIVED, CLOSED = "opened", "accepted", "arrived", "closed"
STATES = (OPENED, ACCEPTED, ARRIVED, CLOSED)
DRILL = "drill "  # before the state of one
Event = Literal["incident.opened", "incident.accepted", "incident.arrived", "incident.closed"]
What = Literal["panic", "fire", "gas", "flood", "slope"]
EVENTS: tuple[Event, ...] = get_args(Event)
WHATS: tuple[What, ...] = get_args(What)
"""Of a silent alarm nobody is told by a webhook."""
BOTH = timedelta(hours=24)
"""So long after a rotation what is sent is signed by the former secret too."""
GIVE_UP = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Hook:
    """A subscription. `areas`: and all below them; `whats`, `events`: of WHATS and EVENTS; `ended_at`: of an ended one;
    `why`: what its last try met, "" nothing wrong."""

    id: int
    url: str
    areas: tuple[int, ...]
    whats: tuple[str, ...]
    events: tuple[str, ...]
    made_by: str
    made_at: datetime
    rotated_at: datetime | None
    ended_at: datetime | None
    why: str
    waiting: int


def state_of(card: Mapping[str, Any]) -> str:
    """Of an incident as screens are shown it."""
    state = {"accepted": ACCEPTED, "coming": ACCEPTED, "arrived": ARRIVED}.get(card["answer"], OPENED)
    return (DRILL if card["drill"] else "") + (CLOSED if card["closed_at"] is not None else state)


def news(before: str, now: str) -> tuple[str, ...]:
    """The events by which an incident that was in state `before` ("" unknown) is now in `now`. Who comes and goes again
    is no news; who opens it again is, and that it is no drill."""
    if before.startswith(DRILL) and not now.startswith(DRILL):
        before = CLOSED
    before, now = before.removeprefix(DRILL), now.removeprefix(DRILL)
    if before == CLOSED:
        return ("incident.opened",) if now != CLOSED else ()
    if before == "":
        return ("incident.opened",) if now == OPENED else ("incident.opened", f"incident.{now}")
    return (f"incident.{now}",) if STATES.index(now) > STATES.index(before) else ()


def further(before: str, now: str) -> str:
    """What is remembered of it: the furthest since it was opened."""
    if before.startswith(DRILL) != now.startswith(DRILL):
        return now
    was, is_now = before.removeprefix(DRILL), now.removeprefix(DRILL)
    if was in ("", CLOSED) or is_now == CLOSED:
        return now
    return max(before, now, key=lambda state: STATES.index(state.removeprefix(DRILL)))


def body(event: str, card: Mapping[str, Any], at: datetime) -> dict[str, Any]:
    """As Standard Webhooks has it. Of people it says nothing."""
    return {
        "type": event,
        "timestamp": at.isoformat(),
        "data": {
            "incident": card["id"],
            "what": card["what"],
            "drill": card["drill"],
            "site": card["site"]["id"],
            "place": card["site"]["name"],
            "path": card["path"],
            "stage": card["stage"],
            "opened_at": card["opened_at"],
            "closed_at": card["closed_at"],
            "verdict": card["verdict"],
        },
    }


def again(attempts: int) -> timedelta:
    """After so many attempts the next one waits: 5 s, 10 s, 20 s … an hour."""
    return timedelta(seconds=min(3600.0, 5.0 * 2.0 ** min(max(attempts - 1, 0), 20)))


def may_call(address: str, allowed: Sequence[str]) -> bool:
    """Whether we may connect to this IP address: one of the internet, or of a network that the county allowed. What is
    inside (this machine, its neighbours, link-local, metadata) else is nobody's to reach through us."""
    ip: ipaddress.IPv4Address | ipaddress.IPv6Address = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(ip, ipaddress.IPv6Address) and ip.ipv4_mapped is not None:
        ip = ip.ipv4_mapped
    if any(ip in ipaddress.ip_network(net) for net in allowed if ipaddress.ip_network(net).version == ip.version):
        return True
    return ip.is_global and not ip.is_multicast and not _tunnelled(ip)


def _tunnelled(ip: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    """An address that holds another one in it."""
    if isinstance(ip, ipaddress.IPv4Address):
        return False
    return ip.sixtofour is not None or ip.teredo is not None or ip in ipaddress.ip_network("64:ff9b::/96")
