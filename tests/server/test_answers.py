"""People's answers: from the command centre, from neighbours' lamps, and what each may do after the other."""

import json
import threading
from dataclasses import replace
from datetime import datetime
from typing import Any

from heartlamp_protocol.uplink import Item

from tests.server.county import Operator, Village


def test_accept_reaches_the_lamp_signed_for_it_alone(village: Village, operator: Operator) -> None:
    press, lamp = village.keys[0].press(), village.lamps[0]
    down = village.down()
    assert down.next(lambda e: e.kind == "hello").data["registry"] == 2
    village.send(press)
    opened = down.next(lambda e: e.data.get("incident") == press.id)
    assert (opened.data["answer"], opened.data["aver"], opened.data["events"]) == ("none", 0, [press.id])
    reply = operator.say(press.id, "accepted")
    assert reply.json()["answer"] == "accepted"
    told = down.next(lambda e: e.data.get("incident") == press.id)
    assert (told.data["answer"], told.data["who"], told.data["aver"]) == ("accepted", "值班员", 1)
    assert list(told.data["frames"]) == [lamp.id]
    statement = lamp.reads(told.data["frames"][lamp.id])
    assert (statement["kind"], statement["answer"], statement["who"]) == ("answer", "accepted", "值班员")
    assert (statement["incident"], statement["rver"], statement["aver"]) == (press.id, 1, 1)


def test_the_second_to_accept_hears_who_was_first(village: Village, operator: Operator) -> None:
    press = village.keys[0].press()
    village.send(press)
    other = village.county.account(display="二号台")
    assert operator.say(press.id, "accepted").status_code == 200
    late = other.say(press.id, "accepted")
    assert late.status_code == 409
    assert "值班员" in late.json()["error"]


def test_two_accepts_at_once_have_one_winner(village: Village, operator: Operator) -> None:
    press = village.keys[0].press()
    village.send(press)
    codes = []
    seats = [(operator, "一号台"), (operator, "二号台"), (operator, "三号台")]
    threads = [
        threading.Thread(target=lambda s=s, w=w: codes.append(s.say(press.id, "accepted", who=w).status_code))
        for s, w in seats
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(codes) == [200, 409, 409]


def test_a_neighbour_comes_withdraws_and_the_next_is_called(village: Village, operator: Operator) -> None:
    press, neighbour = village.keys[0].press(), village.lamps[1]
    village.send(press, neighbour.answer(press.id, "coming"))
    card = operator.card(press.id)
    assert (card["answer"], card["who"], card["aver"]) == ("coming", "三组 1号", 1)
    village.send(neighbour.answer(press.id, "withdrawn"))
    card = operator.card(press.id)
    assert (card["answer"], card["who"], card["aver"]) == ("unanswered", "", 2)
    village.send(neighbour.answer(press.id, "coming"), village.lamps[0].answer(press.id, "arrived"))
    card = operator.card(press.id)
    assert (card["answer"], card["who"]) == ("arrived", "三组 1号")
    assert [r["answer"] for r in card["responders"]] == ["arrived"]


def test_an_operator_sends_somebody_while_a_neighbour_is_coming(village: Village, operator: Operator) -> None:
    press = village.keys[0].press()
    village.send(press, village.lamps[1].answer(press.id, "coming"))
    assert operator.say(press.id, "accepted").json()["answer"] == "coming"
    operator.say(press.id, "coming", who="城关派出所")
    card = operator.say(press.id, "arrived", who="城关派出所").json()
    assert (card["answer"], card["who"]) == ("arrived", "城关派出所")
    assert len(card["responders"]) == 3


def test_a_call_for_help_closes_only_when_somebody_saw_or_spoke_to_them(village: Village, operator: Operator) -> None:
    panic, flood = village.keys[0].press(), village.keys[0].press("flood")
    village.send(panic, flood)
    refused = operator.say(panic.id, "closed")
    assert refused.status_code == 409
    assert "arrived" in refused.json()["error"]
    assert operator.say(panic.id, "closed", how="arrived").json()["answer"] == "closed"
    assert operator.say(flood.id, "closed").json()["answer"] == "closed"
    assert operator.say(panic.id, "accepted").status_code == 409
    closed = operator.get("incidents", state="closed", limit=1000)["incidents"]
    assert {panic.id, flood.id} <= {c["id"] for c in closed}


def test_a_late_answer_is_kept_and_reopens_nothing(village: Village, operator: Operator) -> None:
    press = village.keys[0].press()
    village.send(press)
    operator.say(press.id, "closed", how="spoke_to")
    assert village.send(village.lamps[1].answer(press.id, "coming"))[0].verdict == "received"
    assert operator.card(press.id)["answer"] == "closed"
    assert operator.kinds(press.id)[-1] == "answer_kept"


def test_an_answer_from_another_village_is_kept_and_changes_nothing(village: Village, operator: Operator) -> None:
    press, other = village.keys[0].press(), village.county.village()
    early = other.lamps[0].answer(press.id, "coming")
    assert other.send(early)[0].verdict == "received"  # it waits for the incident
    village.send(press)
    late = other.lamps[1].answer(press.id, "arrived")
    relayed = other.lamps[0].answer(press.id, "withdrawn")
    assert [v.verdict for v in (*other.send(late), *village.send(relayed))] == ["received", "received"]
    card = operator.card(press.id)
    assert (card["answer"], card["who"], card["aver"], card["responders"]) == ("none", "", 0, [])
    kept = [line for line in operator.get(f"incidents/{press.id}")["timeline"] if line["kind"] == "answer_kept"]
    assert len(kept) == 3
    assert kept[1]["text_zh"] == "三组 1号 已到场（已记录，状态不变：三组 1号在另一个村）"
    assert kept[1]["text_en"] == "三组 1号 has arrived (kept, changes nothing: 三组 1号 is in another village)"
    village.send(village.lamps[1].answer(press.id, "coming"))
    assert operator.card(press.id)["answer"] == "coming"


def test_an_answer_may_name_any_event_of_the_incident(village: Village, operator: Operator) -> None:
    first, second = village.keys[0].press(), village.keys[0].press()
    village.send(first, second, village.lamps[1].answer(second.id, "coming"))
    assert operator.card(first.id)["answer"] == "coming"


def test_cancel_marks_and_stops_nothing(village: Village, operator: Operator) -> None:
    panic, silent = village.keys[0].press(), village.keys[0].press("silent")
    cancel = village.lamps[0].cancel()
    village.send(panic, silent, cancel)
    card = operator.card(panic.id)
    assert (card["cancelled"], card["answer"], card["closed_at"]) == (True, "none", None)
    assert not operator.card(silent.id)["cancelled"]
    assert cancel.id in operator.get(f"incidents/{panic.id}")["events"]


def test_a_cancel_of_the_morning_takes_back_no_fire_of_the_afternoon(village: Village, operator: Operator) -> None:
    """An outage brings both in one batch."""
    panic, cancel, fire = village.keys[0].press("panic"), village.lamps[0].cancel(), village.keys[0].press("fire")
    minute = 60_000
    ages = [(panic, 300 * minute), (cancel, 299 * minute), (fire, minute)]
    village.send_items([Item(n, age, m.user, m.frame()) for n, (m, age) in enumerate(ages)])
    assert operator.card(panic.id)["cancelled"]
    assert not operator.card(fire.id)["cancelled"]
    assert cancel.id in operator.get(f"incidents/{panic.id}")["events"]


def test_a_cancel_without_anything_to_cancel_is_kept_and_shown(village: Village, operator: Operator) -> None:
    assert village.send(village.lamps[0].cancel())[0].verdict == "received"
    seen = [e for e in operator.get("quarantine", limit=1000)["evidence"] if e["gateway"] == village.gateway]
    assert [e["verdict"] for e in seen] == ["waiting"]


def test_what_the_gateway_did_is_on_the_timeline(village: Village, operator: Operator) -> None:
    press = village.keys[0].press()
    lit = [village.note(n, press.id, "lit", lamp.id) for n, lamp in enumerate(village.lamps)]
    answer = village.note(8, press.id, "answer", f"coming {village.lamps[1].id}")
    village.send_items([], notes=[lit[0]])  # before the county knows the incident
    village.send(press)
    village.send_items([], notes=[lit[1], answer])
    told = operator.get(f"incidents/{press.id}")
    assert (told["incident"]["lit"], told["incident"]["answer"]) == (2, "none")
    assert [line["kind"] for line in told["timeline"]] == ["opened", "lit", "lit", "village_answer"]
    opened, *lamps = (line["text_zh"] for line in told["timeline"][:3])
    assert opened == "三组 0号的按钮发出求助"
    assert lamps == ["三组 0号的灯已亮", "三组 1号的灯已亮"]
    assert told["timeline"][-1]["text_en"] == "in the village: 三组 1号 is coming"
    assert told["timeline"][-1]["text_zh"] == "村里：三组 1号 正在赶来"


def test_a_neighbours_answer_is_told_once(village: Village, operator: Operator) -> None:
    press, neighbour, second = village.keys[0].press(), village.lamps[1], village.lamps[0]
    village.send(press, age=9000)

    def words() -> list[str]:
        return [line["text_zh"] for line in operator.get(f"incidents/{press.id}")["timeline"][1:]]

    said = [f"coming {neighbour.id}", f"coming {second.id}", "unanswered"]
    village.send_items([], [village.note(n, press.id, "answer", word) for n, word in enumerate(said)])
    alone = ["村里：三组 1号 正在赶来", "村里：三组 0号 正在赶来", "村里：无人应答"]
    assert sorted(words()) == sorted(alone)
    village.send(neighbour.answer(press.id, "coming"))
    assert sorted(words()) == sorted([*alone[1:], "三组 1号 正在赶来"])
    village.send_items([], [village.note(9, press.id, "answer", f"arrived {neighbour.id}")])
    assert "村里：三组 1号 已到场" in words()
    village.send_items([], [village.note(9, press.id, "answer", f"coming {neighbour.id}")])  # came once more
    assert "村里：三组 1号 正在赶来" in words()
    stored = village.county.sql(
        "SELECT count(*) FROM timeline WHERE kind = 'village_answer' AND incident = %s", press.id
    )
    assert stored == [(5,)]


def test_after_an_outage_the_timeline_stands_in_the_order_of_the_village(village: Village, operator: Operator) -> None:
    first, again = village.keys[0].press(), village.keys[0].press()
    notes = [replace(village.note(1, first.id, "lit", lamp.id), age=59_000) for lamp in village.lamps]
    village.send_items([], notes)  # came before the press that they speak of
    items = [Item(2, 50_000, again.user, again.frame()), Item(1, 60_000, first.user, first.frame())]
    village.send_items(items[1:])
    village.send_items(items[:1])
    village.send(village.lamps[1].answer(first.id, "coming"), age=55_000)
    told = operator.get(f"incidents/{first.id}")
    assert [line["kind"] for line in told["timeline"]] == ["opened", "lit", "lit", "answer", "press"]
    assert told["timeline"][0]["at"] == told["incident"]["observed_at"]
    opened, *_, pressed = (datetime.fromisoformat(line["at"]) for line in told["timeline"])
    assert 5 < (pressed - opened).total_seconds() < 20
    assert (datetime.fromisoformat(told["now"]) - opened).total_seconds() >= 60


def test_a_press_of_unknown_time_stands_where_the_county_had_it(village: Village, operator: Operator) -> None:
    press = village.keys[0].press()
    village.send(press, age=-1)
    told = operator.get(f"incidents/{press.id}")
    assert told["incident"]["time_unknown"]
    assert told["timeline"][0]["at"] == told["incident"]["opened_at"]


def test_unknown_incident_is_said_so(operator: Operator) -> None:
    assert operator.say("lamp0000-0000000000000000", "accepted").status_code == 404


def test_a_note_that_cannot_be_stored_changes_nothing(village: Village, operator: Operator) -> None:
    press = village.keys[0].press()
    village.send(press)
    half = b'{"answer":"accepted","note":"\\ud800"}'
    reply = operator.http.post(f"/api/incidents/{press.id}/answer", content=half)
    assert (reply.status_code, set(reply.json())) == (422, {"error", "do"})
    assert operator.card(press.id)["answer"] == "none"
    assert operator.say(press.id, "accepted", note="on the way").status_code == 200


def test_what_cannot_be_seen_is_in_no_name_and_no_note(village: Village, operator: Operator) -> None:
    press = village.keys[0].press()
    village.send(press)
    operator.say(press.id, "coming", who="\u202e城关\n\t派出所\u2066\x9b ", note="\0一\n二\r\x1b[2J\u200f")
    card = operator.card(press.id)
    assert (card["who"], [r["name"] for r in card["responders"]]) == ("城关 派出所", ["城关 派出所"])
    line = operator.get(f"incidents/{press.id}")["timeline"][-1]
    assert (line["detail"]["who"], line["detail"]["note"]) == ("城关 派出所", "一\n二\n[2J")
    operator.say(press.id, "coming", who="\u200e\n\x00\u3164\u2800")
    assert operator.card(press.id)["responders"][-1]["name"] == "值班员"
    closed = operator.say(press.id, "closed", how="arrived", who="\u2067\x07").json()
    assert (closed["closed_by"], closed["who"]) == ("值班员", "值班员")


def commanded(village: Village, incident: str) -> dict[str, Any]:
    """The newest command about it."""
    rows = village.county.sql("SELECT fields FROM command WHERE about = %s", incident)
    return dict(json.loads(rows[0][0]))


def test_what_an_operator_takes_back_is_named_to_the_village(village: Village, operator: Operator) -> None:
    press, going, here = village.keys[0].press(), village.lamps[1], village.lamps[0]
    comes, arrives = going.answer(press.id, "coming"), here.answer(press.id, "arrived")
    village.send(press, comes, arrives)
    assert commanded(village, press.id)["withdrawn"] == []
    assert operator.say(press.id, "withdrawn", who="三组 1号").json()["answer"] == "unanswered"
    assert commanded(village, press.id)["withdrawn"] == [comes.id, arrives.id]
    again = going.answer(press.id, "coming")
    village.send(again)
    assert operator.card(press.id)["answer"] == "coming"
    assert commanded(village, press.id)["withdrawn"] == []
    village.send(going.answer(press.id, "withdrawn"))  # by themselves: the village knows
    assert commanded(village, press.id)["withdrawn"] == []


def test_nobody_comes_to_their_own_call(village: Village, operator: Operator) -> None:
    press = village.keys[0].press()
    village.send(press, village.lamps[0].answer(press.id, "coming"))
    assert operator.card(press.id)["answer"] == "none"
    assert operator.kinds(press.id) == ["opened", "answer_kept"]


def test_who_answers_the_second_call_answers_it_though_the_village_took_both_for_one(
    village: Village, operator: Operator
) -> None:
    first, second = village.keys[0].press(), village.keys[0].press()
    village.send(first, village.lamps[1].answer(first.id, "coming"))
    assert operator.say(first.id, "closed", how="spoke_to").status_code == 200
    late = village.lamps[1].answer(first.id, "coming")
    # They waited in the cut-off village; pressed 9 s ago, answered 5 s ago; the county had closed in between.
    village.send_items([Item(1, 9000, second.user, second.frame()), Item(2, 5000, late.user, late.frame())])
    assert (operator.card(second.id)["answer"], operator.card(first.id)["answer"]) == ("coming", "closed")
    early = village.lamps[0].answer(first.id, "arrived")  # before that press: it was about the first
    village.send(early, age=60_000)
    assert operator.card(second.id)["answer"] == "coming"
    assert operator.kinds(first.id).count("answer_kept") == 1


def test_the_timeline_says_who_wrote_an_answer_down(village: Village, operator: Operator) -> None:
    press = village.keys[0].press()
    village.send(press, village.lamps[1].answer(press.id, "coming"))
    operator.say(press.id, "accepted")
    operator.say(press.id, "withdrawn", who="三组 1号")
    told = operator.get(f"incidents/{press.id}")["timeline"]
    assert [line["text_zh"] for line in told[1:]] == [
        "三组 1号 正在赶来", "值班员 已受理", "三组 1号 已撤回（值班员记录）",
    ]  # fmt: skip
    assert told[-1]["text_en"] == "三组 1号 withdrew (recorded by 值班员)"
