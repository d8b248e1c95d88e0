"""Fills a county's own XLSX form: `{{alarms.fire}}` in a cell, or a cell named alarms_fire. Runs as a process of its
own, with bounds on memory and time: a form comes from outside, and what reads it shall not be what takes alarms in.

Standard input: one line of JSON {"fields", "rows"}, then the template, nothing for the shipped one. Standard output:
one line of JSON {"problems"}, then the filled book where there are none."""

import json
import re
import resource
import sys
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from copy import copy
from io import BytesIO
from typing import Any, TypeAlias

Cell: TypeAlias = str | int | float

BYTES_MAX = 2 * 1024 * 1024
UNPACKED_MAX = 32 * 1024 * 1024
PARTS_MAX = 300
CELLS_MAX = 200_000
SHEETS_MAX = 40
MEMORY_MAX = 1024 * 1024 * 1024
CPU_SECONDS = 30
PROBLEMS_MAX = 50
_PLACE = re.compile(r"\{\{\s*([^{}]*?)\s*\}\}")
_EACH = "each."
_CALM = ("=", "+", "-", "@", "＝", "＋", "－", "＠", "\t", "\r", "\n")


class Unfit(Exception):
    """Why the file as a whole is no form: (Chinese · English)."""


def fill(template: bytes, fields: Mapping[str, Cell], rows: Sequence[Mapping[str, Cell]]) -> tuple[bytes, list[str]]:
    """(the book, why it could not be filled: a reason for each cell). Raises Unfit."""
    import openpyxl  # type: ignore[import-untyped]

    if template:
        check(template)
        try:
            book = openpyxl.load_workbook(BytesIO(template))
        except Exception as wrong:  # whatever openpyxl and the parsers below it make of a file that is none
            raise Unfit(
                f"文件无法读取，请另存为 .xlsx · it cannot be read: save it as .xlsx ({wrong})"[:300]
            ) from wrong
    else:
        from heartlamp_server.figures.report.default import make

        book = make()
    problems: list[str] = []
    if len(book.worksheets) > SHEETS_MAX or sum(s.max_row * s.max_column for s in book.worksheets) > CELLS_MAX:
        raise Unfit(f"表格太大：最多 {CELLS_MAX} 个单元格 · it is too large: {CELLS_MAX} cells at most")
    for sheet in book.worksheets:
        problems += _sheet(sheet, fields, rows)
    _named(book, fields)
    if problems:
        return b"", problems[:PROBLEMS_MAX]
    book.calculation.fullCalcOnLoad = True  # its formulas were not computed here
    out = BytesIO()
    book.save(out)
    return out.getvalue(), []


def check(template: bytes) -> None:
    """Raises Unfit for what is not even opened."""
    if len(template) > BYTES_MAX:
        raise Unfit(f"文件超过 {BYTES_MAX // 2**20} MB · the file has more than {BYTES_MAX // 2**20} MB")
    try:
        with zipfile.ZipFile(BytesIO(template)) as package:
            parts = package.infolist()
            if len(parts) > PARTS_MAX or sum(part.file_size for part in parts) > UNPACKED_MAX:
                raise Unfit("文件解压后过大，未读取 · it grows beyond all measure when it is unpacked: it is not read")
            names = [part.filename.lower() for part in parts]
            if any("vbaproject" in name or "externallink" in name or "activex" in name for name in names):
                raise Unfit("文件含有宏或外部链接，请去掉 · it holds macros or links to other files: take them out")
            for part in parts:
                if part.filename.lower().endswith((".xml", ".rels")) and b"<!" in _head(package, part):
                    raise Unfit("文件含有文档类型声明，未读取 · it declares a document type: it is not read")
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, OSError) as wrong:
        raise Unfit("不是 .xlsx 文件，或有密码 · it is no .xlsx file, or has a password") from wrong


def _head(package: zipfile.ZipFile, part: zipfile.ZipInfo) -> bytes:
    """Up to its first element, where a document type must stand; comments there are no spreadsheet program's."""
    with package.open(part) as opened:
        return re.split(rb"<[A-Za-z_]", opened.read(4096), maxsplit=1)[0]


def _sheet(sheet: Any, fields: Mapping[str, Cell], rows: Sequence[Mapping[str, Cell]]) -> list[str]:
    problems, each = [], []
    for cell in _texts(sheet):
        names = _PLACE.findall(cell.value)
        where = f"{sheet.title}!{cell.coordinate}"
        if names and cell.data_type == "f":
            problems.append(
                f"{where}: 公式里不能写占位符，请引用另一单元格 · no placeholder in a formula: refer to a cell"
            )
        elif any(name.startswith(_EACH) for name in names):
            each.append(cell)
        elif names:
            problems += _put(cell, cell.value, fields, where)
    return problems + _rows(sheet, each, fields, rows)


def _rows(sheet: Any, each: Sequence[Any], fields: Mapping[str, Cell], rows: Sequence[Mapping[str, Cell]]) -> list[str]:
    """The row that stands for each area below: copied downwards, with its looks."""
    if not each:
        return []
    number = each[0].row
    if any(cell.row != number for cell in each):
        return [f"{sheet.title}: {{{{each.…}}}} 只能写在一行 · may stand in one row only"]
    below = sheet.iter_rows(min_row=number + 1, max_row=sheet.max_row)
    if any(cell.value not in (None, "") for row in below for cell in row):
        return [f"{sheet.title}: {{{{each.…}}}} 那一行下面须为空，合计请放在上面 · nothing may stand below that row"]
    problems: list[str] = []
    pattern = [(cell, cell.value) for cell in sheet[number]]
    unknown = {name for cell in each for name in _PLACE.findall(cell.value)} - set(fields)
    known = {_EACH + name for row in rows[:1] for name in row}
    if rows and (wrong := sorted(unknown - known)):
        return [f"{sheet.title}!{number}: 没有这个占位符 · there is no {name}" for name in wrong]
    for n, row in enumerate(rows):
        here = {**fields, **{_EACH + name: value for name, value in row.items()}}
        for cell, value in pattern:
            target = sheet.cell(number + n, cell.column)
            if n:
                target._style = copy(cell._style)
            if isinstance(value, str) and _PLACE.search(value):
                problems += _put(target, value, here, f"{sheet.title}!{target.coordinate}")
            elif n and value is not None and cell.data_type != "f":
                target.value = value
    if not rows:
        for cell in each:
            cell.value = None
    return problems


def _put(cell: Any, pattern: str, fields: Mapping[str, Cell], where: str) -> list[str]:
    names = _PLACE.findall(pattern)
    if unknown := [name for name in names if name not in fields]:
        return [f"{where}: 没有这个占位符 · there is no {{{{{name}}}}}" for name in unknown]
    whole = _PLACE.fullmatch(pattern.strip())
    value: Cell = fields[names[0]] if whole else _PLACE.sub(lambda m: str(fields[m[1]]), pattern)
    _set(cell, value)
    return []


def _set(cell: Any, value: Cell) -> None:
    """A text is never computed, here or by whoever saves the sheet as CSV and opens that."""
    cell.value = (
        ("'" + value if value.startswith(_CALM) and len(value) > 1 else value) if isinstance(value, str) else value
    )


def _named(book: Any, fields: Mapping[str, Cell]) -> None:
    """Cells that have a figure's name, with _ for each dot. Other names are the county's own."""
    by_name = {name.replace(".", "_"): value for name, value in fields.items()}
    for name, defined in book.defined_names.items():
        if name in by_name:
            for sheet, coordinate in defined.destinations:
                if sheet in book.sheetnames and ":" not in coordinate:
                    cell = book[sheet][coordinate.replace("$", "")]
                    if cell.data_type != "f":
                        _set(cell, by_name[name])


def _texts(sheet: Any) -> Iterator[Any]:
    for row in sheet.iter_rows():
        for cell in row:
            if isinstance(cell.value, str) and "{{" in cell.value:
                yield cell


def main() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_MAX, MEMORY_MAX))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
    wanted = json.loads(sys.stdin.buffer.readline())
    try:
        book, problems = fill(sys.stdin.buffer.read(), wanted["fields"], wanted["rows"])
    except Unfit as why:
        book, problems = b"", [str(why)]
    except MemoryError:
        book, problems = b"", ["文件过于复杂 · the file takes too much memory"]
    sys.stdout.buffer.write(json.dumps({"problems": problems}).encode() + b"\n" + book)


if __name__ == "__main__":
    main()
