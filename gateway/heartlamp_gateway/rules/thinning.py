"""What of a backlog of readings is worth keeping: of one device and name the newest of each minute, and as the file
fills of each ten, then of each hour. Of heartbeats the newest only: the next one says it all again. Pure."""

import hashlib
from collections.abc import Iterable

MINUTE_MS = 60_000
BEAT, READING, OTHER = "b", "r", "e"


def series(kind: str, names: Iterable[str]) -> str:
    """Which frames say the same again: `kind` of inbound.Reading, and the names of its values in any order."""
    digest = hashlib.sha256(" ".join(sorted(names)).encode()).hexdigest()[:12]
    return (BEAT if kind == "heartbeat" else READING) + digest


def of_rubbish(frame: bytes) -> str:
    """The same bytes again are the same evidence."""
    return OTHER + hashlib.sha256(frame).hexdigest()[:12]


def bucket_ms(rows: int, most: int) -> int:
    """Of how long the newest reading is kept, 0: all are. `most`: rows that the file may hold."""
    if rows * 5 < most:
        return 0
    if rows * 2 < most:
        return MINUTE_MS
    return 10 * MINUTE_MS if rows * 5 < most * 4 else 60 * MINUTE_MS
