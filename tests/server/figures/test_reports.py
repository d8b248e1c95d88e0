"""The month's report over HTTP: in the county's form, and as a page to print."""

import io
from datetime import timedelta

import httpx
import openpyxl  # type: ignore[import-untyped]
import pytest
from heartlamp_server.figures.report.fill import BYTES_MAX

from tests.server.county import County
from tests.server.figures.past import ACCEPTED, CLOSED, RANG, Desk, alarm
from tests.server.figures.test_figures import AUGUST
from tests.server.figures.test_form import form
from tests.server.responder.people import Somebody


@pytest.fixture
def desk(county: County) -> Desk:
    desk = Desk(county)
    alarm(county, desk.village.sites[0], AUGUST, "fire", [RANG, ACCEPTED, CLOSED])
    alarm(county, desk.village.sites[1], AUGUST + timedelta(days=1), lines=[RANG])
    alarm(county, desk.village.sites[1], AUGUST.replace(year=2025), lines=[RANG])
    return desk


def upload(who: Somebody, area: int, data: bytes, name: str = "庆丰月报.xlsx") -> httpx.Response:
    return who.http.post("/api/reports/form", params={"area": area, "name": name}, content=data)


def book(reply: httpx.Response) -> "openpyxl.Workbook":
    assert reply.status_code == 200, reply.text
    return openpyxl.load_workbook(io.BytesIO(reply.content))


def test_the_shipped_form_filled_for_a_village(desk: Desk) -> None:
    reply = desk.who("operator", "village").get("reports/month.xlsx", area=desk.areas["village"], month="2026-08-01")
    sheet = book(reply)["月报"]
    assert "attachment" in reply.headers["content-disposition"]
    found = {sheet[f"A{n}"].value: [sheet.cell(n, c).value for c in range(3, 7)] for n in range(6, sheet.max_row + 1)}
    assert found["警情数"] == [2, "–", 1, "–"]
    assert found["火警"] == [1, 2, 0, 1]
    assert found["办结率"] == [0.5, 2, 0, 1]
    assert found["受理时长 P50（秒 s）"] == [20, 1, "–", 0]
    assert sheet["B2"].value == "未锁定 · not locked"


def test_the_countys_own_form_is_tried_kept_and_used_also_below(desk: Desk) -> None:
    keeper, reader = desk.who("administrator", "township"), desk.who("operator", "village")
    refused = upload(keeper, desk.areas["township"], form({"A1": "{{alarm}}"}))
    assert (refused.status_code, set(refused.json())) == (422, {"error", "do"})
    assert "Sheet!A1" in refused.json()["error"]
    kept = upload(keeper, desk.areas["township"], form({"A1": "{{area}} {{alarms}} 起", "A2": "=LEN(A1)"}))
    assert kept.status_code == 200, kept.text
    where = {"area": desk.areas["village"], "month": "2026-08-01"}
    sheet = book(reader.get("reports/month.xlsx", **where)).active
    assert [sheet["A1"].value, sheet["A2"].value] == [f"{desk.village.name} 2 起", "=LEN(A1)"]
    assert reader.get("reports/form", area=desk.areas["village"]).json()["name"] == "庆丰月报.xlsx"
    assert upload(keeper, desk.areas["township"], b"").json() == {"name": "", "bytes": 0}
    assert "月报" in book(reader.get("reports/month.xlsx", **where)).sheetnames


def test_who_may_put_a_form_where_and_how_large(desk: Desk) -> None:
    good = form({"A1": "{{alarms}}"})
    assert upload(desk.who("commander", "township"), desk.areas["township"], good).status_code == 403
    keeper = desk.who("administrator", "village")
    assert upload(keeper, desk.areas["township"], good).status_code == 404
    assert upload(keeper, desk.areas["village"], bytes(BYTES_MAX + 1)).status_code == 413
    assert upload(keeper, desk.areas["village"], bytes(100_000)).status_code == 422
    assert keeper.http.post("/api/figures/locks", content=bytes(100_000)).status_code == 413  # only forms are files


def test_a_page_to_print_in_both_languages_without_anything_that_runs(desk: Desk) -> None:
    who = desk.who("commander", "township")
    where = {"area": desk.areas["village"], "month": "2026-08-01"}
    open_month = who.get("reports/month.html", **where)
    assert open_month.status_code == 200
    assert "未锁定" in open_month.text
    assert who.post("figures/locks", area=desk.areas["village"], month="2026-08-01").status_code == 200
    for lang, words in (("zh", "心灯月报"), ("en", "the month's report")):
        page = who.get("reports/month.html", **where, lang=lang)
        assert words in page.text.replace("&#x27;", "'")
        assert "<script" not in page.text
        assert "size:A4" in page.text
        assert "default-src 'none'" in page.headers["content-security-policy"]
        head = who.get("figures/locks", area=desk.areas["village"]).json()[0]["lock"]["head"]
        assert head in page.text  # of the audit log as it was at the lock
    assert who.display in page.text
    assert who.get("reports/month.html", area=desk.areas["village"], month="2026-08-01", version=7).status_code == 404
    assert desk.who("grid_worker").get("reports/month.html", **where).status_code == 403
