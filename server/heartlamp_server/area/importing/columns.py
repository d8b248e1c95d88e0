"""Which column is what, and what a cell of it says. Pure."""

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import TypeVar

from heartlamp_server import plain
from heartlamp_server.area import code
from heartlamp_server.area.importing.report import DO, NUMBER, WHY, Refused
from heartlamp_server.area.importing.sheet import Broken, Formula, NoSheet, Row, Value

HEAD_ROWS = 20  # above the head there may be a title and a few words
_ASIDE = re.compile(r"[(\[（【].*?[)\]）】]|[\s*:：_-]")

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Column:
    """`names`: as heads may say it, Chinese and English; `needed`: a file without it is none of this kind."""

    field: str
    names: tuple[str, ...]
    needed: bool = False


@dataclass(frozen=True, slots=True)
class Head:
    """`at`: field -> column; `names`: the heads as they stand in the file; `unknown`: those that nobody asked for."""

    at: Mapping[str, int]
    names: tuple[str, ...]
    row: int
    unknown: tuple[str, ...]


class Bad(Exception):
    """A cell that cannot be taken. (why, do), each "中文 · English"."""


def find_head(rows: Sequence[Row], columns: Sequence[Column]) -> Head:
    """Among the first rows the one with the most known heads. Raises NoSheet."""
    known = {plainest(name): column.field for column in columns for name in column.names}
    passed = {plainest(name) for name in (NUMBER, WHY, DO)}
    best = Head({}, (), 0, ())
    for number, cells in rows[:HEAD_ROWS]:
        at: dict[str, int] = {}
        unknown = []
        names = tuple(shown(cell) for cell in cells)
        for place, name in enumerate(names):
            field = known.get(plainest(name))
            if field is not None and field not in at:
                at[field] = place
            elif name and plainest(name) not in passed:
                unknown.append(name)
        if len(at) > len(best.at):
            best = Head(at, names, number, tuple(unknown))
    missing = [column for column in columns if column.needed and column.field not in best.at]
    if missing:
        wanted = ", ".join("/".join(column.names) for column in missing)
        found = ", ".join(name for name in best.names if name) or "none"
        raise NoSheet(f"these columns are missing: {wanted}. Columns that are known here: {found}")
    return best


def plainest(text: str) -> str:
    """A head without case, width, spaces and asides."""
    return _ASIDE.sub("", unicodedata.normalize("NFKC", text)).casefold()


def shown(value: Value) -> str:
    """A cell as text, for people."""
    if value is None:
        return ""
    if isinstance(value, (Formula, Broken)):
        return value.text
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    if isinstance(value, datetime) and value.time() == time():
        return value.date().isoformat()
    return value.strip() if isinstance(value, str) else str(value)


class Cells:
    """One row: asks its cells by field, and keeps what was wrong with them."""

    def __init__(self, row: Row, head: Head) -> None:
        self.number, self._cells = row
        self._head = head
        self.refused: list[Refused] = []

    def get(self, field: str, read: Callable[[Value], T], default: T) -> T:
        """`default`: where the cell is bad (which is kept in `refused`)."""
        try:
            return read(self._value(field))
        except Bad as bad:
            self.refuse(field, *bad.args)
            return default

    def peek(self, field: str, read: Callable[[Value], T], default: T) -> T:
        """The same, and nothing is kept of what was wrong."""
        try:
            return read(self._value(field))
        except Bad:
            return default

    def refuse(self, field: str, why: str, do: str) -> None:
        at = self._head.at.get(field)
        column = self._head.names[at] if at is not None else ""
        self.refused.append(Refused(self.number, column, shown(self._value(field)), why, do))

    def fields(self) -> Iterable[str]:
        """Those that the file has."""
        return self._head.at.keys()

    def texts(self) -> list[str]:
        """The row as it stands there."""
        return [shown(cell) for cell in self._cells]

    def _value(self, field: str) -> Value:
        at = self._head.at.get(field)
        return self._cells[at] if at is not None and at < len(self._cells) else None


# --- what a cell may be -------------------------------------------------------------------------------------------


def text(most: int, needed: bool = False) -> Callable[[Value], str]:
    """One line of at most so many characters."""

    def read(value: Value) -> str:
        said = plain.name(words(value))
        said = said[1:] if said.startswith("'") else said  # of a table that was made harmless
        if needed and not said:
            raise Bad("不能为空 · it is empty", "请填写 · fill it in")
        if len(said) > most:
            raise Bad(f"超过 {most} 个字 · longer than {most} characters", "请缩短 · shorten it")
        return said

    return read


def division(value: Value) -> str:
    """A division code, "" none. Whether it is one of its level is the rule's question."""
    if isinstance(value, (int, float)) and abs(value) >= 1e15:
        raise Bad(
            "Excel 的数字只保留 15 位，后面的已丢失 · Excel keeps 15 digits of a number, and the rest is lost",
            "把该列设为“文本”格式后重新填写 · format the column as text and type it again",
        )
    return code.clean(words(value))


def number(lowest: float, highest: float) -> Callable[[Value], float | None]:
    def read(value: Value) -> float | None:
        said = unicodedata.normalize("NFKC", words(value)).strip().lstrip("'").rstrip("°度NEne ")
        if not said:
            return None
        try:
            found = float(said)
        except ValueError:
            raise Bad("不是数字 · no number", "用小数度，如 28.123456 · decimal degrees, such as 28.123456") from None
        if not lowest <= found <= highest:
            raise Bad(
                f"不在 {lowest:g} 到 {highest:g} 之间 · not within {lowest:g} to {highest:g}",
                "请核对，经度和纬度是否填反 · check it; are latitude and longitude in each other's place?",
            )
        return found

    return read


def day(value: Value) -> date | None:
    """A date as Excel has it, or 2026-03-01, 2026/3/1, 2026.3.1, 2026年3月1日, 20260301."""
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return value
    said = unicodedata.normalize("NFKC", words(value)).strip().lstrip("'")
    if not said:
        return None
    found = re.fullmatch(r"(\d{4})\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})\s*日?|(\d{4})(\d\d)(\d\d)", said)
    try:
        if found:
            return date(*(int(part) for part in found.groups() if part is not None))
    except ValueError:
        pass
    raise Bad("不是日期 · no date", "写成 2026-03-01 · write it as 2026-03-01")


def choice(options: Mapping[str, Iterable[str]], default: str = "") -> Callable[[Value], str]:
    """`options`: what is meant -> how it may be written; `default`: where nothing is."""
    known = {plainest(word): meant for meant, many in options.items() for word in (meant, *many)}

    def read(value: Value) -> str:
        said = plainest(words(value))
        if not said:
            return default
        if said not in known:
            offered = "、".join(next(iter(many), meant) for meant, many in options.items())
            raise Bad("不认识这个词 · not a word that is known here", f"用其中之一 · one of: {offered}")
        return known[said]

    return read


def words(value: Value) -> str:
    """What somebody typed. Raises Bad where it is something that Excel made."""
    if isinstance(value, Formula):
        raise Bad(
            "这是公式，系统不计算 · it is a formula, and none is computed here",
            "复制后“选择性粘贴—数值” · copy it and paste it as values",
        )
    if isinstance(value, Broken):
        raise Bad("单元格显示错误 · the cell shows an error", "请填写实际内容 · type what is meant")
    if isinstance(value, (date, time)):
        raise Bad(
            "Excel 把它变成了日期 · Excel made a date of it",
            "把该列设为“文本”格式后重新填写 · format the column as text and type it again",
        )
    return shown(value)
