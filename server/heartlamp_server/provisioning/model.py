"""What a claim is, when it holds, and how a site stands. Pure."""

import secrets
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from heartlamp_protocol.device.kinds import LAMPS
from heartlamp_protocol.device.mac import county_key, hmac_sha256, same

VALID = timedelta(hours=18)
"""From the morning in the office to the evening."""
SITES_MAX = 200
"""In one request: a morning's list."""
OUTCOMES = ("done", "nobody_home", "refused", "no_consent", "no_socket", "no_link", "moved")
STATES = ("open", "claimed", "done", "revisit", "refused", "not_covered", "moved")
_AFTER = {
    "nobody_home": "revisit",
    "no_socket": "revisit",
    "refused": "refused",
    "no_consent": "refused",
    "no_link": "not_covered",
    "moved": "moved",
}


@dataclass(frozen=True, slots=True)
class Claim:
    """`kv`: the key version; `sealed`: of the root secret, b"" once it is over; `token`: the hash of what lets the
    device come by itself, None where it comes by its village; `replaces`: the device that ends with its use, ""."""

    id: str
    secret: bytes
    site: str
    device: str
    kind: str
    board: str
    kv: int
    sealed: bytes
    mqtt_hash: str
    token: bytes | None
    through: tuple[str, ...]
    offline: bool
    replaces: str
    made_by: str
    made_at: datetime
    not_after: datetime
    used_at: datetime | None
    ended_at: datetime | None
    ended_why: str

    def over(self, now: datetime) -> str:
        """Why it cannot be used, "" where it can: used, revoked, expired."""
        if self.ended_at is not None:
            return "expired" if self.ended_why == "expired" else "revoked"
        if self.used_at is not None:
            return "used"
        return "expired" if now >= self.not_after else ""


def fresh_device(kind: str) -> str:
    """An id that nobody has: the kind, cut short, and 32 random bits."""
    return f"{kind[:8]}{secrets.token_hex(4)}"


def proof(root: bytes, kv: int, claim: str) -> str:
    """What only a device that holds this root can say."""
    return hmac_sha256(county_key(root, kv), f"claim:{claim}".encode()).hex()


def proven(root: bytes, kv: int, claim: str, said: str) -> bool:
    return same(proof(root, kv, claim), said.lower())


def links(kind: str, through: Collection[str], gateway: bool) -> list[str]:
    """The ways out of a new device, in the order in which it tries them. What lives on a battery tries its lamp
    first."""
    if not gateway:
        return ["wan"]
    return ["relay", "lan"] if through and kind not in LAMPS else ["lan"]


def state(claimed: bool, kinds: Collection[str], outcome: str) -> str:
    """Of a site, one of STATES. `claimed`: a claim is open; `kinds`: of its devices; `outcome`: of the last visit."""
    if claimed:
        return "claimed"
    if any(kind in LAMPS for kind in kinds):
        return "done"
    return _AFTER.get(outcome, "done" if kinds else "open")


def wanted(kinds: Collection[str]) -> list[str]:
    """What a house has yet to be given: its lamp, which has a red key of its own."""
    return [] if any(kind in LAMPS for kind in kinds) else ["lamp"]
