"""A device that reaches the county by itself, as its own gateway of one."""

import json
import secrets
import stat
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from heartlamp_protocol.uplink import Batch, BatchAnswer, Note
from heartlamp_server.device.model import FRESH_SECONDS, online
from heartlamp_server.ingest.of_one import BURST, BYTES_MAX, PER_SECOND, Room

from tests.server.county import County, OfOne, Operator, Stream, Village
from tests.server.devices import Device


@pytest.fixture
def village(county: County) -> Village:
    """Three houses of one group; the lamps of the first two are gateways of their own too."""
    return county.village(3, wan=(0, 1))


def of_one(village: Village, house: int) -> OfOne:
    return OfOne(village.county, village.lamps[house].id)


def command(down: Stream, incident: str, answer: str = "") -> Any:
    """The next command about an incident, with that answer where one is given."""
    return down.next(
        lambda e: e.kind == "command" and e.data.get("incident") == incident and answer in ("", e.data["answer"])
    ).data


def device(operator: Operator, id: str) -> Any:
    return next(d for s in operator.get("devices")["sites"] for d in s["devices"] if d["id"] == id)


# --- enrolment --------------------------------------------------------------------------------------------------


def test_its_file_says_where_the_county_is_and_enrolling_again_changes_nothing(village: Village) -> None:
    file = village.county.out / "devices" / f"{village.lamps[0].id}.json"
    before = file.read_bytes()
    fields = json.loads(before)
    assert fields["links"] == ["lan", "wan"]
    wan = fields["wan"]
    assert (wan["gateway"], wan["server_name"]) == (f"{village.lamps[0].id}-wan", "county.heartlamp")
    assert wan["host"] == "127.0.0.1"
    assert len(wan["token"]) == 64
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert village.county.sql("SELECT village, device FROM gateway WHERE id = %s", wan["gateway"]) == [
        (None, village.lamps[0].id)
    ]
    assert "wan" not in json.loads((village.county.out / "devices" / f"{village.lamps[2].id}.json").read_text())
    village.county.enrol(_plan(village))
    assert file.read_bytes() == before


def test_a_village_without_gateway_or_broker_has_only_such_devices_and_its_neighbours_answer_each_other(
    county: County, operator: Operator
) -> None:
    mark = secrets.token_hex(3)
    sites = [
        {"id": f"s{mark}{n}", "name": f"山上 {n}号", "devices": [{"id": f"lamp{mark}{n}", "kind": "lamp", "wan": True}]}
        for n in range(2)
    ]
    groups = [{"name": "山上", "sites": sites}]
    document = {
        "county": {"name": "庆丰县", "code": "990101"},
        "villages": [{"name": f"村{mark}", "township": "城关镇", "groups": groups}],
    }
    assert county.enrol(document) == []
    lamps = [OfOne(county, f"lamp{mark}{n}") for n in range(2)]
    assert lamps[0].config["links"] == ["wan"]
    caller, neighbour = (Device(county.out / "devices" / f"lamp{mark}{n}.json") for n in range(2))
    press = caller.press()
    (verdict,) = lamps[0].send(press)
    assert caller.believes(verdict.receipt, press)
    (verdict,) = lamps[1].send(neighbour.answer(press.id, "coming"))
    assert verdict.verdict == "received"
    assert operator.card(press.id)["who"] == "山上 1号"


def _plan(village: Village) -> dict[str, Any]:
    """What enrolled the village, with another landmark nowhere: the same again."""
    sites = [
        {
            "id": site,
            "name": f"三组 {n}号",
            "address": f"三组{n}号",
            "landmark": "老井旁",
            "devices": [
                {"id": village.lamps[n].id, "kind": "lamp"} | ({"wan": True} if n < 2 else {}),
                {"id": village.keys[n].id, "kind": "button"},
            ],
        }
        for n, site in enumerate(village.sites)
    ]
    row = {
        "name": village.name,
        "township": "城关镇",
        "gateway": village.gateway,
        "broker": {"host": "127.0.0.1", "port": 1, "name": f"{village.gateway}.heartlamp"},
        "groups": [{"name": "三组", "sites": sites}],
    }
    return {"county": {"name": "庆丰县", "code": "990101"}, "villages": [row]}


# --- a press ----------------------------------------------------------------------------------------------------


def test_a_press_is_receipted_and_its_village_and_group_learn_of_it(village: Village, operator: Operator) -> None:
    here, next_door, gateway = of_one(village, 0).down(), of_one(village, 1).down(), village.down()
    press = village.lamps[0].press()
    (verdict,) = of_one(village, 0).send(press)
    assert verdict.verdict == "received"
    assert village.lamps[0].believes(verdict.receipt, press)
    assert operator.card(press.id)["answer"] == "none"

    told = command(gateway, press.id)  # the village lights its neighbours
    assert told["events"] == [press.id]
    assert set(told["frames"]) == {village.lamps[0].id}
    assert "place" not in told

    own = command(here, press.id)
    assert (own["role"], own["place"]) == ("own", "三组 0号")
    assert village.lamps[0].reads(own["frames"][village.lamps[0].id])["incident"] == press.id

    near = command(next_door, press.id)  # whose house calls, what for, and nothing more
    assert (near["role"], near["place"], near["what"]) == ("near", "三组 0号", "panic")
    assert (near["frames"], near["events"], near["withdrawn"]) == ({}, [press.id], [])


def test_who_goes_is_said_to_both_houses_and_a_silent_alarm_to_none(village: Village, operator: Operator) -> None:
    here, next_door = of_one(village, 0).down(), of_one(village, 1).down()
    silent = village.keys[0].press("silent")
    village.send(silent)
    press = village.lamps[0].press()
    of_one(village, 0).send(press)
    of_one(village, 1).send(village.lamps[1].answer(press.id, "coming"))
    own, near = command(here, press.id, "coming"), command(next_door, press.id, "coming")
    statement = village.lamps[0].reads(own["frames"][village.lamps[0].id])
    assert (statement["answer"], statement["who"]) == ("coming", "三组 1号")
    assert (near["answer"], near["who"]) == ("coming", "三组 1号")
    assert operator.say(press.id, "closed", how="arrived").status_code == 200
    assert command(here, press.id, "closed")["answer"] == "closed"
    assert village.county.sql("SELECT count(*) FROM command WHERE about = %s", silent.id) == [(0,)]


def test_another_village_and_another_group_learn_nothing(county: County, village: Village) -> None:
    elsewhere = county.village(1, wan=(0,))
    press = village.lamps[0].press()
    of_one(village, 0).send(press)
    told = county.sql("SELECT gateway FROM command WHERE about = %s ORDER BY 1", press.id)
    assert told == [(g,) for g in sorted((village.gateway, of_one(village, 0).gateway, of_one(village, 1).gateway))]
    assert elsewhere.gateway not in str(told)


def test_both_paths_bring_the_same_press_and_it_is_one(village: Village, operator: Operator) -> None:
    press = village.lamps[0].press()
    first, again = of_one(village, 0).send(press)[0], village.send(press)[0]
    assert (first.verdict, again.verdict) == ("received", "duplicate")
    assert village.lamps[0].believes(first.receipt, press)
    assert village.lamps[0].believes(again.receipt, press)
    assert operator.card(press.id)["presses"] == 1


def test_a_gateway_that_brings_a_press_late_learns_that_its_call_is_closed(
    village: Village, operator: Operator
) -> None:
    press = village.lamps[0].press()
    of_one(village, 0).send(press)
    assert operator.say(press.id, "closed", how="arrived").status_code == 200
    down = village.down()
    seen = command(down, press.id, "closed")["seq"]
    village.send(press)  # it lay in the village meanwhile, which lit its lamps for it
    assert command(down, press.id, "closed")["seq"] > seen


def test_a_closed_press_that_is_brought_for_ever_is_told_once_and_to_nobody_else(
    county: County, village: Village, operator: Operator
) -> None:
    def told() -> dict[str, int]:
        """gateway -> the number of its last command: it rises with each."""
        return dict(county.sql("SELECT id, seq FROM gateway WHERE id = ANY(%s)", [g.gateway for g in those]))

    elsewhere = county.village(1)
    here, next_door = of_one(village, 0), of_one(village, 1)
    those = (elsewhere, here, next_door, village)  # others may be handed a plan meanwhile
    press = village.lamps[0].press()
    village.send(press)
    assert operator.say(press.id, "closed", how="arrived").status_code == 200
    before = told()
    for gateway, more in ((here, 1), (village, 0), (next_door, 1), (elsewhere, 0)):
        for _ in range(100):
            assert gateway.send(press)[0].verdict == "duplicate"
        now = told()
        assert now == before | {gateway.gateway: before[gateway.gateway] + more}
        before = now
    rows = county.sql("SELECT gateway, count(*) FROM command WHERE about = %s GROUP BY 1 ORDER BY 1", press.id)
    assert rows == sorted([(village.gateway, 1), (here.gateway, 1), (next_door.gateway, 1)])


# --- whose frames -----------------------------------------------------------------------------------------------


def test_its_own_frame_with_a_failed_mac_is_unverified_and_never_dropped(village: Village, operator: Operator) -> None:
    press = village.lamps[0].press()
    (verdict,) = of_one(village, 0).send(press.forged())
    assert (verdict.verdict, verdict.receipt) == ("unverified", "")
    assert operator.card(press.id)["unverified"]


def test_another_devices_frame_counts_when_its_maker_signed_it_and_not_else(village: Village) -> None:
    press = village.lamps[2].press()
    (verdict,) = of_one(village, 0).send(press.forged())
    assert (verdict.verdict, verdict.reason[:9]) == ("quarantined", "wrong mac")
    (verdict,) = of_one(village, 0).send(press)  # carried for a neighbour whose line is cut
    assert verdict.verdict == "received"
    assert village.lamps[2].believes(verdict.receipt, press)


def test_of_a_device_that_it_may_carry_even_a_spoilt_frame_is_an_alarm(county: County, operator: Operator) -> None:
    mark = secrets.token_hex(3)
    devices = [
        {"id": f"lamp{mark}", "kind": "lamp", "wan": True},
        {"id": f"key{mark}", "kind": "button", "through": [f"lamp{mark}"]},
    ]
    groups = [{"name": "七组", "sites": [{"id": f"s{mark}", "name": "七组 1号", "devices": devices}]}]
    village = {"name": f"村{mark}", "township": "城关镇", "groups": groups}
    assert county.enrol({"county": {"name": "庆丰县", "code": "990101"}, "villages": [village]}) == []
    press = Device(county.out / "devices" / f"key{mark}.json").press()
    (verdict,) = OfOne(county, f"lamp{mark}").send(press.forged())
    assert verdict.verdict == "unverified"
    assert operator.card(press.id)["unverified"]


def test_it_says_that_it_shows_a_call_and_speaks_for_nobody_else(village: Village, operator: Operator) -> None:
    press = village.lamps[0].press()
    of_one(village, 0).send(press)
    next_door = of_one(village, 1)
    verdicts = next_door.send(
        notes=[
            next_door.note(1, press.id, "lit", village.lamps[1].id),
            next_door.note(2, press.id, "lit", village.lamps[2].id),
            next_door.note(3, "", "offline", village.lamps[0].id),
            village.note(4, press.id, "lit", village.lamps[1].id),
        ]
    )
    assert [v.verdict for v in verdicts] == ["received", "rejected", "rejected", "rejected"]
    card = operator.card(press.id)
    assert (card["lit"], card["lit_of"]) == (1, 3)


def test_who_has_a_stolen_lamps_token_lies_about_nobody(county: County, operator: Operator) -> None:
    """Not even about those whom the lamp carries, whose frames it may bring."""
    mark = secrets.token_hex(3)
    carrier, child, near = f"lamp{mark}", f"lampc{mark}", f"lampn{mark}"
    sites = [
        {"id": f"s{carrier}", "name": "八组 1号", "devices": [{"id": carrier, "kind": "lamp", "wan": True}]},
        {"id": f"s{child}", "name": "八组 2号", "devices": [{"id": child, "kind": "lamp", "through": [carrier]}]},
        {"id": f"s{near}", "name": "八组 3号", "devices": [{"id": near, "kind": "lamp"}]},
    ]
    groups = [{"name": "八组", "sites": sites}]
    document = {"name": f"村{mark}", "township": "城关镇", "groups": groups}
    assert county.enrol({"county": {"name": "庆丰县", "code": "990101"}, "villages": [document]}) == []
    stolen, press = OfOne(county, carrier), Device(county.out / "devices" / f"{child}.json").press()
    assert stolen.send(press)[0].verdict == "received"
    before = [(device(operator, id)["online"], device(operator, id)["last_seen"] is None) for id in (child, near)]
    lies = [
        (press.id, "lit", child),
        (press.id, "lit", near),
        (f"{near}-{'0' * 16}", "lit", carrier),  # no such call
        ("", "lit", carrier),
        (press.id, "answer", f"coming {child}"),
        (press.id, "answer", f"arrived {carrier}"),
        (press.id, "answer", "unanswered"),
        ("", "online", child),
        ("", "offline", child),
        ("", "online", near),
        ("", "offline", carrier),
        ("", "refused", "whatever I want an operator to read"),
        ("", "bogus", carrier),
    ]
    for _ in range(3):
        verdicts = stolen.send(notes=[stolen.note(n, *lie) for n, lie in enumerate(lies)])
        assert [v.verdict for v in verdicts] == ["rejected"] * len(lies)
        assert {v.reason for v in verdicts} == {
            "a gateway of one says only that it shows a call of which the county told it"
        }
    foreign = Note(1, 5, f"{near}-{secrets.token_hex(8)}", press.id, "lit", carrier)
    assert stolen.send(notes=[foreign])[0].verdict == "rejected"
    assert operator.kinds(press.id) == ["opened"]
    assert operator.card(press.id)["lit"] == 0
    assert [
        (device(operator, id)["online"], device(operator, id)["last_seen"] is None) for id in (child, near)
    ] == before
    rows = county.sql(
        "SELECT count, position('whatever' in reason || encode(frame, 'escape')) FROM evidence WHERE gateway = %s",
        stolen.gateway,
    )
    assert rows == [(4, 0)]  # one for each request: an operator is told, and not flooded


def test_a_kept_copy_of_a_press_makes_nobody_look_alive(village: Village, operator: Operator) -> None:
    press, button = village.keys[2].press(), village.keys[2].id
    of_one(village, 0).send(press)
    assert not device(operator, button)["overdue"]
    village.county.sql("UPDATE device SET last_seen = last_seen - interval '20 hours' WHERE id = %s", button)
    assert of_one(village, 0).send(press)[0].verdict == "duplicate"
    assert device(operator, button)["overdue"]
    of_one(village, 0).send(village.keys[2].press())
    assert not device(operator, button)["overdue"]


def test_a_press_that_waited_in_its_village_says_that_the_button_was_alive_then(
    village: Village, operator: Operator
) -> None:
    village.send(village.keys[2].press(), age=20 * 3_600_000)
    seen = device(operator, village.keys[2].id)
    hours = (datetime.now(UTC) - datetime.fromisoformat(seen["last_seen"])) / timedelta(hours=1)
    assert 19.9 < hours < 20.1
    assert seen["overdue"]


def test_that_a_lamp_shows_a_call_is_said_once(village: Village, operator: Operator) -> None:
    press = village.lamps[0].press()
    village.send(press)
    next_door, lamp = of_one(village, 1), village.lamps[1].id
    again = next_door.send(notes=[next_door.note(n, press.id, "lit", lamp) for n in range(40)])
    again += village.send(notes=[village.note(1, press.id, "lit", lamp)])
    assert [v.verdict for v in again] == ["received"] + ["duplicate"] * 40
    assert operator.kinds(press.id) == ["opened", "lit"]
    assert village.county.sql("SELECT count(*) FROM note WHERE incident = %s", press.id) == [(1,)]


def test_a_lamp_tells_nothing_of_a_house_beyond_its_group(county: County, village: Village) -> None:
    elsewhere = county.village(1, wan=(0,))
    press = village.lamps[0].press()
    village.send(press)
    other = of_one(elsewhere, 0)
    (verdict,) = other.send(notes=[other.note(1, press.id, "lit", elsewhere.lamps[0].id)])
    assert verdict.verdict == "rejected"


# --- presence ---------------------------------------------------------------------------------------------------


def test_a_device_that_comes_by_itself_is_online_whatever_its_village_says(
    village: Village, operator: Operator
) -> None:
    here, lamp = of_one(village, 0), village.lamps[0].id
    assert device(operator, lamp)["online"] is None
    probe = here.post(Batch(here.gateway, "0" * 16, "", (), ()).to_json(), "readings")
    assert BatchAnswer.from_json(probe.content).verdicts == ()
    village.send(notes=[village.note(1, "", "offline", lamp)], to="readings")
    said = device(operator, lamp)
    assert (said["online"], said["overdue"], said["wan"]) == (True, False, True)
    village.county.sql(
        "UPDATE gateway SET last_seen = last_seen - interval '2 minutes' WHERE id = %s", here.gateway
    )  # two minutes later
    village.county.sql("UPDATE device SET last_seen = last_seen - interval '2 minutes' WHERE id = %s", lamp)
    said = device(operator, lamp)
    assert (said["online"], said["overdue"], said["wan"]) == (False, True, False)
    assert device(operator, village.lamps[2].id)["wan"] is None


def test_the_latest_evidence_of_two_paths_says_whether_it_is_there() -> None:
    now = datetime.now(UTC)
    fresh, old = now - timedelta(seconds=FRESH_SECONDS - 1), now - timedelta(seconds=FRESH_SECONDS + 1)
    assert [online(now, said, None, "lamp") for said in (True, False, None)] == [True, False, None]
    assert [online(now, said, fresh, "lamp") for said in (True, False, None)] == [True, True, True]
    assert [online(now, said, old, "lamp") for said in (True, False, None)] == [True, False, None]
    assert online(now, None, now - timedelta(minutes=2), "lamp") is False
    assert online(now, None, now - timedelta(hours=3), "button") is None  # it comes every four hours


def test_no_list_and_no_notice_takes_it_for_a_village(village: Village, operator: Operator) -> None:
    here = of_one(village, 0)
    here.post(Batch(here.gateway, "0" * 16, "", (), ()).to_json())
    assert here.gateway not in [g["id"] for g in operator.get("gateways")["gateways"]]
    assert here.http.get("/gateway/v1/registry").status_code == 404


# --- trust taken back -------------------------------------------------------------------------------------------


def test_a_revoked_device_is_no_gateway_either_and_it_is_told(village: Village) -> None:
    here, county = of_one(village, 0), village.county
    down = here.down()
    down.next(lambda e: e.kind == "hello")
    county.cli("device", "revoke", village.lamps[0].id, "--config", county.config)
    assert down.ended(5)
    refused = here.post(Batch(here.gateway, "0" * 16, "", (), ()).to_json())
    assert (refused.status_code, refused.json()["error"]) == (401, "unknown or revoked token")
    assert any("revoked" in p for p in county.enrol(_plan(village)))


def test_a_revoked_path_leaves_the_device_believed_and_the_command_says_so(village: Village) -> None:
    here, county = of_one(village, 0), village.county
    said = county.cli("gateway", "revoke", here.gateway, "--config", county.config).stdout
    assert f"{village.lamps[0].id} itself is still believed" in said
    assert here.post(b"{}").status_code == 401
    assert village.send(village.lamps[0].press())[0].verdict == "received"


def test_a_new_token_comes_into_the_devices_file(village: Village) -> None:
    county, old = village.county, of_one(village, 0)
    words = ("gateway", "token", old.gateway, "--config", county.config, "--out")
    assert village.lamps[0].id in county.cli(*words, county.out).stdout
    new = of_one(village, 0)
    assert new.token != old.token
    assert {**new.config, "wan": 0} == {**old.config, "wan": 0}
    assert old.post(b"{}").status_code == 401
    assert new.post(Batch(new.gateway, "0" * 16, "", (), ()).to_json()).status_code == 200
    assert county.cli(*words, county.folder / "empty", check=False).returncode == 1
    assert new.post(Batch(new.gateway, "0" * 16, "", (), ()).to_json()).status_code == 200


# --- room -------------------------------------------------------------------------------------------------------


def test_it_speaks_in_its_own_name_and_briefly(village: Village) -> None:
    here = of_one(village, 0)
    assert here.post(Batch(village.gateway, "0" * 16, "", (), ()).to_json()).status_code == 403
    assert here.post(b" " * (BYTES_MAX + 1)).status_code == 413
    assert village.post(Batch(here.gateway, "0" * 16, "", (), ()).to_json()).status_code == 403


def test_its_newest_stream_is_its_only_one(village: Village) -> None:
    first = of_one(village, 0).down()
    first.next(lambda e: e.kind == "hello")
    second = of_one(village, 0).down()
    second.next(lambda e: e.kind == "hello")
    assert first.ended(5)
    press = village.lamps[0].press()
    village.send(press)
    assert command(second, press.id)["role"] == "own"


def test_a_lamp_that_starts_hears_of_what_is_open_and_not_of_what_is_over(village: Village, operator: Operator) -> None:
    over, still = village.lamps[0].press(), village.lamps[0].press("fire")
    village.send(over, still)
    assert operator.say(over.id, "closed", how="arrived").status_code == 200
    first = of_one(village, 1).down().next(lambda e: e.kind == "command")
    assert first.data["incident"] == still.id
    newer = village.lamps[0].press("gas")
    resumed = of_one(village, 1).down(first.id)
    village.send(newer)
    assert [resumed.next(lambda e: e.kind == "command").data["incident"] for _ in range(2)] == [over.id, newer.id]


def test_who_asks_without_end_is_slowed_and_what_a_device_holds_may_come_at_once() -> None:
    now = [0.0]
    room = Room(100, lambda: now[0])
    assert all(room.pace("a-wan") for _ in range(int(BURST)))
    assert not room.pace("a-wan")
    assert room.pace("b-wan")
    now[0] += 1
    assert [room.pace("a-wan") for _ in range(int(PER_SECOND) + 1)] == [True] * int(PER_SECOND) + [False]


def test_streams_of_ones_leave_the_villages_their_half() -> None:
    room = Room(100)
    for _ in range(25):
        room.enter()
    assert (room.full(), room.crowded()) == (False, False)
    room.enter()
    assert room.crowded()
    for _ in range(24):
        room.enter()
    assert room.full()
    room.leave()
    assert not room.full()
