"""The fleet: what is to be done today, one device with a week of readings, installing, staged updates."""

import secrets
from collections.abc import Callable
from typing import Any

from heartlamp_protocol.uplink import Item
from playwright.sync_api import Page

from tests.console.pictures.screen import Screen
from tests.console.stage import Stage, aside

BUNDLE = "feed" * 4


def filled(stage: Stage) -> None:
    """Readings of a week, devices with errands, claims and visits, two staged updates."""
    if "fleet" in stage.made:
        return
    sql = stage.county.sql
    names = list(stage.houses)
    for n, name in enumerate(names):
        sql(
            "UPDATE site SET longitude = %s, latitude = %s WHERE id = %s",
            120 + n % 6 / 1000, 28 + n / 5000, stage.houses[name],
        )  # fmt: skip
    lamps = [stage.device("lamp", name) for name in names]
    ids = [lamp.id for lamp in lamps]
    sql("UPDATE device SET last_seen = now(), online = true WHERE id LIKE 'lamp%%' OR id LIKE 'key%%'")
    sql("UPDATE device SET last_seen = now() - interval '3 hours', online = false WHERE id = %s", ids[4])
    said: dict[int, list[tuple[str, int]]] = {
        1: [("key_stuck", 1)],
        7: [("rssi_dbm", -88)],
        12: [("update_refused", 5)],
    }
    heartbeats = [
        lamp.reading([("version", 10203), ("drill_ms", 3600_000), *said.get(n, [("rssi_dbm", -60 - n)])])
        for n, lamp in enumerate(lamps)
        if n != 4
    ]
    stage.gateway.send(*heartbeats, to="readings")
    week = [
        lamps[1].reading([("battery_mv", 3950 - n // 2), ("rssi_dbm", -58 - n % 7), ("temp_mc", 21000 + n * 37 % 4000)])
        for n in range(160)
    ]
    for n in range(0, 160, 40):
        ages = [(160 - m) * 3600_000 for m in range(n, n + 40)]
        items = [
            Item(k, 0, m.user, m.frame(age)) for k, (m, age) in enumerate(zip(week[n : n + 40], ages, strict=True))
        ]
        stage.gateway.send_items(items, (), "readings")
    boss = stage.somebody("technician")
    sql("UPDATE gateway SET broker_host = '192.168.8.2'")
    sites = [{"site": stage.houses[name], "kind": kind} for name, kind in ((names[2], "smoke"), (names[3], "gas"))]
    made = boss.post("claims", sites=sites)
    assert made.status_code == 201, made.text
    for outcome, name, note in (
        ("no_link", names[20], "山背面，两台灯都听不到"),
        ("no_link", names[23], ""),
        ("no_link", names[23], "换了位置再试，仍没有信号"),
        ("nobody_home", names[21], "邻居说周六在家"),
        ("refused", names[22], ""),
    ):
        sql("UPDATE device SET revoked_at = now() WHERE site = %s", stage.houses[name])
        [claim] = boss.post("claims", sites=[{"site": stage.houses[name]}]).json()["claims"]
        said_of: dict[str, Any] = {"id": secrets.token_hex(16), "secret": claim["secret"], "outcome": outcome}
        kept = boss.post(f"claims/{claim['id']}/result", **said_of, note=note, at="2026-01-01T00:00:00Z")
        assert kept.status_code == 200, kept.text
    sql(
        "INSERT INTO firmware (id, version, boards, kinds, min_version, micropython, rollback, size, data) "
        "VALUES (%s, 10300, '{esp32s3-lamp}', '{lamp}', 0, 12500, false, 61234, 'x')",
        BUNDLE,
    )
    for area, state in (("柳河镇", "going"), ("青石乡", "halted")):
        started = boss.post("rollouts", bundle=BUNDLE, area=stage.areas[area])
        assert started.status_code == 201, started.text
        id = started.json()["id"]
        sql("UPDATE rollout SET state = 'halted', stage = 1 WHERE id = %s", id)  # nobody takes it further
        sql("UPDATE rollout_device SET offered_at = now(), outcome = 'runs' WHERE rollout = %s AND stage = 0", id)
        sql(
            "UPDATE rollout_device r SET offered_at = now(), outcome = CASE WHEN device = (SELECT min(device) "
            "FROM rollout_device o WHERE o.rollout = r.rollout AND o.stage = 1) THEN %s ELSE 'runs' END "
            "WHERE rollout = %s AND stage = 1",
            "refused" if state == "halted" else "trial", id,
        )  # fmt: skip
        why = "已推送 2 台，1 台失败 · 1 of 2 failed" if state == "halted" else ""
        sql("UPDATE rollout SET why = %s, soak_h = 336, state = %s WHERE id = %s", why, state, id)
    stage.made["fleet"] = 1


def shown(selector: str) -> Callable[[Page, Stage], None]:
    def wait(page: Page, stage: Stage) -> None:
        page.locator(selector).first.wait_for()

    return wait


def asking(page: Page, stage: Stage) -> None:
    page.locator('[data-act="revoke"]').first.click()
    page.locator("dialog[open]").wait_for()


def lamp(stage: Stage) -> str:
    name = list(stage.houses)[1]
    return f"/#/device/{aside(lambda: stage.device('lamp', name)).id}"


SCREENS = [
    Screen("todo", lambda s: "/#/fleet", "technician", shown("[data-todo]"), filled),
    Screen("device", lamp, "technician", shown(".u-wrap"), filled),
    Screen("revoking", lamp, "technician", asking, filled),
    Screen("installing", lambda s: f"/#/installing/{s.area}", "technician", shown("[data-site]"), filled),
    Screen("flash", lambda s: "/flash", "technician", shown("[data-kind=empty]"), filled),
    Screen("rollouts", lambda s: "/#/rollouts", "technician", shown("[data-rollout]"), filled),
]
