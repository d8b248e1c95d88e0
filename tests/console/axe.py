"""What axe-core finds on a page: WCAG 2.2 A and AA."""

from collections.abc import Sequence
from functools import cache
from typing import Any

from playwright.sync_api import Page

from tests.console.browse import ROOT


@cache
def _source() -> str:
    return (ROOT / "server/console/node_modules/axe-core/axe.min.js").read_text("utf-8")


def faults(page: Page) -> list[str]:
    """Each as `rule: what is wrong (where)`."""
    page.evaluate(_source())  # over the debugging protocol, so that the page's content policy stays as it is
    tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
    found: list[Any] = page.evaluate(
        "tags => axe.run({ runOnly: { type: 'tag', values: tags } }).then((done) => done.violations)", tags
    )
    return [f"{v['id']}: {v['help']} ({n['target']}) {n.get('failureSummary', '')}" for v in found for n in v["nodes"]]


SMALL = {"360 px": (360, 740), "200 % of 1440 x 900": (720, 450)}


def everywhere(page: Page, themes: Sequence[str] = ("dark", "light"), telephone: bool = True) -> list[str]:
    """What is wrong with the page as it is: by day, by night, on a telephone, and what runs out of the window at 360 px
    and at 200 % zoom. One load of the page for all of them. `themes`, `telephone`: what axe looks at."""
    before = page.viewport_size
    assert before is not None
    found = []
    for theme in themes:
        page.evaluate("theme => (document.documentElement.dataset.theme = theme)", theme)
        found += [f"{theme}: {one}" for one in faults(page)]
    for name, (width, height) in SMALL.items():
        page.set_viewport_size({"width": width, "height": height})
        over = page.evaluate(
            "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => "
            "done(document.documentElement.scrollWidth - innerWidth))))"
        )
        found += [f"{name}: {over} px too wide"] if over > 0 else []
        if width == 360 and telephone:
            found += [f"{name}: {one}" for one in faults(page)]
    page.set_viewport_size(before)
    return found
