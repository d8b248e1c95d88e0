"""An operator's login in a real browser on the real console."""

from playwright.sync_api import Page


def log_in(page: Page, url: str, name: str, password: str) -> None:
    """To the live queue, by the form that a person fills in."""
    page.goto(url)
    page.locator("input[autocomplete=username]").fill(name)
    page.locator("input[autocomplete=current-password]").fill(password)
    with page.expect_response("**/api/incidents?*"):  # the queue itself asks for it, once logged in
        page.locator("button[type=submit]").click()
