"""[pictures] of gateway.toml."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

KEYS = ("most_mb", "bytes_per_second", "keep_free_mb")


@dataclass(frozen=True, slots=True)
class PicturesTable:
    """`bytes_max`: of all pictures here; `rate`: bytes a second up; `keep_free`: bytes of the disk that are alarms'."""

    bytes_max: int
    rate: int
    keep_free: int


def read_pictures(table: dict[str, Any], here: Path) -> PicturesTable:
    """Raises ValueError in words for who wrote it."""
    return PicturesTable(
        number(table, "most_mb", 64, 1, 100_000) * 1_000_000,
        number(table, "bytes_per_second", 32_000, 1_000, 100_000_000),
        number(table, "keep_free_mb", 200, 0, 1_000_000) * 1_000_000,
    )


def number(table: dict[str, Any], name: str, usual: int, least: int, most: int) -> int:
    """A whole number out of a table of TOML. Raises ValueError."""
    value = table.get(name, usual)
    if type(value) is not int or not least <= value <= most:
        raise ValueError(f"`{name}` must be a whole number from {least} to {most}")
    return value
