"""The demo's page: what it shows is what the lamps say, and what it presses are pins."""

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.console.browse import watch
from tests.console.fake_rig import FakeRig, show

HOUSE = '[data-site="liu-3"]'


def test_a_key_is_down_as_long_as_the_finger(page: Page, rig: FakeRig) -> None:
    page.goto(rig.url)
    red = page.locator(f'{HOUSE} [data-pin="red"]')
    red.hover()
    page.mouse.down()
    expect(red).to_have_class("key key--red key--down")
    page.mouse.move(5, 5)  # the finger slips off the key and the key is still held
    page.mouse.up()
    expect(red).to_have_class("key key--red")
    rig.wait_for(lambda: len(rig.pins) == 2)
    assert rig.pins == [{"device": "buttonliu3", "pin": "red", "level": level} for level in (1, 0)]


def test_green_is_the_lamps_and_works_from_the_keyboard(page: Page, rig: FakeRig) -> None:
    page.goto(rig.url)
    page.locator(f'{HOUSE} [data-pin="green"]').press("Enter", delay=50)
    rig.wait_for(lambda: len(rig.pins) == 2)
    assert rig.pins == [{"device": "lampliu3", "pin": "green", "level": level} for level in (1, 0)]


def test_lamps_glow_as_the_boards_say(page: Page, rig: FakeRig) -> None:
    page.goto(rig.url)
    expect(page.locator(HOUSE)).to_have_attribute("data-meaning", "working")
    call = {"incident": "x", "role": "near", "what": "fire", "place": "三组 4号", "answer": "none", "who": ""}
    rig.say("show", {"device": "lampliu3", "show": show("near", calls=[call])})
    expect(page.locator(HOUSE)).to_contain_text("邻居求救")
    expect(page.locator(HOUSE)).to_contain_text("三组 4号 · 火警")
    frames = page.locator(f"{HOUSE} .bulb").evaluate(
        "bulb => bulb.getAnimations().map(a => a.effect.getTiming().duration)"
    )
    assert frames == [2000], "one round of the rhythm, in ms"
    rig.say(
        "show", {"device": "lampliu3", "show": show("coming", answer="coming", who="三组 5号", heard=1, received=1)}
    )
    expect(page.locator(HOUSE)).to_contain_text("三组 5号 正在赶来")


def test_the_strip_and_the_plugs(page: Page, rig: FakeRig) -> None:
    page.goto(rig.url)
    rig.say("hops", [{"hop": "pressed", "ms": 0.0}, {"hop": "heard", "ms": 4.9}])
    expect(page.locator('[data-hop="heard"]')).to_contain_text("4.9 ms")
    expect(page.locator('[data-hop="neighbours lit"]')).to_contain_text("–")
    rig.say("hops", [{"hop": "pressed", "ms": 0.0}, {"hop": "neighbours lit", "ms": None}])
    expect(page.locator('[data-hop="neighbours lit"]')).to_contain_text("已亮")
    uplink = page.locator('[data-village="shi"] [data-process="uplink"]')
    uplink.click()
    expect(uplink).to_have_attribute("aria-checked", "false")
    assert rig.plugs == [{"village": "shi", "process": "uplink", "up": False}]
    server = page.locator('#county-plugs [data-process="server"]')
    expect(server).to_have_attribute("aria-checked", "true")
    rig.say("process", {"village": None, "name": "server", "up": False})
    expect(server).to_have_attribute("aria-checked", "false")


@pytest.mark.parametrize("width", [390, 1024, 1440])
def test_names_without_end_stay_within_their_house(browser: Browser, rig: FakeRig, width: int) -> None:
    who, place = '"' * 48, "永" * 24
    near = {"incident": "x", "role": "near", "what": "fire", "place": place, "answer": "coming", "who": who}
    for n in (1, 2):
        rig.shows[f"lampliu{n}"] = show("near", calls=[near])
        rig.shows[f"lampliu{n + 2}"] = show("coming", answer="coming", who=who, heard=1, received=1)
    with watch(browser, viewport={"width": width, "height": 900}) as page:
        page.goto(rig.url)
        expect(page.locator(HOUSE)).to_contain_text("… 正在赶来")
        expect(page.locator('[data-site="liu-2"]')).to_contain_text("… · 火警")
        expect(page.locator(f"{HOUSE} > title")).to_contain_text(f"{who} 正在赶来")
        overlapping = """() => {
            const boxes = [...document.querySelectorAll('[data-village="liu"] :is(.says--detail, .name)')]
                .filter((words) => words.textContent).map((words) => words.getBoundingClientRect());
            return boxes.filter((a, at) => boxes.some((b, other) => at !== other
                && a.left < b.right && b.left < a.right && a.top + 4 < b.bottom && b.top + 4 < a.bottom)).length;
        }"""
        assert page.evaluate(overlapping) == 0
        assert page.evaluate("document.documentElement.scrollWidth") == width


@pytest.mark.parametrize(("width", "rows"), [(390, 4), (1024, 2), (1440, 1)])
def test_no_hint_stands_alone_in_a_row(browser: Browser, rig: FakeRig, width: int, rows: int) -> None:
    with watch(browser, viewport={"width": width, "height": 900}) as page:
        page.goto(rig.url)
        tops = page.locator(".try li").evaluate_all("items => items.map((item) => item.offsetTop)")
        assert len(tops) == 4
        assert len(set(tops)) == rows
