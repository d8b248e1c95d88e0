"""The pure rules: what is believed, what an answer may follow, when it happened, how often one may guess."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from heartlamp_protocol.device.event import write_alarm
from heartlamp_protocol.device.frame import sign, write_frame
from heartlamp_protocol.inbound import Frame, read_frame
from heartlamp_server.alarm.model import AGAIN, ASIDE, CLASH, NEW, REPLACE, Stored, judge, observed_at
from heartlamp_server.device.model import Device, Keys
from heartlamp_server.incident import texts
from heartlamp_server.incident.card import card
from heartlamp_server.incident.forms import Card
from heartlamp_server.incident.life import STEPS
from heartlamp_server.incident.model import (
    EVENTS_LISTED,
    Entry,
    Incident,
    Refused,
    answer,
    cancel,
    close,
    doubt,
    press,
    trust,
)
from heartlamp_server.incident.store import from_row, to_row
from hypothesis import given
from hypothesis import strategies as st

NOW = datetime(2026, 1, 1, tzinfo=UTC)
SOURCE = {"device": "lamp0a1b", "kind": "lamp", "house": "三组 7号"}
KEY = b"k" * 32
ID = "lamp0a1b-" + "0" * 16


def opened(what: str = "panic") -> Incident:
    return Incident(
        id=ID,
        site="s1",
        what=what,
        place={"name": "三组 7号", "address": "", "landmark": "", "path": ["县", "镇", "村", "三组"]},
        opened_at=NOW,
        observed_at=NOW,
        heard_age_ms=3,
        last_press_at=NOW,
        lit_of=2,
        events=(ID,),
    )


def device(revoked: bool = False) -> Device:
    return Device("lamp0a1b", "lamp", "s1", "三组 7号", revoked, 7, ("gw01",), {1: Keys(KEY, b"c" * 32)})


def alarm(what: str = "panic", good: bool = True, version: int = 1, age: int = 5) -> Frame:
    body = write_alarm(ID, "lamp0a1b", version, "deadbeef", 1, 1000, what)
    return read_frame(write_frame(age, sign(KEY, body) if good else "0" * 64, body))


PANIC, FIRE = alarm().body, alarm("fire").body


@pytest.mark.parametrize(
    ("frame", "stored", "gateway", "verdict", "fate"),
    [
        (alarm(), None, "gw01", "received", NEW),
        (alarm(), None, "elsewhere", "received", NEW),
        (alarm(good=False), None, "gw01", "unverified", NEW),
        (alarm(good=False), None, "elsewhere", "quarantined", ASIDE),
        (alarm(version=2), None, "gw01", "unverified", NEW),
        (alarm(), Stored(ID, PANIC, True), "gw01", "duplicate", AGAIN),
        (alarm(good=False), Stored(ID, PANIC, True), "gw01", "duplicate", AGAIN),
        (alarm(good=False), Stored(ID, PANIC, False), "gw01", "unverified", AGAIN),
        (alarm(), Stored(ID, PANIC, False), "gw01", "received", REPLACE),
        (alarm(), Stored(ID, FIRE, False), "gw01", "received", REPLACE),
        (alarm(), Stored(ID, FIRE, True), "gw01", "unverified", CLASH),
        (alarm(good=False), Stored(ID, FIRE, True), "gw01", "unverified", CLASH),
        (alarm(good=False), Stored(ID, FIRE, True), "elsewhere", "quarantined", ASIDE),
        (alarm(age=-1), None, "gw01", "received", NEW),
        (alarm(age=2**53 - 1), None, "gw01", "received", NEW),
    ],
)
def test_what_is_believed(frame: Frame, stored: Stored | None, gateway: str, verdict: str, fate: str) -> None:
    judgement = judge(frame, device(), stored, gateway, "lamp0a1b.1")
    assert (judgement.verdict, judgement.fate) == (verdict, fate)


def test_who_is_not_believed() -> None:
    assert judge(alarm(), None, None, "gw01", "").verdict == "quarantined"
    assert judge(alarm(), device(revoked=True), None, "gw01", "").verdict == "quarantined"


@pytest.mark.parametrize(
    ("user", "good", "verdict"),
    [
        ("lamp0a1b.1", False, "unverified"),
        ("lamp0a1b.2", False, "unverified"),
        ("button1.1", False, "quarantined"),
        ("button1.1", True, "received"),
        ("", False, "unverified"),
        ("somebody else", False, "unverified"),
        ("lamp0a1b", False, "unverified"),
    ],
)
def test_one_device_does_not_speak_in_anothers_name(user: str, good: bool, verdict: str) -> None:
    judgement = judge(alarm(good=good), device(), None, "gw01", user)
    assert judgement.verdict == verdict
    if verdict == "quarantined":
        assert (judgement.fate, judgement.reason) == (ASIDE, "button1.1 spoke in the name of lamp0a1b")


@pytest.mark.parametrize(
    ("gateway_age", "frame_age", "before"),
    [(0, 0, 0), (2000, 500, 2500), (-1, 0, None), (0, -1, None), (30 * 86_400_000, 0, 30 * 86_400_000)],
)
def test_when_it_happened(gateway_age: int, frame_age: int, before: int | None) -> None:
    expected = None if before is None else NOW - timedelta(milliseconds=before)
    assert observed_at(NOW, gateway_age, frame_age) == expected
    assert observed_at(NOW, 30 * 86_400_000, 1) is None
    assert observed_at(NOW, 2**53 - 1, 2**53 - 1) is None


@pytest.mark.parametrize("before", list(STEPS))
@pytest.mark.parametrize("said", ["accepted", "coming", "arrived", "withdrawn"])
def test_the_table_of_answers(before: str, said: str) -> None:
    incident = opened()
    path: dict[str, list[str]] = {"": [], "withdrawn": ["accepted", "withdrawn"], "taken": ["asked", "taken"]}
    path["late"] = ["coming", "late"]
    for step in path.get(before, [before]):
        incident, _ = answer(incident, "person:a", "a", step, NOW)
    if said in STEPS[before]:
        changed, entry = answer(incident, "person:a", "a", said, NOW)
        assert changed.answer == ("unanswered" if said == "withdrawn" else said)
        assert changed.aver == incident.aver + (changed.answer != incident.answer)
        assert entry.kind == "answer"
    else:
        with pytest.raises(Refused):
            answer(incident, "person:a", "a", said, NOW)


def test_the_highest_that_stands_is_shown_and_falls_back_when_it_goes() -> None:
    incident, _ = answer(opened(), "person:op", "值班员", "accepted", NOW, "op")
    incident, _ = answer(incident, "site:s2", "三组 9号", "coming", NOW)
    incident, _ = answer(incident, "site:s3", "三组 2号", "coming", NOW + timedelta(seconds=1))
    assert (incident.answer, incident.who) == ("coming", "三组 9号")
    incident, _ = answer(incident, "site:s2", "三组 9号", "withdrawn", NOW)
    assert (incident.answer, incident.who) == ("coming", "三组 2号")
    incident, _ = answer(incident, "site:s3", "三组 2号", "withdrawn", NOW)
    assert (incident.answer, incident.who) == ("accepted", "值班员")
    incident, _ = answer(incident, "person:op", "值班员", "withdrawn", NOW, "op")
    assert (incident.answer, incident.who) == ("unanswered", "")


def test_who_was_typed_in_and_then_presses_a_lamps_key_is_one_responder() -> None:
    incident, _ = answer(opened(), "person:三组 9号", "三组 9号", "coming", NOW, "op")
    incident, _ = answer(incident, "site:s2", "三组 9号", "arrived", NOW)
    assert [(r.name, r.answer) for r in incident.responders] == [("三组 9号", "arrived")]
    with pytest.raises(Refused, match="三组 9号已到场 · 三组 9号 has arrived already"):
        answer(incident, "site:s2", "三组 9号", "coming", NOW)


def test_a_close_says_who_saw_them_and_who_closed() -> None:
    closed, entry = close(opened(), "值班员", "arrived", NOW, "三组 9号")
    assert closed.closed_by == closed.who == "三组 9号"
    assert texts.text(entry) == ("值班员 办结；三组 9号 已见到人", "closed by 值班员; 三组 9号: seen")


@pytest.mark.parametrize("what", ["panic", "fire", "silent"])
def test_nobody_closes_a_call_for_help_unseen(what: str) -> None:
    for how in ("", "phone", "cancelled"):
        with pytest.raises(Refused, match="arrived"):
            close(opened(what), "op", how, NOW)
    closed, _ = close(opened(what), "op", "spoke_to", NOW)
    assert (closed.answer, closed.closed_how) == ("closed", "spoke_to")
    with pytest.raises(Refused, match="closed by op"):
        answer(closed, "site:s2", "x", "coming", NOW)
    with pytest.raises(Refused):
        close(closed, "op", "arrived", NOW)


def test_a_cancel_stops_nothing() -> None:
    cancelled, _ = cancel(opened(), "e", NOW, SOURCE)
    assert cancelled == replace(opened(), cancelled=True)


STEP = st.one_of(
    st.tuples(st.just("press"), st.integers(0, 99)),
    st.tuples(st.sampled_from(["accepted", "coming", "arrived", "withdrawn"]), st.sampled_from("abc")),
    st.tuples(st.just("doubt"), st.integers(0, 9)),
    st.tuples(st.just("trust"), st.integers(0, 9)),
    st.tuples(st.just("close"), st.just("")),
)


@given(st.lists(STEP, max_size=40))
def test_whatever_happens_versions_only_rise_and_every_state_can_be_stored_and_shown(steps: list[Any]) -> None:
    incident = opened()
    for number, (what, value) in enumerate(steps):
        before = incident
        try:
            incident = _do(incident, what, value, NOW + timedelta(seconds=number))
        except Refused:
            assert incident is before
        assert incident.aver >= before.aver
        assert incident.rver >= before.rver
        assert (incident.aver > before.aver) == ((incident.answer, incident.who) != (before.answer, before.who))
        assert before.closed_at is None or incident.answer == "closed"
        assert from_row(to_row(incident)) == incident
        Card(**card(incident))


def _do(incident: Incident, what: str, value: Any, now: datetime) -> Incident:
    event = f"lamp0a1b-{value:016x}" if isinstance(value, int) else ""
    if what == "press":
        return press(incident, event, now, None, SOURCE)[0]
    if what == "doubt":
        return doubt(incident, event, now, "wrong mac")[0]
    if what == "trust":
        return trust(incident, event, now)[0]
    if what == "close":
        return close(incident, "op", "arrived", now)[0]
    return answer(incident, f"site:{value}", value, what, now)[0]


def test_ten_thousand_presses_still_fit_a_command() -> None:
    incident = opened()
    for n in range(1000):
        incident, _ = press(incident, f"lamp0a1b-{n:016x}", NOW, NOW, SOURCE)
    assert incident.presses == 1001
    assert incident.rver == 1001
    assert len(incident.events) == EVENTS_LISTED
    assert (incident.events[0], incident.events[-1]) == (ID, f"lamp0a1b-{999:016x}")


def test_every_kind_of_entry_has_a_text_in_both_languages() -> None:
    words = {name: f"<{name}>" for name in ("device", "reason", "who", "subject", "from", "to")}
    detail = words | {"what": "fire", "answer": "coming", "how": "arrived"}
    for kind in texts.TEXTS:
        zh, en = texts.text(Entry(ID, NOW, kind, detail))
        assert "{" not in zh + en
        assert any("\u4e00" <= c <= "\u9fff" for c in zh) or kind == "answer"
    assert texts.text(Entry(ID, NOW, "village_new", {})) == ("village_new", "village_new")
