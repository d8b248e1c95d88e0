"""Figures on their screens: down from the county to a group, a month that is locked and corrected, the daily brief."""

from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.console.axe import faults
from tests.console.browse import watch
from tests.console.pictures.figures import filled, last_month
from tests.console.stage import VILLAGE, Stage
from tests.server.responder.people import Somebody

pytestmark = pytest.mark.timeout(240)


def by(stage: Stage, page: Page, who: Somebody, path: str) -> None:
    stage.sign_in(page, who)
    page.goto(stage.county.console + path)


def test_down_from_the_county_to_a_village_and_back(browser: Browser, stage: Stage) -> None:
    filled(stage)
    with watch(browser) as page:
        by(stage, page, stage.somebody("auditor"), "/#/figures")
        expect(page.locator('[data-tile="alarms"]')).to_contain_text("去年同期")
        page.locator("[data-area]").get_by_role("button", name="柳河镇").click()
        page.locator("[data-area]").get_by_role("button", name=VILLAGE).click()
        expect(page.locator('[aria-current="page"]', has_text=VILLAGE)).to_be_visible()
        page.locator('[data-kind="year"]').click()
        expect(page.locator(".steps__name")).to_contain_text("年")
        expect(page.locator("[data-area]").first).to_contain_text("组")
        page.get_by_role("navigation").get_by_role("button", name="庆丰县").click()
        expect(page.locator("[data-area]").get_by_role("button", name="柳河镇")).to_be_visible()
        assert ".year." in page.url  # the period stays
        page.go_back()
        expect(page.locator('[aria-current="page"]', has_text=VILLAGE)).to_be_visible()


def test_twelve_months_are_drawn_and_stand_in_a_table(browser: Browser, stage: Stage) -> None:
    filled(stage)
    with watch(browser) as page:
        by(stage, page, stage.somebody("auditor"), "/#/figures")
        trend = page.locator("[data-trend]")
        expect(trend.locator("canvas")).to_have_count(3)
        alarms = trend.locator('[data-row="alarms"] td')
        expect(alarms).to_have_count(12)
        tile = page.locator('[data-tile="alarms"] .tile__value')
        assert alarms.last.inner_text() == tile.inner_text().split()[0]
        expect(trend.locator("thead th").nth(11)).to_contain_text("已锁定")
        expect(trend.locator("thead th").nth(12)).to_contain_text("至今")
        assert faults(page) == []
        page.goto(f"{stage.county.console}/#/figures/.month.2020-05-01")
        expect(trend).to_contain_text("这 12 个月没有警情")
        expect(trend.locator("canvas")).to_have_count(0)


def test_a_month_is_locked_then_corrected_with_a_reason_that_everybody_reads(browser: Browser, stage: Stage) -> None:
    filled(stage)
    township = stage.areas["青石乡"]
    before = "2024-03-01"
    with watch(browser) as page:
        by(stage, page, stage.somebody("commander"), f"/#/month/{township}.month.{before}")
        expect(page.locator("[data-locked]")).to_have_attribute("data-locked", "0")
        page.locator("[data-lock]").click()
        page.locator("dialog").get_by_role("button", name="锁定本月").click()
        expect(page.locator("[data-locked]")).to_have_attribute("data-locked", "1")
        page.locator("[data-lock]").click()
        page.locator("[name=reason]").fill(" ")
        page.locator("dialog").get_by_role("button", name="更正", exact=True).click()
        expect(page.locator("dialog").get_by_role("alert")).to_be_visible()  # the server's words
        page.locator("[name=reason]").fill("补录一起")
        page.locator("dialog").get_by_role("button", name="更正", exact=True).click()
        expect(page.locator("[data-locked]")).to_have_attribute("data-locked", "2")
        expect(page.locator("[data-locked]")).to_contain_text("补录一起")
        page.locator(".versions summary").click()
        assert page.locator("[data-version]").count() == 2
        with page.expect_download() as got:
            page.get_by_role("link", name="下载表格").click()
        assert got.value.suggested_filename.endswith(f"{before[:7]}.xlsx")
        page.emulate_media(media="print")  # on paper: the report alone
        expect(page.locator(".paper")).to_be_visible()
        for other in ("header.head", ".pages", ".stand", ".versions"):
            expect(page.locator(other)).to_be_hidden()


def test_a_form_that_is_wrong_is_refused_cell_by_cell(browser: Browser, stage: Stage, tmp_path: Path) -> None:
    wrong = tmp_path / "模板.xlsx"
    wrong.write_bytes(b"no spreadsheet")
    with watch(browser) as page:
        by(stage, page, stage.somebody("administrator"), "/#/month")
        page.locator(".forms summary").click()
        page.locator("[name=form]").set_input_files(wrong)
        expect(page.locator(".forms").get_by_role("alert")).to_contain_text("未保存")


def test_who_may_see_figures_of_a_township_gets_no_other(browser: Browser, stage: Stage) -> None:
    with watch(browser) as page:
        by(stage, page, stage.somebody("operator", "青石乡"), "/#/figures")
        expect(page.locator('[aria-current="page"]', has_text="青石乡")).to_be_visible()
        assert page.locator("[data-lock]").count() == 0
        page.goto(f"{stage.county.console}/#/figures/{stage.areas['柳河镇']}.month.2026-01-01")
        expect(page.get_by_role("alert")).to_contain_text("没有这个区域")
        page.goto(f"{stage.county.console}/#/brief/{stage.areas['柳河镇']}.day.2026-01-01")
        expect(page.get_by_role("alert")).to_contain_text("没有这个区域")


@pytest.mark.prove  # in depth; the way through all pages is test_quality
@pytest.mark.parametrize(("theme", "width"), [("light", 1280), ("dark", 360)])
def test_axe_finds_nothing_and_nothing_is_too_wide(browser: Browser, stage: Stage, theme: str, width: int) -> None:
    filled(stage)
    pages = {"figures": "[data-tile]", f"month/{stage.areas['庆丰县']}.month.{last_month()}": "[data-version]"}
    with watch(browser, theme=theme, viewport={"width": width, "height": 800}) as page:
        by(stage, page, stage.somebody("administrator"), "/#/brief")
        page.locator("[data-part]").first.wait_for()
        assert faults(page) == []
        for path, there in pages.items():
            page.goto(f"{stage.county.console}/#/{path}")
            page.locator(there).first.wait_for(state="attached")
            assert faults(page) == [], path
            assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0, path
