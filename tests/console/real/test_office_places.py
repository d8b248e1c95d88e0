"""Areas, tables, SIM cards, retention and the audit log on their screens."""

import pytest
from playwright.sync_api import Browser, expect

from tests.console.axe import faults
from tests.console.browse import watch
from tests.console.pictures.office import filled, tried
from tests.console.real.test_office import by
from tests.console.stage import VILLAGE, Stage

pytestmark = pytest.mark.timeout(240)


def test_a_table_is_tried_each_bad_row_says_why_and_the_good_ones_are_taken(browser: Browser, stage: Stage) -> None:
    filled(stage)
    with watch(browser) as page:
        by(stage, page, stage.somebody("administrator"), "/#/tables")
        tried(page, stage)
        expect(page.locator('[data-kept="false"] [data-count="added"] dd')).to_have_text("2")
        expect(page.locator('[data-refused="5"]')).to_contain_text("1.30E+11")
        assert page.locator("[data-refused]").count() >= 2
        assert stage.county.sql("SELECT count(*) FROM site WHERE id LIKE 'x00%%'") == [(0,)]
        page.locator("[data-take]").click()
        expect(page.locator('[data-kept="true"]')).to_be_visible()
        assert stage.county.sql("SELECT count(*) FROM site WHERE id LIKE 'x00%%'") == [(2,)]
        page.goto(f"{stage.county.console}/#/areas")
        page.locator("[name=q]").fill("x001")
        page.locator('[data-found="x001"]').click()
        expect(page.locator('[data-site="x001"]')).to_contain_text("一组 21号")
    who = stage.somebody("administrator", "柳河镇")
    refused = who.http.post("/api/area-tables/areas", content="名称,级别\n新镇,乡镇\n".encode())
    assert (refused.status_code, "县级" in refused.json()["error"]) == (403, True)


HOMES = """点位编号,联系人,电话,狗,信息同意日期,信息同意方式,信息同意凭据
{0},儿子,13800138000,有狗,2026-02-01,录音,12号
{1},女儿,13800138001,,,,
nowhere,,,,,,
"""


def test_households_are_taken_in_as_a_table_and_each_stands_in_the_log(browser: Browser, stage: Stage) -> None:
    one, two = list(stage.houses.values())[-2:]
    admin = stage.somebody("administrator")
    with watch(browser) as page:
        by(stage, page, admin, "/#/tables")
        page.get_by_role("radio", name="住户资料").check()
        text = HOMES.format(one, two).encode("utf-8-sig")
        page.locator("[name=table]").set_input_files({"name": "住户.csv", "mimeType": "text/csv", "buffer": text})
        expect(page.locator('[data-kept="false"] [data-count="added"] dd')).to_have_text("1")
        expect(page.locator('[data-refused="3"]')).to_contain_text("同意")
        expect(page.locator('[data-refused="4"]')).to_contain_text("没有这个点位")
        assert stage.county.sql("SELECT 1 FROM contact WHERE site = %s", one) == []
        page.locator("[data-take]").click()
        expect(page.locator('[data-kept="true"]')).to_be_visible()
    assert stage.county.sql("SELECT count(*) FROM contact WHERE site IN (%s, %s)", one, two) == [(1,)]
    log = "SELECT about FROM audit WHERE who = %s AND what = 'household.change'"
    assert stage.county.sql(log, admin.name) == [(one,)]


def test_an_area_is_found_added_to_renamed_from_a_day_on_and_that_is_taken_back(browser: Browser, stage: Stage) -> None:
    filled(stage)
    with watch(browser) as page:
        by(stage, page, stage.somebody("administrator"), "/#/areas")
        page.locator("[name=q]").fill(VILLAGE)
        page.locator(f'[data-found="{stage.area}"]').click()
        expect(page.locator('[aria-current="page"]', has_text=VILLAGE)).to_be_visible()
        page.locator('[data-act="add"]').click()
        page.locator("dialog [name=name]").fill("四组")
        page.locator("dialog [type=submit]").click()
        expect(page.locator("[data-area]", has_text="四组")).to_be_visible()
        page.locator('[data-act="rezone"]').click()
        page.locator("dialog [type=submit]").click()
        expect(page.locator("dialog").get_by_role("alert")).to_be_visible()  # nothing was said to change
        page.locator("dialog [name=name]").fill("柳树湾社区")
        page.locator("dialog [name=day]").fill("2097-01-01")
        page.locator("dialog [type=submit]").click()
        expect(page.locator("dialog")).to_contain_text("2097-01-01")
        page.locator("[data-understood]").click()
        waiting = page.locator("[data-rezoning]", has_text="柳树湾社区")
        waiting.get_by_role("button").click()
        page.locator("dialog [type=submit]").click()
        expect(waiting).to_have_count(0)


def test_a_search_finds_nothing_of_another_township(browser: Browser, stage: Stage) -> None:
    who = stage.somebody("operator", "青石乡")
    assert who.get("places", q=VILLAGE).json() == {"places": []}
    found = who.get("places", q="青石").json()["places"]
    assert {"青石乡", "青石村"} <= {one["name"] for one in found}
    assert [one["name"] for one in stage.somebody("operator").get("places", q="s00001").json()["places"]] == [
        "一组 1号"
    ]


def test_a_card_that_runs_out_stands_first_and_a_month_is_written_down(browser: Browser, stage: Stage) -> None:
    filled(stage)
    with watch(browser) as page:
        by(stage, page, stage.somebody("administrator"), "/#/cards")
        expect(page.locator('[data-wrong="soon"]')).to_contain_text("12 天后到期")
        expect(page.locator('[data-wrong="empty"]')).to_contain_text("余额不足")
        row = page.locator("[data-card]", has_text="石桥村")
        row.locator('[data-act="month"]').click()
        page.locator("dialog [name=month]").fill("2026-11")
        page.locator("dialog [name=cost]").fill("21.5")
        page.locator("dialog [name=megabytes]").fill("300")
        page.locator("dialog [type=submit]").click()
        expect(row).to_contain_text("21.50 元")


def test_the_audit_log_is_read_by_the_auditor_alone_and_filtered_by_a_press(browser: Browser, stage: Stage) -> None:
    filled(stage)
    with watch(browser) as page:
        by(stage, page, stage.somebody("auditor"), "/#/audit")
        page.locator("[name=what]").fill("policy.change")
        page.get_by_role("button", name="筛选").click()
        expect(page.locator("[data-entry]").first).to_contain_text("nights")
        assert page.locator("[data-entry]").filter(has_not_text="policy.change").count() == 0
        page.get_by_role("button", name="全部").click()
        expect(page.locator("[data-broken]")).to_have_attribute("data-broken", "false")
        by(stage, page, stage.somebody("administrator"), "/icon/quiet.svg")
        page.goto(f"{stage.county.console}/#/audit")
        expect(page.get_by_role("link", name="管理")).to_be_visible()
        assert page.locator("[data-entry]").count() == 0


def test_days_are_shortened_after_what_goes_was_seen_and_taken_back(browser: Browser, stage: Stage) -> None:
    stage.county.sql("DELETE FROM kept_days")
    with watch(browser) as page:
        by(stage, page, stage.somebody("administrator"), "/#/retention")
        rule = page.locator('[data-kept="pictures"]')
        rule.locator("[data-change]").click()
        dialog = page.get_by_role("dialog")
        dialog.locator("[name=days]").fill("3")
        dialog.locator("[name=why]").fill("县保密办要求")
        dialog.locator("[name=seen]").wait_for()  # counted, and to be seen before it is kept
        dialog.locator("[type=submit]").click()
        expect(dialog).to_be_visible()
        dialog.locator("[name=seen]").check()
        dialog.locator("[type=submit]").click()
        expect(rule.locator("[data-next]")).to_contain_text("3 天")
        expect(rule).to_contain_text("县保密办要求")
        expect(rule.locator(".kept__days")).to_have_text("7 天")
        rule.locator("[data-back]").click()
        dialog.locator("[type=submit]").click()
        expect(rule.locator("[data-next]")).to_have_count(0)
        expect(rule.locator(".kept__days")).to_have_text("7 天")
        page.goto(f"{stage.county.console}/icon/quiet.svg")
        by(stage, page, stage.somebody("operator"), "/#/retention")
        expect(rule).to_be_visible()
        expect(page.locator("[data-change]")).to_have_count(0)
    days = stage.county.sql("SELECT days FROM kept_days ORDER BY id")
    assert days == [(3,), (7,)]


def test_a_channel_that_fails_is_said_with_what_waits_and_that_no_telephone_wakes_anybody(
    browser: Browser, stage: Stage
) -> None:
    with watch(browser) as page:
        by(stage, page, stage.somebody("administrator"), "/#/channels")
        expect(page.locator('[data-channel="app"]')).to_contain_text("个岗位")
        expect(page.locator("[data-no-telephone]")).to_be_visible()
        stage.county.sql(
            "INSERT INTO notification_channel (name, tokens, at, fault, fault_at)"
            " VALUES ('sms', 60, now(), '余额不足', now()) RETURNING 1"
        )
        page.reload()
        failed = page.locator('[data-channel="sms"]')
        expect(failed).to_contain_text("余额不足")
        expect(failed).to_contain_text("有问题")
        assert page.locator("[data-channel]").first.get_attribute("data-state") == "fault"  # what is wrong comes first
    stage.county.sql("DELETE FROM notification_channel WHERE name = 'sms' RETURNING 1")


PAGES = {"tables": ".choose", "cards": "[data-card]", "channels": "[data-channel]", "retention": "[data-kept]"}


@pytest.mark.prove  # in depth; the way through all pages is test_quality
@pytest.mark.parametrize(("theme", "width"), [("light", 1280), ("dark", 360)])
def test_axe_finds_nothing_and_nothing_is_too_wide(browser: Browser, stage: Stage, theme: str, width: int) -> None:
    filled(stage)
    with watch(browser, theme=theme, viewport={"width": width, "height": 800}) as page:
        by(stage, page, stage.somebody("administrator"), f"/#/areas/{stage.area}")
        page.locator("[data-site]").first.wait_for()
        for path, there in {f"areas/{stage.area}": "[data-site]", **PAGES}.items():
            page.goto(f"{stage.county.console}/#/{path}")
            page.locator(there).first.wait_for()
            assert faults(page) == [], path
            assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0, path
        page.goto(f"{stage.county.console}/icon/quiet.svg")
        by(stage, page, stage.somebody("auditor"), "/#/audit")
        page.locator("[data-entry]").first.wait_for()
        assert faults(page) == []
        assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
