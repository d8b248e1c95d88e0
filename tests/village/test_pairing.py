"""A phone beside a real lamp: the page asks for green, a finger presses it, and the phone is in."""

from collections.abc import Iterator

import httpx
import pytest
from playwright.sync_api import Browser, expect

from tests.console.browse import chromium, watch
from tests.village.hops import trace
from tests.village.rig import Rig

pytestmark = pytest.mark.timeout(240)


@pytest.fixture(scope="module")
def rig(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rig]:
    with Rig(tmp_path_factory.mktemp("pairing")) as rig:
        yield rig


@pytest.fixture(scope="module")
def browser(rig: Rig) -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


def code_of(rig: Rig, site: str) -> str:
    """As the technician's label has it."""
    config = rig.folder / "county/server.toml"
    said = rig._server_cli("user", "add", "tech", "--display", "技术员", "--role", "technician", "--config", config)
    http = httpx.Client(base_url=rig.console_url, headers={"X-Heartlamp": "1"})
    assert http.post("/api/login", json={"name": "tech", "password": said.split()[-1]}).status_code == 200
    code: str = http.get(f"/api/sites/{site}/code").json()["code"]
    return code


def test_a_finger_on_the_green_key_lets_the_phone_in_and_red_is_help_all_the_while(rig: Rig, browser: Browser) -> None:
    house = rig.houses()[1]
    lamp = house.device("lamp")
    code = code_of(rig, house.site)
    with watch(browser, viewport={"width": 360, "height": 740}, is_mobile=True, has_touch=True) as page:
        page.goto(f"{rig.console_url}/h/{code}")
        page.locator('[data-tap="pair"]').tap()
        expect(page.locator("body")).to_contain_text("按一下家里心灯上的绿键")
        rig.press(lamp, "green")
        expect(page.get_by_role("heading", level=1)).to_have_text(house.name, timeout=45_000)
        expect(page.locator('[data-panel="phones"]')).to_contain_text("这一部")
    since = rig.journal.mark()
    rig.press(lamp)
    trace(rig.journal, lamp, "received", since)
