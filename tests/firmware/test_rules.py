"""The device's pure decisions: no clock, no pin, no board. `now` is given."""

import pytest
from heartlamp.mqtt import codec
from heartlamp.rules import calls, keys, lamp, reconnect, retry
from heartlamp.rules.calls import Call
from heartlamp_protocol.device.frame import FrameError
from hypothesis import given
from hypothesis import strategies as st

INCIDENT = "lamp0c2d-00000000000000a1"
OLD, NEW = "c0" * 8, "c1" * 8


def presses(edges: list[tuple[int, int]]) -> list[int]:
    """When red acts. `edges`: (ms, level) each."""
    line, acted = keys.Line(), []
    for now, level in edges:
        line, pressed = keys.edge(line, level, now)
        if pressed:
            acted.append(now)
    return acted


def test_red_acts_on_its_very_first_edge() -> None:
    assert presses([(0, 1)]) == [0]


def test_ten_edges_of_one_press_are_one_press() -> None:
    assert presses([(t, 1 - t % 2) for t in range(10)]) == [0]


def test_a_key_that_bounces_when_let_go_is_not_pressed_again() -> None:
    assert presses([(0, 1), (300, 0), (302, 1), (303, 0), (330, 1), (331, 0)]) == [0]


def test_a_tap_shorter_than_the_bounce_counts_and_so_does_the_next_one() -> None:
    assert presses([(0, 1), (12, 0), (150, 1), (160, 0)]) == [0, 150]


@given(st.lists(st.tuples(st.integers(30, 5000), st.integers(0, 29)), max_size=20))
def test_no_clean_press_is_ever_swallowed(history: list[tuple[int, int]]) -> None:
    """Whatever bounce follows it, a press after a quiet line counts. history: (quiet ms before, bounces after) each."""
    now, edges, expected = 0, [], []
    for quiet, bounces in history:
        now += quiet
        expected.append(now)
        edges.append((now, 1))
        for i in range(bounces):
            now += 1
            edges.append((now, i % 2))
        now += 1
        edges.append((now, 0))
    assert presses(edges) == expected


def green(history: list[tuple[int, int]], until: int) -> list[tuple[int, str]]:
    """Gestures and when, looking again exactly when the rule asks to."""
    line, gestures, again = keys.Line(), [], None
    for now, level in [*history, (until, -1)]:
        while again is not None and again <= now:
            line, gesture, then = keys.settle(line, again)
            gestures += [(again, gesture)] if gesture else []
            again = then
        if level >= 0:
            line, _ = keys.edge(line, level, now)
            line, _, again = keys.settle(line, now)
    return gestures


def test_green_short_is_known_when_let_go() -> None:
    assert green([(0, 1), (400, 0)], 9999) == [(430, "short")]


def test_green_long_is_known_while_it_is_held_and_once() -> None:
    assert green([(0, 1), (4000, 0)], 9999) == [(1500, "long")]


def test_green_that_bounces_at_its_press_is_still_long() -> None:
    assert green([(0, 1), (3, 0), (5, 1), (2000, 0)], 9999) == [(1500, "long")]


def test_a_contact_that_sparks_is_no_fire_and_one_that_stays_is() -> None:
    line = keys.edge_contact(keys.edge_contact(keys.Line(), 1, 0), 0, 5)
    assert keys.settle_contact(line, 5) == (line, "", None)
    line = keys.edge_contact(line, 1, 100)
    assert keys.settle_contact(line, 129)[1:] == ("", 130)
    line, gesture, _ = keys.settle_contact(line, 130)
    assert gesture == "closed"
    assert keys.settle_contact(line, 999)[1] == ""
    assert keys.settle_contact(keys.edge_contact(line, 0, 1000), 1030)[1] == "opened"


def near(answer: str = "none") -> Call:
    return Call(INCIDENT, "near", "fire", "三组 2号", 1, answer, "")


def rehearsal(answer: str = "none") -> Call:
    return Call("lamp0c2d-00000000000000d1", "drill", "panic", "三组 9号", 1, answer, "")


def own(answer: str = "none", who: str = "", heard: int = 1) -> Call:
    return Call("lamp0a1b-00000000000000a2", "own", "panic", "三组 7号", heard, answer, who)


def test_what_green_means() -> None:
    assert keys.answer_by_green("short", [own(), near()]) == (INCIDENT, "coming")
    assert keys.answer_by_green("long", [own(), near()]) == (own().incident, "arrived")
    assert keys.answer_by_green("long", [near()]) == (INCIDENT, "coming")
    assert keys.answer_by_green("short", [own()]) is None
    assert keys.answer_by_green("short", [near("arrived")]) is None
    assert keys.answer_by_green("long", []) is None
    assert keys.answer_by_green("short", [near(), rehearsal()]) == (INCIDENT, "coming")
    assert keys.answer_by_green("short", [near("arrived"), rehearsal()]) == (rehearsal().incident, "coming")


def test_a_neighbours_drill_looks_like_one_and_goes_behind_a_call() -> None:
    assert lamp.picture(facts(shown=(rehearsal(),)), 0)["meaning"] == "drill"
    assert lamp.picture(facts(shown=(rehearsal(), near())), 0)["meaning"] == "near"
    assert lamp.picture(facts(shown=(rehearsal("arrived"), near())), 0)["meaning"] == "near"
    assert lamp.picture(facts(shown=(rehearsal("arrived"),)), 0)["meaning"] == "working"


def test_the_retry_schedule_of_the_protocol() -> None:
    assert retry.next_at(0, None, False) == 0
    assert [retry.next_at(n, 0, False) for n in range(1, 8)] == [1000, 2000, 4000, 8000, 16000, 30000, 30000]
    assert retry.next_at(3, 5000, True) == 65000


def test_a_pulse_finds_what_the_gateway_missed() -> None:
    assert retry.missed(0, heard=False, now=200)
    assert not retry.missed(0, heard=False, now=199)  # its receipt may be on the way
    assert not retry.missed(0, heard=True, now=200)
    assert not retry.missed(None, heard=False, now=200)  # never sent in this session: due anyway


def test_who_holds_an_event_comes_back_within_a_second() -> None:
    assert [reconnect.delay_ms(n, True, 65535) for n in range(6)] == [100, 200, 400, 600, 600, 600]


@given(st.integers(0, 1000), st.integers(0, 65535))
def test_who_holds_none_is_spread_over_at_most_30_seconds(attempt: int, random16: int) -> None:
    assert 0 <= reconnect.delay_ms(attempt, False, random16) < 30_000


def facts(
    refreshed_at: int | None = 0,
    link_down_since: int | None = None,
    answerable: bool = True,
    unheard_since: int | None = None,
    press: lamp.Press | None = None,
    shown: tuple[Call, ...] = (),
) -> lamp.Facts:
    return lamp.Facts(0, link_down_since, refreshed_at, answerable, unheard_since, press, list(shown))


def meaning(given: lamp.Facts, now: int = 1000) -> object:
    return lamp.picture(given, now)["meaning"]


def pressed(heard: bool = False, received: bool = False) -> lamp.Press:
    press = lamp.Press("lamp0a1b-00000000000000a2", 500)
    press.heard, press.received = heard, received
    return press


@pytest.mark.parametrize(
    ("given_facts", "shown"),
    [
        (facts(), "working"),
        (facts(refreshed_at=None), "dark"),
        (facts(press=pressed(), unheard_since=500), "sending"),
        (facts(press=pressed(heard=True)), "told"),
        (facts(press=pressed(received=True)), "told"),
        (facts(shown=(own(),)), "told"),
        (facts(shown=(own(heard=0),)), "sending"),
        (facts(shown=(own("accepted", heard=0),)), "told"),
        (facts(shown=(own("coming", "三组 9号"),)), "coming"),
        (facts(shown=(own("unanswered"),)), "told"),
        (facts(shown=(own("closed"),)), "working"),
        (facts(shown=(near(),)), "near"),
        (facts(shown=(own(), near())), "told"),
        (facts(shown=(near("arrived"),)), "working"),
        (facts(shown=(near(),), press=pressed(), unheard_since=500), "sending"),
        (facts(answerable=False), "shout"),
        (facts(answerable=False, shown=(own("coming"),)), "shout"),
        (facts(answerable=False, shown=(near(),)), "shout"),
        (facts(link_down_since=0, shown=(near(),)), "near"),
    ],
)
def test_what_the_lamp_means(given_facts: lamp.Facts, shown: str) -> None:
    assert meaning(given_facts) == shown


def test_trouble_comes_by_time_alone_and_the_rule_says_when() -> None:
    for given_facts, at in (
        (facts(), 60_001),
        (facts(link_down_since=1000), 6_001),
        (facts(press=pressed(), unheard_since=500), 10_501),
        (facts(refreshed_at=None), 15_001),
    ):
        assert lamp.next_change(given_facts, 1000) == at
        assert meaning(given_facts, at - 1) != "shout"
        assert meaning(given_facts, at) == "shout"


def test_trouble_lies_over_a_neighbours_call_and_a_short_break_does_not() -> None:
    broken = facts(refreshed_at=900, link_down_since=1000, shown=(near(),))
    assert meaning(broken, 6_000) == "near"
    assert lamp.next_change(broken, 6_000) == 6_001
    assert meaning(broken, 6_001) == "shout"
    assert meaning(facts(refreshed_at=900, shown=(near(),)), 6_001) == "near"


def says(epoch: str, rver: int, aver: int, answer: str, who: str = "", by: str = "") -> dict[str, object]:
    return {
        "kind": "answer", "epoch": epoch, "incident": INCIDENT, "rver": rver, "aver": aver, "answer": answer,
        "who": who, "by": by,
    }  # fmt: skip


def test_the_countys_two_axes_rise_each_for_itself() -> None:
    marks, epochs = calls.take_county({}, [], says(OLD, 1, 3, "coming", "120"))
    marks, epochs = calls.take_county(marks, epochs, says(OLD, 2, 2, "accepted"))
    assert marks[INCIDENT] == (OLD, 2, 3, "coming", "120", "")
    marks, epochs = calls.take_county(marks, epochs, says(OLD, 1, 4, "unanswered"))
    assert marks[INCIDENT] == (OLD, 2, 4, "unanswered", "", "")


def test_a_new_county_epoch_begins_anew_and_the_old_one_is_history() -> None:
    marks, epochs = calls.take_county({}, [], says(OLD, 5, 9, "arrived"))
    marks, epochs = calls.take_county(marks, epochs, says(NEW, 1, 1, "accepted"))
    assert marks[INCIDENT][3] == "accepted"
    marks, epochs = calls.take_county(marks, epochs, says(OLD, 6, 10, "closed"))
    assert marks[INCIDENT][3] == "accepted"


@pytest.mark.parametrize(
    "spoilt", [{"rver": -1}, {"aver": True}, {"aver": 1.5}, {"answer": []}, {"by": 7}, {"incident": 3}]
)
def test_a_statement_that_makes_no_sense_is_refused(spoilt: dict[str, object]) -> None:
    with pytest.raises(FrameError):
        calls.take_county({}, [], says(OLD, 1, 1, "coming") | spoilt)


def test_one_senseless_call_spoils_only_itself_and_the_village_cannot_close() -> None:
    good = {"incident": INCIDENT, "role": "near", "what": "fire", "place": "x" * 99, "who": "", "county": ""}
    listed = [7, good | {"role": "king"}, good | {"place": 3}, good | {"answer": "closed"}]
    _, ver, taken = calls.read_lamp({"epoch": OLD, "ver": 3, "calls": listed})
    assert (ver, len(taken), taken[0].answer, len(taken[0].place)) == (3, 1, "none", 48)


packets = st.sampled_from(
    [
        (b"\x20\x02\x00\x00", (codec.CONNACK, 0)),
        (b"\x20\x02\x00\x05", (codec.CONNACK, 5)),
        (b"\x40\x02\x01\x02", (codec.PUBACK, 258)),
        (b"\x90\x04\x00\x07\x01\x00", (codec.SUBACK, 7, b"\x01\x00")),
        (b"\xd0\x00", (codec.PINGRESP,)),
        (codec.publish("hl/1/pulse", b"p" * 300, 0, 0), (codec.PUBLISH, "hl/1/pulse", b"p" * 300, 0, 0)),
        (codec.publish("灯", b"", 1, 65535), (codec.PUBLISH, "灯", b"", 1, 65535)),
    ]
)


@given(st.lists(packets, max_size=6), st.lists(st.integers(1, 50), min_size=1))
def test_packets_come_out_whole_however_the_bytes_arrive(
    sent: list[tuple[bytes, tuple[object, ...]]], cuts: list[int]
) -> None:
    data, parser, out = b"".join(s[0] for s in sent), codec.Parser(4160), []
    i = 0
    while data:
        size = cuts[i % len(cuts)]
        out += parser.feed(data[:size])
        data, i = data[size:], i + 1
    assert out == [s[1] for s in sent]


@given(st.lists(st.binary(min_size=1, max_size=80), max_size=20))
def test_arbitrary_bytes_only_ever_raise_mqtt_error_and_never_fill_the_memory(chunks: list[bytes]) -> None:
    parser = codec.Parser(200)
    try:
        for chunk in chunks:
            parser.feed(chunk)
            assert len(parser._held) <= 200 + 5 + 80
    except codec.MqttError:
        pass


def test_connect_and_subscribe_are_the_standards_bytes() -> None:
    """Checked by hand against MQTT 3.1.1, sections 3.1 and 3.8."""
    assert codec.connect("a.1", "pw", 20, "w", b"x").hex(" ") == (
        "10 1e 00 04 4d 51 54 54 04 ce 00 14 00 03 61 2e 31 00 01 77 00 01 78 00 03 61 2e 31 00 02 70 77"
    )
    assert codec.subscribe(1, [("a", 1), ("b", 0)]).hex(" ") == "82 0a 00 01 00 01 61 01 00 01 62 00"
    assert codec.puback(258).hex(" ") == "40 02 01 02"
