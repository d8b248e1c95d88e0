"""What the gateway decides, as values: no socket, no disk, no clock."""

import json
from dataclasses import replace

import pytest
from heartlamp_gateway.broker import files
from heartlamp_gateway.rules import batch, evidence, incidents, ingest, lamps, pulse, relay, retry
from heartlamp_gateway.rules.answers import best_answer
from heartlamp_gateway.rules.model import KEEP_MS, Lamp, Village
from heartlamp_protocol.device import event
from heartlamp_protocol.device.frame import write_frame
from heartlamp_protocol.device.limits import CALLS_MAX, DOWN_MAX, INTEGER_MAX
from heartlamp_protocol.device.names import event_id, is_event_id
from heartlamp_protocol.downlink import IncidentCommand
from heartlamp_protocol.inbound import Alarm
from heartlamp_protocol.passwords import mosquitto_hash
from heartlamp_protocol.registry import Device, Registry, Site
from heartlamp_protocol.uplink import BATCH_BYTES_MAX, Batch, Item, Note
from hypothesis import given
from hypothesis import strategies as st

HASH = mosquitto_hash("secret", bytes(12))


def listed(id: str, kind: str, site: str) -> Device:
    return Device(id, kind, site, {f"{id}.1": HASH})


SITES = (
    Site("s7", "三组 7号", "g3"),
    Site("s9", "三组 9号", "g3"),
    Site("s2", "三组 2号", "g3"),
    Site("s1", "四组 1号", "g4"),
)
DEVICES = (
    listed("lamp7", "lamp", "s7"),
    listed("butt7", "button", "s7"),
    listed("lamp9", "lamp", "s9"),
    listed("lamp2", "lamp", "s2"),
    listed("lamp1", "lamp", "s1"),
)
VILLAGE = lamps.relight(Village(Registry(1, "柳树村", SITES, DEVICES)))


def id_of(device: str, number: int) -> str:
    return event_id(device, number.to_bytes(8, "big"))


A, B, C = (id_of("butt7", n) for n in (1, 2, 3))


def calls(village: Village, device: str) -> list[dict[str, object]]:
    state = json.loads(lamps.payload(village.lamps[device], "e" * 16))
    return list(state["calls"])


def said(
    incident: str,
    events: tuple[str, ...],
    answer: str,
    site: str = "s7",
    what: str = "panic",
    who: str = "城关派出所",
    by: str = "",
    withdrawn: tuple[str, ...] = (),
) -> IncidentCommand:
    return IncidentCommand(incident, site, what, events, 1, answer, who, by, withdrawn, {"lamp7": '{"mac":"x"}'})


# --- frames


def frame(body: bytes, age: int = 0, mac: str = "a" * 64) -> bytes:
    return write_frame(age, mac, body)


ALARM = event.write_alarm(A, "butt7", 2, "0" * 8, 1, 5, "panic")


def test_a_frame_on_its_own_topic_is_an_event_of_its_user() -> None:
    judged = ingest.judge("butt7", frame(ALARM), None)
    assert isinstance(judged.event, Alarm)
    assert judged.user == "butt7.2"
    assert judged.frame == frame(ALARM)


def test_a_new_age_is_the_same_event_and_another_mac_is_not() -> None:
    first, later, forged = (
        ingest.judge("butt7", f, None).digest for f in (frame(ALARM), frame(ALARM, 9), frame(ALARM, 0, "b" * 64))
    )
    assert ingest.compare(first, []) == ingest.NEW
    assert ingest.compare(later, [first]) == ingest.DUPLICATE
    assert ingest.compare(forged, [first]) == ingest.CLASH
    assert ingest.compare(forged, [first, forged]) == ingest.KNOWN_CLASH


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"{}",
        b"\xff\xfe",
        frame(b"{}"),
        frame(ALARM)[:-1],
        frame(ALARM + b" " * 1000),
        b"[" * 100_000,
        frame(ALARM, 2**60),
    ],
)
def test_what_cannot_be_read_is_evidence_that_fits_the_wire(payload: bytes) -> None:
    judged = ingest.judge("butt7", payload, 3)
    assert judged.event is None
    assert judged.reason
    assert judged.user == "butt7.3"
    assert payload.startswith(judged.frame)
    sent = Batch("gwliu1", "0" * 16, "", (Item(1, 0, judged.user, judged.frame),), ())
    assert Batch.from_json(sent.to_json()) == sent


def test_another_devices_body_on_my_topic_is_evidence_against_me() -> None:
    judged = ingest.judge("lamp9", frame(ALARM), 1)
    assert judged.event is None
    assert judged.user == "lamp9.1"
    assert "butt7" in judged.reason


@given(st.binary(max_size=2000))
def test_no_bytes_break_the_judge(payload: bytes) -> None:
    assert ingest.judge("butt7", payload, None).event is None


def test_rubbish_is_kept_in_measure_and_counted() -> None:
    allowance = evidence.Allowance()
    kept = 0
    for _ in range(1000):
        allowance, good = evidence.spend(allowance, 0)
        kept += good
    assert (kept, allowance.dropped) == (evidence.BURST, 1000 - evidence.BURST)
    assert evidence.spend(allowance, evidence.EACH_MS)[1]


# --- incidents and lamps


def test_an_alarm_lights_its_own_site_and_its_group_and_nobody_else() -> None:
    village, incident = incidents.raise_alarm(VILLAGE, A, "s7", "panic", 0)
    assert incident == A
    assert [c["role"] for c in calls(village, "lamp7")] == ["own"]
    assert [c["role"] for c in calls(village, "lamp9")] == ["near"]
    assert calls(village, "lamp1") == []
    assert village.lamps["lamp9"].ver == VILLAGE.lamps["lamp9"].ver + 1
    assert village.lamps["lamp1"] is VILLAGE.lamps["lamp1"]


def test_a_second_press_joins_and_another_kind_opens() -> None:
    village, _ = incidents.raise_alarm(VILLAGE, A, "s7", "panic", 0)
    again, joined = incidents.raise_alarm(village, B, "s7", "panic", 5)
    assert joined == A
    assert again.incidents[A].events == (A, B)
    assert again.lamps["lamp9"].ver == village.lamps["lamp9"].ver  # it shows it already
    other, opened = incidents.raise_alarm(again, C, "s7", "fire", 6)
    assert opened == C
    assert [c["incident"] for c in calls(other, "lamp7")] == [C, A]  # the newest first


def test_a_silent_alarm_touches_nothing() -> None:
    village, incident = incidents.raise_alarm(VILLAGE, A, "s7", "silent", 0)
    assert village is VILLAGE
    assert incident == ""
    assert incidents.county_says(VILLAGE, said(A, (A,), "accepted", what="silent"), 0) is VILLAGE


def test_a_device_without_a_site_opens_an_incident_that_lights_nobody() -> None:
    village, incident = incidents.raise_alarm(VILLAGE, A, "", "panic", 0)
    assert incident == A
    assert all(not calls(village, device) for device in village.lamps)


def test_a_neighbour_comes_withdraws_and_arrives() -> None:
    village, _ = incidents.raise_alarm(VILLAGE, A, "s7", "panic", 0)
    village, word = incidents.press_key(village, A, "s9", "coming", id_of("lamp9", 1))
    assert word == "coming"
    assert (calls(village, "lamp7")[0]["answer"], calls(village, "lamp7")[0]["who"]) == ("coming", "三组 9号")
    village, word = incidents.press_key(village, A, "s9", "withdrawn", id_of("lamp9", 2))
    assert word == "unanswered"
    assert (calls(village, "lamp7")[0]["answer"], calls(village, "lamp7")[0]["who"]) == ("unanswered", "")
    village, word = incidents.press_key(village, A, "s2", "arrived", id_of("lamp2", 3))
    assert (word, calls(village, "lamp7")[0]["who"]) == ("arrived", "三组 2号")
    assert calls(village, "lamp7")[0]["ver"] == 3


def test_one_of_two_who_come_may_withdraw() -> None:
    village, _ = incidents.raise_alarm(VILLAGE, A, "s7", "panic", 0)
    village, _ = incidents.press_key(village, A, "s9", "coming", id_of("lamp9", 4))
    village, _ = incidents.press_key(village, A, "s2", "coming", id_of("lamp2", 5))
    village, word = incidents.press_key(village, A, "s9", "withdrawn", id_of("lamp9", 6))
    assert word == ""  # of s9 there is nothing to tell but their own signed word; s2 was told
    assert calls(village, "lamp7")[0]["who"] == "三组 2号"


def test_the_victims_own_lamp_says_that_somebody_is_here_and_not_that_it_comes() -> None:
    village, _ = incidents.raise_alarm(VILLAGE, A, "s7", "panic", 0)
    assert incidents.press_key(village, A, "s7", "coming", id_of("lamp7", 7)) == (village, "")
    village, _ = incidents.press_key(village, A, "s9", "coming", id_of("lamp9", 8))
    village, word = incidents.press_key(village, A, "s7", "arrived", id_of("lamp7", 9))
    assert (word, calls(village, "lamp7")[0]["who"]) == ("arrived", "三组 9号")


def test_who_is_named_when_nobody_came() -> None:
    assert best_answer("s7", ()) == ("unanswered", "")
    assert best_answer("s7", (("s7", "arrived", A),)) == ("arrived", "s7")


def test_an_answer_to_nothing_changes_nothing() -> None:
    assert incidents.press_key(VILLAGE, A, "s9", "coming", id_of("lamp9", 10)) == (VILLAGE, "")
    village, _ = incidents.raise_alarm(VILLAGE, A, "s7", "panic", 0)
    assert incidents.press_key(village, A, "s9", "withdrawn", id_of("lamp9", 11)) == (village, "")
    village, _ = incidents.raise_alarm(village, B, "s7", "panic", 0)
    assert (
        incidents.press_key(village, B, "s9", "coming", id_of("lamp9", 12))[1] == "coming"
    )  # an event of the incident names it too


def test_who_goes_where_somebody_has_arrived_is_not_told_to_have_arrived() -> None:
    village, _ = incidents.raise_alarm(VILLAGE, A, "s7", "panic", 0)
    village, word = incidents.press_key(village, A, "s9", "arrived", id_of("lamp9", 13))
    assert word == "arrived"
    village, word = incidents.press_key(village, A, "s2", "coming", id_of("lamp2", 14))
    assert word == ""


def test_the_county_answers_and_closes() -> None:
    village, _ = incidents.raise_alarm(VILLAGE, A, "s7", "panic", 0)
    village = incidents.county_says(village, said(A, (A,), "accepted"), 1)
    assert calls(village, "lamp7")[0]["county"] == '{"mac":"x"}'
    assert calls(village, "lamp9")[0]["county"] == ""  # each lamp gets its own statement
    village = incidents.county_says(village, said(A, (A,), "closed"), 2)
    assert all(not calls(village, device) for device in village.lamps)
    assert village.incidents == {}


def test_neighbours_learn_that_the_countys_people_come_and_are_there() -> None:
    village, _ = incidents.raise_alarm(VILLAGE, A, "s7", "panic", 0)
    for answer in ("coming", "arrived"):
        village = incidents.county_says(village, said(A, (A,), answer), 1)
        near, own = calls(village, "lamp9")[0], calls(village, "lamp7")[0]
        assert (near["answer"], near["who"]) == (answer, "城关派出所")
        assert own["answer"] == "none"  # the victim's lamp has it from the county, signed


def test_a_neighbour_who_withdrew_is_not_coming_whatever_the_county_said_before() -> None:
    village, _ = incidents.raise_alarm(VILLAGE, A, "s7", "panic", 0)
    village, _ = incidents.press_key(village, A, "s9", "coming", id_of("lamp9", 15))
    village = incidents.county_says(village, said(A, (A,), "coming", who="三组 9号", by="s9"), 1)
    village, _ = incidents.press_key(village, A, "s9", "withdrawn", id_of("lamp9", 16))
    assert calls(village, "lamp9")[0]["answer"] == calls(village, "lamp7")[0]["answer"] == "unanswered"


def test_what_an_operator_takes_back_falls_in_the_village_too_and_a_new_press_of_green_stands() -> None:
    went, there, again = (id_of("lamp9", 1), id_of("lamp7", 1), id_of("lamp9", 2))
    village, _ = incidents.raise_alarm(VILLAGE, A, "s7", "panic", 0)
    village, _ = incidents.press_key(village, A, "s2", "coming", id_of("lamp2", 1))
    village, _ = incidents.press_key(village, A, "s9", "coming", went)
    village, _ = incidents.press_key(village, A, "s7", "arrived", there)
    assert calls(village, "lamp2")[0]["answer"] == "arrived"
    village = incidents.county_says(
        village, said(A, (A,), "coming", who="三组 2号", by="s2", withdrawn=(went, there)), 1
    )
    assert (calls(village, "lamp7")[0]["answer"], calls(village, "lamp7")[0]["who"]) == ("coming", "三组 2号")
    village, _ = incidents.press_key(village, A, "s2", "withdrawn", id_of("lamp2", 2))
    assert {calls(village, lamp)[0]["answer"] for lamp in ("lamp7", "lamp9", "lamp2")} == {"unanswered"}
    village, word = incidents.press_key(village, A, "s9", "coming", again)
    village = incidents.county_says(village, said(A, (A,), "unanswered", who="", withdrawn=(went, there)), 1)
    assert (word, calls(village, "lamp7")[0]["answer"]) == ("coming", "coming")  # the county has not heard of it yet


def test_a_press_that_the_closing_did_not_know_opens_anew() -> None:
    village, _ = incidents.raise_alarm(VILLAGE, A, "s7", "panic", 0)
    village, _ = incidents.raise_alarm(village, B, "s7", "panic", 1)
    village = incidents.county_says(village, said(A, (A,), "closed"), 2)
    assert [c["incident"] for c in calls(village, "lamp7")] == [B]


def test_the_new_one_may_be_told_before_the_old_one_is_closed() -> None:
    village, _ = incidents.raise_alarm(VILLAGE, A, "s7", "panic", 0)
    village, _ = incidents.raise_alarm(village, B, "s7", "panic", 1)
    village = incidents.county_says(village, said(B, (B,), "accepted"), 2)
    village = incidents.county_says(village, said(A, (A,), "closed"), 3)
    assert [(c["incident"], c["county"]) for c in calls(village, "lamp7")] == [(B, '{"mac":"x"}')]


def test_the_county_may_join_what_the_village_held_apart() -> None:
    village, _ = incidents.raise_alarm(VILLAGE, B, "s7", "panic", 0)
    village, _ = incidents.press_key(village, B, "s9", "coming", id_of("lamp9", 17))
    village = incidents.county_says(village, said(A, (A, B), "none"), 1)
    assert [(c["incident"], c["answer"]) for c in calls(village, "lamp7")] == [(A, "coming")]


def test_the_county_lights_what_the_village_forgot() -> None:
    village = incidents.county_says(VILLAGE, said(A, (A,), "accepted"), 0)
    assert calls(village, "lamp9")[0]["incident"] == A
    assert incidents.county_says(VILLAGE, said(A, (A,), "closed"), 0).incidents == {}


def test_what_the_county_refuses_goes_dark_unless_something_good_is_in_it() -> None:
    village, _ = incidents.raise_alarm(VILLAGE, A, "s7", "panic", 0)
    assert incidents.refuse(village, A).incidents == {}
    village, _ = incidents.raise_alarm(village, B, "s7", "panic", 0)
    assert incidents.refuse(village, A).incidents[A].events == (B,)
    assert incidents.refuse(village, C) is village


def test_after_thirty_days_a_call_goes_dark() -> None:
    village, _ = incidents.raise_alarm(VILLAGE, A, "s7", "panic", 0)
    assert incidents.expire(village, KEEP_MS - 1) is village
    assert calls(incidents.expire(village, KEEP_MS), "lamp9") == []


def test_a_stuck_key_does_not_grow_a_row_without_end() -> None:
    village = VILLAGE
    for number in range(1000):
        village, _ = incidents.raise_alarm(village, id_of("butt7", number), "s7", "panic", number)
    (incident,) = village.incidents.values()
    assert len(incident.events) == incidents.EVENTS_MAX
    assert (incident.events[0], incident.events[-1]) == (id_of("butt7", 0), id_of("butt7", 999))


def test_a_lamp_says_heard_only_of_what_is_on_disk() -> None:
    village, _ = incidents.raise_alarm(VILLAGE, A, "s7", "panic", 0)
    village = incidents.mark_heard(village, frozenset((A,)), 0)
    assert calls(village, "lamp7")[0]["heard"] == 0
    assert calls(incidents.mark_heard(village, frozenset((A,)), 1), "lamp7")[0]["heard"] == 1


@given(st.lists(st.tuples(st.sampled_from(["s7", "s9", "s2"]), st.integers(0, 30), st.text(max_size=48)), max_size=12))
def test_a_lamps_state_always_fits_its_lamp(presses: list[tuple[str, int, str]]) -> None:
    sites = tuple(replace(s, name='"\\\x01' * 16) for s in SITES)
    village = lamps.relight(Village(Registry(1, "", sites, DEVICES)))
    for number, (site, size, who) in enumerate(presses):
        command = IncidentCommand(
            id_of("butt7", number),
            site,
            "panic",
            (id_of("butt7", number),),
            1,
            "accepted",
            who,
            "",
            (),
            {"lamp7": '"' * 34 * size},
        )
        village = incidents.county_says(village, command, number)
    shown = calls(village, "lamp7")
    roles = [c["role"] for c in shown]
    assert len(shown) <= CALLS_MAX
    assert bool(shown) == bool(presses)
    assert roles == sorted(roles, key=lambda r: r != "own")
    for device in village.lamps:
        assert len(lamps.payload(village.lamps[device], "e" * 16)) <= DOWN_MAX


def test_light_is_told_to_the_county_once_for_each_lamp_and_call() -> None:
    village, _ = incidents.raise_alarm(VILLAGE, A, "s7", "panic", 0)
    ver = village.lamps["lamp9"].ver
    village, notes = lamps.shown(village, "lamp9", ver - 1)
    assert notes == []
    assert "lamp9" in lamps.unshown(village)
    village, notes = lamps.shown(village, "lamp9", ver)
    assert [(n.what, n.subject, n.incident) for n in notes] == [("lit", "lamp9", A)]
    assert "lamp9" not in lamps.unshown(village)
    village, _ = incidents.raise_alarm(village, C, "s7", "fire", 0)
    village, notes = lamps.shown(village, "lamp9", village.lamps["lamp9"].ver)
    assert [n.incident for n in notes] == [C]


def test_a_lamp_that_shows_a_later_state_than_we_remember_is_overtaken() -> None:
    village, notes = lamps.shown(VILLAGE, "lamp9", 40)
    assert notes == []
    assert village.lamps["lamp9"].ver == 41
    assert "lamp9" in lamps.unshown(village)


def test_a_version_that_we_cannot_have_given_does_not_blind_the_lamp() -> None:
    for wild in (INTEGER_MAX, INTEGER_MAX - 1, 2_000_000):
        village, _ = lamps.shown(VILLAGE, "lamp9", wild)
        village, _ = incidents.raise_alarm(village, A, "s7", "panic", 0)
        assert village.lamps["lamp9"].ver == 2
        assert "lamp9" in lamps.unshown(village)


def test_a_lamp_that_asks_shows_nothing_until_it_says_so() -> None:
    village, _ = lamps.shown(VILLAGE, "lamp9", 1)
    assert lamps.asked(village, "lamp9").lamps["lamp9"] == Lamp()
    assert lamps.asked(VILLAGE, "nobody1") is VILLAGE


def test_a_lamp_that_left_the_registry_leaves_the_village() -> None:
    fewer = replace(VILLAGE.registry, devices=tuple(d for d in DEVICES if d.id != "lamp9"))
    assert "lamp9" not in lamps.relight(replace(VILLAGE, registry=fewer)).lamps
    revoked = replace(VILLAGE.registry, devices=tuple(replace(d, users={}) if d.id == "lamp9" else d for d in DEVICES))
    assert "lamp9" not in lamps.relight(replace(VILLAGE, registry=revoked)).lamps


# --- the pulse, and trying again


def test_somebody_can_answer_when_the_county_or_two_houses_of_a_group_are_there() -> None:
    assert pulse.answerable(VILLAGE, True, {})
    assert not pulse.answerable(VILLAGE, False, {"lamp7": True})
    assert not pulse.answerable(VILLAGE, False, {"lamp7": True, "lamp1": True})  # not of one group
    assert not pulse.answerable(VILLAGE, False, {"lamp7": True, "lamp9": False})
    assert not pulse.answerable(VILLAGE, False, {"lamp7": True, "butt7": True})
    assert pulse.answerable(VILLAGE, False, {"lamp7": True, "lamp9": True})


def test_contact_ends_three_pings_after_the_last_word() -> None:
    assert not pulse.in_contact(100, None)
    assert pulse.in_contact(14_999, 0)
    assert not pulse.in_contact(15_000, 0)


def test_the_county_is_asked_again_after_a_fifth_of_a_second_up_to_five() -> None:
    state = retry.Retry()
    waits = []
    for _ in range(8):
        state = retry.failed(state, 0)
        waits.append(retry.wait_ms(state, 0, fresh=False))
    assert waits == [200, 400, 800, 1600, 3200, 5000, 5000, 5000]
    assert retry.wait_ms(state, 0, fresh=False, event=True) == 1000  # a press that waits is asked for more often
    assert retry.wait_ms(state, 0, fresh=True) == 200  # a new alarm does not wait for the others' turn
    assert retry.wait_ms(state, 5000, fresh=False) == 0


def test_a_revoked_token_is_tried_slowly() -> None:
    state = retry.failed(retry.Retry(), 0, refused=True)
    assert retry.wait_ms(state, 0, fresh=False) == 30_000
    assert retry.wait_ms(state, 0, fresh=True) == 5_000


# --- what goes up


def kept(n: int, size: int = 10, boot: str = "b1", at: int = 0) -> batch.Kept:
    return batch.Kept(n, boot, at, item=Item(n, 0, "butt7.1", bytes(size)))


def test_a_batch_has_two_hundred_at_most_and_fits_the_wire() -> None:
    assert len(batch.take(kept(n) for n in range(500))) == 200
    large = batch.take(kept(n, 6000) for n in range(200))
    sent = batch.envelope("gwliu1", "0" * 16, "", large, "b1", 0).to_json()
    assert 100 < len(large) < 200
    assert len(sent) <= BATCH_BYTES_MAX


def test_a_notes_longest_texts_fit_what_is_counted_for_them() -> None:
    note = Note(2**53 - 1, 0, "g" * 37, "i" * 60, "w" * 20, "🚨" * 200)
    row = batch.Kept(1, "b1", 0, note=note)
    empty = len(batch.envelope("gwliu1", "0" * 16, "", [], "b1", 0).to_json())
    assert len(batch.envelope("gwliu1", "0" * 16, "", [row], "b1", 2**52).to_json()) - empty <= batch.size(row)


def test_the_age_of_another_boot_is_unknown() -> None:
    sent = batch.envelope("gwliu1", "0" * 16, "", [kept(1, at=100), kept(2, boot="b0")], "b1", 350)
    assert [i.age for i in sent.items] == [250, -1]


# --- Mosquitto's files


def test_a_device_has_its_own_topics_and_only_a_lamp_has_a_lamps() -> None:
    text = files.acl(VILLAGE.registry)
    blocks = {block.split("\n")[0]: block for block in text.split("\n\n")}
    assert "topic write hl/1/butt7/event" in blocks["user butt7.1"]
    assert "hl/1/butt7/lamp" not in blocks["user butt7.1"]
    assert "topic read hl/1/lamp7/lamp" in blocks["user lamp7.1"]
    assert "+" not in blocks["user lamp7.1"]  # nobody names it as a carrier
    assert "#" not in text


def test_a_camera_has_a_lamps_topics_and_nobody_has_the_gateways() -> None:
    text = files.acl(Registry(1, "", SITES, (listed("cam2", "camera", "s2"),)))
    mine = [line for line in text.split("user cam2.1\n")[1].splitlines() if line]
    assert "topic read hl/1/cam2/lamp" in mine
    assert "topic write hl/1/cam2/picture" in mine
    assert "topic read hl/1/cam2/have" in mine
    ours = text.split("user cam2.1\n")[0]
    assert ours.count("picture") == 1  # of one connection of ours, where no alarm waits behind it
    assert "picture" in ours.split("user gateway-files\n")[1]


# --- what a lamp carries for others

CHAIN = tuple(
    Device(f"lamp{n}", "lamp", "s7", {f"lamp{n}.1": HASH}, (f"lamp{n + 1}",)) for n in range(1, 8)
)  # lamp1 reaches lamp2 by radio, and so on
BUTTON = Device("butt7", "button", "s7", {"butt7.1": HASH}, ("lamp1",))


def carried(*devices: Device) -> Registry:
    return Registry(1, "", SITES, devices)


def test_a_lamp_carries_for_who_names_it_and_for_whom_that_carries() -> None:
    registry = carried(BUTTON, *CHAIN)
    assert relay.carriers(registry, "butt7") == {"lamp1", "lamp2", "lamp3", "lamp4", "lamp5"}  # four hops between lamps
    assert relay.carriers(registry, "lamp6") == {"lamp7"}
    assert relay.carriers(registry, "lamp7") == set()  # lamp8 is not there
    assert relay.carriers(registry, "stranger") == set()
    assert relay.carrying(registry) == {f"lamp{n}" for n in range(1, 8)}


def test_lamps_in_a_ring_carry_for_each_other_and_not_for_themselves() -> None:
    registry = carried(*(replace(lamp, through=("lamp1", "lamp2", "lamp3")) for lamp in CHAIN[:3]))
    assert relay.carriers(registry, "lamp1") == {"lamp2", "lamp3"}


@pytest.mark.parametrize("wrong", [{"users": {}}, {"kind": "smoke"}])
def test_who_was_revoked_and_who_is_no_lamp_carries_nothing(wrong: dict[str, object]) -> None:
    second = replace(CHAIN[1], **wrong)  # type: ignore[arg-type]
    registry = carried(BUTTON, CHAIN[0], second, *CHAIN[2:])
    assert relay.carriers(registry, "butt7") == {"lamp1"}
    assert "lamp2" not in relay.carrying(registry)
    assert "relay" not in files.acl(registry).partition("user lamp2.1\n")[2].partition("\nuser")[0]
    assert relay.carriers(carried(replace(BUTTON, users={}), *CHAIN), "butt7") == set()  # nor is it carried


def test_a_carrier_may_write_what_devices_say_and_read_what_is_said_to_them() -> None:
    text = files.acl(carried(BUTTON, replace(CHAIN[0], through=())))
    mine = text.partition("user lamp1.1\n")[2].partition("\nuser")[0].splitlines()
    assert [line for line in mine if "relay" in line] == [
        "topic write hl/1/lamp1/relay/+/event",
        "topic write hl/1/lamp1/relay/+/reading",
        "topic write hl/1/lamp1/relay/+/state",
        "topic write hl/1/lamp1/relay/+/ask",
        "topic write hl/1/lamp1/relay/+/shown",
        "topic read hl/1/lamp1/relay/+/receipt",
        "topic read hl/1/lamp1/relay/+/lamp",
    ]
    assert "relay" not in text.partition("user butt7.1\n")[2].partition("\nuser")[0]
    assert "topic read hl/1/+/relay/+/event" in text
    assert "topic write hl/1/+/relay/+/receipt" in text


@pytest.mark.parametrize(
    ("name", "word"),
    [
        ("hl/1/butt7/event", relay.Said("butt7", "event")),
        ("hl/1/lamp7/relay/butt7/event", relay.Said("butt7", "event", "lamp7")),
        ("hl/1/lamp7/relay/butt7/picture", None),
        ("hl/1/lamp7/relay/butt7/receipt", None),
        ("hl/1/lamp7/relay/BUTT/event", None),
        ("hl/1/lamp7/relay/butt7/event/x", None),
        ("hl/1/pulse", None),
    ],
)
def test_whose_word_it_is_stands_in_the_topic(name: str, word: relay.Said | None) -> None:
    assert relay.said(name) == word


def test_the_way_back_is_the_way_that_it_came_by() -> None:
    village = Village(carried(BUTTON, *CHAIN))
    own, carried_way = "hl/1/butt7/receipt", "hl/1/lamp3/relay/butt7/receipt"

    def topics(village: Village, in_session: bool = False) -> list[str]:
        return relay.topics_to(village, "butt7", "receipt", in_session)

    assert topics(village, in_session=True) == [own]
    assert topics(village) == [own, *(f"hl/1/lamp{n}/relay/butt7/receipt" for n in range(1, 6))]  # nobody knows where
    known = relay.came_by(village, "butt7", "lamp3")
    assert topics(known) == [carried_way]
    assert topics(known, in_session=True) == [carried_way, own]
    assert relay.came_by(known, "butt7", "").ways == {}
    assert relay.topics_to(known, "lamp7", "lamp", False) == ["hl/1/lamp7/lamp"]  # nobody carries it


def test_a_way_ends_with_its_lamps_line_and_with_a_registry_that_forbids_it() -> None:
    village = relay.came_by(Village(carried(BUTTON, *CHAIN)), "butt7", "lamp3")
    assert relay.end_of_line(village, "lamp2") == (village, [])
    ended, lost = relay.end_of_line(village, "lamp3")
    assert (ended.ways, lost) == ({}, ["butt7"])
    assert relay.allowed_ways(village) is village
    assert relay.allowed_ways(replace(village, registry=carried(BUTTON, *CHAIN[:1]))).ways == {}


def test_what_is_kept_aside_has_no_events_name() -> None:
    name = relay.aside("lamp9", A)
    assert not is_event_id(name)
    assert (relay.aside_by(name), relay.aside_by(A), relay.aside_by("")) == ("lamp9", "", "")


@pytest.mark.parametrize("user", ["lamp9.1\nroot", "lamp9:1", "lamp8.1", "gateway-alarms", "lamp9.x", "lamp9"])
def test_a_name_that_would_break_the_file_cannot_log_in(user: str) -> None:
    bad = Registry(1, "", SITES, (Device("lamp9", "lamp", "s9", {user: HASH}),))
    assert files.passwords(bad, {}) == ""
    assert "lamp9" not in files.acl(bad)
    assert files.left_out(bad) == [user]


def test_a_revoked_device_has_no_password() -> None:
    gone = Registry(1, "", SITES, (Device("lamp9", "lamp", "s9", {}),))
    assert files.passwords(gone, {"gateway-alarms": HASH}) == f"gateway-alarms:{HASH}\n"
