"""Who may say something, and through whom."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from heartlamp_protocol.said_to_device import write_settings
from heartlamp_protocol.supervision import supervision_ms

FRESH_SECONDS = 60
"""How long a sign of life of a gateway vouches for who is online there (one that lives sends something every
QUIET_SECONDS). That it is silent is a trouble later, as for the village: supervision.COUNTY_TROUBLE_MS."""


@dataclass(frozen=True, slots=True)
class Device:
    """`village`: the area of its site; `gateways`: the village's, its own gateway of one, and those of lamps that may
    carry it; `keys`: key version -> the derived device key (verifies what it says) and county key (signs what is said
    to it); versions that were revoked are absent; `pending`: those of them that it never used yet; `wanted`: what is to
    be set on it, by name, `wanted_ver`: since which version of that, 0 nothing ever was."""

    id: str
    kind: str
    site: str
    site_name: str
    revoked: bool
    village: int | None
    gateways: tuple[str, ...]
    keys: dict[int, "Keys"]
    pending: frozenset[int] = frozenset()
    wanted: Mapping[str, Any] = field(default_factory=dict)
    wanted_ver: int = 0

    def source(self) -> dict[str, str]:
        """Whose word it is, for a timeline."""
        return {"device": self.id, "kind": self.kind, "house": self.site_name}

    def newest_key(self) -> int:
        """The version that the county signs with, the newest that the device used; 0 when there is none."""
        return max(self.keys.keys() - self.pending, default=max(self.keys, default=0))

    def settings(self, version: int, has: int) -> str:
        """The county's signed settings for a device that speaks under this key version and has those of `has` (below 0:
        refused them), as text; "" where it knows the newest."""
        if abs(has) >= self.wanted_ver:
            return ""
        wanted = dict(self.wanted)
        if self.pending and max(self.pending) > version:
            wanted["kv"] = max(self.pending)
        text = json.dumps(wanted, separators=(",", ":"))
        return write_settings(self.keys[version].county, self.id, version, self.wanted_ver, text).decode()


@dataclass(frozen=True, slots=True)
class Keys:
    device: bytes
    county: bytes


def online(now: datetime, village: bool | None, wan: datetime | None, kind: str) -> bool | None:
    """Whether a device is there: the latest evidence of two paths. `village`: as its gateway says, None unknown; `wan`:
    when it came to the county by itself. None: nobody can say. Who is off the village's broker may well be here."""
    if wan is None:
        return village
    if now - wan < timedelta(seconds=FRESH_SECONDS):
        return True
    if village is None and now - wan < timedelta(milliseconds=supervision_ms(kind)):
        return None  # one on a battery comes once in hours
    return bool(village)


Sign = tuple[datetime | None, bool | None]
"""Of a device: (when it was last seen, whether it is online), each None where nothing is said of it."""


def later(before: Sign, now: Sign) -> Sign:
    """The latest sign of life counts, and the last word on whether it is online."""
    seen = max((at for at in (before[0], now[0]) if at), default=None)
    return seen, before[1] if now[1] is None else now[1]
