"""Files as offices send them: whatever is in them comes out as rows, or as one sentence on what to do."""

import zipfile
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from heartlamp_server.area.importing.sheet import Formula, NoSheet, read

from tests.server.area.tables import csv_file, xlsx

ROWS = [["区划代码", "名称"], ["990101001201", "东村"], ["", ""], ["990101001202", "西村，又名“柳”村\n第二行"]]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gbk", "utf-16"])
@pytest.mark.parametrize("delimiter", [",", "\t", ";"])
def test_a_table_of_text_is_read_however_it_was_saved(tmp_path: Path, encoding: str, delimiter: str) -> None:
    rows = list(read(csv_file(tmp_path / "areas.csv", ROWS, encoding, delimiter)))
    assert rows == [(1, ROWS[0]), (2, ROWS[1]), (4, ROWS[3])]


def test_a_title_above_does_not_hide_what_parts_the_cells(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("点位登记表\n编号;名称\n1;一组\n")
    assert [cells for _, cells in read(tmp_path / "a.csv")][1:] == [["编号", "名称"], ["1", "一组"]]


def test_a_spreadsheet_gives_what_its_cells_are(tmp_path: Path) -> None:
    book = xlsx(
        tmp_path / "a.xlsx", [["代码", "名称"], [990101001201, datetime(2026, 3, 7)], ["=1+1", None], [], [1.5, True]]
    )
    rows = list(read(book))
    assert rows[0] == (1, ["代码", "名称"])
    assert rows[1] == (2, [990101001201, datetime(2026, 3, 7)])
    assert rows[2] == (3, [Formula("=1+1")])
    assert rows[3] == (5, [1.5, True])


def test_a_cell_merged_downwards_stands_in_each_row(tmp_path: Path) -> None:
    rows: list[list[Any]] = [
        ["点位表", None],
        ["镇", "村"],
        ["城关镇", "东村"],
        [None, "西村"],
        [None, "南村"],
        ["河口镇", "北村"],
    ]
    book = xlsx(tmp_path / "a.xlsx", rows, ["A1:B1", "A3:A5"])
    assert [row for _, row in read(book)][2:] == [
        ["城关镇", "东村"],
        ["城关镇", "西村"],
        ["城关镇", "南村"],
        ["河口镇", "北村"],
    ]


def test_of_several_sheets_the_first_with_anything_or_the_named_one(tmp_path: Path) -> None:
    import openpyxl  # type: ignore[import-untyped]

    book = openpyxl.Workbook()
    for name in ("说明", "村"):
        book.create_sheet(name).append([name])
    book.save(tmp_path / "a.xlsx")
    assert list(read(tmp_path / "a.xlsx")) == [(1, ["说明"])]
    assert list(read(tmp_path / "a.xlsx", "村")) == [(1, ["村"])]
    with pytest.raises(NoSheet, match="说明"):
        list(read(tmp_path / "a.xlsx", "组"))


OLE = bytes.fromhex("D0CF11E0A1B11AE1") + bytes(600)


@pytest.mark.parametrize(
    ("name", "data", "said"),
    [
        ("a.csv", b"", "empty"),
        ("a.csv", b" \r\n ", "empty"),
        ("a.xlsx", b"", "empty"),
        ("a.xlsx", "名称,代码".encode(), "is none"),
        ("a.xlsx", b"PK\x03\x04 and then something", "no spreadsheet"),
        ("a.xlsx", OLE + "EncryptedPackage".encode("utf-16-le"), "password"),
        ("a.xls", OLE, "old Excel format"),
        ("a.csv", bytes(range(256)), "no text"),
        ("a.csv", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "no text"),
        ("a.csv", b'a,b\n"' + b"x" * 200_000, "line 2"),
    ],
)
def test_what_is_no_table_is_said_in_one_sentence(tmp_path: Path, name: str, data: bytes, said: str) -> None:
    (tmp_path / name).write_bytes(data)
    with pytest.raises(NoSheet, match=said):
        list(read(tmp_path / name))


def test_a_zip_without_a_workbook_is_no_spreadsheet(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.xlsx", "w") as package:
        package.writestr("photo.txt", "x")
    with pytest.raises(NoSheet, match="no spreadsheet"):
        list(read(tmp_path / "a.xlsx"))


def test_what_grows_beyond_measure_is_not_unpacked(tmp_path: Path) -> None:
    file = xlsx(tmp_path / "a.xlsx", [["代码"]])
    with (
        zipfile.ZipFile(file, "a", zipfile.ZIP_DEFLATED) as package,
        package.open("xl/huge.xml", "w", force_zip64=True) as part,
    ):
        for _ in range(520):
            part.write(bytes(1024 * 1024))
    assert file.stat().st_size < 1024 * 1024
    with pytest.raises(NoSheet, match="beyond all measure"):
        list(read(file))
