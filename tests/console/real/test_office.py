"""What an administrator does on their screens, and what is refused there, in words."""

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.console.axe import faults
from tests.console.browse import watch
from tests.console.pictures.office import filled
from tests.console.stage import Stage
from tests.server.responder.people import Somebody

pytestmark = pytest.mark.timeout(240)


def by(stage: Stage, page: Page, who: Somebody, path: str) -> None:
    stage.sign_in(page, who)
    page.goto(stage.county.console + path)


def test_a_policy_is_tried_changed_refused_in_words_corrected_and_saved(browser: Browser, stage: Stage) -> None:
    filled(stage)
    with watch(browser) as page:
        by(stage, page, stage.somebody("administrator"), "/#/policies/nights")
        expect(page.locator(".ladder [data-step]")).to_have_count(4)
        page.locator("[data-edit]").click()
        page.locator('[data-step="2"] [name=after_s]').fill("60")  # nobody but a siren is called at once
        page.locator("form.edit [type=submit]").click()
        expect(page.locator("form.edit").get_by_role("alert")).to_contain_text("一开始就要打给人")
        page.locator('[data-step="2"] [name=after_s]').fill("0")
        page.locator('[data-step="3"] [name=after_s]').fill("120")
        page.locator("[name=site] option").first.wait_for(state="attached")
        page.locator(".sim [type=submit]").click()  # what is typed, before it is saved
        expect(page.locator(".sim")).to_contain_text("按正在修改的内容")
        expect(page.locator("[data-lane]").first).to_be_visible()
        page.locator("form.edit [type=submit]").click()
        expect(page.locator('.ladder [data-step="3"]')).to_contain_text("2 分钟")
        expect(page.locator(".one__top")).to_contain_text("第 2 版")


def test_somebody_is_added_gets_a_role_and_is_suspended(browser: Browser, stage: Stage) -> None:
    filled(stage)
    with watch(browser) as page:
        by(stage, page, stage.somebody("administrator"), "/#/people")
        page.locator("[data-invite]").click()
        page.locator("[name=display]").fill("青石乡 值班员")
        page.locator("[name=name]").fill("sj1")  # taken
        page.locator("dialog [type=submit]").click()
        expect(page.locator("dialog").get_by_role("alert")).to_contain_text("已被使用")
        page.locator("[name=name]").fill("qs1")
        page.locator("dialog select[data-level]").nth(0).select_option(label="庆丰县")
        page.locator("dialog select[data-level]").nth(1).select_option(label="青石乡")
        page.locator("dialog [type=submit]").click()
        expect(page.locator("[data-password]")).to_be_visible()
        page.get_by_role("button", name="已记下").click()
        pane = page.locator('article[data-person="qs1"]')
        expect(pane).to_contain_text("青石乡")
        pane.locator('[data-act="role"]').click()
        page.locator("dialog [name=role]").select_option("commander")
        page.locator("dialog [type=submit]").click()
        expect(pane.locator(".roles")).to_contain_text("指挥员 全县")
        pane.locator('[data-act="disable"]').click()
        page.locator("dialog [type=submit]").click()
        expect(pane.locator("[data-account]")).to_contain_text("已停用")
        page.locator("[name=q]").fill("技术员")
        assert page.locator("ul [data-person]").count() >= 1
        assert page.locator('ul [data-person="qs1"]').count() == 0


def test_numbers_stand_with_their_last_test_call_and_a_wrong_one_is_refused(browser: Browser, stage: Stage) -> None:
    filled(stage)
    with watch(browser) as page:
        by(stage, page, stage.somebody("administrator"), "/#/people/cun1")
        page.locator("[data-show-numbers]").click()
        expect(page.locator('[data-proven="false"]')).to_contain_text("还没有接通过试呼")
        page.locator("[data-edit-numbers]").click()
        page.locator("[name=numbers]").fill("12")
        page.locator("dialog [type=submit]").click()
        expect(page.locator("dialog").get_by_role("alert")).to_contain_text("12")
    looks = stage.county.sql("SELECT 1 FROM audit WHERE what = 'look.numbers' AND about = 'cun1'")
    assert len(looks) >= 1


def test_a_roster_says_who_is_on_call_and_what_is_wrong_with_it(browser: Browser, stage: Stage) -> None:
    filled(stage)
    with watch(browser) as page:
        by(stage, page, stage.somebody("administrator"), f"/#/rosters/{stage.made['roster']}")
        expect(page.locator("[data-now]")).to_contain_text("县指挥中心 值班员")
        expect(page.locator("[data-check]")).to_contain_text("全时有人")
        page.locator("[data-edit]").click()
        page.locator("[name=turns]").last.fill("jiaban1\nsj1")  # an auditor is no operator
        page.locator("form.edit [type=submit]").click()
        expect(page.locator("form.edit").get_by_role("alert")).to_contain_text("sj1")
        page.locator("[name=turns]").last.fill("jiaban1\njiaban2")
        page.locator("[name=ends]").last.fill("06:00")
        page.locator("form.edit [type=submit]").click()
        expect(page.locator("[data-check]")).to_contain_text("没有人")  # from six to eight
        page.locator("[data-edit]").click()
        page.locator("[name=ends]").last.fill("08:00")
        page.locator("form.edit [type=submit]").click()
        expect(page.locator("[data-check]")).to_contain_text("全时有人")
        page.locator(".holidays summary").click()
        page.locator('[data-act="holidays"]').click()
        page.locator("[name=holidays]").fill("2027-13-01,放假,元旦")
        page.locator("dialog [type=submit]").click()
        expect(page.locator("dialog").get_by_role("alert")).to_be_visible()
        page.locator("[name=holidays]").fill("2027-01-01,放假,元旦")
        page.locator("dialog [type=submit]").click()
        expect(page.locator('.holidays [data-kind="holiday"]')).to_contain_text("元旦")


PAGES = {"policies/nights": ".ladder", "people/wg1": "article"}


@pytest.mark.prove  # in depth; the way through all pages is test_quality
@pytest.mark.parametrize(("theme", "width"), [("light", 1280), ("dark", 360)])
def test_axe_finds_nothing_and_nothing_is_too_wide(browser: Browser, stage: Stage, theme: str, width: int) -> None:
    filled(stage)
    with watch(browser, theme=theme, viewport={"width": width, "height": 800}) as page:
        by(stage, page, stage.somebody("administrator"), "/#/policies")
        for path, there in {**PAGES, f"rosters/{stage.made['roster']}": "[data-check]"}.items():
            page.goto(f"{stage.county.console}/#/{path}")
            page.locator(there).first.wait_for()
            assert faults(page) == [], path
            assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0, path
        page.goto(f"{stage.county.console}/#/policies/nights")
        page.locator("[data-edit]").click()
        page.locator("form.edit").wait_for()
        assert faults(page) == []
