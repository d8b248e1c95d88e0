"""The grid worker's page in a real browser of a phone's size, before a real county: taps without a signal, lost
answers, a killed page, a killed server. Each act is done once, in order, and nothing is said that is not so."""

import contextlib
import gzip
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from heartlamp_server.database.embedded import Embedded
from heartlamp_server.responder.scope import Grant
from playwright.sync_api import Browser, BrowserContext, Page, Route, expect

from tests.console.browse import PATIENCE_MS, ROOT, STATIC, chromium
from tests.console.stage import aside
from tests.server.county import County, Village
from tests.server.responder.people import Somebody
from tests.village.uplink import Uplink

pytestmark = pytest.mark.timeout(240)

FIRST_LOAD_MAX = 150_000
AXE = ROOT / "server/console/node_modules/axe-core/axe.min.js"

KEPT = """new Promise((done) => navigator.serviceWorker.controller ? done(1)
    : navigator.serviceWorker.addEventListener("controllerchange", () => done(1)))"""
"""Until the page is kept for the valley."""


@pytest.fixture(scope="module")
def county(tmp_path_factory: pytest.TempPathFactory) -> Iterator[County]:
    folder = tmp_path_factory.mktemp("phones")
    county = County(folder, f"embedded:{folder / 'postgres'}")
    county.make()
    county.start()
    yield county
    county.stop()
    Embedded(folder / "postgres").stop()


def address(county: County) -> tuple[str, int]:
    return "127.0.0.1", int(county.console.rpartition(":")[2])


@pytest.fixture(scope="module")
def air(county: County) -> Iterator[Uplink]:
    """What is between the phones and the county: in a valley there is none."""
    air = Uplink(address(county))
    air.start()
    yield air
    air.stop()


@pytest.fixture
def url(air: Uplink) -> Iterator[str]:
    air.mend()
    yield f"http://127.0.0.1:{air.port}"
    air.mend()


@pytest.fixture(scope="module")
def browser(county: County) -> Iterator[Browser]:
    with chromium() as started:
        yield started


@pytest.fixture
def village(county: County) -> Village:
    return aside(lambda: county.village())


@pytest.fixture
def worker(county: County, village: Village) -> Somebody:
    [(area,)] = county.sql("SELECT id FROM area WHERE name = %s AND level = 'village'", village.name)
    return aside(lambda: Somebody(county, Grant("grid_worker", area)))


@contextlib.contextmanager
def phone(browser: Browser, url: str, who: Somebody, **more: Any) -> Iterator[BrowserContext]:
    usual: dict[str, Any] = {"viewport": {"width": 360, "height": 740}, "is_mobile": True, "has_touch": True}
    context = browser.new_context(**usual | {"timezone_id": "Asia/Shanghai"} | more)
    context.set_default_timeout(PATIENCE_MS)
    token = who.http.cookies["heartlamp_session"]
    context.add_cookies([{"name": "heartlamp_session", "value": token, "url": url}])
    yield context
    context.close()


@pytest.fixture
def context(browser: Browser, url: str, worker: Somebody) -> Iterator[BrowserContext]:
    with phone(browser, url, worker) as context:
        yield context


@pytest.fixture
def page(context: BrowserContext, url: str) -> Iterator[Page]:
    page = context.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda said: errors.append(said.text) if "Content Security Policy" in said.text else None)
    page.goto(f"{url}/m")
    expect(page.get_by_role("navigation")).to_be_visible()
    page.evaluate(KEPT)
    yield page
    assert not errors, errors


def press(village: Village, what: str = "panic") -> str:
    message = village.keys[0].press(what)
    assert village.send(message)[0].verdict == "received"
    return message.id


def card(page: Page, incident: str) -> Any:
    return page.locator(f'[data-incident="{incident}"]')


def acts(county: County, incident: str) -> list[str]:
    rows = county.sql(
        "SELECT detail ->> 'answer' FROM timeline WHERE incident = %s AND kind = 'answer' ORDER BY id", incident
    )
    return [row[0] for row in rows]


def test_a_press_is_there_and_the_way_of_a_helper_needs_taps_alone(
    county: County, village: Village, page: Page, worker: Somebody
) -> None:
    incident = press(village)
    call = card(page, incident)
    expect(call).to_contain_text("三组 0号")
    expect(call).to_contain_text("老井旁")
    for tap, mine in (("coming", "coming"), ("arrived", "arrived")):
        call.locator(f'[data-tap="{tap}"]').tap()
        expect(call).to_have_attribute("data-mine", mine)
        expect(page.locator("[data-queue]")).to_have_count(0)
    expect(call).to_contain_text(f"{worker.display} 已到场")
    call.locator('[data-tap="handled"]').tap()
    call.get_by_role("button", name="已送医").tap()
    expect(call).to_have_attribute("data-mine", "handled")
    expect(call.locator("[data-queued]")).to_have_count(0)
    assert acts(county, incident) == ["coming", "arrived"]
    assert county.sql("SELECT after -> 'handled' ->> 'what' FROM incident WHERE id = %s", incident) == [("已送医",)]


def test_without_a_signal_it_is_kept_over_a_killed_page_and_sent_once_and_in_order(
    county: County, village: Village, context: BrowserContext, page: Page, air: Uplink, url: str
) -> None:
    incident = press(village)
    expect(card(page, incident)).to_be_visible()
    air.cut()
    card(page, incident).locator('[data-tap="coming"]').tap()
    expect(page.locator('[data-queue="waiting"]')).to_contain_text("1 件等待发送")
    expect(card(page, incident).locator("[data-queued]")).to_be_visible()
    page.close()  # the phone needed its memory

    again = context.new_page()
    again.goto(f"{url}/m/")  # without a signal: the page that was kept
    expect(again.locator('[data-queue="waiting"]')).to_contain_text("1 件等待发送")
    card(again, incident).locator('[data-tap="arrived"]').tap()
    expect(again.locator('[data-queue="waiting"]')).to_contain_text("2 件等待发送")
    assert acts(county, incident) == []

    air.mend()
    again.get_by_role("button", name="现在发送").first.tap()
    expect(again.locator("[data-queue]")).to_have_count(0)
    assert acts(county, incident) == ["coming", "arrived"]
    assert county.sql("SELECT count(*) FROM phone_act WHERE incident = %s", incident) == [(2,)]


def test_an_answer_that_is_lost_after_the_commit_makes_no_second_act(
    county: County, village: Village, page: Page
) -> None:
    incident = press(village)
    sent: list[str] = []

    def swallow(route: Route) -> None:
        sent.append(route.request.url)
        if len(sent) <= 2:
            assert route.fetch().status == 200  # the county has committed
            route.abort()
        else:
            route.continue_()

    page.route("**/api/acts/*", swallow)
    card(page, incident).locator('[data-tap="coming"]').tap()
    expect(page.locator('[data-queue="waiting"]')).to_be_visible()
    expect(page.locator("[data-queue]")).to_have_count(0, timeout=20_000)
    assert len(sent) >= 3
    assert len(set(sent)) == 1
    assert acts(county, incident) == ["coming"]


def test_a_server_that_is_killed_between_commit_and_answer_is_told_again_and_does_it_once(
    browser: Browser, own_county: County
) -> None:
    village = aside(lambda: own_county.village())
    [(area,)] = own_county.sql("SELECT id FROM area WHERE name = %s AND level = 'village'", village.name)
    worker = aside(lambda: Somebody(own_county, Grant("grid_worker", area)))
    air = Uplink(address(own_county))
    air.start()
    incident = press(village)
    said: list[int] = []

    def kill(route: Route) -> None:
        if said:
            route.continue_()
            return
        said.append(route.fetch().status)
        own_county.kill()
        route.abort()

    with phone(browser, f"http://127.0.0.1:{air.port}", worker) as context:
        page = context.new_page()
        page.goto(f"http://127.0.0.1:{air.port}/m/")
        page.route("**/api/acts/*", kill)
        card(page, incident).locator('[data-tap="coming"]').tap()
        with page.expect_event("requestfailed", lambda request: "/api/acts/" in request.url):
            expect(page.locator('[data-queue="waiting"]')).to_be_visible()
        assert said == [200]
        aside(own_county.start)
        air.lead_to(address(own_county))
        expect(page.locator("[data-queue]")).to_have_count(0, timeout=150_000)
        assert acts(own_county, incident) == ["coming"]
        expect(card(page, incident)).to_have_attribute("data-mine", "coming")
    air.stop()


def test_a_coming_that_waited_too_long_is_said_to_be_only_noted(
    browser: Browser, county: County, village: Village, worker: Somebody, air: Uplink, url: str
) -> None:
    with phone(browser, url, worker) as context:
        page = context.new_page()
        page.clock.install()
        page.goto(f"{url}/m/")
        incident = press(village)
        expect(card(page, incident)).to_be_visible()
        air.cut()
        card(page, incident).locator('[data-tap="coming"]').tap()
        expect(page.locator('[data-queue="waiting"]')).to_be_visible()
        page.clock.fast_forward("20:00")
        air.mend()
        page.get_by_role("button", name="现在发送").first.tap()
        told = page.locator('[data-queue="noted"]')
        expect(told).to_contain_text("只记入时间线")
        expect(told).to_contain_text("分钟前按的")
        assert acts(county, incident) == []
        [(answer,)] = county.sql("SELECT answer FROM incident WHERE id = %s", incident)
        assert answer == "none"
        told.get_by_role("button").tap()
        expect(told).to_have_count(0)


def test_a_silent_alarm_never_comes_to_the_phone_and_stays_in_nothing_that_it_keeps(
    county: County, village: Village, page: Page
) -> None:
    silent, loud = press(village, "silent"), press(village)
    expect(card(page, loud)).to_be_visible()
    expect(card(page, silent)).to_have_count(0)
    assert silent not in page.evaluate("JSON.stringify(localStorage)")
    assert "静默" not in page.locator("body").inner_text()


def test_a_matter_with_a_photo_goes_out_when_there_is_a_signal(
    county: County, village: Village, page: Page, tmp_path: Path, air: Uplink, url: str
) -> None:
    page.locator("nav").get_by_role("button", name="上报").tap()
    page.get_by_role("button", name="民生服务").tap()
    page.get_by_role("button", name="路灯不亮").tap()
    shot = page.screenshot(type="jpeg")
    where = b"\xff\xe1\x00\x16Exif\x00\x00GPS 27.5 120.5"
    (tmp_path / "shot.jpg").write_bytes(
        shot[:2] + where[:2] + (len(where) - 2).to_bytes(2, "big") + where[4:] + shot[2:]
    )
    page.locator("input[type=file]").set_input_files(tmp_path / "shot.jpg")
    expect(page.locator("img.shot")).to_be_visible()
    page.get_by_role("button", name="三组").tap()
    air.cut()
    page.locator('[data-tap="report"]').tap()
    expect(page.locator('[data-queue="waiting"]')).to_contain_text("2 件等待发送")
    air.mend()
    page.get_by_role("button", name="现在发送").first.tap()
    expect(page.locator("[data-queue]")).to_have_count(0)
    [(photos, words)] = county.sql(
        "SELECT photos, words FROM matter m JOIN area a ON a.id = m.area JOIN area v ON v.id = a.parent "
        "WHERE v.name = %s",
        village.name,
    )
    assert words == "路灯不亮"
    reply = page.request.get(f"{url}/api/matter-photos/{photos[0].removeprefix('photo:')}")
    assert reply.status == 200
    assert b"GPS" not in reply.body()


def test_a_patrol_checks_in_without_a_signal(county: County, village: Village, page: Page, air: Uplink) -> None:
    page.locator("nav").get_by_role("button", name="巡查").tap()
    page.locator(f'[data-site="{village.sites[0]}"]').tap()
    air.cut()
    page.locator('[data-said="fault"]').tap()
    page.locator('[data-fault="dark"]').tap()
    expect(page.locator('[data-patrol="kept"]')).to_contain_text("三组 0号")
    air.mend()
    page.get_by_role("button", name="现在发送").first.tap()
    expect(page.locator("[data-queue]")).to_have_count(0)
    assert county.sql("SELECT said FROM patrol WHERE site = %s", village.sites[0]) == [("fault",)]
    assert county.sql("SELECT what, times FROM site_fault WHERE site = %s", village.sites[0]) == [("dark", 1)]


def test_a_drill_is_told_to_the_centre_at_once_or_not_at_all(
    county: County, village: Village, page: Page, air: Uplink
) -> None:
    page.get_by_role("navigation").get_by_text("巡查").tap()
    page.locator(f'[data-site="{village.sites[1]}"]').tap()
    page.locator("[data-drill-here]").tap()
    air.cut()
    page.locator("[data-announce]").tap()
    expect(page.get_by_role("alert")).to_contain_text("没有网络")
    assert county.sql("SELECT 1 FROM drill WHERE site = %s", village.sites[1]) == []
    air.mend()
    page.locator("[data-announce]").tap()
    expect(page.get_by_role("timer")).to_contain_text("还剩 1")
    message = village.keys[1].press()
    village.send(message)
    assert county.sql("SELECT drill FROM incident WHERE id = %s", message.id) == [(True,)]
    assert county.sql("SELECT count(*) FROM drill WHERE site = %s", village.sites[1]) == [(1,)]


def test_off_duty_and_back_by_a_tap(county: County, page: Page, worker: Somebody) -> None:
    page.locator("nav").get_by_role("button", name="值班").tap()
    page.locator('[data-tap="away2"]').tap()
    expect(page.locator('[data-duty="away"]')).to_be_visible()
    page.locator('[data-tap="back"]').tap()
    expect(page.locator('[data-duty="on"]')).to_be_visible()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_every_page_is_for_everybody_and_fits_360_pixels(
    county: County, village: Village, page: Page, theme: str
) -> None:
    incident = press(village, "fire")
    expect(card(page, incident)).to_be_visible()
    page.evaluate("theme => document.documentElement.dataset.theme = theme", theme)
    page.evaluate(AXE.read_text())
    for name in ("附近", "上报", "巡查", "值班"):
        page.locator("nav").get_by_role("button", name=name).tap()
        expect(page.get_by_role("heading", level=1)).to_have_text(name)
        page.wait_for_timeout(150)  # what it asks for is there
        found = page.evaluate("axe.run(document, {runOnly: ['wcag2a', 'wcag2aa', 'wcag21aa', 'wcag22aa']})")
        assert [(v["id"], [n["html"] for n in v["nodes"]]) for v in found["violations"]] == [], name
        assert page.evaluate("document.documentElement.scrollWidth") <= 360, name


# --- what is built ----------------------------------------------------------------------------------------------------


def files_of(html: str) -> list[Path]:
    """A page and everything that it names."""
    text = (STATIC / html).read_text()
    return [STATIC / html, *(STATIC / name for name in re.findall(r'(?:src|href)="/(assets/[^"]+)"', text))]


@pytest.mark.parametrize("html", ["phone.html", "house.html"])
def test_the_first_load_is_small(html: str) -> None:
    sizes = {file.name: len(gzip.compress(file.read_bytes(), 6)) for file in files_of(html)}
    assert len(sizes) >= 3
    assert sum(sizes.values()) <= FIRST_LOAD_MAX, sizes


NEWER_THAN_CHROME_70 = (
    "?.", "??", "replaceAll(", "Object.fromEntries(", "structuredClone(", "queueMicrotask(", "allSettled(",
    "randomUUID(", "AbortSignal.timeout(", "matchAll(", "WeakRef(",
)  # fmt: skip
NEWER_CSS = ("inset:", "clamp(", ":is(", ":where(", "min(", "max(", "aspect-ratio", "100dvh")


@pytest.mark.parametrize("html", ["phone.html", "house.html"])
def test_nothing_in_it_is_newer_than_a_phone_of_2018(html: str) -> None:
    for file in files_of(html):
        text = file.read_text()
        if file.suffix == ".js":
            without_words = re.sub(r'"(?:[^"\\]|\\.)*"|`[^`]*`', '""', text)
            assert [new for new in NEWER_THAN_CHROME_70 if re.search(_call(new), without_words)] == [], file.name
        if file.suffix == ".css":
            assert [new for new in NEWER_CSS if new in re.sub(r"minmax\(", "", text)] == [], file.name
            for rule in re.findall(r"\{[^{}]*\}", text):
                assert "display:flex" not in rule or not re.search(r"[;{](?:row-|column-)?gap:", rule), rule


def _call(name: str) -> str:
    return r"\?\.(?![0-9])" if name == "?." else re.escape(name)


def test_where_one_is_is_asked_on_the_phone_alone(county: County) -> None:
    import httpx

    for path, allowed in (("/m/", True), ("/h/x", False), ("/", False), ("/wall", False)):
        said = httpx.get(county.console + path).headers["permissions-policy"]
        assert ("geolocation=(self)" in said) == allowed, path
