"""What a row of an office's table means, and why another is not taken. Pure."""

import re
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest
from heartlamp_server.area import code
from heartlamp_server.area.household import Consent, Contact, Household, Needs
from heartlamp_server.area.importing import areas, households, sites
from heartlamp_server.area.importing.columns import Bad, Column, day, division, find_head, text
from heartlamp_server.area.importing.report import Outcome, harmless
from heartlamp_server.area.importing.sheet import Broken, Formula, NoSheet
from heartlamp_server.area.phone import e164, masked
from heartlamp_server.area.tree import Node
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.server.area.tables import DAY, cells, tree


def whys(outcome: Outcome) -> list[tuple[int, str, str]]:
    """(row, column, the English why)."""
    return [(r.row, r.column, r.why.split(" · ")[1]) for r in outcome.refused]


# --- heads --------------------------------------------------------------------------------------------------------


def test_a_head_is_found_below_a_title_in_either_language() -> None:
    for names in (["区划代码（必填）", " 名 称 ", "备注"], ["Division Code", "NAME*", "Remarks"]):
        head = find_head([(1, ["城关镇村组表", None, None]), (3, list(names)), (4, ["1", "2"])], areas.COLUMNS)
        assert (dict(head.at), head.row, len(head.unknown)) == ({"code": 0, "name": 1}, 3, 1)


def test_a_table_without_a_needed_column_says_which() -> None:
    with pytest.raises(NoSheet, match="名称"):
        find_head([(1, ["区划代码", "人口"])], areas.COLUMNS)
    with pytest.raises(NoSheet):
        find_head([], areas.COLUMNS)


# --- cells --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "value",
    [
        " 990101001201 ",
        "９９０１０１００１２０１",
        "990101 001 201",
        "'990101001201",
        "\u200b990101001201",
        990101001201,
        990101001201.0,
    ],
)
def test_a_code_is_read_through_what_offices_put_around_it(value: Any) -> None:
    assert division(value) == "990101001201"


@pytest.mark.parametrize(
    ("value", "meant"),
    [
        ("990101000000", "990101"),
        ("990101001000", "990101001"),
        ("990100000000", "9901"),
        ("990100", "9901"),
        ("990101", "990101"),
        ("990000000000", "99"),
    ],
)
def test_zeros_that_fill_a_code_up_are_no_part_of_it(value: str, meant: str) -> None:
    assert division(value) == meant


def test_what_excel_made_of_a_code_is_not_believed() -> None:
    for value in (Formula("=A1"), Broken("#N/A"), datetime(2026, 3, 7), 9901010012010011234):
        with pytest.raises(Bad):
            division(value)
    assert "Excel" in (code.wrong("9.90101E+11", "village", "") or "")
    assert "12 digits" in (code.wrong("99010100120", "village", "") or "")
    assert "begin" in (code.wrong("990101001201", "village", "990102") or "")


@pytest.mark.parametrize(
    "said",
    [
        "2026-03-01",
        "2026/3/1",
        "2026.3.1",
        "2026年3月1日",
        "20260301",
        "２０２６-３-１",
        date(2026, 3, 1),
        datetime(2026, 3, 1),
    ],
)
def test_a_day_is_read_as_people_write_it(said: Any) -> None:
    assert day(said) == date(2026, 3, 1)


@pytest.mark.parametrize("said", ["3月7日", "2026-13-01", "昨天", 46082])
def test_what_is_no_day_is_not_guessed(said: Any) -> None:
    with pytest.raises(Bad):
        day(said)


@settings(deadline=None)
@given(st.text())
def test_a_table_of_refused_rows_can_be_opened_and_comes_back_as_it_was(word: str) -> None:
    cell = harmless(text(1000)(word))
    assert not cell.startswith(("=", "+", "-", "@", "\t", "\r"))
    assert text(1000)(cell) == text(1000)(text(1000)(word))


@pytest.mark.parametrize(
    ("said", "number"),
    [
        ("138 0013 8000", "+8613800138000"),
        ("８６-13800138000", "+8613800138000"),
        ("0086 138-0013-8000", "+8613800138000"),
        ("(010) 6552 9988", "+861065529988"),
        ("0577-88123456", "+8657788123456"),
        ("0994 2345678", "+869942345678"),
        ("+852 2345 6789", "+85223456789"),
    ],
)
def test_numbers_are_kept_as_the_world_dials_them(said: str, number: str) -> None:
    assert e164(said) == number
    assert number[-8:] not in masked(number)


@pytest.mark.parametrize(
    "said", ["88123456", "1380013800", "1.38001E+10", "668", "转 8001", "+8612345", "", "+0123456789"]
)
def test_what_nobody_can_dial_is_refused(said: str) -> None:
    with pytest.raises(ValueError, match=" · "):
        e164(said)


@settings(deadline=None)
@given(st.text(alphabet="0123456789+-() ８转E.", max_size=20) | st.text(max_size=20))
def test_a_number_is_one_or_a_reason(said: str) -> None:
    found = reason = ""
    try:
        found = e164(said)
    except ValueError as why:
        reason = str(why)
    assert (found == "") == (" · " in reason)
    if found:
        assert found.startswith("+")
        assert 8 <= len(found) <= 16
        assert e164(found) == found


# --- areas --------------------------------------------------------------------------------------------------------

HEAD = ["区划代码", "名称", "级别", "上级代码"]


def plan(*rows: list[Any], since: date | None = None) -> tuple[areas.Plan, Outcome]:
    return areas.plan(cells([HEAD, *rows], areas.COLUMNS), tree(), frozenset(), date(2026, 11, 22), since)


def test_rows_may_stand_in_any_order_and_levels_follow_from_codes() -> None:
    made, outcome = plan(
        ["990101002201001", "一组", "户组", ""],
        ["990101002201", "南村", "", ""],
        ["990101002000", "河口镇", "", ""],
        ["990101", "庆丰县", "", ""],
        ["", "三组", "组", "990101001201"],
        ["", "第一网格", "网格", "990101001201"],
        ["", "城关警格", "警格", "990101001"],
    )
    assert whys(outcome) == []
    assert (outcome.added, outcome.same) == (6, 1)
    township, village, *_ = made.nodes
    assert (township.level, village.level, village.parent) == ("township", "village", township.id)
    assert {n.name: (n.level, n.police) for n in made.nodes if n.level == "grid"} == {
        "第一网格": ("grid", False),
        "城关警格": ("grid", True),
    }


def test_a_code_completes_an_area_that_had_none() -> None:
    made, outcome = plan(["990101001201002", "二组", "户组", ""])
    assert [(n.id, n.code) for n in made.nodes] == [(6, "990101001201002")]
    assert outcome.changed == 1


@pytest.mark.parametrize(
    ("row", "column", "why"),
    [
        (["990101001201", "", "", ""], "名称", "it is empty"),
        (["9901010012", "村", "", ""], "区划代码", "its level cannot be told"),
        (["", "村", "", ""], "级别", "its level cannot be told"),
        (["990000000000", "省", "", ""], "区划代码", "its level cannot be told"),
        (["990101001203", "村", "小村", ""], "级别", "not a word that is known here"),
        (["990101009201", "村", "", ""], "区划代码", "no area 990101009 to be in"),
        (["990101001203", "村", "", "990101"], "上级代码", "a village is in no county"),
        (["9901010012011", "组", "户组", ""], "区划代码", "a code of a group has 15 digits, this has 13"),
        (
            ["990101002203", "村", "", "990101001"],
            "区划代码",
            "it does not begin with 990101001, the code of where it is",
        ),
        (["990101001203", "东村", "", ""], "名称", "there is one of this name with code 990101001201"),
        (
            ["9.90101E+11", "村", "村", "990101001"],
            "区划代码",
            "Excel shortened the number, and its last digits are lost",
        ),
        (["1.30E+11", "村", "村", ""], "区划代码", "Excel shortened the number, and its last digits are lost"),
        (["99010100A203", "村", "村", ""], "区划代码", "a code is digits only"),
        ([Formula("=B2"), "村", "", ""], "区划代码", "it is a formula, and none is computed here"),
        (["990101001203", datetime(2026, 3, 7), "", ""], "名称", "Excel made a date of it"),
        (["", "一组", "组", ""], "上级代码", "of what, is not said"),
    ],
)
def test_each_bad_row_has_its_reason_and_spoils_no_other(row: list[Any], column: str, why: str) -> None:
    made, outcome = plan(row, ["990101001204", "柳村", "", ""])
    assert whys(outcome) == [(2, column, why)]
    assert [n.name for n in made.nodes] == ["柳村"]


def test_rows_that_stand_there_twice_are_taken_once_and_contradictions_not() -> None:
    made, outcome = plan(
        ["990101001203", "柳村", "", ""], ["990101001203", "柳村", "", ""], ["990101001203", "杨村", "", ""]
    )
    assert [n.name for n in made.nodes] == ["柳村"]
    assert (outcome.added, outcome.same) == (1, 1)
    assert whys(outcome) == [(4, "区划代码", "row 2 says it otherwise")]


def test_a_new_name_is_a_correction_or_a_change_from_a_day_on() -> None:
    corrected, _ = plan(["990101001201", "东山村", "", ""])
    assert [(n.name, n.valid_from) for n in corrected.nodes] == [("东山村", DAY)]
    changed, _ = plan(["990101001201", "东山村", "", ""], since=date(2026, 6, 1))
    assert [(n.name, n.valid_from) for n in changed.nodes] == [("东山村", date(2026, 6, 1))]
    _, early = plan(["990101001201", "东山村", "", ""], since=date(2026, 1, 1))
    assert whys(early) == [(2, "名称", "it is 东村 since 2026-03-01")]


def test_groups_are_put_into_grids() -> None:
    there = tree()
    there.put(Node(9, 3, "grid", False, "第一网格", "990101001201801", DAY))
    head = ["名称", "级别", "上级代码", "所属网格代码"]
    rows = [["一组", "户组", "990101001201", "990101001201801"], ["四组", "户组", "990101001202", "990101001201801"]]
    made, outcome = areas.plan(cells([head, *rows], areas.COLUMNS), there, frozenset(), DAY, None)
    assert made.members == (areas.Member(5, 9, False),)
    assert whys(outcome) == [(3, "所属网格代码", "the grid is of another place")]


# --- sites --------------------------------------------------------------------------------------------------------

SITE_HEAD = ["点位编号", "类型", "区划代码", "户组", "名称", "地址", "地标", "纬度", "经度"]
KNOWN = sites.Site("s1", "household", 5, "一组 1号", "", "", 28.5, 120.5)


def site_plan(*rows: list[Any]) -> tuple[list[sites.Site], Outcome]:
    return sites.plan(cells([SITE_HEAD, *rows], sites.COLUMNS), tree(), {"s1": KNOWN})


def test_sites_of_every_kind_find_their_place() -> None:
    changed, outcome = site_plan(
        ["s2", "住户", "990101001201001", "", "一组 2号", "东村2号", "井旁", "28.1234", "120.1"],
        ["s3", "", "990101001201", "二组", "二组 1号", "", "", "", ""],
        ["p1", "公共报警柱", "990101001202", "", "村口", "", "", 28, 120],
        ["h1", "敬老院", "990101001202", "", "敬老院", "", "", "", ""],
        ["s1", "住户", "990101001201001", "", "一组 1号", "", "", "", ""],
    )
    assert whys(outcome) == []
    assert [(s.id, s.kind, s.area) for s in changed] == [
        ("s2", "household", 5), ("s3", "household", 6), ("p1", "post", 4), ("h1", "nursing", 4),
    ]  # fmt: skip
    assert outcome.same == 1


@pytest.mark.parametrize(
    ("row", "column", "why"),
    [
        (["", "", "990101001201001", "", "名", "", "", "", ""], "点位编号", "it is empty"),
        (["s 2", "", "990101001201001", "", "名", "", "", "", ""], "点位编号", "an id is of letters, digits and . _ -"),
        (["s2", "", "990101001201", "", "名", "", "", "", ""], "户组", "a household is in a household group"),
        (["s2", "", "990101001201", "九组", "名", "", "", "", ""], "户组", "东村 has no such group"),
        (
            ["s2", "", "990101001", "", "名", "", "", "", ""],
            "区划代码",
            "this is the code of 城关镇, no village or group",
        ),
        (["s2", "", "", "", "名", "", "", "", ""], "区划代码", "its area is missing"),
        (["s2", "", "990101001201001", "", "名", "", "", "120.1", "28.1"], "纬度", "not within 3 to 54"),
        (
            ["s2", "", "990101001201001", "", "名", "", "", "28.1", ""],
            "纬度",
            "one of latitude and longitude is missing",
        ),
        (["s2", "", "990101001201001", "", "名", "", "", "二十八", "120"], "纬度", "no number"),
        (["s2", "工厂", "990101001201001", "", "名", "", "", "", ""], "类型", "not a word that is known here"),
        (
            ["s1", "", "990101001201", "二组", "名", "", "", "", ""],
            "区划代码",
            "this site is in 庆丰县 城关镇 东村 一组",
        ),
        (["s2", "", "990101001201001", "", "=HYPERLINK()" * 20, "", "", "", ""], "名称", "longer than 100 characters"),
    ],
)
def test_each_bad_site_has_its_reason(row: list[Any], column: str, why: str) -> None:
    changed, outcome = site_plan(row, ["s9", "", "990101001201001", "", "一组 9号", "", "", "", ""])
    assert (2, column, why) in whys(outcome)
    assert [s.id for s in changed] == ["s9"]


def test_one_id_is_one_site() -> None:
    row = ["s2", "", "990101001201001", "", "一组 2号", "", "", "", ""]
    changed, outcome = site_plan(row, row, [*row[:4], "一组 3号", *row[5:]])
    assert [s.name for s in changed] == ["一组 2号"]
    assert whys(outcome) == [(4, "点位编号", "row 2 has this id")]


# --- households ---------------------------------------------------------------------------------------------------

HOUSE_HEAD = [
    "点位编号",
    "联系人1",
    "电话1",
    "语言1",
    "联系人2",
    "电话2",
    "狗",
    "信息同意日期",
    "信息同意方式",
    "信息同意凭据",
]
CONSENT = Consent("data", date(2026, 2, 1), "witness", "三组户长")


def house_plan(*rows: list[Any], before: Household | None = None) -> tuple[dict[str, Household], Outcome]:
    known = {
        "s1": households.Known("household", before or Household()),
        "s2": households.Known("household", Household()),
        "p1": households.Known("post", Household()),
    }
    return households.plan(cells([HOUSE_HEAD, *rows], households.COLUMNS), known, date(2026, 3, 1))


def test_a_household_says_whom_to_call_in_which_order() -> None:
    row = [
        "s1",
        "儿子",
        "13800138000",
        "普通话",
        "邻居",
        "0577-88123456",
        "有，拴着",
        "2026-02-01",
        "见证人",
        "三组户长",
    ]
    changed, outcome = house_plan(row)
    assert whys(outcome) == []
    contacts = Contact("儿子", "+8613800138000", "zh"), Contact("邻居", "+8657788123456", "")
    assert changed == {"s1": Household(contacts, Needs(dog="有，拴着"), (CONSENT,))}
    again, outcome = house_plan(row, before=changed["s1"])
    assert (again, outcome.same) == ({}, 1)


@pytest.mark.parametrize(
    ("row", "column", "why"),
    [
        (
            ["s1", "儿子", "13800138000", "", "", "", "", "", "", ""],
            "电话1",
            "no consent to keep the household's data is recorded",
        ),
        (["s1", "儿子", "", "", "", "", "", "", "", ""], "电话1", "a contact without a number"),
        (
            ["s1", "", "1380013800", "", "", "", "", "2026-02-01", "录音", "12号"],
            "电话1",
            "10 digits are no telephone number",
        ),
        (
            ["s1", "", "", "", "", "", "", "2026-02-01", "", "12号"],
            "信息同意日期",
            "a consent needs its day and how it was given",
        ),
        (
            ["s1", "", "", "", "", "", "", "2027-02-01", "录音", "12号"],
            "信息同意日期",
            "the day of the consent is yet to come",
        ),
        (
            ["s1", "", "", "", "", "", "", "2026-02-01", "录音", ""],
            "信息同意日期",
            "neither witness nor recording is named",
        ),
        (["p1", "", "", "", "", "", "", "", "", ""], "点位编号", "this site is no household"),
        (["s7", "", "", "", "", "", "", "", "", ""], "点位编号", "no such site"),
    ],
)
def test_each_bad_household_has_its_reason(row: list[Any], column: str, why: str) -> None:
    changed, outcome = house_plan(row, ["s2", "", "", "", "", "", "", "2026-02-01", "录音", "12号"])
    assert whys(outcome) == [(2, column, why)]
    assert list(changed) == ["s2"]


def test_what_a_table_has_no_column_for_stays() -> None:
    before = Household((Contact("儿子", "+8613800138000", "zh"),), Needs("邻居", "有"), (CONSENT,))
    known = {"s1": households.Known("household", before)}
    changed, _ = households.plan(cells([["点位编号", "楼梯"], ["s1", "三级台阶"]], households.COLUMNS), known, DAY)
    assert changed == {"s1": Household(before.contacts, Needs("邻居", "有", "三级台阶"), (CONSENT,))}


@pytest.mark.parametrize("known", [areas.COLUMNS, sites.COLUMNS, households.COLUMNS])
def test_every_column_is_in_the_offices_page(known: tuple[Column, ...]) -> None:
    page = (Path(__file__).parents[3] / "docs" / "areas.md").read_text(encoding="utf-8")
    for column in known:
        name = re.sub(r"[2-5]$", "1", column.names[0])
        name = re.sub(r"^(摄像|语音)同意(方式|凭据)", r"\1同意日期", name)
        assert name in page, f"docs/areas.md does not name the column {name}"
