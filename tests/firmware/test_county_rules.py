"""HTTP, its events, and what a gateway of one makes of the county's words: the same on CPython and on MicroPython."""

import json
import random
from typing import Any

import pytest
from heartlamp.http.answer import HEAD_MOST, LINE_MOST, Answer, HttpError, request
from heartlamp.http.sse import COMMENT, Events
from heartlamp.rules import county_batch, county_calls
from heartlamp.rules.calls import read_lamp
from heartlamp_protocol.device.frame import FrameError
from heartlamp_protocol.device.limits import CALLS_MAX, DOWN_MAX, NAME_MAX
from heartlamp_protocol.downlink import IncidentCommand, fields_of_one
from heartlamp_protocol.uplink import Batch, BatchAnswer, Verdict

from tests.firmware.conftest import on_device

EPOCH, OTHER = "c0" * 8, "c1" * 8
LAMP = "lamp0a1b"

# --- HTTP -------------------------------------------------------------------------------------------------------


def read(data: bytes, cut: int = 0) -> tuple[Answer, bytes]:
    """The answer, fed in pieces of `cut` bytes, 0 all at once."""
    answer, body = Answer(), b""
    for at in range(0, len(data), cut or len(data)):
        body += answer.feed(data[at : at + (cut or len(data))])
    return answer, body


PLAIN = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 5\r\n\r\nhello"
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3;x=y\r\nllo\r\n0\r\nX: y\r\n\r\n"


@pytest.mark.parametrize("cut", [0, 1, 2, 7])
@pytest.mark.parametrize("data", [PLAIN, CHUNKED, b"HTTP/1.1 100 Continue\r\n\r\n" + PLAIN])
def test_an_answer_is_the_same_however_it_is_cut(data: bytes, cut: int) -> None:
    answer, body = read(data, cut)
    assert (answer.status, answer.done, answer.keeps, body) == (200, True, True, b"hello")


def test_an_answer_says_whether_the_connection_may_go_on() -> None:
    assert not read(b"HTTP/1.1 413 X\r\nConnection: close\r\nContent-Length: 0\r\n\r\n")[0].keeps
    assert not read(b"HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n")[0].keeps
    answer, body = read(b"HTTP/1.1 200 OK\r\n\r\nuntil the end")
    assert (answer.done, body) == (False, b"until the end")
    answer.end()
    assert (answer.done, answer.keeps) == (True, False)
    assert read(b"HTTP/1.1 204 None\r\n\r\n")[0].done


@pytest.mark.parametrize(
    "data",
    [
        b"SSH-2.0-x\r\n",
        b"HTTP/1.1 abc\r\n\r\n",
        b"HTTP/2 200\r\n",
        b"x" * (LINE_MOST + 1),
        b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * (HEAD_MOST // 4 + 1),
        b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 9999999999\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nfffffff\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhello\r\n",
        PLAIN + b"!",
    ],
)
def test_what_is_no_answer_is_refused(data: bytes) -> None:
    with pytest.raises(HttpError):
        read(data)


def test_an_answer_that_is_cut_off_is_none() -> None:
    for cut in range(len(PLAIN)):
        answer, _ = read(PLAIN[:cut]) if cut else (Answer(), b"")
        with pytest.raises(HttpError):
            answer.end()


def test_noise_never_breaks_the_reader_and_is_never_kept() -> None:
    seed = random.randrange(1 << 30)
    print("seed", seed)
    dice = random.Random(seed)
    for _ in range(3000):
        data = bytearray(dice.choice((PLAIN, CHUNKED)))
        for _ in range(dice.randrange(1, 4)):
            data[dice.randrange(len(data))] = dice.randrange(256)
        answer = Answer()
        try:
            answer.feed(bytes(data))
        except HttpError:
            pass
        assert len(answer._held) <= LINE_MOST, f"seed {seed}"


def test_a_request_is_as_the_county_reads_it() -> None:
    asked = request("POST", "/gateway/v1/batch", "county.heartlamp", "ab", "", b"{}")
    assert asked == (
        b"POST /gateway/v1/batch HTTP/1.1\r\nHost: county.heartlamp\r\nAuthorization: Bearer ab\r\n"
        b"Content-Length: 2\r\n\r\n{}"
    )
    assert b"Content-Length" not in request("GET", "/x", "h", "t", "Accept: a\r\n", b"")


# --- events -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("cut", [1, 3, 1000])
def test_events_and_comments_come_whole(cut: int) -> None:
    data = b'event: hello\ndata: {"v":1}\n\n: ping\n\nid: e:7\nevent: command\r\ndata:{}\r\n\r\nretry: 5\n\n'
    events, got = Events(100), []
    for at in range(0, len(data), cut):
        got += events.feed(data[at : at + cut])
    assert got == [("hello", "", b'{"v":1}'), (COMMENT, "", b""), ("command", "e:7", b"{}")]


@pytest.mark.parametrize("cut", [1, 50, 5000])
def test_an_event_that_is_too_long_spoils_only_itself_and_still_moves_the_cursor(cut: int) -> None:
    data = b"id: e:1\nevent: command\ndata: " + b"x" * 500 + b"\n\nid: e:2\nevent: command\ndata: y\n\n"
    events, got = Events(100), []
    for at in range(0, len(data), cut):
        got += events.feed(data[at : at + cut])
        assert len(events._held) <= 100
    assert got == [("command", "e:1", None), ("command", "e:2", b"y")]


# --- batches ----------------------------------------------------------------------------------------------------


def test_a_batch_is_as_the_protocol_reads_it() -> None:
    frame = bytes(range(256)) * 3
    note = county_batch.lit(0, f"{LAMP}-{'0' * 16}", f"{LAMP}-{'1' * 16}", LAMP)
    batch = Batch.from_json(
        county_batch.batch(f"{LAMP}-wan", "00ff00ff", "", county_batch.item(f"{LAMP}.1", frame), note)
    )
    assert (batch.gateway, batch.epoch, batch.items[0].frame) == (f"{LAMP}-wan", "00ff00ff" * 2, frame)
    assert (batch.notes[0].what, batch.notes[0].subject) == ("lit", LAMP)
    empty = Batch.from_json(county_batch.batch("g", "00ff00ff", f"{EPOCH}:3", "", ""))
    assert (empty.items, empty.notes, empty.cursor) == ((), (), f"{EPOCH}:3")


def test_what_a_lamp_carries_goes_up_in_its_makers_name() -> None:
    assert county_batch.addressed("event") == ("", "event")
    assert county_batch.addressed("relay/button01/event") == ("button01", "event")
    assert county_batch.user_of("", b"") == ""
    assert county_batch.user_of("button01", b'{"age":1,"mac":"00","body":{"kv":12,"x":3}}') == "button01.12"
    assert county_batch.user_of("button01", b"noise") == "button01.1"


def test_an_answers_receipt_is_found_by_its_number() -> None:
    said = BatchAnswer(EPOCH, (Verdict(0, "received"), Verdict(1, "duplicate", "", "signed"))).to_json()
    assert county_batch.read_answer(said) == (EPOCH, "duplicate", "signed")
    assert county_batch.read_answer(BatchAnswer(EPOCH, ()).to_json()) == (EPOCH, "", "")
    for wrong in (b"", b"<html>", b"[]", b'{"epoch":"x","verdicts":[]}', b'{"epoch":"%s"}' % EPOCH.encode()):
        with pytest.raises(FrameError):
            county_batch.read_answer(wrong)


def test_who_is_refused_waits_and_who_has_an_alarm_hurries() -> None:
    assert county_batch.again_ms(401, 0, True, 0) == county_batch.NO_ENTRY_MS
    assert [county_batch.again_ms(503, n, True, 0) for n in range(5)] == [200, 400, 800, 1000, 1000]
    assert county_batch.again_ms(503, 9, False, 0) == 5000
    assert county_batch.again_ms(0, 0, True, 0) == 100
    assert county_batch.again_ms(0, 50, False, 65535) <= 30_000


# --- calls ------------------------------------------------------------------------------------------------------


def incident(n: int) -> str:
    return f"lamp0c2d-{n:016x}"


def said(
    n: int, own: bool = False, answer: str = "none", who: str = "", place: str = "三组 2号", size: int = 10
) -> Any:
    """What the county sends of incident n, made by the county's own code."""
    command = IncidentCommand(
        incident(n), "s2", "fire", (incident(n), "x"), 1, answer, who, "", (), {LAMP: "s" * size, "lampother": "t"}
    )
    return fields_of_one(command, LAMP, own, place)


def told(*commands: Any) -> county_calls.Told:
    state = county_calls.hello(county_calls.nothing(), EPOCH)
    for seq, fields in enumerate(commands, 1):
        state = county_calls.command(state, fields, seq, LAMP)
    return state


def shown(state: county_calls.Told) -> list[tuple[str, str]]:
    """(role, incident) of each call as the lamp's own reader takes it."""
    _, _, calls = read_lamp(json.loads(county_calls.state(state, "e" * 16)))
    return [(c.role, c.incident) for c in calls]


def test_a_neighbours_call_says_whose_house_it_is_and_our_own_carries_the_countys_word() -> None:
    state = told(said(1, place="三组 2号"), said(2, own=True))
    payload = county_calls.state(state, "e" * 16)
    _, ver, calls = read_lamp(json.loads(payload))
    assert ver == 2
    assert [(c.role, c.place, c.county) for c in calls] == [("own", "三组 2号", "s" * 10), ("near", "三组 2号", "")]
    assert county_calls.cursor(state) == f"{EPOCH}:2"


@pytest.mark.parametrize(
    ("answer", "said_to_a_neighbour"),
    [("accepted", ("none", "")), ("coming", ("coming", "三组 9号")), ("unanswered", ("unanswered", "三组 9号"))],
)
def test_a_neighbour_learns_who_goes_and_not_who_read_it(answer: str, said_to_a_neighbour: tuple[str, str]) -> None:
    payload = county_calls.state(told(said(1, answer=answer, who="三组 9号")), "e" * 16)
    (call,) = read_lamp(json.loads(payload))[2]
    assert (call.answer, call.who) == said_to_a_neighbour


def test_own_first_then_the_newest_and_what_is_closed_goes_dark() -> None:
    state = told(said(1), said(2), said(3, own=True), said(4), said(1, answer="coming"))
    assert [i for _, i in shown(state)] == [incident(3), incident(4), incident(2), incident(1)]
    state = county_calls.command(state, said(3, own=True, answer="closed"), 9, LAMP)
    assert [i for _, i in shown(state)] == [incident(4), incident(2), incident(1)]


def test_said_twice_or_late_changes_nothing() -> None:
    state = told(said(1), said(1, answer="coming"))
    assert county_calls.command(state, said(1), 1, LAMP) is state
    assert county_calls.hello(state, EPOCH) is state
    assert county_calls.said_all(state) is state


def test_what_makes_no_call_only_moves_the_cursor() -> None:
    for wrong in (
        None,
        {},
        {"kind": "registry", "version": 3},
        said(1) | {"incident": "no id"},
        said(1) | {"role": "all"},
        said(1) | {"what": 'fi"re'},
        said(1) | {"place": 5},
        said(1) | {"answer": None},
    ):
        state = told(wrong)
        assert (state.seq, state.ver, state.calls) == (1, 0, [])
    assert told(said(1, own=True) | {"frames": 7}).calls[0].statement == ""
    assert told(said(1, own=True, size=5000)).calls[0].statement == ""


def test_after_a_restored_backup_the_old_calls_stay_until_the_county_has_said_all() -> None:
    state = told(said(1), said(2))
    state = county_calls.hello(state, OTHER)
    assert county_calls.cursor(state) == ""
    assert len(shown(state)) == 2
    state = county_calls.command(state, said(2, answer="coming"), 1, LAMP)
    assert sorted(i for _, i in shown(state)) == [incident(1), incident(2)]
    state = county_calls.said_all(state)
    assert [i for _, i in shown(state)] == [incident(2)]


def test_what_a_lamp_keeps_and_shows_is_bounded() -> None:
    wide = "组" * NAME_MAX
    many = [said(n, answer="coming", who=wide, place=wide) for n in range(1, 40)]
    state = told(said(0, own=True, place=wide, size=1000), *many)
    assert len(state.calls) == county_calls.KEPT
    assert shown(state)[0] == ("own", incident(0))
    assert [i for _, i in shown(state)[1:]] == [incident(n) for n in range(39, 39 - len(shown(state)) + 1, -1)]
    assert len(shown(state)) <= CALLS_MAX
    assert len(county_calls.state(state, "e" * 16)) <= DOWN_MAX


# --- on MicroPython ---------------------------------------------------------------------------------------------


def test_the_same_bytes_on_micropython() -> None:
    commands = [said(1, answer="coming", who="三组 9号"), said(2, own=True), None, said(3), said(3, answer="closed")]
    said_to_it = {"commands": commands, "chunked": CHUNKED.hex(), "epoch": EPOCH}
    result = on_device("county_bytes.py", told=json.dumps(said_to_it))
    assert bytes.fromhex(result["state"]) == county_calls.state(told(*commands), "e" * 16)
    assert bytes.fromhex(result["body"]) == b"hello"
    assert bytes.fromhex(result["batch"]) == county_batch.batch(
        f"{LAMP}-wan", "00ff00ff", f"{EPOCH}:5", county_batch.item(f"{LAMP}.1", bytes(range(256))), ""
    )
    assert result["refused"] > 300
