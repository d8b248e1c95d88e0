"""What a device needs today, from what is known of it; and the way that leads past all of them. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import cos, radians

from heartlamp_protocol.said_to_device import SETTINGS_VER
from heartlamp_protocol.supervision import supervision_ms

TODO = (
    "offline",
    "battery_low",
    "no_drill",
    "update_failed",
    "clock_wrong",
    "tampered",
    "stuck_key",
    "link_weak",
)
"""In the order in which they are told: what keeps a call from coming stands first."""
NAMES = (
    "version", "slot", "on_trial", "update_refused", "update_version", "battery_mv", "battery_low", "drill_ms",
    "key_stuck", "tamper", "cert_dates_wrong", "rssi_dbm", "path_lan_ms", "path_relay_ms", "path_wan_ms", "mains",
    "safe_mode", "held", "heap_b", SETTINGS_VER,
)  # fmt: skip
"""Of what devices say (docs/protocol.md, 4), what a page of them is made of."""
WEAK_DBM = -80
"""Below it a lamp that is a little moved, or a closed door, takes the line away."""
DRILL_DAYS = 30
PRESSED = ("button", "lamp", "camera")
"""Kinds with a key that is drilled. A silent alarm is no drill (incident/drill.py)."""

Said = Mapping[str, tuple[datetime, int]]
"""By name, of one device: (when, value), the newest."""


@dataclass(frozen=True, slots=True)
class Known:
    """Of one device. `last_seen`: by any path, None never; `called_at`: the last call of its site by a device."""

    device: str
    kind: str
    last_seen: datetime | None
    called_at: datetime | None
    said: Said


def value(said: Said, name: str) -> int | None:
    """What stands: what is 0 is left out of a heartbeat, so what is older than the last one is not so any more."""
    at, found = said.get(name, (None, None))
    beat = said["version"][0] if "version" in said else None
    return None if at is None or (beat is not None and at < beat) else found


def last_drill(known: Known) -> datetime | None:
    """When a press of it was last received, or its house last called."""
    at, ago = known.said.get("drill_ms", (None, -1))
    pressed = at - timedelta(milliseconds=ago) if at is not None and ago >= 0 else None
    return max((found for found in (pressed, known.called_at) if found), default=None)


def todo(known: Known, now: datetime) -> list[tuple[str, datetime | None]]:
    """(code, since when) of what it needs, in the order of TODO; None: nobody knows, or since ever."""
    found: dict[str, datetime | None] = {}
    said = known.said
    if known.last_seen is None or now - known.last_seen > timedelta(milliseconds=supervision_ms(known.kind)):
        found["offline"] = known.last_seen
    drilled = last_drill(known)
    if known.kind in PRESSED and (drilled is None or now - drilled > timedelta(days=DRILL_DAYS)):
        found["no_drill"] = drilled
    flags = {
        "battery_low": "battery_low",
        "update_refused": "update_failed",
        "cert_dates_wrong": "clock_wrong",
        "tamper": "tampered",
        "key_stuck": "stuck_key",
    }
    for name, code in flags.items():
        if value(said, name):
            found[code] = said[name][0]
    if (rssi := value(said, "rssi_dbm")) is not None and rssi < WEAK_DBM:
        found["link_weak"] = said["rssi_dbm"][0]
    return [(code, found[code]) for code in TODO if code in found]


@dataclass(frozen=True, slots=True)
class Stop:
    """A site. `lon`, `lat`: None where nobody entered them."""

    site: str
    name: str
    village: str
    lon: float | None
    lat: float | None


def route(stops: Sequence[Stop]) -> list[str]:
    """Sites in the order to go: village by village, in each from house to nearest house, begun at the one nearest to
    where the last village ended (the first: in the west). Who has no place on the map comes at its village's end."""
    order: list[str] = []
    here: tuple[float, float] | None = None
    for village in sorted({stop.village for stop in stops}):
        inside = sorted((stop for stop in stops if stop.village == village), key=lambda s: (s.name, s.site))
        placed = {s.site: (s.lon, s.lat) for s in inside if s.lon is not None and s.lat is not None}
        while placed:
            at = here or min(placed.values())
            nearest = min(placed, key=lambda site: (_apart(at, placed[site]), site))
            here = placed.pop(nearest)
            order.append(nearest)
        order += [s.site for s in inside if s.lon is None or s.lat is None]
    return order


def _apart(one: tuple[float, float], other: tuple[float, float]) -> float:
    """Squared, in degrees of latitude: good enough to say which of two houses is nearer."""
    east = (one[0] - other[0]) * cos(radians(one[1]))
    return east * east + (one[1] - other[1]) ** 2
