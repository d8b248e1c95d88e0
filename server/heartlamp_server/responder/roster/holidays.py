"""Public holidays as the administrator enters them: a list that a person can copy from the State Council's notice. A
reason for each bad row; pure."""

import csv
import re
import unicodedata
from dataclasses import dataclass
from datetime import date

from heartlamp_server import plain
from heartlamp_server.responder.roster.model import HOLIDAY, WORK

_KINDS = {"放假": HOLIDAY, "休": HOLIDAY, "holiday": HOLIDAY, "off": HOLIDAY}
_KINDS |= {"上班": WORK, "调休": WORK, "补班": WORK, "班": WORK, "work": WORK}
_HEADS = {"日期": "day", "date": "day", "day": "day", "类型": "kind", "kind": "kind", "名称": "name", "name": "name"}
_DATE = re.compile(r"(\d{4})\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})\s*日?")
ROWS_MAX = 5000


@dataclass(frozen=True, slots=True)
class Day:
    """`kind`: HOLIDAY, or WORK for a weekend that is worked instead."""

    day: date
    kind: str
    name: str


def read(text: str) -> tuple[list[Day], list[str]]:
    """CSV with the columns 日期,类型,名称 (or day,kind,name; without a header in this order). Returns what is good, and
    for each bad row its number, what is wrong and what to do. The later of two rows for one day is refused."""
    found: dict[date, Day] = {}
    problems: list[str] = []
    columns = ["day", "kind", "name"]
    rows = list(csv.reader(unicodedata.normalize("NFKC", text.removeprefix("\ufeff")).splitlines()))
    if len(rows) > ROWS_MAX:
        return [], [f"超过 {ROWS_MAX} 行，未导入 · more than {ROWS_MAX} rows, none was taken"]
    for number, row in enumerate(rows, 1):
        cells = [cell.strip() for cell in row]
        if not any(cells):
            continue
        if number == 1 and cells[0].lower() in _HEADS:
            columns = [_HEADS.get(cell.lower(), "") for cell in cells]
            continue
        fields = dict(zip(columns, cells, strict=False))
        day, kind = _day(fields.get("day", "")), _KINDS.get(fields.get("kind", "").lower())
        if day is None:
            problems.append(_bad(number, "日期", fields.get("day", ""), "请写成 2026-10-01 · write it as 2026-10-01"))
        elif kind is None:
            problems.append(_bad(number, "类型", fields.get("kind", ""), "请填 放假 或 上班 · holiday or work"))
        elif day in found:
            problems.append(_bad(number, "日期", str(day), "这一天已在前面出现 · this day stands above already"))
        elif kind == WORK and day.isoweekday() <= 5:
            problems.append(_bad(number, "日期", str(day), "不是周末，本来就上班 · no weekend: it is worked anyway"))
        else:
            found[day] = Day(day, kind, plain.name(fields.get("name", ""))[:40])
    return sorted(found.values(), key=lambda d: d.day), problems


def _day(text: str) -> date | None:
    if not (match := _DATE.fullmatch(text)):
        return None
    try:
        return date(*map(int, match.groups()))
    except ValueError:
        return None


def _bad(row: int, column: str, value: str, do: str) -> str:
    return f"第 {row} 行 · row {row}, {column}: {value[:40]!r}: {do}"
