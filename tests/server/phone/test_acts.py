"""A phone's acts at a real county: once each, in whatever state the connection is."""

import io
import secrets
import time
from typing import Any

import httpx
import pytest
from heartlamp_server.responder.scope import Grant

from tests.server.county import County, Village
from tests.server.phone.photo import jpeg
from tests.server.responder.people import Somebody


def act_id() -> str:
    return secrets.token_hex(16)


def send(who: Somebody, incident: str, act: str, id: str = "", minutes: float = 0, **more: Any) -> httpx.Response:
    sent = int(time.time() * 1000)
    body = {"incident": incident, "act": act, "made_ms": sent - int(minutes * 60_000), "sent_ms": sent} | more
    return who.http.put(f"/api/acts/{id or act_id()}", json=body)


@pytest.fixture
def worker(county: County, village: Village) -> Somebody:
    return Somebody(county, Grant("grid_worker", area_of(county, village)))


def area_of(county: County, village: Village) -> int:
    [(area,)] = county.sql("SELECT id FROM area WHERE name = %s AND level = 'village'", village.name)
    return int(area)


def pressed(village: Village, what: str = "panic") -> str:
    press = village.keys[0].press(what)
    assert village.send(press)[0].verdict == "received"
    return press.id


def lines(county: County, incident: str, kind: str) -> int:
    rows = county.sql("SELECT count(*) FROM timeline WHERE incident = %s AND kind = %s", incident, kind)
    return int(rows[0][0])


def test_an_act_that_is_sent_again_is_answered_again_and_done_once(
    county: County, village: Village, worker: Somebody
) -> None:
    incident, id = pressed(village), act_id()
    said = {"incident": incident, "act": "coming", "made_ms": 1000, "sent_ms": 2000}
    replies = [worker.http.put(f"/api/acts/{id}", json=said | {"sent_ms": 2000 + n}) for n in range(3)]
    assert {(r.status_code, r.text) for r in replies} == {(200, replies[0].text)}
    assert replies[0].json() == {"state": "taken", "why": ""}
    assert lines(county, incident, "answer") == 1
    other = worker.http.put(f"/api/acts/{id}", json=said | {"act": "arrived"})
    assert other.status_code == 422


def test_nobody_else_uses_the_id(county: County, village: Village, worker: Somebody) -> None:
    incident, id = pressed(village), act_id()
    assert send(worker, incident, "coming", id).status_code == 200
    another = Somebody(county, Grant("grid_worker", area_of(county, village)))
    assert send(another, incident, "coming", id).status_code == 422


def test_a_stale_coming_is_a_line_of_the_timeline_and_no_lamp_hears_of_it(
    county: County, village: Village, worker: Somebody
) -> None:
    incident = pressed(village)
    before = county.sql("SELECT answer, aver FROM incident WHERE id = %s", incident)
    reply = send(worker, incident, "coming", minutes=12)
    assert reply.json()["state"] == "noted"
    assert "12 分钟前" in reply.json()["why"]
    assert county.sql("SELECT answer, aver FROM incident WHERE id = %s", incident) == before
    assert lines(county, incident, "answer_kept") == 1


def test_what_was_said_of_a_call_that_was_closed_meanwhile_is_kept(
    county: County, village: Village, worker: Somebody
) -> None:
    incident = pressed(village)
    operator = county.account()
    assert operator.say(incident, "closed", how="spoke_to").status_code == 200
    assert worker.get(f"incidents/{incident}").status_code == 404  # it has left the worker's list
    reply = send(worker, incident, "coming", minutes=1)
    assert (reply.status_code, reply.json()["state"]) == (200, "noted")
    assert operator.card(incident)["answer"] == "closed"


def test_the_way_of_a_helper_by_taps_alone(county: County, village: Village, worker: Somebody) -> None:
    incident, operator = pressed(village), county.account()
    stages = []
    for act in ("coming", "arrived", "handled"):
        reply = send(worker, incident, act, words="人没事，已扶起" if act == "handled" else "")
        assert reply.json()["state"] == "taken", reply.text
        stages.append(operator.card(incident)["stage"])
    assert stages == ["coming", "arrived", "handled"]


def test_a_silent_alarm_is_not_there_for_the_village(county: County, village: Village, worker: Somebody) -> None:
    silent = pressed(village, "silent")
    there, nowhere = send(worker, silent, "coming"), send(worker, "key000-0", "coming")
    assert (there.status_code, there.json()) == (404, nowhere.json())
    assert county.sql("SELECT count(*) FROM phone_act WHERE incident = %s", silent) == [(0,)]


# --- photos ---------------------------------------------------------------------------------------------------------


WHERE = b"\xff\xe1\x00\x1aExif\x00\x00MM\x00*GPS 27.5,120.5"
WHERE = WHERE[:2] + (len(WHERE) - 2).to_bytes(2, "big") + WHERE[4:]


def test_a_photo_is_kept_without_where_it_was_taken(county: County, village: Village, worker: Somebody) -> None:
    id = act_id()
    comment = b"\xff\xfe\x00\x08 me 1 "[:10]
    photo = jpeg(WHERE + comment, tail=b"GPS again, behind the end")
    for _ in range(2):  # the answer may have been lost
        reply = worker.http.put(f"/api/matter-photos/{id}", content=photo)
        assert (reply.status_code, reply.json()) == (200, {"photo": f"photo:{id}"})
    seen = worker.get(f"matter-photos/{id}")
    assert (seen.status_code, seen.headers["content-type"]) == (200, "image/jpeg")
    assert b"GPS" not in seen.content
    assert b" me " not in seen.content
    assert seen.content.endswith(b"\x11\xff\x00\x22\xff\xd0\x33\xff\xd9")
    [(sealed,)] = county.sql("SELECT sealed FROM photo WHERE id = %s", id)
    assert seen.content[20:60] not in bytes(sealed)
    assert county.sql("SELECT count(*) FROM audit WHERE what = 'look.picture' AND about = %s", id) == [(1,)]


def test_a_photo_is_for_who_sees_its_matter(county: County, village: Village, worker: Somebody) -> None:
    id, group = act_id(), county.sql(
        "SELECT s.area FROM site s WHERE s.id = %s", village.sites[0]
    )[0][0]  # fmt: skip
    photo = worker.http.put(f"/api/matter-photos/{id}", content=jpeg()).json()["photo"]
    operator = county.account()
    assert operator.http.get(f"/api/matter-photos/{id}").status_code == 404
    raised = worker.post(
        "matters", code="S02", words="路灯不亮", source="grid_worker", area=group, photos=[photo], ref=id
    )
    assert raised.status_code == 200, raised.text
    assert operator.http.get(f"/api/matter-photos/{id}").status_code == 200
    stranger = Somebody(county, Grant("grid_worker", area_of(county, county.village())))
    assert stranger.get(f"matter-photos/{id}").status_code == 404


def test_a_photo_that_is_too_large_is_not_read(worker: Somebody) -> None:
    big = io.BytesIO(jpeg() + bytes(500_000)).getvalue()
    assert worker.http.put(f"/api/matter-photos/{act_id()}", content=big).status_code == 413


# --- duty -----------------------------------------------------------------------------------------------------------


def test_off_duty_and_on_again_by_two_taps(worker: Somebody) -> None:
    assert worker.get("duty").json()["absences"] == []
    made = worker.post("absences", person=worker.name, since="2026-01-01T00:00:00Z", until="2099-01-01T00:00:00Z")
    assert made.status_code == 200, made.text
    [mine] = worker.get("duty").json()["absences"]
    assert worker.post(f"absences/{mine['id']}/end").status_code == 204
    assert worker.get("duty").json()["absences"] == []
