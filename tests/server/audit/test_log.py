"""What people see, change and decide stands in the log, or did not happen; an alarm asks nobody for leave."""

import getpass
import re
import time
from pathlib import Path
from typing import Any

import httpx
import pytest
from heartlamp_server.audit.model import ACTIONS

from tests.server.county import County, Operator, Village


@pytest.fixture
def operator(county: County) -> Operator:
    """One of this test's own."""
    return county.more_than("auditor")


def rows(county: County, **of: str) -> list[tuple[Any, ...]]:
    where = " AND ".join(f"{name} = %s" for name in of)
    return county.sql(f"SELECT who, what, about, site, detail FROM audit WHERE {where} ORDER BY id", *of.values())


def test_looking_and_answering_are_written_down(county: County, village: Village, operator: Operator) -> None:
    press = village.keys[0].press()
    village.send(press)
    operator.get("incidents")
    for _ in range(3):
        operator.card(press.id)
    operator.say(press.id, "accepted")
    operator.say(press.id, "closed", how="spoke_to", note="脚扭了，已通话", who="三组户长")
    site, who = village.sites[0], operator.name
    assert rows(county, who=who) == [
        (who, "login.done", "", "", {"address": "127.0.0.1"}),
        (who, "look.incidents", "open", "", {}),
        (who, "look.incident", press.id, site, {}),  # once: the screen asked again by itself
        (who, "incident.answer", press.id, site, {"answer": "accepted"}),
        (who, "incident.answer", press.id, site, {"answer": "closed", "how": "spoke_to"}),
    ]


def test_a_refused_answer_is_none(county: County, village: Village, operator: Operator) -> None:
    press = village.keys[0].press()
    village.send(press)
    assert operator.say(press.id, "closed").status_code == 409
    assert operator.http.get("/api/incidents/nothing").status_code == 404
    assert rows(county, who=operator.name, what="incident.answer") == []
    assert rows(county, who=operator.name, what="look.incident") == []


def test_every_screen_of_houses_is_a_look(county: County, village: Village, operator: Operator) -> None:
    operator.get("devices")
    operator.get("readings", device=village.lamps[0].id, name="rssi_dbm")
    operator.get("quarantine")
    assert operator.feed(operator.get("incidents")["cursor"]).status == 200
    seen = [(row[1], row[2]) for row in rows(county, who=operator.name)[1:]]
    assert sorted(seen) == [
        ("look.devices", ""), ("look.feed", ""), ("look.incidents", "open"), ("look.quarantine", ""),
        ("look.readings", village.lamps[0].id),
    ]  # fmt: skip


def test_signing_in_and_out(county: County, operator: Operator) -> None:
    http = httpx.Client(base_url=county.console, headers={"X-Heartlamp": "1"})
    before = len(rows(county, what="login.failed", about=""))
    for name in (operator.name, "三组 5号 的密码是 abc"):
        assert http.post("/api/login", json={"name": name, "password": "wrong"}).status_code == 401
    assert rows(county, what="login.failed", about=operator.name) == [
        ("", "login.failed", operator.name, "", {"address": "127.0.0.1"})
    ]
    unknown = rows(county, what="login.failed", about="")
    assert len(unknown) == before + 1, "what was typed is not kept: it may be anything"
    operator.http.post("/api/logout")
    assert [row[1] for row in rows(county, who=operator.name)] == ["login.done", "login.ended"]


def test_the_command_line_says_who_by_the_operating_system(county: County, village: Village, tmp_path: Path) -> None:
    button, gateway = village.keys[1].id, village.gateway
    for words in (
        ("device", "revoke", button),
        ("gateway", "token", gateway, "--out", tmp_path),
        ("gateway", "invite", gateway),
        ("gateway", "revoke", gateway),
    ):
        county.cli(*words, "--config", county.config)
    assert county.cli("device", "revoke", "nobody", "--config", county.config, check=False).returncode == 1
    who = f"cli:{getpass.getuser()}"
    found = rows(county, about=button) + rows(county, about=gateway)
    assert [(row[0].partition("/")[0], row[1]) for row in found] == [
        (who, "device.revoke"), (who, "gateway.token"), (who, "gateway.invite"), (who, "gateway.revoke"),
    ]  # fmt: skip
    assert rows(county, about="nobody") == []


def test_without_the_log_the_command_line_changes_nothing_either(county: County, village: Village) -> None:
    lamp = village.lamps[0].id
    county.sql(f"ALTER TABLE audit ADD CONSTRAINT no_log CHECK (about <> '{lamp}') NOT VALID")
    try:
        done = county.cli("device", "revoke", lamp, "--config", county.config, check=False)
        assert (done.returncode, "Traceback" in done.stderr) == (1, False)
        assert "the audit log refused a row, so nothing was changed" in done.stderr
    finally:
        county.sql("ALTER TABLE audit DROP CONSTRAINT no_log")
    assert county.sql("SELECT revoked_at FROM device WHERE id = %s", lamp) == [(None,)]


def test_without_the_log_nobody_sees_or_changes_anything_but_alarms_come_in(
    county: County, village: Village, operator: Operator
) -> None:
    press = village.keys[0].press()
    village.send(press)
    county.sql(f"ALTER TABLE audit ADD CONSTRAINT no_log CHECK (who <> '{operator.name}') NOT VALID")
    try:
        for path in ("incidents", f"incidents/{press.id}", "devices", "quarantine"):
            assert operator.http.get(f"/api/{path}").status_code == 503
        assert operator.say(press.id, "accepted").status_code == 503
        again = village.keys[0].press()
        assert village.send(again)[0].verdict == "received"
    finally:
        county.sql("ALTER TABLE audit DROP CONSTRAINT no_log")
    card = operator.card(press.id)
    assert (card["answer"], card["presses"]) == ("none", 2)


def test_an_alarm_leaves_no_row_and_needs_no_table(county: County, village: Village) -> None:
    before = county.sql("SELECT count(*) FROM audit")
    village.send(village.keys[0].press(), village.lamps[0].reading([("rssi_dbm", -60)]))
    assert county.sql("SELECT count(*) FROM audit") == before
    county.sql("ALTER TABLE audit RENAME TO away")
    try:
        press = village.keys[1].press()
        assert village.send(press)[0].verdict == "received"
    finally:
        county.sql("ALTER TABLE away RENAME TO audit")


def head(operator: Operator, waiting: int = 0) -> Any:
    """When all has its place in the chain."""
    until = time.monotonic() + 20
    while (found := operator.get("audit/head"))["waiting"] > waiting:
        assert time.monotonic() < until, found
        time.sleep(0.05)
    return found


def test_the_running_county_chains_and_anybody_can_verify(
    county: County, village: Village, operator: Operator, tmp_path: Path
) -> None:
    village.send(press := village.keys[0].press())
    operator.say(press.id, "coming")
    printed = head(operator)
    assert printed["head"] == f"{printed['n']}:{printed['hash']}"
    done = county.cli("audit", "verify", "--head", printed["head"], "--config", county.config)
    assert f"printed head is row {printed['n']}" in done.stdout
    file = tmp_path / "audit.jsonl"
    county.cli("audit", "export", file, "--config", county.config)
    assert rows(county, what="audit.export")
    offline = ("audit", "verify", "--file", file, "--key", printed["key"])
    done = county.cli(*offline, "--head", printed["hash"])
    assert "The chain is whole" in done.stdout
    assert " of " in done.stderr, "it says how far it is"
    lines = file.read_text().splitlines(keepends=True)
    file.write_text("".join(line.replace('"answer":"coming"', '"answer":"cannot"') for line in lines))
    done = county.cli(*offline, check=False)
    assert (done.returncode, done.stdout.startswith("CHANGED: row ")) == (1, True)
    file.write_text("".join(lines[: printed["n"] - 1]))
    done = county.cli(*offline, "--head", printed["head"], check=False)
    assert (done.returncode, done.stdout.startswith("TRUNCATED: row ")) == (1, True)
    for wrong in (("--head", "17"), ("--key", "xyz")):
        done = county.cli("audit", "verify", "--file", file, *wrong, check=False)
        assert done.returncode == 1
        assert "Traceback" not in done.stderr
    file.write_text("{}")
    assert "no export of the audit log" in county.cli("audit", "verify", "--file", file, check=False).stderr


def test_auditors_read_page_by_page(county: County, village: Village, operator: Operator) -> None:
    village.send(press := village.keys[0].press())
    for answer in ("accepted", "coming", "arrived"):
        operator.say(press.id, answer)
    head(operator)
    first = operator.get("audit", about=press.id, limit=2)
    assert [e["detail"]["answer"] for e in first["entries"]] == ["arrived", "coming"]
    second = operator.get("audit", about=press.id, limit=2, before=first["next"])
    assert [e["detail"]["answer"] for e in second["entries"]] == ["accepted"]
    assert second["next"] is None
    entry = second["entries"][0]
    assert (entry["who"], entry["site"], entry["text_en"]) == (operator.name, village.sites[0], "answered an incident")
    assert entry["n"] is not None
    assert len(operator.get("audit", site=village.sites[0], what="incident.answer")["entries"]) == 3
    assert rows(county, who=operator.name, what="look.audit") != []


def test_every_action_in_the_code_has_its_words() -> None:
    root = Path(__file__).parents[3] / "server/heartlamp_server"
    code = "".join(file.read_text() for file in root.rglob("*.py") if file != root / "audit/model.py")
    used = set(re.findall(r'(?:record|look|glance)\(\s*conn, (?:f"[^"]*"|[^"])*(?:"", )?"([a-z_]+\.[a-z_]+)"', code))
    by_another = {"device.revoke", "gateway.revoke", "look.household", "look.picture", "rollout.next", "rollout.done"}
    assert used | by_another == set(ACTIONS)
