"""Two real browser pages: somebody presses in the village, an operator accepts at the command centre."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.console.browse import BRIGHT, ROOT, chromium, watch
from tests.village.browser import log_in
from tests.village.demo import Demo
from tests.village.hops import on_feed, shows, trace
from tests.village.rig import Rig

pytestmark = pytest.mark.timeout(240)

SCREENS = ROOT / "build/screens"


@pytest.fixture(scope="module")
def demos() -> list[Demo]:
    """Those that hear of the rig's processes now."""
    return []


@pytest.fixture(scope="module")
def rig(tmp_path_factory: pytest.TempPathFactory, demos: list[Demo]) -> Iterator[Rig]:
    def changed(village: str | None, name: str, up: bool) -> None:
        for demo in demos:
            demo.process_changed(village, name, up)

    with Rig(tmp_path_factory.mktemp("screens"), on_process=changed) as rig:
        rig.command_centre()
        yield rig


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


@pytest.fixture
def console(rig: Rig, browser: Browser) -> Iterator[Page]:
    with watch(browser) as page:
        log_in(page, rig.console_url, "duty", rig.password)
        expect(page.locator('[data-feed="live"]')).to_be_visible()
        yield page


@pytest.fixture
def village(rig: Rig, demos: list[Demo], browser: Browser) -> Iterator[Page]:
    demo = Demo(rig)
    demo.start()
    demos.append(demo)
    with watch(browser, viewport={"width": 1360, "height": 950}) as page:
        page.goto(demo.page.url)
        yield page
    demos.remove(demo)
    demo.page.stop()


def press(page: Page, device: str, pin: str = "red") -> None:
    key = page.locator(f'[data-device="{device}"][data-pin="{pin}"]')
    key.hover()
    page.mouse.down()
    page.wait_for_timeout(120)  # a finger: the duration is the input
    page.mouse.up()


def shoot(page: Page, name: str) -> None:
    """With every light at the bright end of its rhythm, as an eye remembers it."""
    SCREENS.mkdir(parents=True, exist_ok=True)
    page.evaluate(BRIGHT)
    page.screenshot(path=SCREENS / f"{name}.png")
    page.evaluate("document.getAnimations().forEach((a) => a.play())")


def test_a_press_on_the_page_rings_at_the_centre_and_the_accept_reaches_the_lamp(
    rig: Rig, console: Page, village: Page
) -> None:
    house = rig.houses()[3]
    since = rig.journal.mark()
    press(village, house.device("button"))
    event = str(trace(rig.journal, house.device("button"), "pressed", since).fields["event"])
    card = console.locator(f'[data-incident="{event}"]')
    expect(card).to_contain_text(house.name)
    expect(console.locator("html")).to_have_attribute("data-sound", "urgent")
    for lamp in rig.neighbours(house):
        shows(rig.journal, lamp, "near", event, since)
    shoot(console, "live-console")
    shoot(village, "live-demo")

    console.keyboard.press("a")
    expect(card).to_have_attribute("data-answer", "accepted")
    expect(console.locator("html")).to_have_attribute("data-sound", "none")
    shows(rig.journal, house.device("lamp"), "own", event, since, "accepted")

    press(village, rig.houses()[1].device("lamp"), "green")
    shows(rig.journal, house.device("lamp"), "own", event, since, "coming")
    expect(village.locator("body")).to_contain_text("有人来了")
    expect(card).to_have_attribute("data-answer", "coming")
    shoot(village, "live-demo-coming")


def test_a_button_that_nobody_hears_says_so_on_the_page_until_it_is_heard(
    rig: Rig, console: Page, village: Page
) -> None:
    place = rig.houses()[5]
    button = place.device("button")
    house = village.locator(f'[data-site="{place.site}"]')
    key = house.locator(f'[data-device="{button}"]')
    plug = village.locator(f'[data-village="{place.village}"] [data-process="gateway"]')
    expect(key).to_have_attribute("data-meaning", "working")
    expect(house).not_to_contain_text("按钮")

    plug.click()
    try:
        expect(plug).to_have_attribute("aria-checked", "false")
        since = rig.journal.mark()
        press(village, button)
        expect(house).to_contain_text("按钮：正在发送")
        expect(house).to_contain_text("Button: sending")
        expect(house).to_contain_text("按钮：快喊人，打电话！", timeout=20_000)  # after SECOND_PATH_MS
        expect(house).to_contain_text("Button: shout or telephone")
        expect(key).to_have_attribute("data-meaning", "shout")
        shines(village, button, "rgb(255, 0, 0)", 400)
        shoot(village, "live-demo-shout")
        for width in (1360, 390):
            village.set_viewport_size({"width": width, "height": 950})
            expect(house).to_contain_text("Button: shout or telephone")  # whole, in a plot of any width
            shines(village, button, "rgb(255, 0, 0)", 400)  # drawn anew, it shines as before
            assert village.evaluate("document.documentElement.scrollWidth <= innerWidth"), width
        house.scroll_into_view_if_needed()
        shoot(village, "live-demo-shout-narrow")
    finally:
        rig.villages[place.village].gateway.plug_in()
    expect(plug).to_have_attribute("aria-checked", "true")
    event = str(trace(rig.journal, button, "received", since).fields["event"])
    expect(house).not_to_contain_text("按钮")
    expect(key).to_have_attribute("data-meaning", "told")
    card = console.locator(f'[data-incident="{event}"]')
    card.get_by_role("button", name="受理").click()  # so that the bell is silent for the next story
    expect(card).to_have_attribute("data-answer", "accepted")


def shines(page: Page, device: str, color: str, period: int) -> None:
    """Waits until the ring round this device's key has the colour, and a rhythm that begins again after so many ms."""
    expect(page.locator(f'[data-device="{device}"] .key__ring')).to_have_css("stroke", color)
    page.wait_for_function(
        """([device, period]) => document.querySelector(`[data-device="${device}"] .key__ring`)
            ?.getAnimations()[0]?.effect.getTiming().duration === period""",
        arg=[device, period],
    )


def test_a_dead_server_is_loud_and_the_press_meanwhile_is_not_missed(rig: Rig, console: Page) -> None:
    house = rig.houses()[-1]
    rig.server.pull_plug()
    expect(console.locator('[data-banner="lost"]')).to_be_visible(timeout=20_000)
    expect(console.locator("html")).to_have_attribute("data-sound", "lost")
    shoot(console, "live-feed-lost")
    since = rig.journal.mark()
    rig.press(house.device("button"))
    event = str(trace(rig.journal, house.device("button"), "heard", since).fields["event"])
    for lamp in rig.neighbours(house):
        shows(rig.journal, lamp, "near", event, since)  # the village helps itself meanwhile
    rig.server.plug_in()
    on_feed(rig.journal, event, since)
    expect(console.locator(f'[data-incident="{event}"]')).to_be_visible(timeout=20_000)
    expect(console.locator('[data-banner="lost"]')).to_have_count(0)


def test_a_cut_uplink_leaves_the_village_its_answer(rig: Rig) -> None:
    house = rig.houses()[0]
    cable = rig.villages[house.village].uplink
    since = rig.journal.mark()
    cable.cut()
    rig.press(house.device("lamp"))
    event = str(trace(rig.journal, house.device("lamp"), "heard", since).fields["event"])
    for lamp in rig.neighbours(house):
        shows(rig.journal, lamp, "near", event, since)
    rig.press(rig.houses()[2].device("lamp"), "green")
    told = shows(rig.journal, house.device("lamp"), "own", event, since, "coming")
    assert told.fields["received"] == 0, "nobody at the county knows yet, and the lamp does not say so"
    cable.mend()
    trace(rig.journal, house.device("lamp"), "received", since, event)
    on_feed(rig.journal, event, since)


def test_what_the_centre_takes_back_falls_on_every_lamp_and_a_new_press_of_green_stands(rig: Rig) -> None:
    house, goer = rig.houses()[4], rig.houses()[6]
    seat = rig.command_centre()
    lamps = [(house.device("lamp"), "own"), *((lamp, "near") for lamp in rig.neighbours(house))]
    since = rig.journal.mark()
    rig.press(house.device("button"))
    event = str(trace(rig.journal, house.device("button"), "received", since).fields["event"])

    def goes() -> None:
        since = rig.journal.mark()
        rig.press(goer.device("lamp"), "green")
        trace(rig.journal, goer.device("lamp"), "received", since)
        for lamp, role in lamps:
            shows(rig.journal, lamp, role, event, since, "coming")

    goes()
    since = rig.journal.mark()
    assert seat.answer(event, "withdrawn", who=goer.name)["answer"] == "unanswered"
    for lamp, role in lamps:
        shows(rig.journal, lamp, role, event, since, "unanswered")
    goes()
    seat.answer(event, "closed", how="spoke_to")


def test_smoke_is_an_alarm_without_a_finger(rig: Rig) -> None:
    house = next(h for h in rig.houses() if "smoke" in h.kinds)
    since = rig.journal.mark()
    rig.press(house.device("smoke"), "smoke", hold=0.5)
    event = str(trace(rig.journal, house.device("smoke"), "received", since).fields["event"])
    assert on_feed(rig.journal, event, since).fields["what"] == "fire"
