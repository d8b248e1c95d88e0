"""Matters: the list with one open, raising one, orders, the catalogue, counts."""

from collections.abc import Callable
from typing import Any

from playwright.sync_api import Page

from tests.console.pictures.screen import Screen
from tests.console.stage import Stage
from tests.server.responder.people import Somebody

UNIT = "住房和城乡建设局"


def filled(stage: Stage) -> None:
    """Matters at each stage, one of them late."""
    if "matter" in stage.made:
        return
    desk, unit = stage.somebody("operator"), stage.somebody("department", unit=UNIT)
    reports = [
        ("S02", "村口第三盏路灯不亮，晚上看不见桥面", "石拱桥头"),
        ("S03", "排水沟堵了，下雨水漫到路上", "老樟树下"),
        ("E01", "进村道路塌了半边，车过不去", "村小学以北 50 米"),
        ("S17", "垃圾点三天没有清运", "晒谷场旁"),
        ("S02", "水塘边路灯时亮时不亮", "水塘北侧"),
    ]
    made = []
    for code, words, place in reports:
        reply = desk.post("matters", code=code, words=words, source="operator", area=stage.area, place=place)
        assert reply.status_code == 200, reply.text
        made.append(reply.json()["id"])

    def act(who: Somebody, matter: int, **said: Any) -> None:
        done = who.post(f"matters/{matter}/act", **said)
        assert done.status_code == 200, done.text

    for matter in made[:4]:
        act(desk, matter, act="whistle")
    act(unit, made[0], act="report_in")
    act(unit, made[1], act="report_in")
    act(unit, made[1], act="handle", what="已疏通，清出淤泥两车", photos=["前1", "后1"])
    stage.county.sql("UPDATE matter SET due_at = now() - interval '95 minutes' WHERE id = %s", made[2])
    stage.county.sql(
        "UPDATE matter_limit SET due_at = now() - interval '95 minutes' WHERE matter = %s AND ended = ''", made[2]
    )
    for house, service in (("一组 2号", "V01"), ("三组 7号", "V02")):
        order = desk.post("orders", service=service, site=stage.houses[house], words="腿脚不便，上午在家")
        assert order.status_code == 200, order.text
        done = desk.post(f"orders/{order.json()['id']}/act", act="offer")
        assert done.status_code == 200, done.text
        stage.made["order"] = order.json()["id"]
    stage.made["matter"] = made[0]


def matter(page: Page, stage: Stage) -> None:
    page.locator(".pane__line li, .pane li").first.wait_for()


def shown(selector: str) -> Callable[[Page, Stage], None]:
    def wait(page: Page, stage: Stage) -> None:
        page.locator(selector).first.wait_for()

    return wait


def asking(page: Page, stage: Stage) -> None:
    matter(page, stage)
    page.locator('[data-act="withdraw"], [data-act="note"]').last.click()
    page.locator("dialog[open]").wait_for()


SCREENS = [
    Screen("list", lambda s: "/#/matters", "operator", shown("[data-matter]"), filled),
    Screen("one", lambda s: f"/#/matters/{s.made['matter']}", "operator", matter, filled),
    Screen("asking", lambda s: f"/#/matters/{s.made['matter']}", "operator", asking, filled),
    Screen("report", lambda s: "/#/report", "operator", shown("[data-step]"), filled),
    Screen("orders", lambda s: f"/#/orders/{s.made['order']}", "operator", matter, filled),
    Screen("catalogue", lambda s: "/#/catalogue", "commander", shown("[data-code]"), filled),
    Screen("counts", lambda s: "/#/matter-counts", "operator", shown("tbody tr"), filled),
]
