"""An operator's watch, in a real browser."""

from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.console.browse import watch
from tests.console.fake_county import FakeCounty, accepted, card, iso, responder

TOP = "[data-incident] >> nth=0"


def open_queue(page: Page, county: FakeCounty) -> None:
    page.goto(county.url)
    expect(page.locator('[data-feed="live"]')).to_be_visible()


def asked_sound(page: Page, sound: str) -> None:
    expect(page.locator("html")).to_have_attribute("data-sound", sound)


def test_login_refuses_in_words_and_lets_in(page: Page, county: FakeCounty) -> None:
    county.logged_in = False
    page.goto(county.url)
    page.locator("[autocomplete=username]").fill("duty1")
    page.locator("[autocomplete=current-password]").fill("wrong")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("账号或密码不对")
    page.locator("[autocomplete=current-password]").fill("right")
    page.keyboard.press("Enter")
    expect(page.get_by_text("一切平静")).to_be_visible()
    expect(page.get_by_text("声音已开")).to_be_visible()


def test_login_asks_for_the_code_where_the_account_has_a_second_factor(page: Page, county: FakeCounty) -> None:
    county.logged_in, county.code = False, "123456"
    page.goto(county.url)
    page.locator("[autocomplete=username]").fill("duty1")
    page.locator("[autocomplete=current-password]").fill("right")
    expect(page.locator("[autocomplete=one-time-code]")).to_have_count(0)
    page.keyboard.press("Enter")
    page.locator("[autocomplete=one-time-code]").fill("000000")
    page.keyboard.press("Enter")
    expect(page.locator("[autocomplete=one-time-code]")).to_have_value("")
    page.locator("[autocomplete=one-time-code]").fill("123456")
    page.keyboard.press("Enter")
    expect(page.get_by_text("一切平静")).to_be_visible()


def test_a_new_alarm_comes_on_top_and_rings(page: Page, county: FakeCounty) -> None:
    county.put(accepted(4, "flood"))
    open_queue(page, county)
    asked_sound(page, "none")
    county.put(card(5, "flood", 9))
    asked_sound(page, "steady")
    county.put(card(6, "fire", 20))
    county.put(card(7, "panic", 2))
    expect(page.locator("[data-incident]")).to_have_count(4)
    names = page.locator("[data-incident] h3").all_inner_texts()
    assert names == ["三组 7号", "三组 6号", "三组 5号", "三组 4号"]
    asked_sound(page, "urgent")
    expect(page).to_have_title("(3) 3 起警情待受理 · 心灯")
    expect(page.locator('link[rel="icon"]')).to_have_attribute("href", "/icon/3.svg")


def test_one_key_accepts_and_the_ringing_ends(page: Page, county: FakeCounty) -> None:
    open_queue(page, county)
    county.put(card(7))
    asked_sound(page, "urgent")
    expect(page.locator(TOP)).to_have_class("card card--waits card--selected")
    page.keyboard.press("a")
    expect(page.locator(TOP)).to_have_attribute("data-answer", "accepted")
    asked_sound(page, "none")
    assert county.answers == [{"answer": "accepted", "who": "", "how": "", "note": ""}]
    expect(page).to_have_title("心灯")


def test_a_neighbour_on_the_way_does_not_end_the_ringing_here(page: Page, county: FakeCounty) -> None:
    county.put(card(7, answer="coming", aver=1, who="三组 5号", responders=[responder("三组 5号", "coming", by="")]))
    open_queue(page, county)
    expect(page.locator(TOP)).to_contain_text("正在赶来 · 三组 5号")
    asked_sound(page, "urgent")
    page.keyboard.press("a")
    asked_sound(page, "none")


def test_what_was_refused_is_shown_in_words(page: Page, county: FakeCounty) -> None:
    said = {"gateway": "gwliu1", "user": "lamp0099.1", "verdict": "quarantined", "reason": "unknown device lamp0099"}
    county.evidence = [{"at": iso(60), "count": 2, "text": '{"age":1}', **said}]
    open_queue(page, county)
    county.notice("quarantined", "unknown device lamp0099", "lamp0099.1")
    page.get_by_role("link", name="不认识的设备 · lamp0099.1 · 没有登记过这台设备").click()
    item = page.locator('[data-verdict="quarantined"]')
    expect(item).to_contain_text("没有登记过这台设备")
    item.get_by_text("查看原文").click()
    expect(item).to_contain_text('{"age":1}')


def test_a_key_meant_for_another_card_accepts_nothing(page: Page, county: FakeCounty) -> None:
    """The selected card is closed elsewhere; the screen chooses the next by itself just as the finger comes down."""
    county.put(card(7, ago_s=5))
    county.put(card(8, ago_s=50))
    open_queue(page, county)
    expect(page.locator(TOP)).to_have_class("card card--waits card--selected")
    county.put(card(7, ago_s=5, answer="closed", aver=2))
    expect(page.locator("[data-incident]")).to_have_count(1)
    page.keyboard.press("a")
    page.locator(".card__accept kbd").wait_for()
    assert county.answers == []


def test_somebody_else_was_first(page: Page, county: FakeCounty) -> None:
    county.refuse_answer = {"error": "值班二号已经受理。", "do": "请看时间线。"}
    county.put(card(7))
    open_queue(page, county)
    page.keyboard.press("a")
    expect(page.get_by_role("alert")).to_contain_text("值班二号已经受理")
    asked_sound(page, "urgent")  # it still waits, as far as this screen has been told


def test_panic_closes_only_with_proof(page: Page, county: FakeCounty) -> None:
    county.put(accepted(7))
    open_queue(page, county)
    page.keyboard.press("x")
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("button", name="办结警情").click()
    expect(dialog).to_be_visible()  # the browser asks for how
    assert county.answers == []
    dialog.get_by_text("与本人通了话").click()
    dialog.get_by_role("button", name="办结警情").click()
    expect(page.get_by_text("一切平静")).to_be_visible()
    assert county.answers == [{"answer": "closed", "who": "值班一号", "how": "spoke_to", "note": ""}]
    page.get_by_role("link", name="已办结").click()
    expect(page.locator("[data-closed]")).to_contain_text("三组 7号")


def test_a_lost_feed_is_loud_and_nothing_is_missed_on_return(page: Page, county: FakeCounty) -> None:
    county.put(accepted(5, "flood"))
    open_queue(page, county)
    county.cut()
    banner = page.locator('[data-banner="lost"]')
    expect(banner).to_contain_text("实时连接已中断")
    asked_sound(page, "lost")
    expect(page.locator('link[rel="icon"]')).to_have_attribute("href", "/icon/lost.svg")
    county.put(card(7))  # nobody hears of it: the feed is cut
    seen = len(county.cursors)
    county.restore()
    expect(page.locator(TOP)).to_contain_text("三组 7号")
    expect(banner).to_have_count(0)
    asked_sound(page, "urgent")
    assert set(county.cursors[seen:]) == {f"{county.epoch}:1"}, "it asked for what came after the last thing it saw"


def test_silence_on_an_open_connection_counts_as_lost(page: Page, county: FakeCounty) -> None:
    """A dead link says nothing, not even that it is dead: 12 s without a ping."""
    page.clock.install()
    open_queue(page, county)
    county.mute()
    page.clock.fast_forward(11_000)
    expect(page.locator('[data-banner="lost"]')).to_have_count(0)
    page.clock.fast_forward(13_000)
    # A last ping may still have been on its way, and is only now taken for a sign of life: then the page's own 12 s.
    expect(page.locator('[data-banner="lost"]')).to_be_visible(timeout=30_000)


def test_after_a_reset_the_lists_are_loaded_again(page: Page, county: FakeCounty) -> None:
    county.put(card(5))
    open_queue(page, county)
    county.cut()
    expect(page.locator('[data-banner="lost"]')).to_be_visible()
    county.cards.clear()  # a restored backup knows nothing of 5号
    county.cards[card(7)["id"]] = card(7)
    county.restore(forget=True)
    expect(page.locator("[data-incident]")).to_have_count(1)
    expect(page.locator(TOP)).to_contain_text("三组 7号")


def test_a_login_that_ends_on_watch_says_so(page: Page, county: FakeCounty) -> None:
    open_queue(page, county)
    county.logged_in = False
    county.cut()
    expect(page.get_by_role("alert")).to_contain_text("登录已过期")


def test_both_languages(page: Page, county: FakeCounty) -> None:
    county.put(card(7, cancelled=True, unverified=True, time_unknown=True, observed_at=None))
    open_queue(page, county)
    expect(page.locator(TOP)).to_contain_text("家里已取消")
    page.get_by_role("button", name="Switch to English").click()
    for words in ("Cancelled by household", "Unverified", "Time unknown", "Nobody answered yet"):
        expect(page.locator(TOP)).to_contain_text(words)
    expect(page.locator("html")).to_have_attribute("lang", "en")
    page.reload()
    expect(page.locator(TOP)).to_contain_text("Nobody answered yet")  # the choice is kept


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_a_phone_of_360_px(browser: Browser, county: FakeCounty, lang: str) -> None:
    county.put(card(7, presses=3, cancelled=True, unverified=True))
    with watch(browser, lang, "dark", viewport={"width": 360, "height": 740}, has_touch=True) as page:
        for path in ("queue", "closed", "devices", "quarantine"):
            page.goto(f"{county.url}/#/{path}")
            expect(page.locator('[data-feed="live"]')).to_be_visible()
            assert page.evaluate("document.documentElement.scrollWidth") == 360, path
            assert page.locator(".head").bounding_box()["height"] < 100, "name and tools share a line"  # type: ignore[index]
        page.goto(f"{county.url}/#/queue")
        page.locator(".card__pick").tap()
        expect(page.locator("[data-detail]")).to_be_visible()
        page.locator('[data-act="accepted"]').tap()
        expect(page.locator('[data-act="accepted"]')).to_have_count(0)
        assert page.evaluate("document.documentElement.scrollWidth") == 360
        page.go_back()
        expect(page.locator(TOP)).to_have_attribute("data-answer", "accepted")


LONG = '"' * 48  # a name as long as the protocol lets it be, in which no line can be broken
WORD = "x" * 160


def endless(county: FakeCounty) -> None:
    place = {"id": "s7", "name": LONG, "address": WORD, "landmark": WORD}
    coming = [responder(LONG, "coming", 50, by=""), responder(LONG[:-1], "accepted", 40)]
    one: dict[str, Any] = {
        "site": place,
        "path": [WORD, "柳河镇", "柳树湾村", LONG],
        "who": LONG,
        "responders": coming,
        "aver": 2,
    }
    county.put(card(7, answer="coming", presses=12, cancelled=True, unverified=True, **one))
    ended = {"answer": "closed", "closed_at": iso(5), "closed_by": LONG, "closed_how": "arrived"}
    county.put({**card(8, **one), **ended})
    county.timelines[card(7)["id"]] = [{"at": iso(9), "kind": "x", "text_zh": WORD, "text_en": WORD, "detail": {}}]
    device = {
        "id": "lamp7",
        "kind": "lamp",
        "last_seen": iso(9),
        "online": False,
        "overdue": True,
        "revoked": False,
        "wan": None,
    }
    county.sites = [{**place, "path": [WORD, WORD, WORD, WORD], "devices": [device] * 3}]
    county.gateways = [{"id": WORD[:20], "village": WORD, "last_seen": iso(2), "online": False, "revoked": False}]
    refused = {"at": iso(60), "gateway": WORD, "user": WORD, "count": 2, "text": WORD * 9}
    county.evidence = [
        {**refused, "verdict": "rejected", "reason": WORD * 2},
        {**refused, "verdict": "rejected", "reason": f"dev is missing or not allowed: '{WORD}'"},
    ]


def beyond(page: Page) -> list[str]:
    """What reaches over the window's right edge, also where it is cut off there."""
    return page.evaluate(  # type: ignore[no-any-return]
        """() => [...document.querySelectorAll("body *")].filter((one) => one.getBoundingClientRect().right > innerWidth
            + 0.5 && !one.closest(".hidden-text")).map((one) => one.outerHTML.slice(0, 90))"""
    )


@pytest.mark.parametrize("width", [390, 1024, 1440])
def test_words_without_a_space_stay_within_the_window(browser: Browser, county: FakeCounty, width: int) -> None:
    endless(county)
    with watch(browser, viewport={"width": width, "height": 844}) as page:
        page.goto(county.url)
        for path in ("queue", f"queue/{card(7)['id']}", "closed", f"closed/{card(8)['id']}", "devices", "quarantine"):
            page.goto(f"{county.url}/#/{path}")
            expect(page.locator('[data-feed="live"]')).to_be_visible()
            expect(page.locator("main")).to_contain_text(WORD[:30])
            assert (beyond(page), page.evaluate("document.documentElement.scrollWidth")) == ([], width), path
        county.notice("rejected", WORD, WORD)
        expect(page.locator(".toast")).to_be_visible()
        assert beyond(page) == []
        page.goto(f"{county.url}/#/queue/{card(7)['id']}")
        for answer in ("arrived", "closed"):
            page.locator(f'[data-act="{answer}"]').click()
            expect(page.get_by_role("dialog")).to_be_visible()
            assert beyond(page) == []
            page.keyboard.press("Escape")
            expect(page.get_by_role("dialog")).to_have_count(0)
        axes = page.locator(".detail__axes > section").evaluate_all("all => all.map((one) => one.clientWidth)")
        assert min(axes) > 150, "neither axis is squeezed by the other's words"
