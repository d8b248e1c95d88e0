"""Another system: what its token may, where, and how fast. Pure."""

import hashlib
from dataclasses import dataclass
from datetime import datetime

MAY = {
    "report": ("报警", "tell of incidents"),
    "handover": ("回报接警", "tell of hand-overs"),
    "cap": ("读取预警", "read warnings"),
}
PER_MINUTE = 600
BURST = 60
TOKEN = "hls_"


@dataclass(frozen=True, slots=True)
class System:
    """`areas`: and all that is below them."""

    id: int
    name: str
    areas: tuple[int, ...]
    may: tuple[str, ...]
    per_minute: int = PER_MINUTE
    made_by: str = ""
    made_at: datetime | None = None
    seen_at: datetime | None = None
    ended_at: datetime | None = None

    @property
    def account(self) -> str:
        """As the audit log and the incident name it."""
        return f"system:{self.id}"

    @property
    def source(self) -> str:
        """Under which its reports are remembered."""
        return str(self.id)


def hashed(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()


class Pace:
    """Requests of each system, by a bucket of tokens. `now`: seconds of a clock that only goes forward."""

    def __init__(self) -> None:
        self._buckets: dict[int, tuple[float, float]] = {}

    def wait(self, system: System, now: float) -> float:
        """Seconds until it may ask again; 0.0: now, and this request is counted."""
        rate = system.per_minute / 60
        left, at = self._buckets.get(system.id, (float(BURST), now))
        left = min(float(BURST), left + max(0.0, now - at) * rate)
        if left < 1:
            self._buckets[system.id] = (left, now)
            return (1 - left) / rate
        self._buckets[system.id] = (left - 1, now)
        return 0.0
