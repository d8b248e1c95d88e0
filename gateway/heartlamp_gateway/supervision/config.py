"""The tables [supervision] and [ups] of gateway.toml; both may be missing."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from heartlamp_gateway.disk.readings import BYTES_MAX
from heartlamp_gateway.disk.room import RESERVE_BYTES
from heartlamp_gateway.rules.outage import Limits
from heartlamp_gateway.supervision.box import EACH_S
from heartlamp_gateway.supervision.heat import ZONES
from heartlamp_gateway.supervision.ups import Door

MB = 1_000_000
KEYS = (
    "village_many",
    "village_share",
    "group_many",
    "group_share",
    "window_s",
    "hold_s",
    "settle_s",
    "never_hours",
    "look_s",
    "reserve_mb",
    "readings_mb",
    "zones",
)
UPS_KEYS = ("name", "host", "port")


@dataclass(frozen=True, slots=True)
class Supervision:
    """`reserve`, `readings`: bytes of disk kept for alarms, and that readings may take; `look_s`: how often the box is
    looked at; `zones`: the thermal zones."""

    limits: Limits = field(default_factory=Limits)
    reserve: int = RESERVE_BYTES
    readings: int = BYTES_MAX
    look_s: int = int(EACH_S)
    zones: Path = ZONES


def read_supervision(table: Mapping[str, Any], here: Path) -> Supervision:
    """`here`: the folder of the file. Raises ValueError, in words for who wrote it."""
    limits = Limits()
    whole = {name: _whole(table, name, getattr(limits, name), 1) for name in ("village_many", "group_many")}
    shares = {name: _whole(table, name, getattr(limits, name), 1, 100) for name in ("village_share", "group_share")}
    times = {
        "window_ms": _whole(table, "window_s", limits.window_ms // 1000, 1) * 1000,
        "hold_ms": _whole(table, "hold_s", limits.hold_ms // 1000, 0) * 1000,
        "settle_ms": _whole(table, "settle_s", limits.settle_ms // 1000, 0) * 1000,
        "never_ms": _whole(table, "never_hours", limits.never_ms // 3_600_000, 1) * 3_600_000,
    }
    _nothing_else(table, KEYS)
    return Supervision(
        limits=replace(limits, **whole, **shares, **times),
        reserve=_whole(table, "reserve_mb", RESERVE_BYTES // MB, 1) * MB,
        readings=_whole(table, "readings_mb", BYTES_MAX // MB, 1) * MB,
        look_s=_whole(table, "look_s", int(EACH_S), 1, 600),
        zones=here / str(table.get("zones", ZONES)),
    )


def read_ups(table: Mapping[str, Any], here: Path) -> Door:
    """Raises ValueError, in words for who wrote it."""
    name = table.get("name")
    if not isinstance(name, str) or not name or not name.isprintable() or " " in name:
        raise ValueError("`name` must be the name of the UPS as in ups.conf")
    _nothing_else(table, UPS_KEYS)
    return Door(name, str(table.get("host", "127.0.0.1")), _whole(table, "port", 3493, 1, 65535))


def _whole(table: Mapping[str, Any], name: str, default: int, least: int, most: int = 1_000_000) -> int:
    value = table.get(name, default)
    if type(value) is not int or not least <= value <= most:
        raise ValueError(f"`{name}` must be a whole number from {least} to {most}")
    return value


def _nothing_else(table: Mapping[str, Any], known: Sequence[str]) -> None:
    if strange := sorted(table.keys() - set(known)):
        raise ValueError(f"there is no `{strange[0]}`, only {', '.join(sorted(known))}")
