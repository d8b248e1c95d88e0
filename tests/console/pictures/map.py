"""The map: the county's townships, a village that is not drawn yet, and one with a call."""

from playwright.sync_api import Page

from tests.console.pictures.screen import Screen
from tests.console.stage import Stage


def village(stage: Stage) -> str:
    return f"/#/map/{stage.area}"


def calling(stage: Stage) -> None:
    """一组 6号 presses; five lamps around show it, a neighbour comes."""
    stage.quiet()
    incident = stage.press("一组 6号")
    stage.light(incident, "一组 5号", "一组 7号", "一组 4号", "一组 8号", "二组 1号")
    operator = stage.somebody("operator")
    for answer, who in (("accepted", ""), ("coming", "一组 10号"), ("arrived", "一组 7号")):
        said = operator.post(f"incidents/{incident}/answer", answer=answer, who=who)
        assert said.status_code == 200, said.text


def drawn(stage: Stage) -> None:
    stage.draw()
    calling(stage)


def undrawn(stage: Stage) -> None:
    stage.undraw()
    calling(stage)


def seen(page: Page, stage: Stage) -> None:
    page.locator('[data-badge="call"]').wait_for()
    page.locator('[data-glow="lit"], [data-gl="drawn"]').first.wait_for(timeout=30_000)


def quiet(stage: Stage) -> None:
    stage.draw()
    stage.quiet()


def calm(page: Page, stage: Stage) -> None:
    page.locator('[data-drawn="plan"] [data-gl="drawn"], [data-way="svg"] [data-site]').first.wait_for(timeout=30_000)


def chosen(page: Page, stage: Stage) -> None:
    seen(page, stage)
    page.get_by_label("绘图方式").or_(page.get_by_label("Drawn by")).select_option("svg")
    page.locator(f'[data-site="{stage.houses["三组 5号"]}"]').dispatch_event("click")


def drawing(page: Page, stage: Stage) -> None:
    page.locator('[data-tool="house"]').click()
    page.locator(".board .plan").wait_for()


def tiles(page: Page, stage: Stage) -> None:
    page.locator(".tile").first.wait_for()
    page.locator('[data-feed="live"]').wait_for()


SCREENS = [
    Screen("townships", lambda s: f"/#/map/{s.areas['庆丰县']}", "operator", tiles, calling),
    Screen("schematic", village, "operator", seen, undrawn),
    Screen("village", village, "administrator", calm, quiet),
    Screen("call", village, "operator", seen, drawn),
    Screen("house", village, "operator", chosen, drawn),
    Screen("drawing", lambda s: f"/#/plan/{s.area}", "administrator", drawing, quiet),
]
