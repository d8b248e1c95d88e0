"""A real browser on the real console: Chromium through Playwright."""

import contextlib
import os
import shutil
from collections.abc import Iterator

from playwright.sync_api import Browser, Page, sync_playwright

ARGUMENTS = [
    # Chromium refuses its sandbox to root; the pages are our own, on loopback.
    *(["--no-sandbox"] if os.geteuid() == 0 else []),
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--autoplay-policy=no-user-gesture-required",
]


@contextlib.contextmanager
def browser() -> Iterator[Browser]:
    path = shutil.which("chromium") or shutil.which("chromium-browser")
    if path is None:
        raise RuntimeError("no Chromium here: `make browser` installs it")
    with sync_playwright() as p:
        chromium = p.chromium.launch(executable_path=path, args=ARGUMENTS)
        try:
            yield chromium
        finally:
            chromium.close()


def log_in(page: Page, url: str, name: str, password: str) -> None:
    """To the live queue, by the form that a person fills in."""
    page.goto(url)
    page.locator("input[autocomplete=username]").fill(name)
    page.locator("input[autocomplete=current-password]").fill(password)
    with page.expect_response("**/api/incidents?*"):  # the queue itself asks for it, once logged in
        page.locator("button[type=submit]").click()
