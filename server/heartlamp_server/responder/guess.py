"""How long a wrong password makes the next one wait. Pure.

A try is counted in up to three places. A browser in which this person signed in before is counted by itself alone: no
attacker, not even one behind the same address, can make it wait. Any other is counted by name and address together, by
name (guesses at one account from many addresses) and by address (guesses at many accounts from one)."""

import hashlib
import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

FORGOTTEN = timedelta(hours=6)
"""After which without another wrong one all is forgotten."""


@dataclass(frozen=True, slots=True)
class Limit:
    """`free`: wrong ones without a wait; the next waits `first` seconds, each further one twice as long, `most` at
    most."""

    free: int
    first: float
    most: float


LIMITS: Mapping[str, Limit] = {
    "browser": Limit(5, 30, 600),
    "both": Limit(5, 30, 600),
    "name": Limit(20, 15, 300),
    "address": Limit(100, 1, 30),  # many people share a centre's address, so the wait stays short
}


@dataclass(frozen=True, slots=True)
class Guessed:
    """What is known of one place where tries are counted."""

    wrong: int
    last_at: datetime


def wait(place: str, guessed: Guessed | None, now: datetime) -> float:
    """Seconds until the next try is looked at; 0.0 now. `place`: of LIMITS."""
    if guessed is None or now - guessed.last_at >= FORGOTTEN:
        return 0.0
    limit = LIMITS[place]
    if guessed.wrong < limit.free:
        return 0.0
    pause = min(limit.most, limit.first * 2.0 ** min(guessed.wrong - limit.free, 30))
    return max(0.0, pause - (now - guessed.last_at).total_seconds())


def wrong(guessed: Guessed | None, now: datetime) -> Guessed:
    """One more."""
    if guessed is None or now - guessed.last_at >= FORGOTTEN:
        return Guessed(1, now)
    return Guessed(guessed.wrong + 1, max(now, guessed.last_at))


def places(name: str, address: str, browser: bytes | None) -> dict[str, bytes]:
    """Where a try is counted: place -> key. `browser`: the hash of its cookie, where that is this person's. Names are
    kept as hashes: people type passwords into the wrong field."""
    if browser is not None:
        return {"browser": browser}
    network = _network(address)
    return {
        "both": _key("both", name, network),
        "name": _key("name", name),
        "address": _key("address", network),
    }


def _network(address: str) -> str:
    """Of IPv6 the first 64 bits: who has one address there has them all."""
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if isinstance(found, ipaddress.IPv6Address):
        if found.ipv4_mapped is not None:
            return str(found.ipv4_mapped)
        return str(ipaddress.ip_network((int(found) >> 64 << 64, 64)))
    return str(found)


def _key(*parts: str) -> bytes:
    return hashlib.sha256("\0".join(parts).encode()).digest()
