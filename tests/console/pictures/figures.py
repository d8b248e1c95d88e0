"""Figures: the overview with its drill-down, a locked and corrected month, the daily brief."""

from collections.abc import Callable
from datetime import datetime, timedelta
from random import Random

from playwright.sync_api import Page

from tests.console.pictures.screen import Screen
from tests.console.stage import TOWNSHIPS, VILLAGE, Stage, aside
from tests.server.figures.past import ACCEPTED, BEIJING, CLOSED, RANG, Lines, alarm

MONTH, LAST_MONTH, LAST_YEAR = timedelta(days=0), timedelta(days=31), timedelta(days=365)
ARRIVED = (200.0, "answer", {"who": "三组户长", "answer": "arrived"})
COMING = (70.0, "answer", {"who": "三组户长", "answer": "coming"})
LATE = (400.0, "answer", {"who": "网格员一", "answer": "arrived"})
FALSE = (900.0, "false", {"who": "三组户长", "by": "值班员", "how": "saw"})
GOOD = (1200.0, "evaluated", {"marks": 5})
COURSES: list[Lines] = [
    [RANG, ACCEPTED, COMING, ARRIVED, CLOSED, GOOD],
    [RANG, ACCEPTED, COMING, ARRIVED, CLOSED],
    [RANG, ACCEPTED, COMING, LATE, CLOSED],
    [RANG, ACCEPTED, FALSE],
]


def filled(stage: Stage) -> None:
    """Alarms of this month, the last one and the same months last year; yesterday's among them; one month is locked."""
    if "figures" in stage.made:
        return
    draw, now = Random(20261123), datetime.now(BEIJING)
    names = [name for villages in TOWNSHIPS.values() for name in villages]
    houses = [house for house, *_ in stage.county.sql("SELECT id FROM site ORDER BY id")]
    first = now.replace(day=1, hour=8, minute=0)
    last = (first - timedelta(days=1)).replace(day=1)

    def some(since: datetime, days: int, many: int) -> None:
        for _ in range(many):
            at = since + timedelta(minutes=draw.randrange(days * 1440))
            what = draw.choice(["panic", "panic", "panic", "fire", "gas", "flood", "slope"])
            alarm(stage.county, draw.choice(houses), min(at, now - timedelta(hours=1)), what, draw.choice(COURSES))

    some(first, max(1, now.day - 1), 34)
    some(last, 27, 41)
    some(first.replace(year=now.year - 1), 20, 27)
    some(last.replace(year=now.year - 1), 20, 38)
    some(now - timedelta(hours=23), 1, 5)
    earlier = last
    for _ in range(9):
        earlier = (earlier - timedelta(days=1)).replace(day=1)
        some(earlier, 27, draw.randrange(24, 48))
    for day in range(60):
        stage.county.sql(
            "INSERT INTO figure_presence (day, area, areas, hours, heard_of, heard, sites, unproven) "
            "SELECT %s, id, (WITH RECURSIVE up (id) AS (SELECT area.id UNION SELECT a.above FROM up "
            "JOIN area_above a ON a.id = up.id) SELECT array_agg(id ORDER BY id) FROM up), 24, 288, %s, 6, 0 "
            "FROM area WHERE level = 'group' ON CONFLICT DO NOTHING",
            (now - timedelta(days=day)).date(), 288 - draw.randrange(9),
        )  # fmt: skip
    boss = aside(lambda: stage.somebody("commander"))
    month = str(last.date())
    area = stage.areas["庆丰县"]
    locked = boss.post("figures/locks", area=area, month=month)
    assert locked.status_code == 200, locked.text
    some(last, 20, 2)
    corrected = boss.post("figures/locks", area=area, month=month, reason="补录两起停网时的警情")
    assert corrected.status_code == 200, corrected.text
    some(last, 20, 1)
    stage.made["figures"] = len(names)


def shown(selector: str) -> Callable[[Page, Stage], None]:
    def wait(page: Page, stage: Stage) -> None:
        page.locator(selector).first.wait_for()

    return wait


def whole(selector: str) -> Callable[[Page, Stage], None]:
    """The page to its end, not only what is seen first."""

    def wait(page: Page, stage: Stage) -> None:
        page.locator(selector).first.wait_for()
        high = page.evaluate("document.documentElement.scrollHeight")
        page.set_viewport_size({"width": page.viewport_size["width"], "height": min(high, 4000)})  # type: ignore[index]

    return wait


def opened(page: Page, stage: Stage) -> None:
    page.locator("[data-lock]").click()
    page.locator("dialog[open]").wait_for()


def month_of(stage: Stage) -> str:
    return f"/#/month/{stage.areas['庆丰县']}.month.{last_month()}"


def last_month() -> str:
    return str((datetime.now(BEIJING).replace(day=1) - timedelta(days=1)).replace(day=1).date())


def year_of(stage: Stage, name: str) -> str:
    return f"/#/figures/{stage.areas[name]}.year.{datetime.now(BEIJING).date()}"


SCREENS = [
    Screen("overview", lambda s: "/#/figures", "commander", whole("[data-tile]"), filled),
    Screen("village", lambda s: year_of(s, VILLAGE), "auditor", shown("[data-tile]"), filled),
    Screen("month", month_of, "administrator", whole(".paper"), filled),
    Screen("correct", month_of, "commander", opened, filled),
    Screen("brief", lambda s: "/#/brief", "operator", whole("[data-part]"), filled),
]
