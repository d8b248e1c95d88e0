"""Reads a CSV or XLSX file into rows of values. Formulas are never computed, and never believed."""

import csv
import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, time
from io import BytesIO, StringIO
from pathlib import Path
from typing import TypeAlias

BYTES_MAX = 64 * 1024 * 1024
UNPACKED_MAX = 512 * 1024 * 1024
ROWS_MAX = 200_000
_OLE = bytes.fromhex("D0CF11E0A1B11AE1")
_MERGED = re.compile(rb'<(?:\w+:)?mergeCell\s[^>]*?ref="([A-Z]{1,3})(\d{1,7}):([A-Z]{1,3})(\d{1,7})"')


class NoSheet(Exception):
    """Why the file as a whole cannot be read, and what to do."""


@dataclass(frozen=True, slots=True)
class Formula:
    """A cell that is computed. `text`: the formula."""

    text: str


@dataclass(frozen=True, slots=True)
class Broken:
    """A cell that shows an error. `text`: such as #N/A."""

    text: str


Value: TypeAlias = str | int | float | date | time | Formula | Broken | None
"""A datetime is a date too."""
Row: TypeAlias = tuple[int, list[Value]]
"""(number as the office's program shows it, its cells). Rows without any value are left out."""


def read(file: Path, sheet: str = "") -> Iterator[Row]:
    """`sheet`: of an XLSX its sheet's name, "" the first one that has anything. Raises NoSheet, OSError."""
    if file.stat().st_size > BYTES_MAX:
        raise NoSheet(f"the file has more than {BYTES_MAX // 1024 // 1024} MB: split it")
    return read_data(file.read_bytes(), file.name, sheet)


def read_data(data: bytes, name: str, sheet: str = "") -> Iterator[Row]:
    """The same of a file's bytes; `name`: as it is called. Raises NoSheet."""
    if not data.strip():
        raise NoSheet("the file is empty: save it in the program it comes from, and try again")
    if data.startswith(b"PK"):
        return _limited(_xlsx(data, sheet))
    if data.startswith(_OLE):
        if "EncryptedPackage".encode("utf-16-le") in data:
            raise NoSheet("the file is protected by a password: open it, take the password off, and save it")
        raise NoSheet("this is the old Excel format (.xls): open it and save it as .xlsx or .csv")
    if name.lower().endswith((".xlsx", ".xlsm")):
        raise NoSheet(f"{name} is called a spreadsheet and is none: open it and save it as .xlsx or .csv")
    return _limited(_csv(data))


def _limited(rows: Iterator[Row]) -> Iterator[Row]:
    for many, row in enumerate(rows):
        if many == ROWS_MAX:
            raise NoSheet(f"the file has more than {ROWS_MAX} rows: split it")
        yield row


# --- CSV ----------------------------------------------------------------------------------------------------------


def _csv(data: bytes) -> Iterator[Row]:
    text = decoded(data)
    top = text[:4000]  # the first line may be a title
    delimiter = max(",;\t", key=top.count)
    reader = csv.reader(StringIO(text, newline=""), delimiter=delimiter)
    line = 0
    try:
        for cells in reader:
            number, line = line + 1, reader.line_num
            if any(cell.strip() for cell in cells):
                yield number, list(cells)
    except csv.Error as error:
        raise NoSheet(f"line {line + 1} cannot be read ({error}): is a quotation mark missing?") from error


def decoded(data: bytes) -> str:
    """UTF-8, UTF-16 with its mark, or GBK (read as GB 18030, which holds it). Raises NoSheet."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        encodings = ["utf-16"]
    else:
        encodings = ["utf-8-sig", "gb18030"]
    for encoding in encodings:
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" not in text:
            return text
    raise NoSheet("the file is no text in UTF-8 or GBK: save it as .xlsx, or as CSV in UTF-8")


# --- XLSX ---------------------------------------------------------------------------------------------------------


def _xlsx(data: bytes, wanted: str) -> Iterator[Row]:
    import openpyxl  # type: ignore[import-untyped]  # half a second, and only who has a spreadsheet pays it

    try:
        with zipfile.ZipFile(BytesIO(data)) as package:
            if sum(part.file_size for part in package.infolist()) > UNPACKED_MAX:
                raise NoSheet("the file grows beyond all measure when it is unpacked: it is not read")
            book = openpyxl.load_workbook(BytesIO(data), read_only=True, data_only=False)
            names = [wanted] if wanted else [s.title for s in book.worksheets if s.sheet_state == "visible"]
            if wanted and wanted not in book.sheetnames:
                raise NoSheet(f"there is no sheet {wanted!r}: there are {', '.join(book.sheetnames)}")
            for name in names:
                page = book[name]
                page.reset_dimensions()  # what the file claims of its size is not to be trusted
                rows = _filled(page, _merged(package, page._worksheet_path))
                if (head := next(rows, None)) is not None:
                    yield head
                    yield from rows
                    return
    except NoSheet:
        raise
    except Exception as error:  # whatever openpyxl and the parsers below it make of a file that is none
        raise NoSheet(
            f"the file is no spreadsheet that can be read ({type(error).__name__}: {error}): "
            "open it and save it as .xlsx or .csv"
        ) from error


def _filled(page: object, merged: dict[int, list[tuple[int, int]]]) -> Iterator[Row]:
    """`merged`: first row -> (column, last row) of cells that were merged downwards: what stands in the first is what
    a reader sees in all of them."""
    standing: dict[int, tuple[int, Value]] = {}
    for number, cells in enumerate(page.iter_rows(), 1):  # type: ignore[attr-defined]
        row = [_value(cell) for cell in cells]
        if standing:
            standing = {column: kept for column, kept in standing.items() if kept[0] >= number}
            if any(value not in (None, "") for value in row):
                for column, (_, value) in standing.items():
                    row += [None] * (column + 1 - len(row))
                    row[column] = value
        for column, last in merged.get(number, ()):
            if column < len(row):
                standing[column] = (last, row[column])
        if any(value not in (None, "") for value in row):
            yield number, row


def _value(cell: object) -> Value:
    value, kind = cell.value, getattr(cell, "data_type", "n")  # type: ignore[attr-defined]
    if kind == "f":
        return Formula(str(value))
    if kind == "e":
        return Broken(str(value))
    if value is None or isinstance(value, (str, int, float, date, time)):
        return value
    return str(value)


def _merged(package: zipfile.ZipFile, path: str) -> dict[int, list[tuple[int, int]]]:
    """openpyxl does not say it of a sheet that it streams. It stands behind the cells."""
    page = package.read(path.lstrip("/"))
    found: dict[int, list[tuple[int, int]]] = {}
    for left, top, _, bottom in _MERGED.findall(page, page.rfind(b"sheetData>")):
        if top != bottom:
            column = 0
            for letter in left:
                column = column * 26 + letter - 64
            found.setdefault(int(top), []).append((column - 1, int(bottom)))
    return found
