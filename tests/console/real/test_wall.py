"""A wall in a real browser: it counts, says when it is blind, and hangs there for weeks without growing."""

import time

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from tests.console.axe import everywhere, faults
from tests.console.browse import watch
from tests.console.stage import Stage
from tests.server.responder.people import PASSWORD

pytestmark = pytest.mark.timeout(240)


def hang(stage: Stage, page: Page) -> None:
    stage.sign_in(page, stage.somebody("wall"))
    page.goto(f"{stage.county.console}/wall")
    page.locator(".tile").first.wait_for()


def test_a_wall_is_signed_in_once_and_shows_the_county(browser: Browser, stage: Stage) -> None:
    stage.quiet()
    wall = stage.somebody("wall")
    with watch(browser) as page:
        page.goto(f"{stage.county.console}/wall")
        page.locator("[name=name]").fill(wall.name)
        page.locator("[name=password]").fill(PASSWORD)
        page.keyboard.press("Enter")
        expect(page.locator('[data-village="柳树湾村"]')).to_be_visible()
        expect(page.locator("[data-count]")).to_have_attribute("data-count", "0")
        kept = next(c for c in page.context.cookies() if c["name"] == "heartlamp_session")
        assert kept["expires"] - time.time() > 300 * 86400
        page.reload()
        expect(page.locator('[data-village="柳树湾村"]')).to_be_visible()
        assert page.evaluate("document.documentElement.dataset.theme") == "light"  # as this screen was told


def test_a_press_is_on_the_wall_within_seconds_and_a_silent_one_never(browser: Browser, stage: Stage) -> None:
    stage.quiet()
    with watch(browser, theme="dark") as page:
        hang(stage, page)
        stage.press("三组 2号", "silent")
        stage.press("三组 3号", "fire")
        tile = page.locator('[data-village="柳树湾村"]')
        expect(tile).to_have_attribute("data-what", "fire")
        expect(tile).to_contain_text("火警 1")
        expect(page.locator("[data-count]")).to_have_attribute("data-count", "1")
        stage.press("三组 5号")
        expect(tile).to_contain_text("火警 1 +1")  # not two fires
        text = page.locator("body").inner_text()
        for word in ("3号", "三组", "静默求助", "某人"):
            assert word not in text


def test_a_blind_wall_says_so_and_comes_back(browser: Browser, stage: Stage) -> None:
    stage.quiet()
    with watch(browser, theme="dark") as page:
        hang(stage, page)

        def gone(route: Route) -> None:
            route.abort()

        page.route("**/api/wall", gone)
        banner = page.locator('[data-banner="lost"]')
        expect(banner).to_contain_text("连接中断")
        box = banner.locator("strong").bounding_box()
        assert box is not None
        assert box["height"] > 40  # to be read from ten metres on a television
        stage.press("三组 4号")
        page.unroute("**/api/wall")
        expect(banner).to_have_count(0)
        expect(page.locator("[data-count]")).to_have_attribute("data-count", "1")


def test_who_may_not_see_it_is_told_so(browser: Browser, stage: Stage) -> None:
    with watch(browser) as page:
        stage.sign_in(page, stage.somebody("technician"))
        page.goto(f"{stage.county.console}/wall")
        expect(page.get_by_text("这个账号不能看大屏")).to_be_visible()
        assert faults(page) == []


@pytest.mark.parametrize("size", [(1920, 1080), (3840, 2160), (1080, 1920), (360, 740)])
def test_everything_fits_on_one_screen(browser: Browser, stage: Stage, size: tuple[int, int]) -> None:
    stage.quiet()
    stage.press("一组 6号", "fire")
    with watch(browser, theme="dark", viewport={"width": size[0], "height": size[1]}) as page:
        hang(stage, page)
        page.locator('[data-count="1"]').wait_for()
        over = page.evaluate(
            "[document.documentElement.scrollWidth - innerWidth, document.body.scrollHeight - innerHeight]"
        )
        assert over[0] <= 0
        if size[0] < 400:
            return  # a telephone scrolls
        assert over[1] <= 0
        foot = page.locator(".wall__foot").bounding_box()
        assert foot is not None
        assert foot["y"] + foot["height"] <= size[1]


def test_axe_finds_nothing(browser: Browser, stage: Stage) -> None:
    stage.quiet()
    stage.press("一组 6号", "fire")
    stage.press("一组 7号", "gas")
    stage.county.sql("UPDATE gateway SET last_seen = now() - interval '1 hour' WHERE id = 'gwstage03'")
    with watch(browser, viewport={"width": 1920, "height": 1080}) as page:
        hang(stage, page)
        page.locator('[data-sick="silent"]').wait_for()
        assert everywhere(page) == []


OPEN = """
INSERT INTO incident (id, site, what, place, opened_at, observed_at, presses, last_press_at, events, rver, aver, answer,
    who, responders, doubts, cancelled, lit, lit_of, closed_by, closed_how)
SELECT 'many-' || n, (SELECT id FROM site ORDER BY id OFFSET n %% 60 LIMIT 1), 'fire' , '{"name":"","address":"",
    "landmark":"","path":[]}', now(), now(), 1, now(), '{}', 1, 0, 'none', '', '[]', '{}', false, '{}', 0, '', ''
FROM generate_series(1, 1000) n
"""


HURRY = """
    window.asked = 0;
    const [wait, ask] = [setTimeout, fetch];
    window.setTimeout = (what, ms, ...rest) => wait(what, ms === 2000 ? 50 : ms, ...rest);
    window.fetch = (...all) => (window.asked++, ask(...all));
"""
"""Forty questions for each of a wall's: what grows with them is seen in minutes."""


@pytest.mark.parametrize("lasts", [10, pytest.param(600, marks=[pytest.mark.prove, pytest.mark.timeout(900)])])
def test_under_a_thousand_alarms_a_wall_does_not_grow(browser: Browser, stage: Stage, lasts: int) -> None:
    """Its heap after a collection, and its elements: measured once it runs, and again at the end."""
    stage.quiet()
    stage.county.sql("DROP INDEX IF EXISTS incident_open")  # a thousand calls of sixty houses
    stage.county.sql(OPEN)
    try:
        with watch(browser, theme="dark", viewport={"width": 1920, "height": 1080}) as page:
            page.add_init_script(HURRY)
            hang(stage, page)
            page.locator('[data-count="1000"]').wait_for()
            while page.evaluate("asked") < 400:  # until then the browser compiles what it runs often
                page.wait_for_timeout(500)
            first = weigh(page, 1)
            for n in range(lasts // 5):
                change(stage, n)
                page.wait_for_timeout(5000)
            last = weigh(page, 0)
            asked = page.evaluate("asked")
            print(f"heap {first[0]:.0f} → {last[0]:.0f} KiB, elements {first[1]} → {last[1]}, asked {asked} times")
            assert asked > 450
            assert last[0] < first[0] * 1.1 + 200
            assert last[1] < first[1] + 60
    finally:
        stage.quiet()
        stage.county.sql("CREATE UNIQUE INDEX incident_open ON incident (site, what) WHERE closed_at IS NULL")


def change(stage: Stage, n: int) -> None:
    """Some are closed, others come: the counts never stand still."""
    stage.county.sql(
        "UPDATE incident SET what = (ARRAY['fire', 'panic', 'gas', 'flood'])[1 + (random() * 3)::int], "
        "closed_at = CASE WHEN random() < 0.2 THEN now() END WHERE id LIKE 'many-%%' AND hashtext(id) %% 3 = %s", n % 3,
    )  # fmt: skip


def weigh(page: Page, settle_s: float) -> tuple[float, int]:
    """(KiB of the heap that are in use after a collection, elements of the page)"""
    page.wait_for_timeout(settle_s * 1000)
    session = page.context.new_cdp_session(page)
    session.send("HeapProfiler.collectGarbage")
    used = session.send("Runtime.getHeapUsage")["usedSize"]
    session.detach()
    elements: int = page.evaluate("document.querySelectorAll('*').length")
    return used / 1024, elements
