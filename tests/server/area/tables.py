"""Tables as offices send them."""

import csv
import io
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

import openpyxl  # type: ignore[import-untyped]
from heartlamp_server.area.importing import columns, sheet
from heartlamp_server.area.importing.columns import Cells, Column
from heartlamp_server.area.tree import Node, Tree

DAY = date(2026, 3, 1)


def xlsx(file: Path, rows: Sequence[Sequence[Any]], merged: Sequence[str] = ()) -> Path:
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    for cells in merged:
        book.active.merge_cells(cells)
    book.save(file)
    return file


def csv_file(file: Path, rows: Sequence[Sequence[Any]], encoding: str = "utf-8", delimiter: str = ",") -> Path:
    out = io.StringIO()
    csv.writer(out, delimiter=delimiter).writerows(rows)
    file.write_bytes(out.getvalue().encode(encoding))
    return file


def cells(rows: Sequence[Sequence[Any]], known: Sequence[Column]) -> list[Cells]:
    """`rows`: the head first."""
    numbered: list[sheet.Row] = [(n, list(row)) for n, row in enumerate(rows, 1)]
    head = columns.find_head(numbered, known)
    return [Cells(row, head) for row in numbered if row[0] > head.row]


def tree() -> Tree:
    """A county with a township, two villages, and in the first of them two groups."""
    return Tree(
        [
            Node(1, None, "county", False, "庆丰县", "990101", DAY),
            Node(2, 1, "township", False, "城关镇", "990101001", DAY),
            Node(3, 2, "village", False, "东村", "990101001201", DAY),
            Node(4, 2, "village", False, "西村", "990101001202", DAY),
            Node(5, 3, "group", False, "一组", "990101001201001", DAY),
            Node(6, 3, "group", False, "二组", "", DAY),
        ]
    )


def write(file: Path, head: Sequence[str], *rows: Sequence[Any]) -> Path:
    return csv_file(file, [head, *rows], "utf-8-sig")
