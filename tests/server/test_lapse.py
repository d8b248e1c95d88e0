"""Who said that they come and have not: the county shows no longer than the village that they are on their way."""

from dataclasses import replace

from heartlamp_protocol.uplink import Item

from tests.gateway.rig.waiting import until
from tests.server.county import Operator, Village
from tests.server.devices import Message

MINUTE = 60_000


def sent(n: int, message: Message, age: int) -> Item:
    return Item(n, age, message.user, message.frame())


def shown(operator: Operator, incident: str) -> tuple[str, str, list[str]]:
    card = operator.card(incident)
    return card["answer"], card["who"], [r["answer"] for r in card["responders"]]


def test_what_the_village_says_of_a_neighbour_who_did_not_come_goes_for_the_county_too(
    village: Village, operator: Operator
) -> None:
    press, neighbour = village.keys[0].press(), village.lamps[1]
    village.send(press, neighbour.answer(press.id, "coming"))
    down = village.down()
    village.send_items([], [village.note(1, press.id, "lapsed", "coming 三组 1号")])
    assert shown(operator, press.id) == ("unanswered", "", ["late"])
    assert down.next(lambda e: e.data.get("answer") == "unanswered").data["incident"] == press.id
    village.send(neighbour.answer(press.id, "coming"))
    assert shown(operator, press.id) == ("coming", "三组 1号", ["coming"])


def test_after_an_outage_no_lamp_is_told_that_they_come(village: Village, operator: Operator) -> None:
    press, neighbour = village.keys[0].press(), village.lamps[1]
    items = [sent(0, press, 20 * MINUTE), sent(1, neighbour.answer(press.id, "coming"), 19 * MINUTE)]
    down = village.down()
    lapsed = replace(village.note(2, press.id, "lapsed", "coming 三组 1号"), age=9 * MINUTE)
    village.send_items(items, [lapsed])
    assert down.next(lambda e: e.data.get("incident") == press.id).data["answer"] == "unanswered"
    assert shown(operator, press.id)[2] == ["late"]


def test_who_pressed_again_after_that_is_coming(village: Village, operator: Operator) -> None:
    press, neighbour = village.keys[0].press(), village.lamps[1]
    first, again = (neighbour.answer(press.id, "coming") for _ in range(2))
    lapsed = replace(village.note(3, press.id, "lapsed", "coming 三组 1号"), age=9 * MINUTE)
    village.send_items([sent(0, press, 20 * MINUTE), sent(1, first, 19 * MINUTE), sent(2, again, 2 * MINUTE)], [lapsed])
    assert shown(operator, press.id) == ("coming", "三组 1号", ["coming"])


def test_the_county_counts_from_the_key_and_not_from_when_it_heard(village: Village, operator: Operator) -> None:
    """The village's box was lost before it could say that it counts on nobody any more."""
    press, neighbour = village.keys[0].press(), village.lamps[1]
    village.send_items([sent(0, press, 20 * MINUTE), sent(1, neighbour.answer(press.id, "coming"), 19 * MINUTE)])
    until("late", lambda: shown(operator, press.id) == ("unanswered", "", ["late"]), 30)


def test_nobody_but_that_neighbour_is_taken_off(village: Village, operator: Operator) -> None:
    press = village.keys[0].press()
    village.send(press, village.lamps[1].answer(press.id, "coming"))
    operator.say(press.id, "coming", who="网格员")
    for n, whom in enumerate(("三组 0号", "网格员", "")):
        village.send_items([], [village.note(n, press.id, "lapsed", f"coming {whom}")])
    assert sorted(shown(operator, press.id)[2]) == ["coming", "coming"]
    operator.say(press.id, "closed", how="arrived")
    village.send_items([], [village.note(9, press.id, "lapsed", "coming 三组 1号")])
    assert operator.card(press.id)["answer"] == "closed"


def test_a_rebuilt_village_learns_how_old_a_call_is_for_the_village(village: Village) -> None:
    press = village.keys[0].press()
    village.send(press, age=20 * MINUTE)
    told = village.down().next(lambda e: e.data.get("incident") == press.id)
    assert 20 * MINUTE <= told.data["age"] < 25 * MINUTE
