"""What a report may say: placeholder -> value, in the words and numbers of a spreadsheet. Pure."""

from collections.abc import Mapping
from typing import TypeAlias
from zoneinfo import ZoneInfo

from heartlamp_server.audit.model import Head
from heartlamp_server.figures.compute import Counted, Told
from heartlamp_server.figures.definition import FEW, FIGURES, Figure, Value

Cell: TypeAlias = str | int | float
NONE = "–"
ABOUT = (
    "area", "area.code", "month", "first", "last", "zone", "version", "locked_at", "locked_by", "reason", "head",
    "made_at",
)  # fmt: skip
"""Placeholders that are no figure."""
PARTS = ("", ".part", ".of", ".last", ".last.part", ".last.of")
"""After a figure's name: what is shown · a share's part · the denominator; .last: of last year."""
EACH = "each."
LEVELS = {
    "city": ("市", "city"),
    "county": ("县", "county"),
    "township": ("乡镇", "township"),
    "village": ("村", "village"),
    "grid": ("网格", "grid"),
    "group": ("组", "group"),
}


def known() -> frozenset[str]:
    """Every placeholder, for who checks a template before there is anything to fill in."""
    figures = {f"{name}{part}" for name in FIGURES for part in PARTS}
    rows = {f"{EACH}{name}" for name in (*figures, "name", "code", "level")}
    return frozenset((*ABOUT, *figures, *rows))


def fields(told: Told, zone: ZoneInfo, head: Head, locked_by: str) -> dict[str, Cell]:
    """`head`: of the audit log, the lock's or else of now; `locked_by`: the name that people see."""
    lock, area = told.lock, told.own.area
    month = told.period.first.strftime("%Y-%m")
    found: dict[str, Cell] = {"area": area.name, "area.code": area.code, "month": month, "zone": str(zone)}
    found |= {"first": str(told.period.first), "last": str(told.period.last), "head": str(head)}
    found["made_at"] = told.now.astimezone(zone).strftime("%Y-%m-%d %H:%M")
    found["version"] = lock.version if lock else "未锁定 · not locked"
    found["locked_at"] = lock.locked_at.astimezone(zone).strftime("%Y-%m-%d %H:%M") if lock else NONE
    found |= {"locked_by": locked_by or NONE, "reason": (lock.reason if lock else "") or NONE}
    return found | _figures(told.own)


def rows(told: Told) -> list[dict[str, Cell]]:
    """One for each area directly below."""
    return [
        {"name": b.area.name, "code": b.area.code, "level": LEVELS[b.area.level][0], **_figures(b)} for b in told.below
    ]


def _figures(of: Counted) -> dict[str, Cell]:
    found: dict[str, Cell] = {}
    for suffix, values in (("", of.values), (".last", of.last)):
        for name, figure in FIGURES.items():
            value = values.get(name, Value(None))
            found[f"{name}{suffix}"] = shown(figure, value)
            found[f"{name}{suffix}.part"] = _or_none(value.value)
            found[f"{name}{suffix}.of"] = _or_none(value.of)
    return found


def shown(figure: Figure, value: Value) -> Cell:
    """A share as a fraction of one, a duration in seconds, money in yuan."""
    if value.few:
        return f"少于{FEW}"
    if value.value is None or (figure.unit == "share" and not value.of):
        return NONE
    match figure.unit:
        case "share":
            assert value.of
            return round(value.value / value.of, 4)
        case "ms":
            return round(value.value / 1000, 1)
        case "fen":
            return value.value / 100
    return value.value


def text(figure: Figure, value: Value, english: bool = False) -> str:
    """For people who read: `87.5 %`, `1:20`, `12.00`."""
    found = shown(figure, value)
    if isinstance(found, str):
        return f"under {FEW}" if english and value.few else found
    match figure.unit:
        case "share":
            return f"{100 * found:.1f} %"
        case "ms":
            hours, rest = divmod(round(found), 3600)
            minutes = f"{rest // 60}:{rest % 60:02}" if not hours else f"{rest // 60:02}:{rest % 60:02}"
            return f"{hours}:{minutes}" if hours else minutes
        case "fen":
            return f"{found:.2f}"
    return str(found)


def _or_none(value: int | None) -> Cell:
    return NONE if value is None else value


def sample() -> tuple[dict[str, Cell], list[dict[str, Cell]]]:
    """Something for each placeholder, to try a template with."""
    named: Mapping[str, Cell] = {name: 0 for name in known() if not name.startswith(EACH)}
    each: Mapping[str, Cell] = {name.removeprefix(EACH): 0 for name in known() if name.startswith(EACH)}
    return dict(named), [dict(each)] * 2
