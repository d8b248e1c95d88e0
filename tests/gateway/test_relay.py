"""Stories of what a lamp carries for devices that reach it by radio: real Mosquitto, the real gateway."""

import secrets

import pytest
from heartlamp_gateway.rules.evidence import BURST
from heartlamp_protocol import topics
from heartlamp_protocol.device import event, names
from heartlamp_protocol.device.frame import write_frame
from heartlamp_protocol.device.mac import digest16

from tests.gateway.rig.village import THROUGH, Rig
from tests.gateway.rig.waiting import until


def brought_by(rig: Rig, piece: bytes) -> list[str]:
    """The users of the items at the county that hold this."""
    return [item.user for item in rig.county.store.items if piece in item.frame]


def test_a_press_by_radio_is_heard_lights_the_village_and_is_received(rig: Rig) -> None:
    lamp9, lamp7 = rig.device("lamp9"), rig.device("lamp7")
    button = rig.device("butt2", by=lamp9)  # its own lamp is cam2, which reaches lamp9: two hops
    press = button.press()
    button.is_heard(press)
    lamp7.call(press, role="near")
    assert button.is_received(press)["sum"] == digest16(rig.county.store.events[press])
    assert brought_by(rig, press.encode()) == ["butt2.1"]
    assert set(button.ways) == {"hl/1/lamp9/relay/butt2/receipt"}
    assert rig.county.noted("online", "butt2") == ""


def test_a_lamp_that_speaks_through_another_is_told_and_told_again_until_it_shows(rig: Rig) -> None:
    lamp9, button = rig.device("lamp9"), rig.device("butt7")
    camera = rig.device("cam2", by=lamp9)
    camera.shows = False
    press = button.press()
    camera.call(press, role="near")
    ver = camera.lamps[-1]["ver"]
    camera.board.wait("the same state again", lambda: sum(s["ver"] == ver for s in camera.lamps) >= 2)
    camera.publish("shown", event.write_shown(camera.lamps[-1]["epoch"], ver))
    assert rig.county.noted("lit", "cam2") == press
    camera.answer(press, "coming")
    lamp9.call(press, answer="coming", who="三组 2号")
    assert set(camera.ways) == {"hl/1/lamp9/relay/cam2/lamp", "hl/1/lamp9/relay/cam2/receipt"}


def test_after_a_restart_of_the_gateway_who_was_carried_is_told_the_same_way(rig: Rig) -> None:
    lamp9, button = rig.device("lamp9"), rig.device("butt7")
    camera = rig.device("cam2", by=lamp9)
    press = button.press()
    camera.call(press)
    rig.county.noted("lit", "cam2")
    rig.gateway.kill()
    with camera.board:
        camera.lamps.clear()
        camera.ways.clear()
    rig.gateway.start()
    camera.call(press)  # without a word of its own
    assert set(camera.ways) == {"hl/1/lamp9/relay/cam2/lamp"}


def test_what_is_owed_goes_the_way_that_the_device_asks_by(rig: Rig) -> None:
    button = rig.device("butt2")
    rig.county.stop()
    press = button.press()
    button.is_heard(press)
    button.vanish()
    lamp9 = rig.device("lamp9")
    lamp9.is_heard(lamp9.press())  # the broker took this connection later, so it has spoken the button's last will
    rig.county.start()
    rig.county.has(press)
    button.by(lamp9)
    button.is_received(press)
    assert button.ways[-1] == "hl/1/lamp9/relay/butt2/receipt"


def test_a_device_is_answered_on_the_way_that_it_spoke_last(rig: Rig) -> None:
    lamp9 = rig.device("lamp9")
    camera = rig.device("cam2")
    camera.is_heard(camera.press())
    assert camera.ways[-1].startswith("hl/1/cam2/")
    camera.by(lamp9)  # its line has gone silent, and nobody has noticed yet
    second = camera.press("fire")
    camera.call(second)
    camera.is_received(second)
    camera.vanish()  # now the broker speaks its will, on a way that it does not go any more
    lost = len(camera.ways)
    rig.county.has(rig.device("lamp7").press("gas"))  # that connection was taken later: the will has been spoken
    camera.board.wait("its state, because it is there", lambda: len(camera.ways) > lost)
    assert set(camera.ways[lost:]) <= {"hl/1/lamp9/relay/cam2/lamp", "hl/1/lamp9/relay/cam2/receipt"}
    assert ("", "offline", "cam2") not in rig.county.store.notes.values()


def test_a_carrier_takes_no_light_from_a_lamp_that_has_its_own_line(rig: Rig) -> None:
    camera, lamp9 = rig.device("cam2"), rig.device("lamp9")
    camera.is_received(camera.press())
    for what, word in (("ask", event.write_ask("")), ("state", event.write_state(0))):
        lamp9._client.publish(topics.relay_topic("lamp9", "cam2", what), word, 1)
        press = lamp9.press("fire" if what == "ask" else "gas")
        camera.call(press, role="near")
        rig.county.noted("lit", "cam2")
    assert {way.split("/")[2] for way in camera.ways} == {"cam2"}
    assert ("", "offline", "cam2") not in rig.county.store.notes.values()


def test_a_device_comes_back_to_its_own_line(rig: Rig) -> None:
    lamp9 = rig.device("lamp9")
    camera = rig.device("cam2", by=lamp9)
    camera.is_received(camera.press())
    camera.start()
    camera.board.wait("its state by its own line", lambda: "hl/1/cam2/lamp" in camera.ways)
    lamp9.is_heard(lamp9.press("gas"))  # what was said through it before has come
    own = len(camera.ways)
    second = camera.press("fire")
    camera.is_received(second)
    camera.call(second)
    assert not [way for way in camera.ways[own:] if "relay" in way]


def test_with_its_carrier_gone_a_devices_presence_is_unknown(rig: Rig) -> None:
    lamp9 = rig.device("lamp9")
    camera = rig.device("cam2", by=lamp9)
    rig.county.noted("online", "cam2")
    lamp9.vanish()
    rig.county.noted("offline", "lamp9")
    assert ("", "offline", "cam2") not in rig.county.store.notes.values()
    back = rig.device("lamp9")
    camera.by(back)
    online = ("", "online", "cam2")
    rig.county.board.wait("it is there again", lambda: list(rig.county.store.notes.values()).count(online) == 2)


def test_whose_way_is_not_known_is_told_on_every_way(rig: Rig) -> None:
    lamp9, button = rig.device("lamp9"), rig.device("butt7")
    camera = rig.device("cam2", by=lamp9)
    camera.board.wait("its state", lambda: camera.lamps)
    lamp9.vanish()
    rig.county.noted("offline", "lamp9")
    back = rig.device("lamp9")
    back.carry(camera)  # which has not noticed, and says nothing
    press = button.press()
    camera.call(press, role="near")


def test_readings_are_carried_too(rig: Rig) -> None:
    lamp9, lamp1 = rig.device("lamp9"), rig.device("lamp1")
    rig.device("cam2", by=lamp9).read(temp_mc=21_500)
    rig.device("butt2", by=lamp1).read(battery_mv=3000)  # lamp1 may not: the county will look at the mac
    readings = rig.county.store.readings
    rig.county.board.wait("both", lambda: len(readings) == 2)
    assert {r.user for r in readings} == {"cam2.1", "lamp1.1"}


# --- lamps that do what they may not


def test_an_alarm_by_a_lamp_that_may_not_carry_it_is_the_countys_to_judge(rig: Rig) -> None:
    lamp1, lamp9, lamp7 = (rig.device(id) for id in ("lamp1", "lamp9", "lamp7"))
    button = rig.device("butt2", by=lamp1)
    press = button.press()
    assert button.is_received(press)["sum"] == digest16(rig.county.store.events[press])
    assert brought_by(rig, press.encode()) == ["lamp1.1"]
    loud = lamp9.press("gas")
    lamp7.call(loud)
    assert [call["incident"] for call in lamp7.calls()] == [loud]
    assert press not in button.heard
    with button.board:
        button.received.clear()
    button.again(press)
    button.is_received(press)
    assert brought_by(rig, press.encode()) == ["lamp1.1"]  # once
    rig.county.incident(press, "s2", "panic", (press,), 0, "none", "", ["cam2"])
    lamp7.call(press, role="near")  # the county knows the button's hand


def test_what_a_strange_lamp_made_up_stands_in_no_presss_way(rig: Rig) -> None:
    lamp1, lamp9, lamp7 = (rig.device(id) for id in ("lamp1", "lamp9", "lamp7"))
    button = rig.device("butt2", by=lamp9)
    rig.county.stop()
    press = names.event_id("butt2", secrets.token_bytes(8))
    body = event.write_alarm(press, "butt2", 1, button.boot, 1, 1, "panic")
    forged = write_frame(0, "0" * 64, body)
    lamp1._client.publish(topics.relay_topic("lamp1", "butt2", "event"), forged, 1)
    lamp1.is_heard(lamp1.press())  # everything before it has been handled
    assert lamp7.calls() == []
    button.frames[press] = button.frame(body)
    button.again(press)
    button.is_heard(press)
    lamp7.call(press, role="near")
    rig.county.start()
    button.is_received(press)
    assert sorted(brought_by(rig, press.encode())) == ["butt2.1", "lamp1.1"]


def test_a_lamp_that_carries_nobody_is_stopped_at_the_broker(rig: Rig) -> None:
    lamp7 = rig.device("lamp7")
    button = rig.device("butt7", by=lamp7)
    press = button.press()
    lamp7.is_received(lamp7.press("gas"))
    assert brought_by(rig, press.encode()) == []
    assert not button.ways


def test_a_word_by_a_lamp_that_may_not_carry_it_has_no_effect(rig: Rig) -> None:
    lamp9, lamp1 = rig.device("lamp9"), rig.device("lamp1")
    camera = rig.device("cam2", by=lamp9)
    camera.board.wait("its state", lambda: camera.lamps)
    for what, word in (
        ("state", event.write_state(0)),
        ("ask", event.write_ask("")),
        ("shown", event.write_shown("0" * 16, 9)),
    ):
        lamp1._client.publish(topics.relay_topic("lamp1", "cam2", what), word, 1)
        rig.county.board.wait("evidence", lambda w=word: brought_by(rig, w) == ["lamp1.1"])  # type: ignore[misc]
    rig.county.noted("refused", "lamp1: a word of cam2, which it may not carry")
    press = lamp9.press()
    camera.call(press)
    assert camera.ways[-1].startswith("hl/1/lamp9/relay/")


def test_a_bad_lamp_uses_up_nobodys_evidence_but_its_own(rig: Rig) -> None:
    lamp9 = rig.device("lamp9")
    button = rig.device("butt2", by=lamp9)
    for number in range(BURST + 5):
        button.publish("event", b"rubbish by lamp9 %d" % number)
    foreign = names.event_id("lamp7", secrets.token_bytes(8))
    other = write_frame(0, "0" * 64, event.write_alarm(foreign, "lamp7", 1, "0" * 8, 1, 1, "panic"))
    button.publish("event", other)
    lamp9.is_received(lamp9.press())  # all of this has gone up before it
    button.start()
    button.publish("event", b"rubbish of its own")
    rig.county.board.wait("its own", lambda: brought_by(rig, b"rubbish of its own") == ["butt2.1"])
    assert brought_by(rig, b"rubbish by lamp9") == ["lamp9.1"] * BURST
    assert brought_by(rig, foreign.encode()) == []  # no event of the device that carries it: evidence too
    press = button.by(lamp9).press()
    button.is_received(press)  # an event is never counted


def test_a_frame_of_another_device_on_a_carried_topic_is_evidence_of_the_lamp(rig: Rig) -> None:
    lamp9 = rig.device("lamp9")
    button = rig.device("butt2", by=lamp9)
    foreign = names.event_id("lamp7", secrets.token_bytes(8))
    button.publish("event", write_frame(0, "0" * 64, event.write_alarm(foreign, "lamp7", 1, "0" * 8, 1, 1, "panic")))
    rig.county.board.wait("evidence", lambda: brought_by(rig, foreign.encode()) == ["lamp9.1"])
    assert lamp9.calls() == []


def test_a_registry_that_takes_a_carrier_away_is_heeded_at_once(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    lamp9, lamp1 = rig.device("lamp9"), rig.device("lamp1")
    camera = rig.device("cam2", by=lamp9)
    camera.board.wait("its state", lambda: camera.lamps)
    monkeypatch.setitem(THROUGH, "cam2", ("lamp1",))
    monkeypatch.setitem(THROUGH, "butt1", ("lamp9",))  # which goes on carrying, but not for the camera
    rig.county.registry = rig.registry(2)
    rig.county.command({"kind": "registry", "version": 2})
    rig.gateway.says("registry version 2")
    old = camera.by(lamp9).press()
    camera.is_received(old)
    assert brought_by(rig, old.encode()) == ["lamp9.1"]
    assert old not in camera.heard
    new = camera.by(lamp1).press()
    camera.is_heard(new)
    camera.call(new)
    rig.county.has(new)
    assert brought_by(rig, new.encode()) == ["cam2.1"]


def test_a_lamp_that_is_newly_named_carries_at_once(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    lamp7 = rig.device("lamp7")  # nobody names it yet
    monkeypatch.setitem(THROUGH, "butt7", ("lamp7",))
    rig.county.registry = rig.registry(2)
    rig.county.command({"kind": "registry", "version": 2})
    acl = rig.data / "broker" / "acl"
    until("the broker's new rules", lambda: "hl/1/lamp7/relay/+/event" in acl.read_text())
    button = rig.device("butt7", by=lamp7)
    press = button.press()

    def heard() -> bool:  # it offers the press again, as a device does: the broker may still have read the old rules
        button.again(press)
        return press in button.heard

    until("heard", heard)
    lamp7.call(press)
