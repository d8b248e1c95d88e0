"""One press, from the gateway's batch to the lamp's statement and the screen."""

from heartlamp_protocol.registry import Registry
from heartlamp_protocol.uplink import Item

from tests.server.county import County, Operator, Village


def test_a_press_is_received_and_opens_an_incident_under_its_own_id(village: Village, operator: Operator) -> None:
    press = village.keys[0].press()
    verdict = village.send(press)[0]
    assert (verdict.verdict, verdict.reason) == ("received", "")
    assert village.keys[0].believes(verdict.receipt, press)
    card = operator.card(press.id)
    assert (card["id"], card["what"], card["presses"], card["answer"]) == (press.id, "panic", 1, "none")
    assert card["site"]["name"] == "三组 0号"
    assert card["path"] == ["庆丰县", "城关镇", village.name, "三组"]
    assert card["lit_of"] == 2
    assert not card["unverified"]
    assert press.id in [c["id"] for c in operator.get("incidents", state="open", limit=1000)["incidents"]]


def test_the_same_press_again_is_a_duplicate_and_receipted_again(village: Village, operator: Operator) -> None:
    press = village.keys[0].press()
    village.send(press)
    again = village.send(press)[0]
    assert again.verdict == "duplicate"
    assert village.keys[0].believes(again.receipt, press)
    assert operator.card(press.id)["presses"] == 1


def test_the_same_press_twice_in_one_batch_is_one_press(village: Village, operator: Operator) -> None:
    press = village.keys[0].press()
    assert [v.verdict for v in village.send(press, press)] == ["received", "duplicate"]
    assert operator.card(press.id)["presses"] == 1


def test_a_second_press_of_the_house_joins_and_is_never_swallowed(village: Village, operator: Operator) -> None:
    first, second = village.keys[0].press(), village.lamps[0].press()
    village.send(first)
    assert village.send(second)[0].verdict == "received"
    told = operator.get(f"incidents/{first.id}")
    assert told["incident"]["presses"] == 2
    assert told["events"] == [first.id, second.id]
    assert [line["kind"] for line in told["timeline"]] == ["opened", "press"]


def test_another_matter_or_another_house_is_another_incident(village: Village, operator: Operator) -> None:
    panic, fire, elsewhere = village.lamps[0].press(), village.lamps[0].press("fire"), village.lamps[1].press()
    village.send(panic, fire, elsewhere)
    assert {operator.card(m.id)["id"] for m in (panic, fire, elsewhere)} == {panic.id, fire.id, elsewhere.id}


def test_a_press_after_closing_opens_a_new_incident(village: Village, operator: Operator) -> None:
    first, second = village.keys[0].press(), village.keys[0].press()
    village.send(first)
    assert operator.say(first.id, "closed", how="spoke_to").status_code == 200
    village.send(second)
    assert operator.card(second.id)["answer"] == "none"
    assert operator.card(first.id)["answer"] == "closed"


def test_who_presses_again_soon_after_the_close_was_not_helped(
    county: County, village: Village, operator: Operator
) -> None:
    """That press is the sequel of the former, which figures count as reopened; later it is a call of its own."""
    sequel = "SELECT reopens FROM incident WHERE id = %s"
    first, other, again, later = (village.keys[0].press(what) for what in ("panic", "fire", "panic", "panic"))
    village.send(first)
    operator.say(first.id, "closed", how="spoke_to")
    village.send(other)
    assert county.sql(sequel, other.id) == [("",)], "another matter"
    village.send(again)
    assert county.sql(sequel, again.id) == [(first.id,)]
    operator.say(again.id, "closed", how="spoke_to")
    county.sql("UPDATE incident SET closed_at = closed_at - interval '31 minutes' WHERE id = %s", again.id)
    village.send(later)
    assert county.sql(sequel, later.id) == [("",)]


def test_the_age_tells_when_it_happened_and_an_unknown_age_is_flagged_never_dropped(
    village: Village, operator: Operator
) -> None:
    known, unknown, absurd = village.lamps[0].press(), village.lamps[0].press("fire"), village.lamps[1].press()
    month = 31 * 24 * 3600 * 1000
    verdicts = village.send_items(
        [
            Item(1, 2_000, known.user, known.frame(age=3_000)),
            Item(2, 2_000, unknown.user, unknown.frame(age=-1)),
            Item(3, month, absurd.user, absurd.frame(age=2**53 - 1)),
        ]
    )
    assert [v.verdict for v in verdicts] == ["received"] * 3
    card = operator.card(known.id)
    assert not card["time_unknown"]
    assert card["observed_at"] < card["opened_at"]
    assert operator.card(unknown.id)["time_unknown"]
    assert operator.card(absurd.id)["observed_at"] is None


def test_two_hundred_at_once(village: Village, operator: Operator) -> None:
    presses = [village.keys[0].press() for _ in range(200)]
    assert {v.verdict for v in village.send(*presses)} == {"received"}
    told = operator.get(f"incidents/{presses[0].id}")
    assert told["incident"]["presses"] == 200
    assert sorted(told["events"]) == sorted(m.id for m in presses)


def test_a_silent_alarm_tells_the_village_nothing(village: Village, operator: Operator) -> None:
    silent, loud = village.keys[0].press("silent"), village.keys[0].press()
    down = village.down()
    village.send(silent)
    village.send(loud)
    command = down.next(lambda e: e.kind == "command" and e.data["kind"] == "incident")
    assert command.data["incident"] == loud.id
    assert operator.card(silent.id)["lit_of"] == 0
    operator.say(silent.id, "accepted")
    operator.say(loud.id, "accepted")
    command = down.next(lambda e: e.kind == "command" and e.data["kind"] == "incident")
    assert command.data["incident"] == loud.id


def test_the_registry_holds_the_village_and_no_secret(village: Village, county: County) -> None:
    other = county.village()
    registry = Registry.from_json(village.http.get("/gateway/v1/registry").content)
    assert registry.village == village.name
    assert [s.id for s in registry.sites] == village.sites
    assert len({s.group for s in registry.sites}) == 1
    ids = {d.id for d in registry.devices}
    assert ids == {d.id for d in village.lamps + village.keys}
    assert not ids & {d.id for d in other.lamps}
    assert all(h.startswith("$7$101$") for d in registry.devices for h in d.users.values())
    assert village.lamps[0].root.hex() not in registry.to_json().decode()
