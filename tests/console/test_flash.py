"""The page that writes images into boards, in a real browser, from a real county: its program is there, its image is
offered, and the browser lets it ask for a port. Writing itself takes a board: docs/provisioning.md."""

import json
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import pytest
from heartlamp_server.database.embedded import Embedded
from heartlamp_server.responder.scope import Grant

from tests.console.browse import chromium, watch
from tests.server.county import County
from tests.server.responder.people import Somebody

IMAGE = b"\xe9" + bytes(4095)


@pytest.fixture
def county(tmp_path: Path) -> Iterator[County]:
    county = County(tmp_path, f"embedded:{tmp_path / 'postgres'}")
    county.make()
    images = tmp_path / "images"
    images.mkdir()
    (images / "ESP32_GENERIC_S3.bin").write_bytes(IMAGE)
    row = {"file": "ESP32_GENERIC_S3.bin", "chip": "esp32s3", "sha256": sha256(IMAGE).hexdigest(), "size": len(IMAGE)}
    (images / "images.json").write_text(json.dumps([row]))
    with county.config.open("a") as config:
        config.write('\n[devices]\nimages = "images"\n')
    county.start()
    yield county
    county.stop()
    Embedded(tmp_path / "postgres").stop()


@pytest.mark.prove
def test_a_technicians_browser_is_given_the_program_and_the_image_and_may_ask_for_a_port(county: County) -> None:
    technician = Somebody(county, Grant("technician"))
    token = technician.http.cookies["heartlamp_session"]
    ports = "() => navigator.serial.getPorts().then((found) => found.length, (error) => error.name)"
    with chromium() as browser, watch(browser) as page:
        page.goto(f"{county.console}/flash")
        page.get_by_role("link", name="去指挥台登录").wait_for()
        page.context.add_cookies([{"name": "heartlamp_session", "value": token, "url": county.console}])
        page.reload()
        page.get_by_role("button", name="刷机 ESP32-S3").wait_for()
        assert page.evaluate(ports) == 0
        assert page.evaluate("() => customElements.whenDefined('esp-web-install-button').then(() => 1)") == 1
        page.goto(f"{county.console}/#/fleet")
        assert page.evaluate(ports) == "SecurityError"  # nowhere else
