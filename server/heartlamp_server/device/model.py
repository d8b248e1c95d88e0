"""Who may say something, and through whom."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Device:
    """`gateways`: ids of the site's village; `keys`: key version -> the derived device key (verifies what it says) and
    county key (signs what is said to it); versions that were revoked are absent."""

    id: str
    kind: str
    site: str
    site_name: str
    revoked: bool
    gateways: tuple[str, ...]
    keys: dict[int, "Keys"]

    def source(self) -> dict[str, str]:
        """Whose word it is, for a timeline."""
        return {"device": self.id, "kind": self.kind, "house": self.site_name}

    def newest_key(self) -> int:
        """The version that the county signs with; 0 when there is none."""
        return max(self.keys, default=0)


@dataclass(frozen=True, slots=True)
class Keys:
    device: bytes
    county: bytes


Sign = tuple[datetime | None, bool | None]
"""Of a device: (when it was last seen, whether it is online), each None where nothing is said of it."""


def later(before: Sign, now: Sign) -> Sign:
    """The latest sign of life counts, and the last word on whether it is online."""
    seen = max((at for at in (before[0], now[0]) if at), default=None)
    return seen, before[1] if now[1] is None else now[1]
