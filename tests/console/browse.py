"""Starts the system's Chromium and opens pages whose errors are not overlooked."""

import contextlib
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, expect, sync_playwright

ROOT = Path(__file__).parents[2]
STATIC = ROOT / "server" / "heartlamp_server" / "console" / "static"
PATIENCE_MS = 30_000  # what is there is seen at once; two cores that run four tests and their counties need longer
expect.set_options(timeout=PATIENCE_MS)
# At the end of its first flash every lamp shines, and a ring that fills is full.
BRIGHT = """document.getAnimations().forEach((a) => {
    a.pause();
    a.currentTime = a.effect.getKeyframes()[1].computedOffset * a.effect.getComputedTiming().duration - 1;
})"""


@contextlib.contextmanager
def chromium() -> Iterator[Browser]:
    path = shutil.which("chromium") or shutil.which("chromium-browser")
    assert path, "no Chromium here: `make browser` installs it"
    # Chromium refuses its sandbox to root; the pages are our own, on loopback.
    arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=path, args=arguments)
        yield started
        started.close()


@contextlib.contextmanager
def watch(browser: Browser, lang: str = "zh", theme: str = "light", **context: Any) -> Iterator[Page]:
    """A page whose browser keeps these choices. AssertionError at the end, where a script failed or the content policy
    refused something."""
    usual = {"viewport": {"width": 1440, "height": 900}, "timezone_id": "Asia/Shanghai"}
    opened = browser.new_context(**usual | context)
    opened.set_default_timeout(PATIENCE_MS)
    kept = f"if (!localStorage.getItem('heartlamp.lang')) localStorage.setItem('heartlamp.lang', '{lang}');"
    opened.add_init_script(f"{kept} localStorage.setItem('heartlamp.theme', '{theme}')")
    page = opened.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda said: errors.append(said.text) if "Content Security Policy" in said.text else None)
    yield page
    opened.close()
    assert not errors, errors
