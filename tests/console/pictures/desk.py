"""The desk: the queue with a card in hand, a dispatch, a flood, what is closed."""

from playwright.sync_api import Page

from tests.console.pictures.screen import Screen
from tests.console.stage import VILLAGE, Stage

NAMES = {"operator": "县值班一号", "group_head": "三组户长", "grid_worker": "柳树湾网格员一", "police": "柳河派出所"}


def _people(stage: Stage) -> None:
    for role, where in (("group_head", VILLAGE), ("grid_worker", VILLAGE), ("police", "柳河镇"), ("operator", "")):
        person = stage.somebody(role, where)
        stage.county.sql("UPDATE person SET display = %s WHERE name = %s", NAMES[role], person.name)


def _ago(stage: Stage, incident: str, seconds: int) -> str:
    for column in ("opened_at", "observed_at", "last_press_at"):
        stage.county.sql(
            f"UPDATE incident SET {column} = {column} - make_interval(secs => %s) WHERE id = %s", seconds, incident
        )
    return incident


def busy(stage: Stage) -> None:
    stage.quiet()
    stage.draw()
    _people(stage)
    operator = stage.somebody("operator")
    gas = _ago(stage, stage.press("一组 4号", "gas"), 760)
    operator.post(f"incidents/{gas}/do", act="dispatch", whom=NAMES["grid_worker"])
    operator.post(f"incidents/{gas}/answer", answer="coming", who="一组 5号")
    fire = _ago(stage, stage.press("二组 3号", "fire"), 410)
    operator.post(f"incidents/{fire}/answer", answer="arrived", who=NAMES["grid_worker"])
    other = _ago(stage, stage.press("二组 4号", "fire"), 390)
    operator.post(f"incidents/{other}/do", act="merge", into=fire)
    done = stage.press("三组 9号")
    operator.post(f"incidents/{done}/do", act="false", how="spoke_to", who=NAMES["group_head"], words="误碰")
    _ago(stage, stage.press("三组 5号", "flood"), 95)
    calling = _ago(stage, stage.press("一组 6号"), 21)
    stage.light(calling, "一组 5号", "一组 7号", "一组 4号")


def flood(stage: Stage) -> None:
    stage.quiet()
    for n, name in enumerate(list(stage.houses)[:14]):
        _ago(stage, stage.press(name, "flood" if n % 3 else "panic"), 30 + 9 * n)
    for village in range(1, 6):
        _ago(stage, stage.elsewhere(village, "flood"), 40 + village)


def handed(stage: Stage) -> None:
    busy(stage)
    operator, other = stage.somebody("operator"), stage.somebody("commander")
    stage.county.sql("UPDATE person SET display = '县指挥员' WHERE name = %s", other.name)
    stage.county.sql("DELETE FROM shift_handover")
    for who, why in ((operator, ""), (other, "值班员突发疾病")):
        mark = who.get("shift/list").json()["list"]["mark"]
        who.post("shift/take", why=why, mark=mark)
    other.post("shift/offer", note="三组停电，盯着一组 6号；二组火情等消防回话。")
    stage.county.sql("UPDATE gateway SET last_seen = now() - interval '9 minutes' WHERE id LIKE '%%3'")


def spoken(page: Page, stage: Stage) -> None:
    page.locator(".speak__villages input").first.check()
    page.get_by_role("button", name="山洪").or_(page.get_by_role("button", name="Flash flood")).click()


def confirming(page: Page, stage: Stage) -> None:
    spoken(page, stage)
    page.locator(".speak > .button--solid").click()
    page.locator("[data-said]").wait_for()


def nothing(page: Page, stage: Stage) -> None:
    page.locator("main").first.wait_for()


def picked(page: Page, stage: Stage) -> None:
    page.locator("[data-incident] .card__pick").first.click()
    page.locator("[data-whom] li").first.wait_for()


def dispatched(page: Page, stage: Stage) -> None:
    picked(page, stage)
    page.locator('[data-act="dispatch"]').first.click()


def menu(page: Page, stage: Stage) -> None:
    picked(page, stage)
    page.locator(".detail__more summary").click()


def reading(page: Page, stage: Stage) -> None:
    picked(page, stage)
    page.locator("[data-hand-over]").click()
    page.locator("[data-script] li").first.wait_for()


def numbered(page: Page, stage: Stage) -> None:
    page.locator('[data-service="119"] button').wait_for()
    page.locator('[data-service="119"] button').click()
    page.locator("[name=case]").wait_for()
    page.locator("[name=case]").fill("119-1123-0412")


def told(stage: Stage) -> None:
    """A fire that 119 was told of, and 120 took."""
    busy(stage)
    operator = stage.somebody("operator")
    [(fire,)] = stage.county.sql(
        "SELECT id FROM incident WHERE what = 'fire' AND closed_at IS NULL AND merged_into = ''"
    )
    for said in (
        {"act": "offer", "service": "119"},
        {"act": "taken", "service": "120", "case": "120-0088", "again": "120-0088", "officer": "5号席"},
    ):
        assert operator.post(f"incidents/{fire}/handover", **said).status_code == 200
    stage.made_fire = fire  # type: ignore[attr-defined]


def rung(stage: Stage) -> None:
    """Two calls at the centre, and one that was settled."""
    operator = stage.somebody("operator")
    stage.county.sql("DELETE FROM hotline_call")
    taken = [
        operator.post("hotline", area=stage.areas["庆丰县"], number=number).json()["id"]
        for number in ("13800138000", "", "")
    ]
    assert operator.post(f"hotline/{taken[2]}/settle", how="nothing", why="打错电话").status_code == 200
    stage.county.sql("UPDATE hotline_call SET taken_at = now() - interval '40 s', due_at = now() + interval '80 s'")


def drilled(stage: Stage) -> None:
    """One that waits for its press, one that was closed, one that nobody pressed."""
    stage.quiet()
    operator = stage.somebody("operator")
    stage.county.sql("DELETE FROM drill")
    first, pressed, waits = (stage.houses[name] for name in ("三组 1号", "三组 6号", "二组 1号"))
    operator.post("drills", site=first)
    stage.county.sql("UPDATE drill SET announced_at = now() - interval '1 hour', until = now() - interval '58 minutes'")
    operator.post("drills", site=pressed)
    incident = stage.press("三组 6号")
    operator.post(f"incidents/{incident}/answer", answer="closed", how="spoke_to")
    operator.post("drills", site=waits)


def call_there(page: Page, stage: Stage) -> None:
    page.locator("[data-call] [data-step]").first.wait_for()


def drills_there(page: Page, stage: Stage) -> None:
    page.locator("[data-drill]").first.wait_for()


def reported(stage: Stage) -> None:
    worker = stage.somebody("grid_worker", VILLAGE)
    stage.county.sql("DELETE FROM site_fault")
    for n, (name, fault) in enumerate((("三组 2号", "dark"), ("一组 3号", "wet"), ("二组 5号", "button"))):
        site = stage.houses[name]
        said = worker.http.put(f"/api/patrols/{n:032x}", json={"site": site, "said": "fault", "fault": fault})
        assert said.status_code == 200, said.text


def fault_there(page: Page, stage: Stage) -> None:
    page.locator("[data-fault]").first.wait_for()


def _newest(stage: Stage) -> int:
    [(id,)] = stage.county.sql("SELECT max(id) FROM shift_handover WHERE signed_at IS NOT NULL")
    return int(id)


QUEUE = "/#/queue"
SCREENS = [
    Screen("queue", lambda stage: QUEUE, "operator", nothing, busy),
    Screen("card", lambda stage: QUEUE, "operator", picked, busy),
    Screen("more", lambda stage: QUEUE, "operator", menu, busy),
    Screen("dispatch", lambda stage: QUEUE, "operator", dispatched, busy),
    Screen("read", lambda stage: QUEUE, "operator", reading, busy),
    Screen("number", lambda stage: f"{QUEUE}/{stage.made_fire}", "operator", numbered, told),  # type: ignore[attr-defined]
    Screen("hotline", lambda stage: "/#/hotline", "operator", call_there, rung),
    Screen("drills", lambda stage: "/#/drills", "operator", drills_there, drilled),
    Screen("faults", lambda stage: "/#/faults", "technician", fault_there, reported),
    Screen("closed", lambda stage: "/#/closed", "operator", nothing),
    Screen("shift", lambda stage: "/#/shift", "operator", nothing, handed),
    Screen("record", lambda stage: f"/#/shift/{_newest(stage)}", "operator", nothing),
    Screen("broadcast", lambda stage: "/#/broadcast", "operator", spoken),
    Screen("confirm", lambda stage: "/#/broadcast", "operator", confirming),
    Screen("account", lambda stage: "/#/account", "operator", nothing),
    Screen("flood", lambda stage: QUEUE, "operator", nothing, flood),
]
