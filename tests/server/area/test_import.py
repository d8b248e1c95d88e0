"""`heartlamp-server import`: an office sends a table, corrects what was not taken, and sends that again."""

import csv
import time
from pathlib import Path
from typing import Any

import pytest

from tests.server.area.tables import write, xlsx
from tests.server.area.zone import Zone
from tests.server.county import County

SITE_HEAD = ["点位编号", "区划代码", "名称", "地址"]


def test_what_was_refused_is_corrected_in_the_report_and_imported_again(zone: Zone) -> None:
    group = f"{zone.east}001"
    rows = [["z1" + zone.code, group, "一组 1号", "+东村"], ["z2" + zone.code, f"{group}9", "=2号", "东村"]]
    file = write(zone.folder / "houses.csv", SITE_HEAD, *rows)
    said = zone.take("sites", file, check=False)
    assert "2 rows: 1 added, 0 changed, 0 as they were, 1 not taken" in said
    assert "row 3, 区划代码" in said

    report = zone.folder / "houses.refused.csv"
    assert oct(report.stat().st_mode)[-3:] == "600"
    with report.open(encoding="utf-8-sig", newline="") as table:
        head, bad = list(csv.reader(table))
    assert bad[:4] == ["z2" + zone.code, f"'{group}9", "'=2号", "东村"]
    assert bad[head.index("原行号 row")] == "3"
    assert "no area has this code" in bad[head.index("原因 reason")]

    zone.take("sites", file, check=False)
    assert (zone.folder / "houses.refused2.csv").exists()  # the first one may be half corrected

    bad[1] = f"'{group}"
    again = zone.take("sites", write(zone.folder / "again.csv", head, bad))
    assert "1 rows: 1 added" in again
    found = zone.county.sql(
        "SELECT name, address FROM site WHERE id IN (%s, %s) ORDER BY id", "z1" + zone.code, "z2" + zone.code
    )
    assert found == [("一组 1号", "+东村"), ("=2号", "东村")]


def test_a_dry_run_says_it_all_and_changes_nothing(zone: Zone) -> None:
    before = zone.county.sql("SELECT count(*) FROM area")
    file = write(zone.folder / "more.csv", ["区划代码", "名称"], [f"{zone.township}203", "南村"], ["1", "北村"])
    said = zone.take("areas", file, "--dry-run", check=False)
    assert "1 would be added" in said
    assert "nothing was changed" in said
    assert zone.county.sql("SELECT count(*) FROM area") == before


def test_the_same_table_again_changes_nothing(zone: Zone) -> None:
    id, *_ = zone.sites("1", "2")
    head = ["点位编号", "联系人", "电话", "信息同意日期", "信息同意方式", "信息同意凭据"]
    homes = write(zone.folder / "homes.csv", head, [id, "儿子", "13800138000", "2026-02-01", "录音", "12号"])
    assert "1 added" in zone.take("households", homes)
    sealed = zone.county.sql("SELECT sealed, site FROM contact WHERE site = %s", id)
    for kind, file in (("areas", "areas.csv"), ("sites", "sites.csv"), ("households", "homes.csv")):
        assert " 0 added, 0 changed" in zone.take(kind, zone.folder / file)
    assert zone.county.sql("SELECT sealed, site FROM contact WHERE site = %s", id) == sealed


def test_numbers_and_words_of_households_are_not_readable_in_the_database(zone: Zone) -> None:
    id, *_ = zone.sites("1")
    head = ["点位编号", "联系人", "电话", "钥匙", "信息同意日期", "信息同意方式", "信息同意凭据"]
    zone.take(
        "households",
        write(zone.folder / "h.csv", head, [id, "女儿", "13800138000", "邻居有", "2026-02-01", "见证", "户长"]),
    )
    rows = zone.county.sql(
        "SELECT c.sealed, h.needs, n.evidence FROM household h JOIN contact c USING (site) JOIN consent n USING (site) "
        "WHERE site = %s", id,
    )  # fmt: skip
    assert len(rows) == 1
    for sealed in rows[0]:
        for word in ("13800138000", "女儿", "邻居", "户长"):
            assert word.encode() not in bytes(sealed)


def test_a_spreadsheet_as_an_office_keeps_it(zone: Zone) -> None:
    """A title, merged cells, numbers that are codes, a formula, a date where a name should be."""
    from datetime import datetime

    rows: list[list[Any]] = [
        ["河口镇点位登记表", None, None, None],
        ["所属区划代码", "点位编号", "名称", "备注"],
        [int(f"{zone.west}001"), f"x1{zone.code}", "一组 1号", "x"],
        [None, f"x2{zone.code}", "=C3", None],
        [None, f"x3{zone.code}", datetime(2026, 3, 7), None],
        [f"{zone.west}002", f"x4{zone.code}", "二组 1号", None],
    ]
    said = zone.take("sites", xlsx(zone.folder / "点位.xlsx", rows, ["A1:D1", "A3:A5"]), check=False)
    assert "4 rows: 2 added, 0 changed, 0 as they were, 2 not taken" in said
    assert "not used: the columns 备注" in said
    assert "row 4, 名称 '=C3': 这是公式" in said
    assert "row 5, 名称 '2026-03-07': Excel 把它变成了日期" in said
    found = zone.county.sql(
        "SELECT a.code FROM site s JOIN area a ON a.id = s.area WHERE s.id LIKE %s ORDER BY s.id", f"x_{zone.code}"
    )
    assert found == [(f"{zone.west}001",), (f"{zone.west}002",)]


def test_what_is_no_table_is_one_sentence_and_changes_nothing(zone: Zone, county: County, tmp_path: Path) -> None:
    for name, data in (
        ("a.csv", b""),
        ("b.xlsx", b"no"),
        ("c.csv", "人口,面积\n1,2\n".encode()),
        ("d.csv", "区划代码,名称\n".encode()),
    ):
        (tmp_path / name).write_bytes(data)
        done = county.cli("import", "areas", tmp_path / name, "--config", county.config, check=False)
        assert done.returncode == 1
        assert "Nothing was changed" in done.stderr
        assert "Traceback" not in done.stderr
    assert county.cli("import", "areas", tmp_path / "none.csv", "--config", county.config, check=False).returncode == 1


def test_new_houses_reach_the_villages_gateway(county: County, tmp_path: Path) -> None:
    """A village that was enrolled is found by its code; its gateway is told that its list changed."""
    village = county.village()
    county.sql("UPDATE area SET code = %s WHERE name = %s", f"99010100{village.gateway[-4:]}", village.name)
    code = f"99010100{village.gateway[-4:]}"
    before = village.http.get("/gateway/v1/registry").json()
    head = ["点位编号", "区划代码", "户组", "名称"]
    file = write(tmp_path / "s.csv", head, [f"new{village.gateway}", code, "三组", "三组 9号"])
    done = county.cli("import", "sites", file, "--config", county.config, check=False)
    assert "1 added" in done.stdout, done.stderr
    after = village.http.get("/gateway/v1/registry").json()
    assert after["version"] == before["version"] + 1
    assert {s["id"] for s in after["sites"]} - {s["id"] for s in before["sites"]} == {f"new{village.gateway}"}


@pytest.mark.prove
def test_fifty_thousand_rows_take_seconds(zone: Zone) -> None:
    many = 50_000
    group = f"{zone.east}001"
    rows = [[f"m{zone.code}{n:05d}", group if n % 100 else "990", f"一组 {n}号", "东村"] for n in range(many)]
    file = write(zone.folder / "many.csv", SITE_HEAD, *rows)
    began = time.monotonic()
    said = zone.take("sites", file, check=False)
    took = time.monotonic() - began
    print(f"{many} sites in {took:.1f} s")
    assert f"{many} rows: {many - 500} added, 0 changed, 0 as they were, 500 not taken" in said
    assert "… and 480 more" in said
    assert took < 60
    zone.county.sql("DELETE FROM site_was WHERE site LIKE %s", f"m{zone.code}%")
    zone.county.sql("DELETE FROM site WHERE id LIKE %s", f"m{zone.code}%")
