"""A staged update: a hundredth, a tenth, all; and the brake that needs no hand."""

import secrets
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
from heartlamp_server.fleet import store
from heartlamp_server.fleet.rollout import Stage, decide, outcome, stages
from heartlamp_server.fleet.worker import take_step
from heartlamp_server.responder.scope import Grant
from heartlamp_server.telemetry.store import PostgresSeries
from hypothesis import given
from hypothesis import strategies as st

from tests.server.county import County, Village
from tests.server.responder.people import Somebody, in_store

NOW = datetime(2026, 7, 1, 8, tzinfo=UTC)
DAY = timedelta(hours=24)


def at(stage: int, hours: float, forgiven: int = 0, **outcomes: int) -> str:
    return decide(Stage(stage, NOW - timedelta(hours=hours), DAY, Counter(outcomes), forgiven), NOW)[0]


def test_who_is_first_is_drawn_anew_and_everybody_has_a_stage() -> None:
    devices = [f"lamp{n:04}" for n in range(1000)]
    drawn = stages(devices, "7")
    assert Counter(drawn.values()) == {0: 10, 1: 90, 2: 900}
    assert drawn == stages(devices, "7") != stages(devices, "8")
    assert stages(["lamp1"], "7") == {"lamp1": 0}


def test_a_stage_is_watched_before_the_next() -> None:
    assert at(0, 23, runs=10) == "wait"
    assert at(0, 25, runs=10) == "next"
    assert at(0, 25, runs=8, waits=2) == "wait"
    assert at(1, 25, runs=91, waits=9) == "next"  # a few are always switched off
    assert at(2, 1, runs=1000) == "done"
    assert at(0, 99) == "next"  # nobody is there to try it


def test_failures_halt_it_by_themselves() -> None:
    assert at(0, 1, runs=9, refused=1) == "halt"  # of ten, none may fail
    assert at(0, 1, waits=9, lost=1) == "halt"
    assert at(1, 25, runs=95, refused=5) == "next"
    assert at(1, 1, runs=94, refused=6) == "halt"
    assert at(1, 1, forgiven=6, waits=94, refused=6) == "wait"
    _, why = decide(Stage(0, NOW, DAY, Counter(refused=1)), NOW)
    assert " · " in why


def test_a_device_that_was_there_and_starts_no_more_is_lost() -> None:
    offered = NOW - timedelta(hours=1)
    assert outcome("waits", "lamp", offered, offered + timedelta(seconds=30), NOW) == "lost"
    assert outcome("waits", "lamp", offered, NOW, NOW) == "waits"
    assert outcome("waits", "lamp", offered, offered - timedelta(days=3), NOW) == "waits"  # it had been away before
    assert outcome("waits", "lamp", offered, None, NOW) == "waits"
    assert outcome("runs", "lamp", offered, None, NOW) == "runs"


@given(
    st.integers(0, 2),
    st.integers(0, 400),
    st.dictionaries(st.sampled_from(["waits", "trial", "runs", "refused", "lost"]), st.integers(0, 500)),
)
def test_it_never_goes_on_over_more_failures_than_it_may(stage: int, hours: int, found: dict[str, int]) -> None:
    step = at(stage, hours, **found)
    bad, many = found.get("refused", 0) + found.get("lost", 0), sum(found.values())
    assert (step == "halt") == (bad > 0 and bad * 20 > many)
    if step == "done":
        assert stage == 2


@pytest.fixture(scope="module")
def village(county: County) -> Village:
    return county.village(houses=12)


def test_a_bundle_goes_out_by_stages_halts_by_itself_and_goes_on_by_a_hand(county: County, village: Village) -> None:
    [(area,)] = county.sql("SELECT village FROM gateway WHERE id = %s", village.gateway)
    technician = Somebody(county, Grant("technician", area))
    bundle = secrets.token_hex(8)
    county.sql(
        "INSERT INTO firmware (id, version, boards, kinds, min_version, micropython, rollback, size, data) "
        "VALUES (%s, 30000, '{b}', '{lamp}', 0, 12500, false, 1, 'x')",
        bundle,
    )
    started = technician.post("rollouts", bundle=bundle, area=area, soak_h=0)
    assert started.status_code == 201, started.text
    id = started.json()["id"]
    assert [s["due"] for s in started.json()["stages"]] == [1, 1, 10]
    assert technician.post("rollouts", bundle=bundle, area=area).status_code == 409

    def step() -> dict[str, object]:
        async def taken(conn: store.Connection) -> None:
            await take_step(conn, PostgresSeries(90), id)

        in_store(county, taken)
        [found] = [r for r in technician.get("rollouts").json()["rollouts"] if r["id"] == id]
        return dict(found)

    def offered() -> list[str]:
        updates = village.http.get("/gateway/v1/registry").json().get("updates", [])
        return [device for update in updates if update["bundle"] == bundle for device in update["devices"]]

    def say(device: str, **values: int) -> None:
        [lamp] = [lamp for lamp in village.lamps if lamp.id == device]
        village.send(lamp.reading(list(values.items())), to="readings")

    assert step()["stage"] == 0
    [canary] = offered()
    say(canary, version=30000)
    assert step()["stage"] == 1
    step()
    assert len(offered()) == 2
    [second] = [device for device in offered() if device != canary]
    say(second, version=20000, update_refused=5, update_version=30000)
    halted = step()
    assert (halted["state"], halted["stage"]) == ("halted", 1)
    assert "1 of 2 failed" in str(halted["why"])
    assert offered() == [canary]  # nobody else is offered it any more; who has it keeps it
    assert step()["state"] == "halted"
    assert technician.post(f"rollouts/{id}/go").json()["state"] == "going"
    step()
    step()
    assert len(offered()) >= 10
    assert technician.post(f"rollouts/{id}/halt").json()["state"] == "halted"
    assert set(offered()) <= {canary}
    assert county.sql("SELECT count(*) FROM audit WHERE what LIKE 'rollout.%%' AND about = %s", str(id))[0][0] >= 5
