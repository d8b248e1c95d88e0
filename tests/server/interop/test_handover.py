"""An incident is handed over to 110: offered stops nothing, taken holds the calls, an outcome ends it."""

from dataclasses import replace
from datetime import timedelta

import pytest
from heartlamp_server.area.household import Needs
from heartlamp_server.escalation.engine import reached, turn
from heartlamp_server.incident import handover, script
from heartlamp_server.incident.handover import HELD, NEXT, SERVICES, STATES
from heartlamp_server.incident.handover_routes import read_rows
from heartlamp_server.incident.model import Handover, Incident, Refused, answer
from heartlamp_server.incident.script import Script
from heartlamp_server.incident.store import from_row, to_row
from heartlamp_server.responder.scope import Grant

from tests.server.county import County, Operator, Village
from tests.server.responder.people import Somebody
from tests.server.test_engine import COURSE, after, names
from tests.server.test_life import NOW, opened


def taken(incident: Incident, service: str = "110") -> Incident:
    return handover.take(incident, service, "A-17", "A-17", "一号台", "read_back", "值班员", NOW)[0]


def test_what_was_only_offered_stops_nothing() -> None:
    offered, entry = handover.offer(opened(), "110", "值班员", NOW)
    assert entry.kind == "handed"
    assert reached(offered, NOW) == frozenset()
    assert offered.stage == "reported"
    assert names(turn(COURSE, offered, {}, after(200), 0)) == names(turn(COURSE, opened(), {}, after(200), 0))


def test_what_was_taken_holds_the_calls_for_a_while_and_no_longer() -> None:
    incident = taken(handover.offer(opened(), "110", "值班员", NOW)[0])
    assert (incident.stage, incident.answer, incident.who) == ("dispatched", "accepted", "公安 110")
    found = turn(COURSE, incident, {}, after(200), 0)
    assert found.due == ()
    assert found.look_at == NOW + HELD
    later = turn(COURSE, incident, {}, NOW + HELD, 0)
    assert "县值班员" in names(later), "a case number is no arrival"


def test_who_did_not_go_is_not_counted_on() -> None:
    ended, _ = handover.end(taken(opened()), "110", "没有出警", False, "值班员", NOW)
    assert (ended.answer, reached(ended, NOW)) == ("unanswered", frozenset())
    there, _ = handover.end(taken(opened()), "110", "已到场，送医", True, "值班员", NOW)
    assert (there.stage, there.answer, there.who) == ("arrived", "arrived", "公安 110")


def test_the_number_must_be_read_back_the_same() -> None:
    with pytest.raises(Refused, match="read back"):
        handover.take(opened(), "110", "A-17", "A-71", "", "read_back", "值班员", NOW)
    incident, _ = handover.take(opened(), "110", "A 17", "A17", "", "read_back", "值班员", NOW)
    assert incident.handovers[0].case == "A17"
    for nonsense in ("", "1", "x" * 41, "a\x00b", "=cmd()"):
        with pytest.raises(Refused, match="case number"):
            handover.take(opened(), "110", nonsense, nonsense, "", "read_back", "值班员", NOW)
    with pytest.raises(Refused, match="future"):
        handover.take(opened(), "110", "A17", "A17", "", "read_back", "值班员", NOW, NOW + timedelta(days=1))


@pytest.mark.parametrize("before", ["", *STATES])
@pytest.mark.parametrize("to", list(STATES))
def test_each_step_of_a_hand_over_that_the_table_forbids_is_refused(before: str, to: str) -> None:
    incident = opened()
    if before:
        incident = replace(incident, handovers=(Handover("110", before, NOW, "值班员", "A17", taken_at=NOW),))
    do = {
        "offered": lambda: handover.offer(incident, "110", "值班员", NOW),
        "taken": lambda: handover.take(incident, "110", "A18", "A18", "", "read_back", "值班员", NOW),
        "declined": lambda: handover.decline(incident, "110", "占线", "值班员", NOW),
        "ended": lambda: handover.end(incident, "110", "已处置", True, "值班员", NOW),
    }
    if to in NEXT[before] or (before, to) == ("", "taken"):
        after, _ = do[to]()
        assert after.handovers[-1].state == to
        assert from_row(to_row(after)) == after
        assert handover.to_police(after) == (to != "declined")
    else:
        with pytest.raises(Refused):
            do[to]()


def test_a_service_that_is_on_its_way_is_not_less_than_that_by_a_corrected_number() -> None:
    coming, _ = answer(taken(opened()), "service:110", "公安 110", "coming", NOW)
    assert handover.take(coming, "110", "A-18", "A-18", "", "read_back", "值班员", NOW)[0].answer == "coming"


def test_the_script_says_all_that_is_asked_for_and_no_name() -> None:
    needs = Needs("三组 9号", "院里有狗", "木楼梯，二楼", "煤气罐在灶边")
    zh, en = script.lines(Script(opened(), "119", NOW, "household", (28.1, 120.5), needs, False, "0577-1234567"))
    said = "\n".join(zh)
    for part in (
        "消防 119",
        "求助",
        "县镇村三组",
        "三组 7号",
        "28.100000, 120.500000",
        *vars_of(needs),
        "0577-1234567",
    ):
        assert part in said
    assert len(zh) == len(en)
    assert "handing over" in en[0]


def vars_of(needs: Needs) -> tuple[str, ...]:
    return needs.key_holder, needs.dog, needs.stairs, needs.hazards


def test_the_script_of_a_silent_alarm_says_what_nobody_may_do() -> None:
    coming, _ = answer(opened("silent"), "person:p", "派出所", "coming", NOW)
    zh, en = script.lines(Script(coming, "110", NOW))
    assert any("不要鸣笛" in line and "不要回拨" in line for line in zh)
    assert any("no siren" in line for line in en)
    assert "请报出本席位电话" in "".join(zh)


def test_a_file_of_numbers_says_what_is_wrong_with_it() -> None:
    assert read_rows("\ufeff警情,单位,接警编号\nx-1,110,A1\n") == [
        (2, {"incident": "x-1", "service": "110", "case": "A1", "officer": "", "at": ""})
    ]
    assert "case" in str(read_rows("incident,service\n"))
    assert "empty" in str(read_rows(" \n"))


def test_from_the_telephone_to_the_outcome(operator: Operator, village: Village) -> None:
    press = village.keys[0].press()
    village.send(press)
    told = operator.get(f"incidents/{press.id}/script", service="119")
    assert (told["name"], told["silent"]) == ("三组 0号", False)
    assert len(told["zh"]) == len(told["en"]) >= 5

    def hand(act: str, **more: object) -> tuple[int, object]:
        reply = operator.http.post(f"/api/incidents/{press.id}/handover", json={"act": act, "service": "119", **more})
        return reply.status_code, reply.json()

    assert hand("offer")[0] == 200
    assert operator.card(press.id)["answer"] == "none"
    assert hand("taken", case="F-1", again="F-2")[0] == 409
    assert hand("taken", case="F-1", again="F-1", officer="三号台")[0] == 200
    card = operator.card(press.id)
    assert card["answer"] == "accepted"
    assert card["handovers"][0] | {"case": "F-1", "officer": "三号台", "state": "taken"} == card["handovers"][0]
    assert not card["handed_over"], "the fire brigade is not the police"
    assert hand("ended", words="已扑灭", there=True)[0] == 200
    assert operator.card(press.id)["stage"] == "arrived"
    assert operator.kinds(press.id)[-3:] == ["handed", "handed_taken", "handed_ended"]
    lines = [line["text_zh"] for line in operator.get(f"incidents/{press.id}")["timeline"]]
    assert any("消防 119已接警，编号 F-1" in line for line in lines)


def test_police_see_what_was_handed_to_them_and_may_note_the_number(county: County, village: Village) -> None:
    operator, press = county.account(), village.keys[0].press()
    village.send(press)
    area = county.sql("SELECT id FROM area WHERE name = %s", village.name)[0][0]
    police = Somebody(county, Grant("police", area))
    stream = police.feed(operator.get("incidents")["cursor"])
    assert police.get(f"incidents/{press.id}").status_code == 404
    hand = f"incidents/{press.id}/handover"
    assert police.post(hand, act="taken", service="110", case="A1", again="A1").status_code == 404
    assert operator.http.post(f"/api/{hand}", json={"act": "offer", "service": "110"}).status_code == 200
    assert stream.next(lambda e: e.kind == "incident").data["id"] == press.id
    assert [i["id"] for i in police.get("incidents").json()["incidents"]] == [press.id]
    assert police.post(hand, act="offer", service="120").status_code == 403
    assert police.post(hand, act="taken", service="120", case="A1", again="A1").status_code == 403
    assert police.post(hand, act="taken", service="110", case="A1", again="A1").status_code == 200
    assert operator.say(press.id, "closed", how="arrived").status_code == 200
    assert police.post(hand, act="ended", service="110", words="已处置", there=True).status_code == 200


def test_case_numbers_come_by_file_each_row_for_itself(county: County, operator: Operator, village: Village) -> None:
    one, two = village.keys[0].press(), village.keys[1].press()
    village.send(one, two)
    text = f"incident,service,case,officer,at\n{one.id},120,J-5,急救台,\nnone,110,J-6,,\n{two.id},911,J-7,,\n"
    text += f"{two.id},110,J-8,,2026-01-01\n{two.id},110,=1+1,,\n"
    reply = operator.http.post("/api/handovers/import", json={"text": text})
    assert reply.status_code == 200
    said = reply.json()
    assert said["taken"] == 1
    errors = [row["error"] for row in said["rows"]]
    assert errors[0] == ""
    for error, part in zip(errors[1:], ("no such", "110, 119 or 120", "no zone", "case number"), strict=True):
        assert part in error
    assert (
        operator.card(one.id)["handovers"][0] | {"how": "file", "case": "J-5"} == operator.card(one.id)["handovers"][0]
    )
    elsewhere = county.village()
    area = county.sql("SELECT id FROM area WHERE name = %s", elsewhere.name)[0][0]
    stranger = Somebody(county, Grant("operator", area)).post("handovers/import", text=text).json()
    assert {row["error"] for row in stranger["rows"]} >= {"没有这起警情 · no such incident"}
    assert stranger["taken"] == 0
    before = len(operator.kinds(one.id))
    assert operator.http.post("/api/handovers/import", json={"text": text}).json()["taken"] == 1
    assert len(operator.kinds(one.id)) == before, "twice the same file is once"


def test_all_services_have_names() -> None:
    assert set(SERVICES) == {"110", "119", "120"}
