"""The office's page, in a real browser before a real gateway."""

import json
import os
import re
import signal
from typing import Any

import pytest
from heartlamp_protocol.registry import Registry, Site
from playwright.sync_api import Browser, Page

from tests.console.browse import watch
from tests.gateway.windows.seen import CODE, Village

TV, PHONE = {"width": 1920, "height": 1080}, {"width": 360, "height": 740}
# WCAG's contrast of each element that has a text of its own, where it is below 4.5.
FAINT = """() => {
    const channel = (v) => (v /= 255) <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4;
    const light = ([r, g, b]) => 0.2126 * channel(r) + 0.7152 * channel(g) + 0.0722 * channel(b);
    const color = (text) => text.match(/[\\d.]+/g).map(Number);
    const behind = (e) => {
        for (; e; e = e.parentElement) {
            const c = color(getComputedStyle(e).backgroundColor);
            if (c.length === 3 || c[3] === 1) return c;
        }
        return [255, 255, 255];
    };
    return [...document.body.querySelectorAll('*')]
        .filter((e) => e.offsetParent && [...e.childNodes].some((n) => n.nodeType === 3 && n.data.trim()))
        .map((e) => {
            const [a, b] = [light(color(getComputedStyle(e).color)), light(behind(e))].sort((x, y) => y - x);
            return [e.textContent, (a + 0.05) / (b + 0.05)];
        })
        .filter(([, ratio]) => ratio < 4.5);
}"""


def enter(page: Page, seen: Village, code: str = CODE) -> None:
    page.goto(seen.url)
    page.fill("#code", code)
    page.click("#enter")


def card(page: Page, incident: str) -> Any:
    return page.locator(f'[data-incident="{incident}"]')


def test_the_code_is_asked_once(seen: Village, browser: Browser) -> None:
    with watch(browser) as page:
        enter(page, seen, "not the code")
        page.get_by_text("密码不对").wait_for()
        assert page.locator("#main").is_hidden()
        page.fill("#code", CODE)
        page.click("#enter")
        page.get_by_text("✓ 现在没有警情").wait_for()
        page.reload()
        page.get_by_text("✓ 现在没有警情").wait_for()
        assert page.locator("#login").is_hidden()


def test_a_press_is_seen_and_heard_and_who_comes_is_named(seen: Village, browser: Browser) -> None:
    lamp7, lamp9, button = (seen.device(id) for id in ("lamp7", "lamp9", "butt7"))
    with watch(browser, viewport=TV) as page:
        enter(page, seen)
        page.get_by_text("✓ 现在没有警情").wait_for()
        press = button.press("fire")
        card(page, press).get_by_text("火警").wait_for()
        card(page, press).get_by_text("三组 7号").wait_for()
        card(page, press).get_by_text("还没有人应答").wait_for()
        card(page, press).get_by_text("✓ 县里已收到").wait_for()
        assert page.title().startswith("(1)")
        page.wait_for_function("document.body.dataset.ringing === '1'")
        page.click("#mute")
        page.wait_for_function("document.body.dataset.ringing === ''")
        lamp9.answer(press, "coming")
        card(page, press).get_by_text("三组 9号 正在赶来").wait_for()
        page.click("#language")
        card(page, press).get_by_text("三组 9号 is coming").wait_for()
        again = button.press("gas")
        card(page, again).get_by_text("GAS LEAK").wait_for()
        page.wait_for_function("document.body.dataset.ringing === '1'")
        seen.county.incident(press, "s7", "fire", (press,), 1, "closed", "", ["lamp7"])
        card(page, press).wait_for(state="detached")
        lamp7.vanish()
        page.locator('[data-device="lamp7"].bad').get_by_text("offline").wait_for()
        assert page.locator('[data-device="hush7"]').count() == 0


def test_there_is_no_sound_before_a_click_and_the_page_asks_for_one(seen: Village, browser: Browser) -> None:
    press = seen.device("butt7").press()
    with watch(browser) as page:
        login = seen.ask("/login", "POST", json.dumps({"code": CODE}))[1]["Set-Cookie"]
        name, _, value = login.partition(";")[0].partition("=")
        page.context.add_cookies([{"name": name, "value": value, "url": seen.url}])
        page.goto(seen.url)
        card(page, press).wait_for()
        page.get_by_text("点这里打开声音").wait_for()
        assert page.evaluate("document.body.dataset.ringing") == ""
        page.click("#sound")
        page.wait_for_function("document.body.dataset.ringing === '1'")


def test_a_lost_gateway_is_said_in_red_within_15_s_and_found_again(seen: Village, browser: Browser) -> None:
    button = seen.device("butt7")
    with watch(browser) as page:
        enter(page, seen)
        press = button.press()
        card(page, press).wait_for()
        os.kill(seen.gateway.pid, signal.SIGSTOP)  # its kernel goes on acknowledging: no error tells the page
        page.locator("#lost").wait_for(state="visible", timeout=15_000)
        assert page.locator("#lost").evaluate("(e) => getComputedStyle(e).backgroundColor") == "rgb(163, 13, 13)"
        assert card(page, press).is_visible()  # what was known stands there, marked as old
        os.kill(seen.gateway.pid, signal.SIGCONT)
        page.locator("#lost").wait_for(state="hidden", timeout=15_000)
        assert card(page, press).is_visible()


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("size", [TV, PHONE], ids=["television", "phone"])
def test_everything_fits_and_can_be_read(seen: Village, browser: Browser, size: dict[str, int], lang: str) -> None:
    lamp2, button = seen.device("lamp2"), seen.device("butt7")
    lamp2.read(mains=0, battery_low=1, tamper=1)
    press = button.press("slope")
    with watch(browser, lang=lang, viewport=size) as page:
        page.goto(seen.url)
        assert page.evaluate(FAINT) == []
        enter(page, seen)
        card(page, press).wait_for()
        page.get_by_text("battery low" if lang == "en" else "电池快没电").wait_for()
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
        assert page.evaluate(FAINT) == []
        if lang == "en":
            words = re.sub("[三四]组( [0-9]号)?", "", page.locator("main").inner_text())
            assert re.findall("[\u4e00-\u9fff]", words) == []


def test_a_place_is_a_text_and_never_a_page(seen: Village, browser: Browser) -> None:
    evil = "<img src=x onerror=alert(1)> & 三组"
    old = seen.county.registry
    sites = tuple(Site(s.id, evil if s.id == "s7" else s.name, s.group) for s in old.sites)
    seen.county.registry = Registry(2, old.village, sites, old.devices)
    seen.county.command({"kind": "registry", "version": 2})
    seen.gateway.says("registry version 2")
    press = seen.device("butt7").press()
    with watch(browser) as page:
        enter(page, seen)
        card(page, press).get_by_text(evil).wait_for()
        assert page.locator("img").count() == 0
