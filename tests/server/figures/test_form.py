"""The month's report in the county's own form: what is filled in, what is refused, and that no text is computed."""

import asyncio
import io
import zipfile
from typing import Any

import openpyxl  # type: ignore[import-untyped]
import pytest
from heartlamp_server.figures.report import fill, template
from heartlamp_server.figures.report.fields import known, sample
from heartlamp_server.figures.report.fill import Unfit
from openpyxl.workbook.defined_name import DefinedName  # type: ignore[import-untyped]

FIELDS: dict[str, Any] = {
    "alarms": 12,
    "alarms.fire": 3,
    "on_time": 0.875,
    "area": "庆丰县",
    "reason": "=1+1",
    "head": "–",
}
ROWS: list[dict[str, Any]] = [{"name": "东村", "alarms": 5}, {"name": "=cmd|' /C calc'!A0", "alarms": 7}]


def form(cells: dict[str, Any], **sheets: dict[str, Any]) -> bytes:
    book = openpyxl.Workbook()
    for name, value in cells.items():
        book.active[name] = value
    for title, more in sheets.items():
        sheet = book.create_sheet(title)
        for name, value in more.items():
            sheet[name] = value
    return saved(book)


def saved(book: Any) -> bytes:
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def filled(data: bytes, rows: list[dict[str, Any]] = ROWS) -> Any:
    book, problems = fill.fill(data, FIELDS, rows)
    assert problems == []
    return openpyxl.load_workbook(io.BytesIO(book))


def problems(data: bytes) -> list[str]:
    book, found = fill.fill(data, FIELDS, ROWS)
    assert book == b""
    return found


def test_numbers_stay_numbers_and_the_countys_formulas_stay_formulas() -> None:
    data = form({"A1": "{{area}}：火警 {{alarms.fire}} 起", "B1": "{{ alarms }}", "B2": "{{on_time}}", "C1": "=B1*2"})
    sheet = filled(data).active
    assert [sheet[c].value for c in ("A1", "B1", "B2", "C1")] == ["庆丰县：火警 3 起", 12, 0.875, "=B1*2"]
    assert filled(data).calculation.fullCalcOnLoad


def test_a_cell_that_has_a_figures_name_is_filled_and_other_names_are_left_alone() -> None:
    book = openpyxl.Workbook()
    book.active["B7"], book.active["B8"] = "", "ours"
    for name, cell in (("alarms_fire", "$B$7"), ("our_own", "$B$8")):
        book.defined_names[name] = DefinedName(name, attr_text=f"Sheet!{cell}")
    sheet = filled(saved(book)).active
    assert (sheet["B7"].value, sheet["B8"].value) == (3, "ours")


def test_one_row_for_each_area_below_with_its_looks() -> None:
    data = form({"A1": "合计", "B1": "=SUM(B3:B99)", "A3": "{{each.name}}", "B3": "{{each.alarms}}", "C3": "{{area}}"})
    sheet = filled(data).active
    assert [sheet[f"B{n}"].value for n in (1, 3, 4)] == ["=SUM(B3:B99)", 5, 7]
    assert [sheet[f"C{n}"].value for n in (3, 4)] == ["庆丰县"] * 2
    assert [sheet[f"A{n}"].value for n in (3, 4)] == ["东村", "'=cmd|' /C calc'!A0"]
    assert filled(data, []).active["A3"].value is None


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "＝1", "\t=1", "=HYPERLINK(1)"])
def test_no_text_is_ever_computed(text: str) -> None:
    data = form({"A1": "{{reason}}", "A2": "{{reason}} 号"})
    book, wrong = fill.fill(data, {**FIELDS, "reason": text}, [])
    assert wrong == []
    sheet = openpyxl.load_workbook(io.BytesIO(book)).active
    for cell in (sheet["A1"], sheet["A2"]):
        assert cell.data_type == "s"
        assert cell.value.startswith("'")


def test_each_placeholder_that_there_is_not_is_named_with_its_cell() -> None:
    data = form({"A1": "{{alarms.fires}}", "B2": "{{alarms}} {{nobody}}"}, 分区={"A1": "{{each.nothing}}"})
    found = problems(data)
    assert [p.split(":")[0] for p in found] == ["Sheet!A1", "Sheet!B2", "分区!1"]
    assert "alarms.fires" in found[0]
    assert "nobody" in found[1]
    assert all(" · " in p for p in found)


@pytest.mark.parametrize(
    "cells",
    [
        {"A1": "={{alarms}}*2"},
        {"A1": "{{each.name}}", "A2": "{{each.name}}"},
        {"A1": "{{each.name}}", "A2": "合计"},
    ],
)
def test_what_cannot_be_filled_says_why(cells: dict[str, str]) -> None:
    assert len(problems(form(cells))) == 1


def packed(**parts: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as package:
        for name, data in parts.items():
            package.writestr(name, data)
    return out.getvalue()


def infected(name: str, data: bytes) -> bytes:
    out = io.BytesIO(form({"A1": "{{alarms}}"}))
    with zipfile.ZipFile(out, "a", zipfile.ZIP_DEFLATED) as package:
        package.writestr(name, data)
    return out.getvalue()


@pytest.mark.parametrize(
    "data",
    [
        b"no spreadsheet",
        b"PK\x03\x04 broken",
        packed(**{"a.xml": b"<a/>"}),
        infected("bomb.xml", bytes(fill.UNPACKED_MAX + 1)),
        infected("xl/vbaProject.bin", b"macro"),
        infected("xl/externalLinks/externalLink1.xml", b"<a/>"),
        infected("xl/evil.xml", b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>'),
        b"PK" + bytes(fill.BYTES_MAX),
    ],
    ids=["text", "broken", "no-book", "bomb", "macro", "links", "doctype", "large"],
)
def test_what_is_no_form_is_refused_in_words(data: bytes) -> None:
    with pytest.raises(Unfit) as why:
        fill.fill(data, FIELDS, ROWS)
    assert " · " in str(why.value)


def test_a_sheet_that_claims_to_be_immense_is_refused() -> None:
    with pytest.raises(Unfit):
        fill.fill(form({"A1": 1, "XFD1000000": "{{alarms}}"}), FIELDS, [])


def test_the_shipped_form_knows_every_figure() -> None:
    async def made() -> bytes:
        fields, rows = sample()
        return await template.fill(b"", {**fields, "area": "庆丰县"}, [{**row, "name": "东村"} for row in rows])

    book = openpyxl.load_workbook(io.BytesIO(asyncio.run(made())))
    assert str(book["月报"]["A1"].value).startswith("庆丰县")
    assert book["分区"]["A3"].value == "东村"
    texts = [c.value for s in book.worksheets for row in s.iter_rows() for c in row if isinstance(c.value, str)]
    assert not [text for text in texts if "{{" in text]
    assert len(known()) > 300


def test_a_process_of_its_own_reads_the_form_and_says_what_is_wrong() -> None:
    with pytest.raises(template.NotFilled) as why:
        asyncio.run(template.fill(form({"A1": "{{nobody}}"}), FIELDS, []))
    assert "nobody" in why.value.problems[0]
