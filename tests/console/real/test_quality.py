"""Every page of the console, whoever it is for: nothing that axe-core finds against WCAG 2.2 AA by day or by night, and
nothing that runs out of the window at 360 px or at 200 % zoom. A page that is added is walked too: the way is the
navigation."""

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.console.axe import everywhere
from tests.console.browse import watch
from tests.console.stage import Stage

pytestmark = pytest.mark.timeout(300)

ROLES = ("commander", "technician", "administrator", "auditor")
PAINTED = "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"


def ways(page: Page) -> list[str]:
    """Addresses of all pages that this person is shown the way to."""
    found: list[str] = []
    for room in page.locator(".head__nav a").all():
        room.click()
        href = room.get_attribute("href")
        assert href is not None
        expect(page.locator(f'.head__nav a[href="{href}"]')).to_have_attribute("aria-current", "true")
        found += page.locator(".pages a").evaluate_all("all => all.map((one) => one.getAttribute('href'))") or [href]
    return [*found, "#/account"]


def open_page(page: Page, way: str) -> None:
    page.evaluate("(way) => (location.hash = way)", way)
    page.locator("main").first.wait_for()
    expect(page.locator('[data-kind="loading"]')).to_have_count(0)
    page.evaluate(PAINTED)


@pytest.mark.parametrize("thorough", [False, pytest.param(True, marks=pytest.mark.prove)])
def test_every_page_is_for_everybody_by_day_by_night_and_at_every_width(
    browser: Browser, stage: Stage, thorough: bool
) -> None:
    """Thoroughly: axe looks at each page three times, else at one by day and the next by night."""
    stage.quiet()
    stage.draw()
    stage.press("三组 2号", "fire")
    walked: set[str] = set()
    wrong: dict[str, object] = {}
    for role in ROLES:
        with watch(browser) as page:
            stage.sign_in(page, stage.somebody(role))
            page.goto(f"{stage.county.console}/#/account")
            page.locator(".head__nav a").first.wait_for()
            for way in ways(page):
                if way in walked:
                    continue
                walked.add(way)
                open_page(page, way)
                themes = ("dark", "light") if thorough else (("dark", "light")[len(walked) % 2],)
                if found := everywhere(page, themes, thorough):
                    wrong[way] = found
    print(len(walked), "pages")
    assert {"#/queue", "#/hotline", "#/drills", "#/shift", "#/faults", "#/devices"} <= walked
    assert wrong == {}
