"""What became of each row, and the table of those that were not taken, to be corrected and sent again."""

import csv
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

NUMBER, WHY, DO = "原行号 row", "原因 reason", "怎么改 what to do"
"""Columns of the table of refused rows that an import passes over."""


@dataclass(frozen=True, slots=True)
class Refused:
    """`row`: as the office's program numbers it; `column`: as it is called in the file, "" the whole row; `why`, `do`:
    "中文 · English"."""

    row: int
    column: str
    value: str
    why: str
    do: str

    def text(self) -> str:
        where = f"row {self.row}, {self.column}" if self.column else f"row {self.row}"
        shown = f" {self.value[:40]!r}" if self.value else ""
        return f"{where}{shown}: {self.why}; {self.do}"


@dataclass(slots=True)
class Outcome:
    """`added`, `changed`, `same`: rows; `refused`: at least one for each row that was not taken; `notes`: what was done
    without being asked, in English."""

    added: int = 0
    changed: int = 0
    same: int = 0
    refused: list[Refused] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def rows_refused(self) -> int:
        return len({r.row for r in self.refused})


def harmless(text: str) -> str:
    """For a table that a spreadsheet program opens: what would be computed there, or shortened to 1.3E+11, has an
    apostrophe before it. An import takes it off again."""
    if text.startswith(("=", "+", "-", "@", "＝", "＋", "－", "＠", "\t", "\r", "\n")) or (
        len(text) > 11 and text.isdigit()
    ):
        return "'" + text
    return text


def write(
    file: Path, head: Sequence[str], rows: Iterable[tuple[int, Sequence[str]]], refused: Iterable[Refused]
) -> None:
    """`rows`: (number, cells as text) of the rows that were refused. The file is readable by its owner alone: it may
    hold what households said of themselves."""
    reasons: dict[int, list[Refused]] = {}
    for one in refused:
        reasons.setdefault(one.row, []).append(one)
    file.touch(mode=0o600)
    file.chmod(0o600)
    with file.open("w", encoding="utf-8-sig", newline="") as out:  # without its mark Excel takes it for GBK
        table = csv.writer(out)
        table.writerow([*map(harmless, head), NUMBER, WHY, DO])
        for number, cells in rows:
            why = "；".join(f"{r.column}：{r.why}" if r.column else r.why for r in reasons[number])
            do = "；".join(dict.fromkeys(r.do for r in reasons[number]))
            padded = [*cells, *[""] * (len(head) - len(cells))][: len(head)]
            table.writerow([*map(harmless, padded), str(number), harmless(why), harmless(do)])
