"""A household's page in a real browser: a stranger's tap, a press of the green key, what one then sees."""

from collections.abc import Iterator
from typing import Any

import pytest
from heartlamp_server.responder.scope import Grant
from playwright.sync_api import Browser, Page, expect

from tests.console.browse import ROOT, chromium, watch
from tests.console.stage import aside
from tests.server.county import County, Village
from tests.server.house.test_house import green
from tests.server.responder.people import Somebody

pytestmark = pytest.mark.timeout(240)

AXE = ROOT / "server/console/node_modules/axe-core/axe.min.js"
PHONE: dict[str, Any] = {"viewport": {"width": 360, "height": 740}, "is_mobile": True, "has_touch": True}


@pytest.fixture(scope="module")
def browser(county: County) -> Iterator[Browser]:
    with chromium() as started:
        yield started


@pytest.fixture
def village(county: County) -> Village:
    return aside(lambda: county.village())


@pytest.fixture
def code(county: County, village: Village) -> str:
    technician = aside(lambda: Somebody(county, Grant("technician")))
    made: str = technician.get(f"sites/{village.sites[0]}/code").json()["code"]
    return made


def is_for_everybody(page: Page) -> None:
    page.evaluate(AXE.read_text())
    found = page.evaluate("axe.run(document, {runOnly: ['wcag2a', 'wcag2aa', 'wcag21aa', 'wcag22aa']})")
    assert [(v["id"], [n["html"] for n in v["nodes"]]) for v in found["violations"]] == []
    assert page.evaluate("document.documentElement.scrollWidth") <= 360


@pytest.mark.parametrize("theme", ["light", pytest.param("dark", marks=pytest.mark.prove)])
def test_a_stranger_reports_pairs_by_green_and_then_sees_the_house(
    browser: Browser, county: County, village: Village, code: str, theme: str
) -> None:
    with watch(browser, theme=theme, **PHONE) as page:
        page.goto(f"{county.console}/h/{code}")
        expect(page.locator("body")).to_contain_text("这是一盏心灯")
        assert "三组" not in page.locator("body").inner_text()
        page.locator('[data-kind="dark"]').tap()
        expect(page.locator('[data-fault="kept"]')).to_be_visible()
        assert county.sql("SELECT what FROM site_fault WHERE site = %s", village.sites[0]) == [("dark",)]
        is_for_everybody(page)

        page.locator('[data-tap="pair"]').tap()
        expect(page.locator("body")).to_contain_text("按一下家里心灯上的绿键")
        expect(page.locator("body")).to_contain_text("不要按红键")
        is_for_everybody(page)
        green(village)
        expect(page.get_by_role("heading", level=1)).to_have_text("三组 0号")
        expect(page.locator('[data-panel="devices"]')).to_contain_text("心灯")
        expect(page.locator('[data-panel="phones"]')).to_contain_text("这一部")
        is_for_everybody(page)
        page.reload()
        expect(page.get_by_role("heading", level=1)).to_have_text("三组 0号")
        page.locator('[data-panel="phones"]').get_by_role("button").tap()
        expect(page.locator('[data-tap="pair"]')).to_be_visible()
        page.reload()
        expect(page.locator('[data-tap="pair"]')).to_be_visible()


def test_a_code_that_is_gone_says_what_to_do(browser: Browser, county: County) -> None:
    with watch(browser, **PHONE) as page:
        page.goto(f"{county.console}/h/{'a' * 14}")
        expect(page.locator('[data-house="gone"]')).to_contain_text("网格员")
        is_for_everybody(page)


def test_a_grandchild_far_away_comes_to_the_same_page_and_changes_nothing(
    browser: Browser, county: County, village: Village, code: str
) -> None:
    relative = aside(lambda: Somebody(county, Grant("family", site=village.sites[0])))
    with watch(browser, **PHONE) as page:
        token = relative.http.cookies["heartlamp_session"]
        page.context.add_cookies([{"name": "heartlamp_session", "value": token, "url": county.console}])
        page.goto(f"{county.console}/h")
        expect(page).to_have_url(f"{county.console}/h/{code}")
        expect(page.locator("body")).to_contain_text("您是家属")
        expect(page.locator('[data-panel="phones"]')).to_have_count(0)
        is_for_everybody(page)
