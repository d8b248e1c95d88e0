"""What a picture is of."""

from collections.abc import Callable
from dataclasses import dataclass

from playwright.sync_api import Page

from tests.console.stage import Stage


@dataclass(frozen=True)
class Screen:
    """`path`: from the county's address; `role`: who looks; `before`: what has happened in the county; `prepare`: until
    the page is as it shall be seen; `size`: of the wide ones, where it is not 1440 × 900."""

    name: str
    path: Callable[[Stage], str]
    role: str
    prepare: Callable[[Page, Stage], None]
    before: Callable[[Stage], None] = lambda stage: None
    size: tuple[int, int] | None = None
