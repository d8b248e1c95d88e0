"""A policy ends: the next one that fits holds, and the villages of its area are handed what that makes."""

import asyncio
import json
from typing import Any

import psycopg
from heartlamp_server.calling import Plans
from heartlamp_server.database.pool import Database

from tests.server.county import County, Village
from tests.server.responder.people import seal_of

LAST = {"after_s": 60, "until": "closed", "whom": [{"role": "operator", "level": "county"}], "again_s": 60, "times": 0}
FIRST = {"after_s": 0, "until": "accepted", "whom": [{"role": "siren", "level": "village"}]}


def renewed(county: County) -> list[str]:
    async def nothing(conn: psycopg.AsyncConnection[Any]) -> None:
        pass

    async def work() -> list[str]:
        database = Database(county.conninfo)
        await database.open(nothing, nothing)
        try:
            return await Plans(database, seal_of(county)).renew()
        finally:
            await database.close()

    return asyncio.run(work())


def policies_of(county: County, gateway: str) -> list[str]:
    [(plan,)] = county.sql("SELECT plan FROM gateway WHERE id = %s", gateway)
    return [policy["id"] for policy in json.loads(plan)["policies"]] if plan else []


def test_a_village_is_not_left_with_a_policy_that_has_ended(county: County, village: Village) -> None:
    admin = county.more_than("administrator")
    [(area,)] = county.sql("SELECT village FROM gateway WHERE id = %s", village.gateway)
    mine = f"own{village.gateway}"
    calls = {**FIRST, "whom": [*FIRST["whom"], {"role": "operator", "level": "county"}]}  # type: ignore[misc]
    saved = admin.http.post("/api/policies", json={"id": mine, "area": area, "steps": [calls, LAST]})
    assert saved.status_code == 200, saved.text
    assert admin.http.post(f"/api/policies/{mine}/end", headers={"X-Heartlamp": ""}).status_code == 403
    renewed(county)
    assert mine in policies_of(county, village.gateway)
    assert admin.http.post(f"/api/policies/{mine}/end").json() == {"version": 1}
    assert admin.http.post(f"/api/policies/{mine}/end").status_code == 404
    renewed(county)
    assert mine not in policies_of(county, village.gateway)
    again = county.cli("policy", "end", mine, "--config", county.config, check=False)
    assert (again.returncode, "nothing was changed" in again.stderr) == (1, True)


def test_a_draft_is_tried_before_it_is_saved_and_at_another_hour(county: County, village: Village) -> None:
    admin = county.more_than("administrator")
    draft = {"id": "draft", "whats": ["fire"], "steps": [FIRST]}

    def tried(what: str, **more: Any) -> Any:
        reply = admin.http.post("/api/policies/simulate", json={"site": village.sites[0], "what": what, **more})
        assert reply.status_code == 200, reply.text
        return reply.json()

    assert tried("fire", draft=draft)["policy"] == "draft"
    assert [call["at_s"] for call in tried("fire", draft=draft)["calls"]] == [0]
    assert tried("silent", draft=draft) == {"policy": "", "calls": []}  # of that only who is named by name is told
    assert tried("fire")["policy"] == "135"
    assert tried("fire", at="2026-03-01T02:00:00+08:00")["policy"] == "135"
    listed = admin.get("policies")
    assert "draft" not in [one["id"] for one in listed["policies"]]  # it was not saved
    assert listed["built_in"]["id"] == "135"
