"""A picture that a camera took: a line of the timeline, whenever it comes, and never more than that."""

import pytest

from tests.server.county import County, Operator, Village

SUM = "5a" * 32


@pytest.fixture
def village(county: County) -> Village:
    """Two houses; the first has a camera and a silent button too."""
    return county.village(more=("camera", "silent"))


def line(operator: Operator, incident: str, kind: str) -> dict[str, str]:
    """The one entry of this kind."""
    (found,) = [entry for entry in operator.get(f"incidents/{incident}")["timeline"] if entry["kind"] == kind]
    return dict(found)


def test_a_picture_stands_on_the_timeline_of_the_alarm_it_was_taken_at(village: Village, operator: Operator) -> None:
    camera = village.more["camera"]
    press = camera.press()
    still = camera.still(press.id, SUM, 18_234)
    verdicts = village.send(still, press)  # in one batch, and the wrong way round
    assert [v.verdict for v in verdicts] == ["received", "received"]
    assert camera.believes(verdicts[0].receipt, still)
    said = line(operator, press.id, "still")
    assert said["text_zh"] == "三组 0号的带相机的心灯拍了照片，19 kB，还没有传到"
    assert said["text_en"] == "picture taken at 三组 0号, 19 kB, not here yet"
    assert still.id in operator.get(f"incidents/{press.id}")["events"]
    assert village.send(still)[0].verdict == "duplicate"
    assert operator.kinds(press.id).count("still") == 1


def test_a_picture_cancels_nothing_opens_nothing_and_tells_no_lamp(village: Village, operator: Operator) -> None:
    press = village.more["camera"].press()
    village.send(press)
    down = village.down()
    before = down.next(lambda e: e.data.get("incident") == press.id).data
    card = operator.card(press.id)
    village.send(village.more["camera"].still(press.id, SUM, 1))
    assert operator.card(press.id) == card
    assert "cancelled" not in operator.kinds(press.id)
    second = village.more["camera"].press()
    village.send(second)
    after = down.next(lambda e: e.data.get("incident") == press.id).data
    assert after["events"] == [press.id, second.id]
    assert (after["seq"], after["aver"]) == (before["seq"] + 1, before["aver"])  # the still made no command


def test_a_picture_of_a_joined_press_belongs_to_the_incident_that_holds_it(
    village: Village, operator: Operator
) -> None:
    first, second = village.keys[0].press(), village.more["camera"].press()
    village.send(first, second)
    village.send(village.more["camera"].still(second.id, SUM, 1000))
    assert operator.kinds(first.id) == ["opened", "press", "still"]


def test_a_picture_waits_for_its_alarm(village: Village, operator: Operator) -> None:
    press = village.more["camera"].press()
    still = village.more["camera"].still(press.id, SUM, 2000)
    assert village.send(still)[0].verdict == "received"
    waiting = [e["reason"] for e in operator.get("quarantine")["evidence"] if e["verdict"] == "waiting"]
    assert f"still to an incident that is not known here: {press.id}" in waiting
    village.send(press)
    assert operator.kinds(press.id) == ["opened", "still"]


def test_a_picture_at_a_silent_alarm_is_the_countys_alone(village: Village, operator: Operator) -> None:
    silent = village.keys[0].press("silent")
    village.send(silent)
    down = village.down()
    village.send(village.more["camera"].still(silent.id, SUM, 2000))
    assert operator.kinds(silent.id) == ["opened", "still"]
    loud = village.keys[1].press()
    village.send(loud)
    assert down.next(lambda e: e.data.get("kind") == "incident").data["incident"] == loud.id


def test_no_camera_looks_at_another_house_and_a_button_takes_no_picture(village: Village, operator: Operator) -> None:
    other, own = village.keys[1].press(), village.keys[0].press()
    village.send(other, own)
    looks, lies = village.more["camera"].still(other.id, SUM, 2000), village.keys[0].still(own.id, SUM, 2000)
    assert [v.verdict for v in village.send(looks, lies)] == ["received", "received"]
    for incident in (other, own):
        assert operator.kinds(incident.id) == ["opened", "still_kept"]
        assert not operator.card(incident.id)["unverified"]


def test_a_forged_picture_is_said_and_the_true_one_takes_its_place(village: Village, operator: Operator) -> None:
    press = village.more["camera"].press()
    still = village.more["camera"].still(press.id, SUM, 2000)
    village.send(press)
    assert village.send(still.forged())[0].verdict == "unverified"
    assert operator.kinds(press.id)[:2] == ["opened", "still_unverified"]
    assert village.send(still)[0].verdict == "received"
    assert "still" in operator.kinds(press.id)
    assert not operator.card(press.id)["unverified"]


def test_a_camera_is_a_lamp_to_the_county(village: Village, operator: Operator) -> None:
    press = village.keys[0].press()
    village.send(press)
    assert operator.card(press.id)["lit_of"] == 3  # two lamps and a camera
    command = village.down().next(lambda e: e.data.get("kind") == "incident").data
    assert set(command["frames"]) == {village.lamps[0].id, village.more["camera"].id}
    assert (
        village.send_items([], [village.note(1, press.id, "lit", village.more["camera"].id)])[0].verdict == "received"
    )
    assert operator.card(press.id)["lit"] == 1


def test_a_silent_buttons_alarm_is_known_to_the_county_and_to_no_lamp(village: Village, operator: Operator) -> None:
    press = village.more["silent"].press("silent")
    down = village.down()
    verdict = village.send(press)[0]
    assert verdict.verdict == "received"
    assert (operator.card(press.id)["what"], operator.card(press.id)["lit_of"]) == ("silent", 0)
    assert line(operator, press.id, "opened")["text_zh"] == "三组 0号的静默按钮发出静默求助"
    loud = village.keys[1].press()
    village.send(loud)
    assert down.next(lambda e: e.data.get("kind") == "incident").data["incident"] == loud.id
