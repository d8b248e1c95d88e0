"""The administrator's pages: policies, people, rosters, areas, tables, SIM cards, retention, the audit log."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from playwright.sync_api import Page

from tests.console.pictures.figures import shown, whole
from tests.console.pictures.screen import Screen
from tests.console.stage import VILLAGE, Stage
from tests.server.figures.past import BEIJING, CLOSED, alarm

NIGHTS = [
    {"after_s": 0, "until": "accepted", "whom": [{"role": "siren", "level": "village"}]},
    {
        "after_s": 0, "until": "accepted", "again_s": 30, "times": 4,
        "whom": [{"role": "group_head", "level": "group"}, {"role": "operator", "level": "village"}],
    },
    {"after_s": 90, "until": "coming", "again_s": 60, "times": 3, "whom": [{"role": "operator", "level": "township"}]},
    {"after_s": 240, "until": "arrived", "again_s": 120, "times": 0, "whom": [{"role": "operator", "level": "county"}]},
]  # fmt: skip
PEOPLE = [
    ("jiaban1", "县指挥中心 值班员一", "operator", ""),
    ("jiaban2", "县指挥中心 值班员二", "operator", ""),
    ("jiaban3", "县指挥中心 值班员三", "operator", ""),
    ("liuhe1", "柳河镇 值班员", "operator", "柳河镇"),
    ("cun1", "柳树湾村 值班员", "operator", VILLAGE),
    ("wg1", "柳树湾村 网格员一", "grid_worker", VILLAGE),
    ("hz3", "柳树湾村 三组户长", "group_head", VILLAGE),
    ("js1", "县技术员一", "technician", ""),
    ("sj1", "县审计员", "auditor", ""),
    ("pcs1", "柳河派出所 民警一", "police", "柳河镇"),
]


def filled(stage: Stage) -> None:
    """People of all duties with numbers, a roster of the county that is staffed day and night, a policy for nights."""
    if "office" in stage.made:
        return
    boss = stage.somebody("administrator")
    for n, (name, display, role, where) in enumerate(PEOPLE):
        area = stage.areas[where] if where else None
        made = boss.post("people", name=name, display=display, account=True, role={"role": role, "area": area})
        assert made.status_code == 200, made.text
        numbered = boss.post(f"people/{name}/numbers", numbers=[f"138000001{n:02}"])
        assert numbered.status_code == 204, numbered.text
    stage.county.sql("UPDATE person_number SET answered_at = now() - interval '3 days' WHERE person <> 'cun1'")
    roster = county_roster()
    drawn = boss.post("rosters", **roster)
    assert drawn.status_code == 200, drawn.text
    stage.made["roster"] = drawn.json()["id"]
    saved = boss.post(
        "policies", id="nights", area=stage.area, from_min=1320, to_min=360, whats=["panic", "fire"], steps=NIGHTS
    )
    assert saved.status_code == 200, saved.text
    today = datetime.now(BEIJING).date()
    for village, label, balance, days in (
        ("石桥村", "主用", 3260, 200),
        ("青石村", "主用", 480, 90),
        ("东关村", "备用", 5000, 12),
    ):
        card = boss.post(
            "figures/cards", village=stage.areas[village], label=label, payer="村委会", balance_fen=balance,
            balance_on=str(today - timedelta(days=9)), expires_on=str(today + timedelta(days=days)), megabytes=1024,
        )  # fmt: skip
        assert card.status_code == 200, card.text
        spent = boss.post(f"figures/cards/{card.json()['id']}/months", month="2026-10-01", cost_fen=1900, megabytes=214)
        assert spent.status_code == 200, spent.text
    long_ago = datetime.now(UTC) - timedelta(days=400)
    words = [(60.0, "answer", {"who": "值班员", "answer": "accepted", "note": "老人摔倒"}), CLOSED]
    for house in list(stage.houses.values())[:9]:
        alarm(stage.county, house, long_ago, lines=words)
    for what, days, why in (("pictures", 5, "县保密办要求"), ("readings", 120, "冬季前后要对比电池")):
        set_to = boss.post(f"retention/{what}", days=days, why=why)
        assert set_to.status_code == 200, set_to.text
    wait = boss.post(f"areas/{stage.areas['新塘村']}/rezone", day="2098-01-01", name="新塘社区")
    assert wait.status_code == 200, wait.text
    stage.made["office"] = 1


def county_roster() -> dict[str, object]:
    today = (datetime.now(BEIJING) - timedelta(days=2)).date()
    shift = {"first_day": str(today), "turn_days": 1, "turns": [["jiaban1"], ["jiaban2"], ["jiaban3"]]}
    return {
        "area": None,
        "role": "operator",
        "name": "县指挥中心值班",
        "shifts": [
            {"name": "白班", "starts": 480, "ends": 1200, **shift},
            {"name": "夜班", "starts": 1200, "ends": 480, **shift, "turns": [["jiaban3"], ["jiaban1"], ["jiaban2"]]},
        ],
    }


def simulated(page: Page, stage: Stage) -> None:
    page.locator("[name=site] option").first.wait_for(state="attached")
    page.locator(".sim [type=submit]").click()
    page.locator("[data-lane]").first.wait_for()
    whole(".ladder")(page, stage)


def edited(page: Page, stage: Stage) -> None:
    page.locator("[data-edit]").click()
    whole("[data-add-step]")(page, stage)


def edited_roster(page: Page, stage: Stage) -> None:
    page.locator("[data-edit]").click()
    whole("[data-add-shift]")(page, stage)


def numbered(page: Page, stage: Stage) -> None:
    page.locator("[data-show-numbers]").click()
    page.locator("[data-proven]").first.wait_for()


TABLE = """点位编号,户组,区划代码,名称,地址,纬度,经度
x001,一组,990101001201,一组 21号,柳树湾村一组21号,,
x002,一组,990101001201,一组 22号,柳树湾村一组22号,31.2,121.4
x003,九组,990101001201,九组 1号,柳树湾村,,
x004,一组,1.30E+11,一组 23号,,,
"""


def tried(page: Page, stage: Stage) -> None:
    page.get_by_role("radio").nth(1).check()
    page.locator("[name=table]").set_input_files(
        {"name": "点位.csv", "mimeType": "text/csv", "buffer": TABLE.encode("utf-8-sig")}
    )
    page.locator("[data-kept]").wait_for()


HOMES = """点位编号,联系人,电话,狗,信息同意日期,信息同意方式,信息同意凭据
{0},儿子,13800138000,有狗,2026-02-01,录音,12号
{1},女儿,13800138001,,,,
x999,儿子,13800138002,,2026-02-01,录音,13号
"""


def homes(page: Page, stage: Stage) -> None:
    page.get_by_role("radio").nth(2).check()
    text = HOMES.format(*list(stage.houses.values())[-2:]).encode("utf-8-sig")
    page.locator("[name=table]").set_input_files({"name": "住户.csv", "mimeType": "text/csv", "buffer": text})
    page.locator("[data-kept]").wait_for()


def shortened(page: Page, stage: Stage) -> None:
    page.locator('[data-kept="words"] [data-change]').click()
    page.locator("[name=days]").fill("365")
    page.locator("[name=why]").fill("县保密办要求")
    page.locator("[name=seen]").wait_for()


def found(page: Page, stage: Stage) -> None:
    page.locator("[data-area]").first.wait_for()
    page.locator("[name=q]").fill("石桥")
    page.locator("[data-found]").first.wait_for()


def opened(selector: str) -> Callable[[Page, Stage], None]:
    def wait(page: Page, stage: Stage) -> None:
        page.locator(selector).click()
        page.locator("dialog[open]").wait_for()

    return wait


SCREENS = [
    Screen("policy", lambda s: "/#/policies/nights", "administrator", simulated, filled),
    Screen("policy-edit", lambda s: "/#/policies/nights", "administrator", edited, filled),
    Screen("people", lambda s: "/#/people", "administrator", shown("[data-person]"), filled),
    Screen("person", lambda s: "/#/people/wg1", "administrator", numbered, filled),
    Screen("roster", lambda s: f"/#/rosters/{s.made['roster']}", "administrator", whole("[data-now]"), filled),
    Screen("roster-edit", lambda s: f"/#/rosters/{s.made['roster']}", "administrator", edited_roster, filled),
    Screen("areas", lambda s: f"/#/areas/{s.area}", "administrator", shown("[data-site]"), filled),
    Screen("find", lambda s: "/#/areas", "administrator", found, filled),
    Screen("rezone", lambda s: f"/#/areas/{s.area}", "administrator", opened('[data-act="rezone"]'), filled),
    Screen("tables", lambda s: "/#/tables", "administrator", tried, filled),
    Screen("tables-homes", lambda s: "/#/tables", "administrator", homes, filled),
    Screen("cards", lambda s: "/#/cards", "administrator", shown("[data-card]"), filled),
    Screen("channels", lambda s: "/#/channels", "administrator", shown("[data-channel]"), filled),
    Screen("retention", lambda s: "/#/retention", "administrator", shown("[data-kept]"), filled),
    Screen("retention-days", lambda s: "/#/retention", "administrator", shortened, filled),
    Screen("audit", lambda s: "/#/audit", "auditor", shown("[data-entry]"), filled),
    Screen("invite", lambda s: "/#/people", "administrator", opened("[data-invite]"), filled),
]
