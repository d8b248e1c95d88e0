"""The wall: a quiet county, a busy one, and one that lost its server."""

from playwright.sync_api import Page, Route

from tests.console.pictures.screen import Screen
from tests.console.stage import Stage


def busy(stage: Stage) -> None:
    stage.quiet()
    operator = stage.somebody("operator")
    stage.press("一组 6号", "panic")
    fire, gas = stage.elsewhere(6, "fire"), stage.elsewhere(11, "gas")
    stage.elsewhere(2, "flood")
    for incident, answer, who in ((fire, "accepted", ""), (gas, "accepted", ""), (gas, "coming", "一组 1号")):
        said = operator.post(f"incidents/{incident}/answer", answer=answer, who=who)
        assert said.status_code == 200, said.text
    stage.county.sql("UPDATE gateway SET last_seen = now() - interval '1 hour' WHERE id = 'gwstage03'")
    stage.county.sql("UPDATE gateway SET last_seen = NULL WHERE id = 'gwstage09'")


def there(page: Page, stage: Stage) -> None:
    page.locator(".tile").first.wait_for()


def counted(page: Page, stage: Stage) -> None:
    page.locator('[data-count="2"]').wait_for(timeout=20_000)
    page.locator('[data-sick="silent"]').wait_for(timeout=20_000)


def lost(page: Page, stage: Stage) -> None:
    there(page, stage)

    def gone(route: Route) -> None:
        route.abort()

    page.route("**/api/wall", gone)
    page.locator('[data-banner="lost"]').wait_for(timeout=20_000)


def path(stage: Stage) -> str:
    return "/wall"


SCREENS = [
    Screen("quiet", path, "wall", there, Stage.quiet, (1920, 1080)),
    Screen("busy", path, "wall", counted, busy, (1920, 1080)),
    Screen("portrait", path, "wall", counted, busy, (1080, 1920)),
    Screen("lost", path, "wall", lost, busy, (1920, 1080)),
]
