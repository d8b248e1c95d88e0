"""Stories of a village: real Mosquitto, the real gateway, devices over TLS, a county over HTTPS."""

import os
import secrets
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path

import apsw
import pytest
from heartlamp_protocol.device import event, names
from heartlamp_protocol.device.frame import write_frame
from heartlamp_protocol.device.mac import digest16
from heartlamp_protocol.downlink import DrillCommand
from heartlamp_protocol.uplink import QUIET_SECONDS

from tests.gateway.rig.county import Store
from tests.gateway.rig.device import Device
from tests.gateway.rig.village import Rig
from tests.gateway.rig.waiting import until


def test_a_press_is_heard_lights_the_neighbours_and_is_received(rig: Rig) -> None:
    lamp7, lamp9, lamp1, button = (rig.device(id) for id in ("lamp7", "lamp9", "lamp1", "butt7"))
    press = button.press("panic")
    button.is_heard(press)
    own = lamp7.call(press)
    near = lamp9.call(press)
    assert (own["role"], own["place"], own["heard"]) == ("own", "三组 7号", 1)
    assert (near["role"], near["what"]) == ("near", "panic")
    assert button.is_received(press)["sum"] == digest16(rig.county.store.events[press])
    assert rig.county.noted("lit", "lamp9") == press
    assert lamp1.calls() == []  # another household group


def test_a_press_in_the_countys_window_is_a_drill_on_every_lamp_until_another_makes_it_real(rig: Rig) -> None:
    lamp7, lamp9, button = (rig.device(id) for id in ("lamp7", "lamp9", "butt7"))
    window = DrillCommand("s7", 120_000).to_fields() | {"not_after_ms": 120_000}
    cursor = rig.county.command(window)
    rig.county.board.wait("the window is open", lambda: cursor in rig.county.store.cursors)
    press = button.press("panic")
    assert lamp9.call(press)["drill"] == 1
    again = lamp7.press("panic")
    lamp7.is_received(again)
    lamp9.board.wait("it is no drill any more", lambda: "drill" not in lamp9.call(press))


def test_with_the_county_away_the_village_helps_itself_and_tells_later(rig: Rig) -> None:
    lamp7, lamp9, button = (rig.device(id) for id in ("lamp7", "lamp9", "butt7"))
    rig.county.stop()
    press = button.press("fire")
    button.is_heard(press)
    lamp9.call(press, role="near")
    lamp9.answer(press, "coming")
    assert lamp7.call(press, answer="coming")["who"] == "三组 9号"
    assert press not in button.received
    rig.county.start()
    button.is_received(press)
    assert rig.county.noted("answer", "coming lamp9") == press


@pytest.mark.prove
def test_the_pulse_says_when_nobody_could_answer(rig: Rig) -> None:
    lamp7 = rig.device("lamp7")
    lamp7.board.wait("a pulse with the county", lambda: [p for p in lamp7.pulses if p["county"] and p["answerable"]])
    rig.county.stop()
    # The county is away for 15 s before that is said; a restart of it must not make the lamps flicker.
    lamp7.board.wait("nobody answers", lambda: lamp7.pulses[-1]["answerable"] == 0, seconds=25)
    assert lamp7.pulses[-1]["county"] == 0
    rig.device("lamp9")
    lamp7.board.wait("the neighbour answers", lambda: lamp7.pulses[-1]["answerable"] == 1)
    assert lamp7.pulses[-1]["county"] == 0


def test_the_pulse_comes_to_whoever_asks(rig: Rig) -> None:
    lamp7 = rig.device("lamp7")
    lamp7.board.wait("a pulse with the county", lambda: [p for p in lamp7.pulses if p["county"] and p["answerable"]], 5)
    assert lamp7.pulses[-1]["epoch"] == lamp7.lamps[-1]["epoch"]


def test_a_lamp_is_told_again_until_it_shows(rig: Rig) -> None:
    lamp9, button = rig.device("lamp9"), rig.device("butt7")
    lamp9.shows = False
    press = button.press()
    lamp9.call(press)
    ver = lamp9.lamps[-1]["ver"]
    lamp9.board.wait("the same state again", lambda: sum(s["ver"] == ver for s in lamp9.lamps) >= 2)
    lamp9.publish("shown", event.write_shown(lamp9.lamps[-1]["epoch"], ver))
    assert rig.county.noted("lit", "lamp9") == press
    told = len(lamp9.lamps)
    pulse = len(lamp9.pulses)
    button.publish("ask", event.write_ask(""))  # makes a pulse; the resend, every 2 s, would have been due twice
    lamp9.board.wait("pulses", lambda: len(lamp9.pulses) > pulse and time.monotonic())
    assert len(lamp9.lamps) == told


def test_a_lamp_that_was_away_is_told_when_it_asks(rig: Rig) -> None:
    lamp9, button = rig.device("lamp9"), rig.device("butt7")
    lamp9.stop()
    press = button.press()
    button.is_received(press)
    back = rig.device("lamp9")
    back.call(press)


def test_a_receipt_for_who_was_away_is_owed(rig: Rig) -> None:
    button = rig.device("butt7")
    rig.county.stop()
    press = button.press()
    button.is_heard(press)
    button.vanish()
    lamp9 = rig.device("lamp9")
    lamp9.is_heard(lamp9.press())  # the broker took this connection later, so it has spoken the button's last will
    rig.county.start()
    rig.county.has(press)
    back = rig.device("butt7")
    back.is_received(press)


def test_a_silent_alarm_is_between_the_sender_and_the_county(rig: Rig) -> None:
    lamp7, lamp9, button = (rig.device(id) for id in ("lamp7", "lamp9", "butt7"))
    silent = button.press("silent")
    button.is_heard(silent)
    button.is_received(silent)
    rig.county.incident(silent, "s7", "silent", (silent,), 1, "accepted", "城关派出所", ["lamp7", "lamp9"])
    loud = button.press("panic")  # everything before it has been handled once this shows
    lamp9.call(loud)
    lamp7.call(loud)
    for lamp in (lamp7, lamp9):
        assert all(call["incident"] != silent for state in lamp.lamps for call in state["calls"])
    assert all(note[0] != silent for note in rig.county.store.notes.values())


def test_the_countys_answer_comes_down_signed_and_closes(rig: Rig) -> None:
    lamp7, button = rig.device("lamp7"), rig.device("butt7")
    press = button.press()
    button.is_received(press)
    rig.county.incident(press, "s7", "panic", (press,), 1, "accepted", "城关派出所", ["lamp7"])
    lamp7.board.wait("the county's word", lambda: lamp7.calls() and lamp7.calls()[0]["county"])
    cursor = rig.county.incident(press, "s7", "panic", (press,), 2, "closed", "", ["lamp7"])
    lamp7.dark()
    rig.county.board.wait("the cursor is confirmed", lambda: cursor in rig.county.store.cursors)


def test_after_a_restart_of_the_county_commands_go_on_where_they_stopped(rig: Rig) -> None:
    lamp7, button = rig.device("lamp7"), rig.device("butt7")
    press = button.press()
    button.is_received(press)
    cursor = rig.county.incident(press, "s7", "panic", (press,), 1, "accepted", "城关派出所", ["lamp7"])
    lamp7.board.wait("the county's word", lambda: lamp7.calls() and lamp7.calls()[0]["county"])
    rig.county.stop()
    rig.county.incident(press, "s7", "panic", (press,), 2, "closed", "", ["lamp7"])
    rig.county.start()
    lamp7.dark()
    assert rig.county.store.resumed[-1] == cursor


def test_a_new_store_at_the_county_is_offered_everything_again(rig: Rig) -> None:
    button = rig.device("butt7")
    press = button.press()
    first = button.is_received(press)["epoch"]
    rig.county.stop()
    rig.county.store = Store()
    rig.county.start()
    rig.county.has(press)
    button.board.wait("a receipt of the new store", lambda: button.received[press]["epoch"] != first)


def test_a_revoked_token_is_said_and_keeps_everything(rig: Rig) -> None:
    lamp9, button = rig.device("lamp9"), rig.device("butt7")
    rig.county.refuse_token = True
    press = button.press()
    button.is_heard(press)
    lamp9.call(press)
    rig.gateway.says("is the token still valid?")
    assert press not in rig.county.store.events
    rig.county.refuse_token = False
    second = button.press("fire")  # what is new does not wait 30 s for the next try
    rig.county.has(second, seconds=12)
    rig.county.has(press)
    assert rig.gateway.said("is the token still valid?") == 1


def test_a_new_token_counts_without_a_restart(rig: Rig) -> None:
    button = rig.device("butt7")
    rig.county.token = secrets.token_hex(32)
    press = button.press()
    button.is_heard(press)
    rig.gateway.says("is the token still valid?")
    (rig.folder / "token").write_text(rig.county.token)
    second = button.press("fire")
    rig.county.has(second, seconds=12)
    rig.county.has(press)


def test_one_bad_item_does_not_hold_back_the_good_ones(rig: Rig) -> None:
    button = rig.device("butt7")
    rig.county.stop()
    presses = [button.press(what) for what in ("panic", "fire", "gas")]
    for press in presses:
        button.is_heard(press)
    rig.county.unreadable = {presses[1].encode()}
    rig.county.start()
    rig.county.has(presses[0])
    rig.county.has(presses[2])
    rig.gateway.says("it is kept and offered again")
    later = button.press("flood")
    rig.county.has(later)
    assert presses[1] not in rig.county.store.events


def test_an_item_that_breaks_the_county_does_not_hold_back_the_good_ones(rig: Rig) -> None:
    button = rig.device("butt7")
    rig.county.stop()
    presses = [button.press(what) for what in ("panic", "fire", "gas")]
    for press in presses:
        button.is_heard(press)
    rig.county.breaking = {presses[0].encode()}
    rig.county.start()
    for press in presses[1:]:
        rig.county.has(press)
    rig.county.breaking = set()
    rig.county.has(presses[0])


def test_the_same_press_again_is_receipted_again_and_another_body_is_not(rig: Rig) -> None:
    lamp9, button = rig.device("lamp9"), rig.device("butt7")
    press = button.press()
    button.is_heard(press)
    button.is_received(press)
    kept = apsw.Connection(str(rig.data / "alarms.db"), flags=apsw.SQLITE_OPEN_READONLY)
    question = "SELECT 1 FROM outbox WHERE event = ? AND receipt != ''"  # passed on first, noted after
    until("the receipt in the store", lambda: list(kept.execute(question, (press,))))
    with button.board:
        button.heard.clear()
        button.received.clear()
    button.again(press)
    button.is_heard(press)
    button.is_received(press)
    with button.board:
        button.heard.clear()
    clash = button.frame(event.write_alarm(press, "butt7", 1, button.boot, 9, 9, "fire"))
    button.publish("event", clash)
    rig.county.board.wait("the clash at the county", lambda: [i for i in rig.county.store.items if i.frame == clash])
    other = button.press("gas")
    button.is_heard(other)
    assert press not in button.heard
    lamp9.call(other)
    assert {c["incident"] for c in lamp9.calls()} == {press, other}


def test_rubbish_goes_up_as_evidence_and_good_events_pass(rig: Rig) -> None:
    button = rig.device("butt7")
    for payload in (b"{}", b"\x00\xff" * 40, b'{"age":0,"mac":"' + b"x" * 1500, b"x" * 7000, b"y" * 200_000, b""):
        button.publish("event", payload)
        press = button.press()
        button.is_received(press)
        button.is_heard(press)
        evidence = [payload[:6000]]
        rig.county.board.wait("evidence", lambda e=evidence: [i for i in rig.county.store.items if i.frame == e[0]])  # type: ignore[misc]
        assert [i.user for i in rig.county.store.items if i.frame == evidence[0]] == ["butt7.1"]
    assert len(button.heard) == 6
    notes = rig.county.store.notes
    rig.county.board.wait("a note of the one that was cut", lambda: [n for n in notes.values() if n[1] == "refused"])


def test_a_word_that_is_none_goes_up_as_evidence_too(rig: Rig) -> None:
    lamp = rig.device("lamp9")
    for what in ("state", "ask", "shown"):
        wrong = b'{"v":1,"kind":"' + what.encode() + b'","online":9,"ver":-1'
        lamp.publish(what, wrong)
        rig.county.board.wait("evidence", lambda w=wrong: [i for i in rig.county.store.items if i.frame == w])  # type: ignore[misc]
    lamp.is_heard(lamp.press())


def test_a_device_cannot_speak_for_another(rig: Rig) -> None:
    lamp9, button = rig.device("lamp9"), rig.device("butt7")
    foreign = names.event_id("lamp7", secrets.token_bytes(8))
    body = event.write_alarm(foreign, "lamp7", 1, "0" * 8, 1, 1, "panic")
    button._client.publish(names.topic("lamp7", "event"), write_frame(0, "0" * 64, body), 1)  # the ACL stops it
    button.publish("event", write_frame(0, "0" * 64, body))  # the gateway stops it
    press = button.press()
    lamp9.call(press)
    rig.county.has(press)
    evidence = [i.user for i in rig.county.store.items if foreign.encode() in i.frame]
    assert evidence == ["butt7.1"]
    assert foreign not in button.heard
    assert len(lamp9.calls()) == 1


def test_what_the_county_quarantines_does_not_light_the_village_for_a_month(rig: Rig) -> None:
    lamp9, button = rig.device("lamp9"), rig.device("butt7")
    rig.county.quarantined.add("butt7")
    press = button.press()
    # The county may be quicker than this thread: so it counts that the lamp was lit at all.
    lamp9.board.wait("lit", lambda: [c for state in lamp9.lamps for c in state["calls"] if c["incident"] == press])
    lamp9.dark()


def test_a_revoked_device_is_put_out_and_cannot_come_back(rig: Rig) -> None:
    button, lamp9 = rig.device("butt7"), rig.device("lamp9")
    rig.county.registry = rig.registry(2, without="butt7")
    begun = time.monotonic()
    rig.county.command({"kind": "registry", "version": 2})
    button.board.wait("the revoked device's session ends", lambda: button.kicked)
    print(f"kicked {1000 * (time.monotonic() - begun):.0f} ms after the command")
    refused = button.refused
    button.board.wait("it knocks again in vain", lambda: button.refused > refused)
    assert not button.connected
    assert "butt7" not in (rig.data / "broker" / "passwords").read_text()
    press = lamp9.press()
    lamp9.is_received(press)  # its password changed in the registry too (a new salt): it is back by itself


def test_presence_goes_up_with_the_readings(rig: Rig) -> None:
    lamp7 = rig.device("lamp7")
    rig.county.noted("online", "lamp7")
    lamp7.read(temp_mc=21500)
    rig.county.board.wait("the reading", lambda: rig.county.store.readings)
    assert rig.county.store.readings[0].user == "lamp7.1"
    lamp7.vanish()
    rig.county.noted("offline", "lamp7")


@pytest.mark.prove
def test_a_gateway_that_has_nothing_to_say_says_that_it_lives(rig: Rig) -> None:
    posts = rig.county.posts
    rig.county.board.wait("an empty batch", lambda: rig.county.posts > posts, QUIET_SECONDS + 5)
    store = rig.county.store
    assert (store.items, store.readings, store.notes) == ([], [], {})


def test_an_event_on_the_topic_for_readings_is_not_lost(rig: Rig) -> None:
    button = rig.device("butt7")
    press = names.event_id("butt7", secrets.token_bytes(8))
    body = event.write_alarm(press, "butt7", 1, "0" * 8, 1, 1, "panic")
    button.publish("reading", button.frame(body), 0)
    button.is_heard(press)
    rig.county.has(press)


def test_after_a_restart_of_the_broker_a_press_is_through_within_a_second(rig: Rig) -> None:
    rig.broker.kill()
    rig.gateway.says("session with the broker ended")
    rig.broker.start()
    begun = time.monotonic()
    until("the gateway is back", lambda: rig.gateway.said("gateway-alarms: session with the broker\n") == 2)
    print(f"the gateway's session is back {1000 * (time.monotonic() - begun):.0f} ms after the broker's start")
    assert time.monotonic() - begun < 1.0
    button = rig.device("butt7")
    button.is_received(button.press())


def test_a_gateway_that_was_killed_before_it_told_the_broker_tells_it_when_it_starts(rig: Rig) -> None:
    passwords = rig.data / "broker" / "passwords"
    rig.gateway.kill()
    whole = passwords.read_text()
    passwords.write_text("".join(line for line in whole.splitlines(True) if not line.startswith("butt7")))
    os.kill(rig.broker.pid, signal.SIGHUP)
    button = Device("butt7", rig.roots["butt7"], rig.authority.ca, rig.port)
    try:
        with pytest.raises(AssertionError, match="in vain"):
            button.start(patience=1.0)  # the broker knows no such button
        passwords.write_text(whole)  # as the killed gateway left it
        rig.gateway.start()
        button.board.wait("it is let in", lambda: button.connected)
        button.is_heard(button.press("panic"))
    finally:
        button.stop()


def test_the_gateway_starts_within_a_second_and_ends_cleanly(rig: Rig) -> None:
    button = rig.device("butt7")
    assert rig.gateway.end() == 0
    press = button.press()  # the broker acknowledges it, and nobody has it: the device offers it again
    begun = time.monotonic()
    rig.gateway.start()
    until("a session", lambda: rig.gateway.said("gateway-alarms: session with the broker\n") == 2)
    button.again(press)
    rig.county.has(press)
    took = time.monotonic() - begun
    print(f"start to first forwarded alarm {1000 * took:.0f} ms")
    assert took < 3.0  # about 0.4 s on an idle machine; the tests share theirs


def test_a_flood_of_readings_does_not_hold_up_an_alarm(rig: Rig) -> None:
    lamp7, button = rig.device("lamp7"), rig.device("butt7")
    for number in range(2000):
        lamp7.read(temp_mc=number)
    begun = time.monotonic()
    button.is_received(button.press())
    print(f"received {1000 * (time.monotonic() - begun):.0f} ms after the press, under 2,000 readings")
    rig.county.board.wait("readings", lambda: len(rig.county.store.readings) > 1000, seconds=15)


def test_many_presses_at_once_are_all_received(rig: Rig) -> None:
    devices = [rig.device(id) for id in ("butt7", "lamp9", "lamp2")]
    presses = [(device, device.press("panic" if n % 2 else "fire")) for n in range(100) for device in devices]
    for device, press in presses:
        device.is_heard(press)
        device.is_received(press)
    assert len(rig.county.store.events) == 300


def test_two_gateways_on_one_folder_are_refused(rig: Rig) -> None:
    second = subprocess.run(rig.gateway.command, capture_output=True, text=True, timeout=10)
    assert second.returncode == 1
    assert "another gateway runs" in second.stderr
    button = rig.device("butt7")
    button.is_received(button.press())


def test_a_county_that_accepts_and_says_nothing_does_not_hold_up_the_village(rig: Rig) -> None:
    button, lamp9 = rig.device("butt7"), rig.device("lamp9")
    rig.county.stop()
    with socket.create_server(("127.0.0.1", rig.county.port)):
        first = button.press()
        button.is_heard(first)
        lamp9.call(first)
        rig.gateway.says("the county cannot be reached: ")
        second = button.press("fire")
        begun = time.monotonic()
        button.is_heard(second)
        print(f"heard after {1000 * (time.monotonic() - begun):.0f} ms with a county that hangs")
    rig.county.start()
    rig.county.has(first, seconds=15)
    rig.county.has(second)


def test_after_a_restart_of_the_gateway_every_lamp_is_told_again(rig: Rig) -> None:
    button, lamp9 = rig.device("butt7"), rig.device("lamp9")
    press = button.press()
    lamp9.call(press)
    rig.county.noted("lit", "lamp9")
    rig.gateway.kill()
    with lamp9.board:
        lamp9.lamps.clear()
    rig.gateway.start()
    lamp9.call(press)
    lit = [note for note in rig.county.store.notes.values() if note == (press, "lit", "lamp9")]
    assert len(lit) == 1


def test_where_a_sockets_path_would_be_too_long_the_gateway_comes_through_the_tls_door() -> None:
    with tempfile.TemporaryDirectory(prefix="hl-") as folder:
        below = Path(folder) / ("x" * 100)
        below.mkdir()
        rig = Rig(below)
        try:
            button = rig.start().device("butt7")
            button.is_received(button.press())
            assert not (rig.data / "broker" / "mqtt.sock").exists()
        finally:
            rig.close()


def test_a_camera_shows_calls_as_a_lamp_does(rig: Rig) -> None:
    camera, button = rig.device("cam2"), rig.device("butt7")
    press = button.press()
    camera.call(press, role="near")
    assert rig.county.noted("lit", "cam2") == press
    own = camera.press("slope")
    assert camera.call(own)["role"] == "own"
    assert camera.call(own)["what"] == "slope"


def test_a_picture_is_receipted_as_any_event_and_lights_nothing(rig: Rig) -> None:
    camera, lamp9 = rig.device("cam2"), rig.device("lamp9")
    still = camera.still(names.event_id("cam2", bytes(8)))
    camera.is_heard(still)
    camera.is_received(still)
    press = camera.press()
    lamp9.call(press)
    assert {call["incident"] for state in lamp9.lamps for call in state["calls"]} == {press}


def test_pieces_of_a_picture_are_no_evidence(rig: Rig) -> None:
    camera = rig.device("cam2")
    camera.publish("picture", b'{"v":1,"kind":"piece","still":"cam2-0000000000000000","at":0}\n' + bytes(4096))
    camera.publish("want", b'{"v":1,"kind":"want","bundle":"0000000000000000","at":0}', 0)
    camera.is_received(camera.press())
    assert camera.connected
    assert len(rig.county.store.items) == 1


def test_who_asks_for_bytes_that_nobody_holds_is_told_so(rig: Rig) -> None:
    """The receipt of a new program on trial: its words reach who hears alarms."""
    lamp7 = rig.device("lamp7")
    lamp7.publish("want", b'{"v":1,"kind":"want","bundle":"0123456789abcdef","at":61234}', 0)
    lamp7.board.wait("a piece", lambda: bool(lamp7.pieces))
    assert lamp7.pieces == [b'{"v":1,"kind":"piece","bundle":"0123456789abcdef","size":61234,"at":61234}\n']
    lamp7.publish("want", b'{"v":1,"kind":"want","bundle":"no","at":0}', 0)
    until("evidence", lambda: len(rig.county.store.items) == 1)
    assert len(lamp7.pieces) == 1


def test_a_silent_button_is_between_it_and_the_county(rig: Rig) -> None:
    hush, lamp7, lamp9 = (rig.device(id) for id in ("hush7", "lamp7", "lamp9"))
    silent = hush.press("silent")
    hush.is_heard(silent)
    hush.is_received(silent)
    loud = lamp7.press("gas")
    lamp9.call(loud)
    lamp7.call(loud)
    for lamp in (lamp7, lamp9):
        assert all(call["incident"] != silent for state in lamp.lamps for call in state["calls"])
    assert all(note[0] != silent for note in rig.county.store.notes.values())
