"""The grid worker's phone and the household's page."""

import secrets

from playwright.sync_api import Page

from tests.console.pictures.screen import Screen
from tests.console.stage import VILLAGE, Stage, aside

HOUSE = "三组 7号"


def near(stage: Stage) -> None:
    stage.quiet()
    incident = stage.press("三组 6号", "panic")  # the fleet has revoked the devices of 1 to 4
    stage.press(HOUSE, "fire")
    stage.somebody("operator").post(f"incidents/{incident}/answer", answer="coming", who="三组 5号")


def worker(page: Page, stage: Stage) -> None:
    stage.sign_in(page, aside(lambda: stage.somebody("grid_worker", VILLAGE)))
    page.goto(f"{stage.county.console}/m/")
    page.get_by_role("navigation").wait_for()


def called(page: Page, stage: Stage) -> None:
    worker(page, stage)
    page.locator("[data-incident]").first.wait_for()


def tab(number: int):  # type: ignore[no-untyped-def]
    def shown(page: Page, stage: Stage) -> None:
        worker(page, stage)
        page.get_by_role("navigation").get_by_role("button").nth(number).click()
        page.wait_for_timeout(500)

    return shown


def waits(page: Page, stage: Stage) -> None:
    called(page, stage)
    page.route("**/api/acts/*", lambda route: route.abort())
    page.locator('[data-tap="coming"]').first.click()
    page.locator('[data-queue="waiting"]').wait_for()


def drill(page: Page, stage: Stage) -> None:
    tab(2)(page, stage)
    page.locator("[data-site]").first.click()
    page.locator("[data-drill-here]").click()
    page.locator("[data-drill]").wait_for()


def code(stage: Stage) -> str:
    technician = aside(lambda: stage.somebody("technician"))
    said: str = technician.get(f"sites/{stage.houses[HOUSE]}/code").json()["code"]
    return said


def stranger(page: Page, stage: Stage) -> None:
    page.locator("[data-standing]").wait_for()


def pairs(page: Page, stage: Stage) -> None:
    stranger(page, stage)
    stage.county.sql("UPDATE pairing SET ended_at = now() WHERE paired_at IS NULL")
    stage.county.sql("DELETE FROM house_try")
    page.locator('[data-tap="pair"]').click()
    page.locator('[data-standing="waiting"]').wait_for()


def paired(page: Page, stage: Stage) -> None:
    pairs(page, stage)
    press = stage.device("lamp", HOUSE).reading([("green", secrets.randbits(48))], "reading")
    stage.gateway.send(press, to="readings")
    page.locator('[data-panel="devices"]').wait_for(timeout=20_000)


SCREENS = [
    Screen("near", lambda stage: "/m/", "grid_worker", called, near),
    Screen("waits", lambda stage: "/m/", "grid_worker", waits, near),
    Screen("report", lambda stage: "/m/", "grid_worker", tab(1)),
    Screen("patrol", lambda stage: "/m/", "grid_worker", tab(2)),
    Screen("drill", lambda stage: "/m/", "grid_worker", drill),
    Screen("duty", lambda stage: "/m/", "grid_worker", tab(3)),
    Screen("house-stranger", lambda stage: f"/h/{code(stage)}", "volunteer", stranger),
    Screen("house-pairs", lambda stage: f"/h/{code(stage)}", "volunteer", pairs),
    Screen("house-paired", lambda stage: f"/h/{code(stage)}", "volunteer", paired),
]
