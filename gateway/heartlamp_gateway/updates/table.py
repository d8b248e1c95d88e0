"""[updates] of gateway.toml."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from heartlamp_gateway.pictures.table import number

KEYS = ("bytes_per_second", "fetch_bytes_per_second", "most_mb")


@dataclass(frozen=True, slots=True)
class UpdatesTable:
    """`rate`: bytes a second to all devices together; `fetch_rate`: from the county; `bytes_max`: of all bundles
    here."""

    rate: int
    fetch_rate: int
    bytes_max: int


def read_updates(table: dict[str, Any], here: Path) -> UpdatesTable:
    """Raises ValueError in words for who wrote it."""
    return UpdatesTable(
        number(table, "bytes_per_second", 40_000, 1_000, 100_000_000),
        number(table, "fetch_bytes_per_second", 32_000, 1_000, 100_000_000),
        number(table, "most_mb", 8, 1, 10_000) * 1_000_000,
    )
