"""The catalogue that is shipped, and one that somebody typed."""

import pytest
from heartlamp_server.matter.catalogue import Kind, read, removed, replaced, shipped, shipped_text, write

HEAD = """
terms = { hours = ["09:00-12:00", "13:00-17:00"], whistle = 2, decide = 4, verify = 16 }
groups = [{ code = "service", zh = "民生服务", en = "Services" }]
"""
GOOD = {
    "code": '"S01"', "group": '"service"', "zh": '"路灯不亮"', "en": '"Street lamp out"', "unit": '"住建局"',
    "report_in": "8", "done": "40", "time": '"work"', "proof": '["photo"]',
}  # fmt: skip


def document(*rows: dict[str, str], head: str = HEAD) -> str:
    lines = [", ".join(f"{name} = {value}" for name, value in row.items()) for row in rows]
    return head + "matters = [" + ", ".join(f"{{ {line} }}" for line in lines) + "]"


def test_it_ships_with_three_groups_and_more_than_36_matters() -> None:
    found = shipped()
    assert [g.code for g in found.groups] == ["emergency", "enforcement", "service"]
    assert len(found.kinds) >= 36
    assert {k.group for k in found.kinds.values()} == {g.code for g in found.groups}
    assert len({k.zh for k in found.kinds.values()}) == len(found.kinds)
    mediated = {k.zh for k in found.kinds.values() if "调解" in k.zh}
    assert mediated == {"土地承包、地界纠纷调解", "邻里纠纷调解", "婚姻家庭纠纷调解"}
    assert all(k.on_request for k in found.kinds.values() if k.zh in mediated or "走失" in k.zh)


def test_what_is_written_is_read_again() -> None:
    assert read(write(shipped())) == (shipped(), [])
    assert read(shipped_text())[1] == []


def test_one_row_is_changed_and_one_taken_out() -> None:
    now = shipped()
    lamp = now.kinds["S02"]
    other = Kind(**{n: getattr(lamp, n) for n in Kind.__dataclass_fields__} | {"unit": "供电公司"})
    assert replaced(now, other).kinds["S02"].unit == "供电公司"
    assert "S02" not in removed(now, "S02").kinds


@pytest.mark.parametrize(
    ("column", "value", "why"),
    [
        ("code", '"s1"', "does not look like"),
        ("group", '"police"', "one of: service"),
        ("zh", '""', "zh: "),
        ("en", '"a\\u200bb"', "en: "),
        ("unit", "3", "unit: "),
        ("report_in", "0", "whole hours"),
        ("report_in", "2.5", "whole hours"),
        ("report_in", "true", "whole hours"),
        ("done", "4", "before anybody reports in"),
        ("time", '"night"', "work or clock"),
        ("urgent", "true", "does not wait for working hours"),
        ("urgent", '"yes"', "true or false"),
        ("proof", "[]", "at least one of"),
        ("proof", '["oath"]', "at least one of"),
        ("colour", '"red"', "not a column"),
    ],
)
def test_a_bad_row_is_named_with_its_reason_and_nothing_is_taken(column: str, value: str, why: str) -> None:
    found, problems = read(document(GOOD, GOOD | {"code": '"S02"', column: value}))
    assert found is None
    assert len(problems) == 1
    assert "row 2" in problems[0]
    assert why in problems[0]


@pytest.mark.parametrize(
    "name", ["重点人员走访", "上访人员稳控", "信教情况摸排", "网上舆情监测", "Petitioners in town"]
)
def test_people_are_no_matters(name: str) -> None:
    found, problems = read(document(GOOD | {"zh": f'"{name}"'}))
    assert found is None
    assert "never a person to be watched" in problems[0]


@pytest.mark.parametrize(
    ("head", "why"),
    [
        ("matters = 3 ", "not TOML"),
        (HEAD + "police = 1\n", "police: "),
        (HEAD.replace("09:00", "9"), "terms: hours"),
        (HEAD.replace("13:00", "11:00"), "terms: hours"),
        (HEAD.replace("whistle = 2", "whistle = 0"), "terms: whistle"),
        (HEAD.replace("service", "Service"), "groups"),
    ],
)
def test_a_bad_head_is_said_too(head: str, why: str) -> None:
    found, problems = read(document(GOOD, head=head))
    assert found is None
    assert any(why in problem for problem in problems), problems


def test_a_code_stands_once_and_an_empty_catalogue_is_none() -> None:
    assert "stands above already" in read(document(GOOD, GOOD))[1][0]
    assert "there is no matter" in read(document())[1][0]
