"""[time] of gateway.toml."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from heartlamp_gateway.pictures.table import number

KEYS = ("host", "port")


@dataclass(frozen=True, slots=True)
class TimeTable:
    """Where devices ask for the time, by UDP."""

    host: str
    port: int


def read_time(table: dict[str, Any], here: Path) -> TimeTable:
    """Raises ValueError in words for who wrote it."""
    host = table.get("host", "0.0.0.0")
    if not isinstance(host, str) or not host:
        raise ValueError("`host` must be an address of this machine")
    return TimeTable(host, number(table, "port", 123, 1, 65_535))
