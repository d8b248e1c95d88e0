"""Incidents that no device opens: a report with a photo, a telephone call, another system. They live and are answered
like every other."""

from datetime import timedelta
from typing import Any

import httpx
import psycopg
import pytest
from alembic import command
from heartlamp_server.interop.model import BURST, Pace, System
from heartlamp_server.responder.scope import Grant

from tests.server.county import WAIT_SECONDS, County, Operator, Village
from tests.server.interop.photos import FROM_A_CAMERA, SECRET
from tests.server.matter.test_migration import config
from tests.server.responder.people import Somebody


def area_of(village: Village) -> int:
    found: int = village.county.sql("SELECT id FROM area WHERE name = %s", village.name)[0][0]
    return found


def letting_in(county: County, area: int, *may: str) -> httpx.Client:
    administrator = county.more_than("administrator")
    reply = administrator.http.post("/api/systems", json={"name": "雪亮工程", "areas": [area], "may": list(may)})
    assert reply.status_code == 201, reply.text
    headers = {"Authorization": f"Bearer {reply.json()['token']}"}
    return httpx.Client(base_url=f"{county.console}/open/v1", headers=headers, timeout=WAIT_SECONDS)


# --- reports --------------------------------------------------------------------------------------------------------


def test_a_grid_worker_reports_a_fire_at_a_house_and_its_lamps_are_told(
    county: County, operator: Operator, village: Village
) -> None:
    worker = Somebody(county, Grant("grid_worker", area_of(village)))
    down = village.down()
    reply = worker.post("reports", site=village.sites[0], what="fire", words="柴房冒烟", ref="r1")
    assert reply.status_code == 200, reply.text
    id, joined = reply.json()["incident"], reply.json()["joined"]
    assert not joined
    command = down.next(lambda e: e.kind == "command" and e.data["kind"] == "incident").data
    assert (command["incident"], command["site"], command["what"]) == (id, village.sites[0], "fire")
    card = operator.card(id)
    assert (card["stage"], card["answer"], card["presses"]) == ("reported", "none", 1)
    assert operator.kinds(id) == ["opened_by"]
    assert county.sql("SELECT source, reporter FROM incident WHERE id = %s", id) == [("report", worker.name)]
    again = worker.post("reports", site=village.sites[0], what="fire", words="柴房冒烟", ref="r1").json()
    assert again == {"incident": id, "joined": True}
    assert operator.card(id)["presses"] == 1, "sent again it is the same report"


def test_a_neighbour_answers_a_report_by_the_green_key(operator: Operator, village: Village) -> None:
    """No event of a device opened it: the answer refers to the incident by its id alone."""
    id = operator.http.post("/api/reports", json={"site": village.sites[0], "what": "fire"}).json()["incident"]
    coming = village.lamps[1].answer(id, "coming")
    assert village.send(coming, notes=[village.note(7, id, "lit", village.lamps[1].id)])[0].verdict == "received"
    card = operator.card(id)
    assert (card["answer"], card["who"], card["lit"]) == ("coming", "三组 1号", 1)
    assert operator.say(id, "closed", how="arrived").status_code == 200


def test_a_report_joins_the_open_call_of_the_house_and_a_press_joins_the_report(
    operator: Operator, village: Village
) -> None:
    press = village.keys[0].press("fire")
    village.send(press)
    reply = operator.http.post("/api/reports", json={"site": village.sites[0], "what": "fire"}).json()
    assert reply == {"incident": press.id, "joined": True}
    assert operator.card(press.id)["presses"] == 2
    told = operator.http.post("/api/reports", json={"site": village.sites[1], "what": "panic"}).json()["incident"]
    village.send(village.keys[1].press("panic"))
    assert operator.card(told)["presses"] == 2


def test_two_fires_at_places_that_are_no_house_are_two(operator: Operator, village: Village) -> None:
    area = area_of(village)
    ids = [
        operator.http.post("/api/reports", json={"area": area, "where": where, "what": "fire"}).json()["incident"]
        for where in ("村口加油站旁", "后山竹林")
    ]
    assert ids[0] != ids[1]
    assert [operator.card(id)["site"]["address"] for id in ids] == ["村口加油站旁", "后山竹林"]
    assert village.name in operator.card(ids[0])["path"]
    assert not [s for s in village.http.get("/gateway/v1/registry").json()["sites"] if s["id"].startswith("at-")]
    assert not [d for d in operator.get("devices")["sites"] if d["id"].startswith("at-")], "it is no site of anybody's"
    assert operator.http.post("/api/reports", json={"area": area, "what": "fire"}).status_code == 422
    assert operator.http.post("/api/reports", json={"site": "nowhere", "what": "fire"}).status_code == 404


def test_who_is_of_another_village_reports_nothing_here_and_no_villager_a_silent_alarm(
    county: County, village: Village
) -> None:
    other = county.village()
    stranger = Somebody(county, Grant("grid_worker", area_of(other)))
    mine = Somebody(county, Grant("grid_worker", area_of(village)))
    family = Somebody(county, Grant("family", site=village.sites[0]))
    refused = [
        stranger.post("reports", **place, what="fire")
        for place in (
            {"site": village.sites[0]}, {"site": "s-nowhere"},
            {"area": area_of(village), "where": "井旁"}, {"area": 2**40, "where": "井旁"},
        )
    ]  # fmt: skip
    assert {(reply.status_code, reply.text) for reply in refused} == {(404, refused[0].text)}
    assert mine.post("reports", site=village.sites[0], what="silent").status_code == 403
    assert family.post("reports", site=village.sites[0], what="panic").status_code == 200
    assert family.post("reports", site=village.sites[1], what="panic").status_code in (403, 404)
    assert Somebody(county, Grant("technician", area_of(village))).post("reports", what="fire").status_code == 403


def test_a_photo_comes_without_what_the_camera_wrote_and_each_look_is_written_down(
    county: County, operator: Operator, village: Village
) -> None:
    worker = Somebody(county, Grant("grid_worker", area_of(village)))
    id = worker.post("reports", site=village.sites[0], what="fire").json()["incident"]

    def send(who: httpx.Client, data: bytes) -> httpx.Response:
        return who.post(f"/api/incidents/{id}/photos", content=data, headers={"Content-Type": "image/jpeg"})

    reply = send(worker.http, FROM_A_CAMERA)
    assert reply.status_code == 200, reply.text
    photo = reply.json()["id"]
    assert send(worker.http, b"\x89PNG").status_code == 422
    assert send(worker.http, bytes(1024 * 1024 + 1)).status_code == 413
    assert worker.get(f"photos/{photo}").status_code == 403, "a picture is for the centre"
    elsewhere = Somebody(county, Grant("operator", area_of(county.village())))
    assert elsewhere.get(f"photos/{photo}").status_code == 404
    assert send(elsewhere.http, FROM_A_CAMERA).status_code == 404
    looked = operator.http.get(f"/api/photos/{photo}")
    assert looked.headers["content-type"] == "image/jpeg"
    assert SECRET not in looked.content
    assert looked.content[:2] == b"\xff\xd8"
    sealed = bytes(county.sql("SELECT sealed FROM report_photo WHERE id = %s", photo)[0][0])
    assert looked.content not in sealed
    assert county.sql("SELECT who FROM audit WHERE what = 'look.picture' AND about = %s", photo) == [(operator.name,)]
    assert operator.kinds(id)[-1] == "photo"


# --- the hotline ----------------------------------------------------------------------------------------------------


def test_a_call_becomes_an_incident_that_its_operator_has_accepted(
    county: County, operator: Operator, village: Village
) -> None:
    call = operator.http.post("/api/hotline", json={"area": area_of(village), "number": "138 0013 8000"}).json()
    assert call["caller"]
    assert not call["overdue"]
    assert call["id"] in [c["id"] for c in operator.get("hotline")["calls"]]
    about = {"site": village.sites[0], "what": "panic", "words": "老人摔倒"}
    card = operator.http.post(f"/api/hotline/{call['id']}/incident", json=about).json()
    assert (card["answer"], card["stage"]) == ("accepted", "accepted")
    assert operator.http.post(f"/api/hotline/{call['id']}/incident", json=about).status_code == 409
    assert operator.get(f"hotline/{call['id']}/caller") == {"number": "+8613800138000"}
    assert b"138" not in bytes(county.sql("SELECT caller FROM hotline_call WHERE id = %s", call["id"])[0][0])
    looks = county.sql("SELECT who FROM audit WHERE what = 'look.caller' AND about = %s", str(call["id"]))
    assert looks == [(operator.name,)]


def test_a_call_that_nobody_settles_in_time_becomes_a_call_for_help(
    county: County, operator: Operator, village: Village
) -> None:
    area = area_of(village)
    call = operator.http.post("/api/hotline", json={"area": area}).json()
    cursor = operator.get("incidents")["cursor"]
    stream = operator.feed(cursor)
    county.sql("UPDATE hotline_call SET due_at = clock_timestamp() WHERE id = %s", call["id"])
    climbed = stream.next(lambda e: e.kind == "incident" and e.data["path"][-1] == village.name).data
    assert (climbed["what"], climbed["answer"]) == ("panic", "none")
    shown = next(c for c in operator.get("hotline")["calls"] if c["id"] == call["id"])
    assert (shown["overdue"], shown["incident"]) == (True, climbed["id"])
    about = {"site": village.sites[1], "what": "fire"}
    card = operator.http.post(f"/api/hotline/{call['id']}/incident", json=about).json()
    assert operator.card(climbed["id"])["merged_into"] == card["id"], "late, it follows what the call was about"
    assert operator.say(card["id"], "closed", how="spoke_to").status_code == 200
    assert operator.card(climbed["id"])["stage"] == "closed"


def test_a_call_about_nothing_is_settled_with_a_reason(county: County, operator: Operator, village: Village) -> None:
    call = operator.http.post("/api/hotline", json={"area": area_of(village)}).json()["id"]
    assert operator.http.post(f"/api/hotline/{call}/settle", json={"how": "nothing", "why": ""}).status_code == 422
    other = Somebody(county, Grant("operator", area_of(county.village())))
    assert other.post(f"hotline/{call}/settle", how="nothing", why="打错").status_code == 404
    settled = operator.http.post(f"/api/hotline/{call}/settle", json={"how": "nothing", "why": "打错"}).json()
    assert (settled["settled"], settled["why"]) == ("nothing", "打错")
    assert call not in [c["id"] for c in operator.get("hotline")["calls"]]


# --- other systems --------------------------------------------------------------------------------------------------


def test_another_system_tells_once_however_often_it_sends(county: County, operator: Operator, village: Village) -> None:
    system = letting_in(county, area_of(village), "report")
    about = {"site": village.sites[0], "what": "fire", "words": "烟感联网报警"}

    def tell(key: str, **more: Any) -> httpx.Response:
        return system.post("/incidents", json=about | more, headers={"Idempotency-Key": key})

    first = tell("k1")
    assert first.status_code == 200, first.text
    id = first.json()["incident"]
    assert tell("k1").json()["incident"] == id
    assert operator.card(id)["presses"] == 1
    assert tell("k1", words="别的").status_code == 422, "the same key for something else"
    assert tell("k2").json() | {"joined": True} == tell("k2").json()
    assert operator.card(id)["presses"] == 2
    assert system.get(f"/incidents/{id}").json()["stage"] == "reported"
    assert county.sql("SELECT source FROM incident WHERE id = %s", id) == [("api",)]
    assert tell("k3", what="silent").status_code == 422, "whether one is open is nobody's to learn"
    assert system.post("/incidents", json=about).status_code == 422, "without a key nobody could send it again"


def test_a_token_reaches_its_areas_and_no_further_and_ends(
    county: County, operator: Operator, village: Village
) -> None:
    other = county.village()
    system = letting_in(county, area_of(village), "report")
    tell = {"json": {"site": other.sites[0], "what": "fire"}, "headers": {"Idempotency-Key": "x"}}
    assert system.post("/incidents", **tell).status_code == 404  # type: ignore[arg-type]
    press = village.keys[0].press()
    village.send(press)
    assert system.get(f"/incidents/{press.id}").status_code == 404, "not one that it told of"
    assert system.post(f"/incidents/{press.id}/handover", json={"act": "taken", "service": "110"}).status_code == 403
    administrator = county.more_than("administrator")
    listed = [s for s in administrator.get("systems")["systems"] if s["areas"] == [area_of(village)]]
    assert "token" not in listed[0]
    assert administrator.http.post(f"/api/systems/{listed[0]['id']}/end").status_code == 200
    assert system.get(f"/incidents/{press.id}").status_code == 401
    for bad in ("", "Bearer", "Bearer x", "Basic eDp5"):
        assert system.get(f"/incidents/{press.id}", headers={"Authorization": bad}).status_code == 401


def test_a_case_number_comes_back_by_another_system(county: County, operator: Operator, village: Village) -> None:
    system = letting_in(county, area_of(village), "handover")
    press = village.keys[0].press()
    village.send(press)
    path, said = f"/incidents/{press.id}/handover", {"act": "taken", "service": "120", "case": "J120-7"}
    assert system.post(path, json=said).status_code == 404, "nobody handed it over"
    offer = {"act": "offer", "service": "120"}
    assert operator.http.post(f"/api/incidents/{press.id}/handover", json=offer).status_code == 200
    assert system.post(path, json=said).status_code == 200
    lines = len(operator.kinds(press.id))
    assert system.post(path, json=said).status_code == 200
    assert len(operator.kinds(press.id)) == lines, "the same twice is once"
    card = operator.card(press.id)
    assert (card["handovers"][0]["case"], card["handovers"][0]["how"]) == ("J120-7", "api")


def test_who_asks_too_often_is_told_when_to_come_again_and_nobody_else_waits() -> None:
    pace, quick, other = Pace(), System(1, "a", (1,), ("report",), 60), System(2, "b", (1,), ("report",), 60)
    assert [pace.wait(quick, 0.0) for _ in range(BURST)] == [0.0] * BURST
    assert pace.wait(quick, 0.0) == pytest.approx(1.0)
    assert pace.wait(other, 0.0) == 0.0
    assert pace.wait(quick, 0.5) == pytest.approx(0.5)
    assert pace.wait(quick, 1.0) == 0.0
    assert pace.wait(quick, 0.0) > 0, "a clock that goes back gives nothing"


def test_too_many_requests_say_when_to_come_again(county: County, village: Village) -> None:
    system = letting_in(county, area_of(village), "report")
    county.sql("UPDATE system SET per_minute = 1 WHERE areas = ARRAY[%s::bigint]", area_of(village))
    replies = [system.get("/incidents/none") for _ in range(BURST + 1)]
    assert [r.status_code for r in replies] == [404] * BURST + [429]
    assert 1 <= int(replies[-1].headers["Retry-After"]) <= timedelta(minutes=1).seconds + 1


def test_the_open_api_has_a_document_of_its_own(county: County) -> None:
    document = httpx.get(f"{county.console}/open/v1/openapi.json").json()
    assert {"/incidents", "/incidents/{id}", "/incidents/{id}/handover"} <= set(document["paths"])


def test_incidents_of_before_are_not_disturbed(empty_database: Any) -> None:
    """The schema's step 0015 on a county that was there before it."""
    conninfo = empty_database()
    settings = config(conninfo)
    command.upgrade(settings, "0013")
    with psycopg.connect(conninfo, autocommit=True) as conn:
        conn.execute("INSERT INTO area (parent, level, name) VALUES (NULL, 'county', '庆丰县')")
        conn.execute("INSERT INTO site (id, area, name) SELECT 's1', id, '三组 7号' FROM area")
        conn.execute("""
            INSERT INTO incident (id, site, what, place, opened_at, presses, last_press_at, events, rver, aver, answer,
                who, responders, doubts, cancelled, lit, lit_of, closed_by, closed_how)
            VALUES ('lamp0a1b-0000000000000000', 's1', 'panic', '{"name": "", "path": []}', now(), 1, now(), '{}', 1, 0,
                'none', '', '[]', '{}', false, '{}', 0, '', '')
        """)
    command.upgrade(settings, "0015")
    with psycopg.connect(conninfo, autocommit=True) as conn:
        assert conn.execute("SELECT handovers, source FROM incident").fetchall() == [([], "device")]
        again = "INSERT INTO incident SELECT (jsonb_populate_record(i, %s::jsonb)).* FROM incident i LIMIT 1"
        with pytest.raises(psycopg.errors.UniqueViolation, match="incident_open"):
            conn.execute(again, ('{"id": "lamp0a1b-0000000000000001"}',))
        for n in (2, 3):
            conn.execute(again, (f'{{"id": "report-000000000000000{n}", "place": {{"elsewhere": true}}}}',))
