"""A matter from the whistle to the close, by the hands of three people, each on their own screen."""

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.console.axe import everywhere
from tests.console.browse import watch
from tests.console.pictures.matter import UNIT, filled
from tests.console.stage import VILLAGE, Stage
from tests.server.responder.people import Somebody

pytestmark = pytest.mark.timeout(240)


def by(stage: Stage, page: Page, who: Somebody, path: str) -> None:
    page.goto(f"{stage.county.console}/icon/quiet.svg")  # away, so that nobody is signed out on watch
    stage.sign_in(page, who)
    page.goto(stage.county.console + path)


def raised(page: Page, words: str) -> str:
    """Fills in the form and sends it; the page of the new matter."""
    page.get_by_role("searchbox").fill("路灯")
    page.get_by_label("路灯不亮").check()
    for step, name in ((1, "柳河镇"), (2, VILLAGE)):
        page.locator(f'[data-step="{step}"]').select_option(label=name)
    page.locator("[name=words]").fill(words)
    page.get_by_role("button", name="上报", exact=True).click()
    expect(page.locator('[data-stage="raised"]')).to_contain_text(words)
    return page.url.partition("#")[2]


def test_whistle_report_in_handle_verify_close(browser: Browser, stage: Stage) -> None:
    operator, unit = stage.somebody("operator"), stage.somebody("department", unit=UNIT)
    with watch(browser) as page:
        by(stage, page, operator, "/#/report")
        path = raised(page, "桥头路灯不亮")
        page.locator('[data-act="whistle"]').click()
        expect(page.locator('[data-stage="whistled"]')).to_contain_text("等部门报到")
        assert page.locator('[data-act="report_in"]').count() == 0  # that is the department's

        by(stage, page, unit, f"/#{path}")
        page.locator('[data-act="report_in"]').click()
        page.locator('[data-act="handle"]').click()
        page.locator("[name=what]").fill("换了灯泡")
        page.locator("[name=photos]").fill("IMG-1")
        page.get_by_role("button", name="提交").click()
        expect(page.locator('[data-stage="handled"]')).to_be_visible()

        by(stage, page, operator, f"/#{path}")
        page.locator('[data-act="verify"]').click()
        page.get_by_label("到现场看过").check()
        page.get_by_role("button", name="提交").click()
        page.locator('[data-act="close"]').click()
        page.get_by_label("没有联系上").check()
        page.get_by_role("button", name="提交").click()
        expect(page.locator('[data-stage="closed"]')).to_be_visible()
        lines = page.locator("[data-line]").evaluate_all("all => all.map((one) => one.dataset.line)")
        assert lines == ["close", "verify", "handle", "report_in", "whistle", "raise"]


def test_what_the_server_refuses_is_said_in_the_dialog(browser: Browser, stage: Stage) -> None:
    operator, unit = stage.somebody("operator"), stage.somebody("department", unit=UNIT)
    made = operator.post("matters", code="S01", words="村道坑洼", source="operator", area=stage.area).json()["id"]
    operator.post(f"matters/{made}/act", act="whistle")
    stage.county.sql("UPDATE matter SET unit = %s WHERE id = %s", UNIT, made)
    unit.post(f"matters/{made}/act", act="report_in")
    with watch(browser) as page:
        by(stage, page, unit, f"/#/matters/{made}")
        page.locator('[data-act="handle"]').click()
        page.locator("[name=what]").fill("补了坑")
        page.locator("[name=photos]").fill("只有一张")
        page.get_by_role("button", name="提交").click()
        expect(page.locator("dialog").get_by_role("alert")).to_contain_text("需要照片 2 张")
        page.locator("[name=photos]").fill("前1\n后1")
        page.get_by_role("button", name="提交").click()
        expect(page.locator('[data-stage="handled"]')).to_be_visible()


def test_an_order_goes_from_the_household_to_a_volunteer_and_back(browser: Browser, stage: Stage) -> None:
    operator, volunteer = stage.somebody("operator"), stage.somebody("volunteer")
    with watch(browser) as page:
        by(stage, page, operator, "/#/orders")
        page.get_by_role("button", name="代住户点单").click()
        page.locator("[name=service]").select_option(index=1)
        for step, name in ((1, "柳河镇"), (2, VILLAGE), (3, "三组")):
            page.locator(f'[data-step="{step}"]').select_option(label=name)
        page.locator("[name=site]").select_option(label="三组 9号")
        page.get_by_role("button", name="提交").click()
        page.locator("[data-order]").first.click()
        page.locator('[data-act="offer"]').click()
        expect(page.locator('[data-stage="offered"]')).to_contain_text("三组 9号")
        path = page.url.partition("#")[2]

        by(stage, page, volunteer, f"/#{path}")
        expect(page.locator('[data-stage="offered"]')).to_contain_text("接单后显示是哪一户")
        page.locator('[data-act="take"]').click()
        expect(page.locator('[data-stage="taken"]')).to_contain_text("三组 9号")
        page.locator('[data-act="done"]').click()
        by(stage, page, operator, f"/#{path}")
        page.locator('[data-act="confirm"]').click()
        page.get_by_label("满意", exact=True).check()
        page.get_by_role("button", name="提交").click()
        expect(page.locator('[data-stage="confirmed"]')).to_be_visible()


def test_the_catalogue_is_changed_by_who_has_the_whole_county(browser: Browser, stage: Stage) -> None:
    with watch(browser) as page:
        by(stage, page, stage.somebody("operator"), "/#/catalogue")
        page.locator('[data-code="S16"]').wait_for()
        assert page.get_by_role("button", name="修改").count() == 0
        by(stage, page, stage.somebody("commander"), "/#/catalogue")
        page.locator('[data-code="S16"]').get_by_role("button").click()
        page.locator("[name=done]").fill("72")
        page.get_by_role("button", name="保存").click()
        expect(page.locator('[data-code="S16"]')).to_contain_text("8 h / 72 h")


@pytest.mark.prove  # in depth; the way through all pages is test_quality
def test_axe_finds_nothing_and_nothing_is_too_wide(browser: Browser, stage: Stage) -> None:
    filled(stage)
    pages = {
        "matters": "[data-matter]", f"matters/{stage.made['matter']}": "[data-line]", "report": "[data-step]",
        f"orders/{stage.made['order']}": ".pane li", "catalogue": "[data-code]", "matter-counts": "tbody tr",
    }  # fmt: skip
    with watch(browser) as page:
        by(stage, page, stage.somebody("commander"), "/#/matters")
        for path, there in pages.items():
            page.goto(f"{stage.county.console}/#/{path}")
            page.locator(there).first.wait_for()
            assert everywhere(page) == [], path
        page.goto(f"{stage.county.console}/#/matters/{stage.made['matter']}")
        page.locator('[data-act="note"]').click()
        page.locator("dialog[open]").wait_for()
        assert everywhere(page) == []
