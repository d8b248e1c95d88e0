"""What goes over the air, and who is believed there: pure, on CPython; the same bytes on MicroPython."""

import hashlib
import random

import pytest
from heartlamp.radio import choose
from heartlamp.radio.backlog import MOST, MOST_BYTES, SHARE, Backlog, Item
from heartlamp.radio.pack import PHRASES, pack, unpack
from heartlamp.radio.packet import (
    CONTENT_MOST,
    DATA,
    Answer,
    Message,
    Packet,
    is_signed,
    pieces,
    read_answer,
    read_message,
    read_packet,
    tag,
    write_answer,
    write_message,
    write_packet,
)
from heartlamp.radio.packet import MOST as PACKET_MOST
from heartlamp.radio.peer import ECHO_MS, NEW, OLD, SAME, Peer
from heartlamp_protocol.device.event import write_alarm
from heartlamp_protocol.device.frame import FrameError, write_frame
from heartlamp_protocol.device.limits import DOWN_MAX, FRAME_MAX, HOPS_MAX, INTEGER_MAX, STALE_MS
from heartlamp_protocol.device.names import WHATS, event_id
from heartlamp_protocol.said_to_device import write_pulse
from hypothesis import given
from hypothesis import strategies as st

from tests.firmware.conftest import REPO, on_device

KEY = bytes(range(32))
IDS = st.from_regex(r"[a-z][a-z0-9]{3,19}", fullmatch=True)
TOKENS = st.binary(min_size=4, max_size=4)


def alarm(dev: str, seq: int, up: int, what: str, age: int) -> bytes:
    body = write_alarm(event_id(dev, bytes(8)), dev, 1_000_000, "0123abcd", seq, up, what)
    return write_frame(age, "5a" * 32, body)


# --- payloads ---------------------------------------------------------------------------------------------------


@given(st.binary(max_size=1500))
def test_any_payload_comes_back_byte_for_byte(data: bytes) -> None:
    assert unpack(pack(data)) == data


@given(st.lists(st.sampled_from([*PHRASES, b'"', b"}", "三组 7号".encode(), b"\\u0001", b"\x01"]), max_size=30))
def test_so_does_any_mixture_of_the_phrases(parts: list[bytes]) -> None:
    data = b"".join(parts)
    assert unpack(pack(data), 1 << 20) == data


@given(
    IDS, st.integers(0, INTEGER_MAX), st.integers(0, INTEGER_MAX), st.sampled_from(WHATS), st.integers(-1, INTEGER_MAX)
)
def test_an_alarm_of_whatever_device_fits_one_packet_on_its_last_hop(
    dev: str, seq: int, up: int, what: str, age: int
) -> None:
    frame = alarm(dev, seq, up, what, age)
    path = [tag(lamp) for lamp in ("lampaaaa", "lampbbbb", "lampcccc", "lampdddd")]
    message = Message("event", dev, path, pack(frame))
    (piece,) = pieces(write_message(message))
    packet = write_packet(KEY, Packet(DATA, tag("lampdddd"), tag("lampeeee"), bytes(4), bytes(4), 1, piece))
    assert len(packet) <= PACKET_MOST
    assert unpack(read_message(piece[1:]).payload) == frame


@given(st.binary(max_size=300))
def test_garbage_is_no_payload_or_a_bounded_one(data: bytes) -> None:
    try:
        assert len(unpack(data, 1000)) <= 1000 + 120
    except FrameError:
        pass


def test_a_packet_of_phrases_does_not_become_a_flood() -> None:
    with pytest.raises(FrameError):
        unpack(b"\x01" + b"\x0b" * 200, FRAME_MAX)


# --- packets and messages ---------------------------------------------------------------------------------------


@given(TOKENS, TOKENS, st.integers(0, 2**32 - 1), st.binary(max_size=CONTENT_MOST))
def test_a_packet_is_read_as_it_was_written(theirs: bytes, mine: bytes, number: int, content: bytes) -> None:
    data = write_packet(KEY, Packet(DATA, tag("button01"), tag("lamp0a1b"), theirs, mine, number, content))
    packet = read_packet(data)
    assert packet is not None
    assert is_signed(KEY, data)
    assert (packet.theirs, packet.mine, packet.number, packet.content) == (theirs, mine, number, content)


@given(st.integers(0, 2000), st.binary(min_size=1, max_size=40))
def test_no_changed_byte_is_signed(at: int, content: bytes) -> None:
    data = write_packet(KEY, Packet(DATA, tag("button01"), tag("lamp0a1b"), bytes(4), bytes(4), 7, content))
    at %= len(data)
    assert not is_signed(KEY, data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :])
    assert not is_signed(bytes(32), data)


@given(st.binary(max_size=260))
def test_garbage_is_no_packet_or_one_that_nobody_signed(data: bytes) -> None:
    assert read_packet(data) is None or not is_signed(KEY, data)
    read_answer(data)
    try:
        assert len(read_message(data).path) <= HOPS_MAX
    except FrameError:
        pass


@given(
    st.sampled_from(["event", "lamp", "pulse"]),
    st.one_of(st.just(""), IDS),
    st.lists(TOKENS, max_size=HOPS_MAX),
    st.binary(min_size=1, max_size=DOWN_MAX),
)
def test_a_message_is_cut_and_joined(what: str, device: str, path: list[bytes], payload: bytes) -> None:
    whole = write_message(Message(what, device, path, payload))
    peer = a_peer(DOWN_MAX + 64)
    for piece in pieces(whole):
        assert len(piece) <= CONTENT_MOST
        joined, follows = peer.join(piece)
        assert follows
    assert joined == whole
    said = read_message(joined)
    assert (said.what, said.device, said.path, said.payload) == (what, device, path, payload)


@given(st.lists(st.binary(max_size=CONTENT_MOST), max_size=60))
def test_pieces_that_do_not_follow_each_other_hold_no_more_than_one_message(contents: list[bytes]) -> None:
    peer = a_peer(1000)
    for content in contents:
        whole, _ = peer.join(content)
        assert whole is None or len(whole) <= 1000 + CONTENT_MOST
        assert len(peer._came) <= 1000 + CONTENT_MOST


def test_a_message_longer_than_its_sender_may_is_refused_at_its_first_piece() -> None:
    assert a_peer(1000).join(bytes([0x80 | 20]) + bytes(50)) == (None, False)


@given(st.integers(0, 4), st.integers(0, 2**32 - 1), st.integers(0, 255), st.none() | st.integers(0, 6_000_000))
def test_an_answer_never_makes_a_proof_younger(status: int, number: int, hops: int, proven: int | None) -> None:
    said = read_answer(write_answer(Answer(status, number, hops, proven)))
    assert said is not None
    assert (said.status, said.number, said.hops) == (status, number, hops)
    assert (said.proven is None) == (proven is None)
    if said.proven is not None and proven is not None:
        assert proven <= said.proven <= proven + 99


def test_the_bytes_are_the_same_on_the_device() -> None:
    """Golden: one SHA-256 over what CPython and MicroPython write."""
    said = on_device("radio_bytes.py")
    packed = [pack(data) for data in samples()]
    assert said == [hashlib.sha256(data).hexdigest() for data in [*packed, a_golden_packet()]]
    page = (REPO / "docs/protocol.md").read_text()
    assert a_golden_packet().hex() in page.replace("\n", "")
    assert "\n".join(f"{i + 1:2}  {phrase.decode()}" for i, phrase in enumerate(PHRASES)) in page
    assert said[-1] == "9c6dcc51d689fccd04d39a4d063304aa6dc31d241a7dd40de6d97c5acdbb7769"


def samples() -> list[bytes]:
    return [alarm("button01", 12, 81234, "panic", 5), write_pulse("e1" * 8, 1, 1), b"\x00\x01 three", b""]


def a_golden_packet() -> bytes:
    frame = pack(alarm("button01", 12, 81234, "panic", 5))
    content = pieces(write_message(Message("event", "button01", [tag("lamp0a1b")], frame)))[0]
    return write_packet(KEY, Packet(DATA, tag("lamp0a1b"), tag("lamp0c2d"), b"abcd", b"efgh", 7, content))


# --- who is believed --------------------------------------------------------------------------------------------


def a_peer(most: int = 1000) -> Peer:
    return Peer("button01", tag("button01"), KEY, False, b"mine", most)


def said(theirs: bytes, number: int) -> Packet:
    return Packet(DATA, tag("button01"), tag("lamp0a1b"), theirs, b"them", number, b"")


@given(st.lists(st.tuples(st.sampled_from([b"mine", b"old!", bytes(4)]), st.integers(0, 30)), max_size=60))
def test_a_recording_is_never_new(history: list[tuple[bytes, int]]) -> None:
    """Whatever is played back in whatever order: each number of this life is new once at most, and none that is lower
    than a number taken before."""
    peer = a_peer()
    taken: list[int] = []
    for theirs, number in history:
        verdict = peer.judge(said(theirs, number))
        if verdict == NEW:
            assert theirs == b"mine"
            assert all(number > before for before in taken)
            taken.append(number)
            peer.taken = number
        elif verdict == SAME:
            assert number == peer.taken
        else:
            assert verdict == OLD


@given(st.lists(st.integers(0, 2**32 - 1) | st.just(2**32 - 1), max_size=30))
def test_no_answer_brings_our_counter_to_an_end(numbers: list[int]) -> None:
    """Whatever a neighbour says that it has read: each packet can be written, and none is of a life and a number that
    was used before."""
    peer, used = a_peer(), set()
    for number in [*numbers, 0]:
        peer.answered(b"them", Answer(1, number, 0, None), 1000)
        mine = (peer.next_number(), peer.mine)
        assert mine not in used
        used.add(mine)
        assert write_packet(KEY, Packet(DATA, tag("b"), tag("l"), b"them", peer.mine, peer.sent, b""))


def test_after_the_last_number_two_honest_neighbours_find_each_other_again() -> None:
    """Somebody drove the counter to its end; what was recorded until then is worth nothing afterwards."""
    sender, receiver = Peer("lamp0a1b", tag("lamp0a1b"), KEY, True, b"send", 1000), a_peer()
    sender.theirs, sender.sent, receiver.taken = b"mine", 2**32 - 2, 2**32 - 2
    verdicts = []
    for _ in range(6):
        packet = said(sender.theirs, sender.next_number())
        verdict = receiver.judge(packet)
        verdicts.append(verdict)
        if verdict == NEW:
            receiver.taken = packet.number
        sender.answered(receiver.mine, Answer(verdict != NEW, receiver.taken, 0, None), 1000)
    assert verdicts == [NEW, OLD, NEW, NEW, NEW, NEW]
    assert (receiver.taken, receiver.mine == b"mine", sender.mine == b"send") == (5, False, False)
    assert receiver.judge(said(b"mine", 5)) == OLD


def test_what_is_said_again_within_a_moment_goes_on_once_and_later_anew() -> None:
    peer = a_peer()
    peer.took(b"frame", 1000)
    assert peer.is_echo(b"frame", 1500)
    assert not peer.is_echo(b"another", 1500)
    assert peer.is_echo(b"frame", 1500 + ECHO_MS - 1), "each echo is heard anew"
    assert not peer.is_echo(b"frame", 1500 + 2 * ECHO_MS)


# --- who carries -----------------------------------------------------------------------------------------------


def offer(
    id: str, hops: int = 0, heard: int | None = 100_000, proven: int | None = 100_000, shunned: int = 0, rssi: int = -60
) -> Peer:
    made = Peer(id, tag(id), KEY, True, b"mine", 1000)
    made.hops, made.answered_at, made.proven_at, made.shunned_until, made.rssi = hops, heard, proven, shunned, rssi
    return made


NOW = 100_001


@pytest.mark.parametrize(
    ("offers", "current", "chosen"),
    [
        ([offer("near", 2), offer("nearer", 1)], "", "nearer"),
        ([offer("stays", 1), offer("other", 1)], "other", "other"),
        ([offer("first", 1), offer("second", 1)], "", "first"),
        ([offer("dead", 0, heard=NOW - choose.ALIVE_MS - 1), offer("alive", 3)], "dead", "alive"),
        ([offer("unproven", 0, proven=None), offer("proven", 3)], "unproven", "proven"),
        ([offer("stale", 0, proven=NOW - STALE_MS - 1), offer("proven", 3)], "stale", "proven"),
        ([offer("full", 0, shunned=NOW + 1), offer("free", 3)], "full", "free"),
        ([offer("no line", 255)], "no line", None),
        ([offer("too far", 4)], "", None),
        ([offer("never heard", heard=None)], "never heard", None),
        ([offer("faint", 0, rssi=-91), offer("clear", 1)], "faint", "clear"),
        ([offer("faint", 0, rssi=-89), offer("clear", 1)], "faint", "faint"),
        ([offer("faint", 0, rssi=-89), offer("clear", 1)], "clear", "clear"),
        ([offer("faint", 0, rssi=-91), offer("far", 2)], "", "faint"),
        ([offer("only one", 1, proven=None, shunned=NOW + 1)], "", "only one"),
    ],
)
def test_who_carries_us(offers: list[Peer], current: str, chosen: str | None) -> None:
    present = next((peer for peer in offers if peer.id == current), None)
    ranked = choose.order(offers, present, HOPS_MAX - 1, NOW)
    assert (ranked[0].id if ranked else None) == chosen


def test_a_button_may_hang_on_the_last_lamp_of_the_longest_chain() -> None:
    assert choose.order([offer("far", 4)], None, HOPS_MAX, NOW)


@given(st.integers(0, 14), st.integers(0, 14))
def test_every_channel_is_looked_at_once_the_known_one_first(last: int, home: int) -> None:
    order = choose.channels(last, home)
    assert sorted(order) == list(range(1, 14))
    if 1 <= last <= 13:
        assert order[0] == last


# --- what is held for others -----------------------------------------------------------------------------------


def item(what: str, payload: bytes, device: str = "button01", peer: str = "", at: int = 0) -> Item:
    return Item(Message(what, device, [], payload), peer, at)


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["event", "reading", "lamp", "receipt", "ask"]), st.binary(min_size=9, max_size=2000)
        ),
        max_size=80,
    )
)
def test_the_backlog_is_bounded_and_no_reading_keeps_out_an_event(history: list[tuple[str, bytes]]) -> None:
    backlog = Backlog()
    for what, payload in history:
        took = backlog.add(item(what, payload))
        assert len(backlog.items) <= MOST
        assert sum(len(i.message.payload) for i in backlog.items) <= MOST_BYTES
        if what == "event" and not took:
            assert all(i.message.what == "event" for i in backlog.items)


def test_an_alarm_overtakes_and_the_same_one_offered_again_takes_its_own_place() -> None:
    backlog = Backlog()
    backlog.add(item("reading", b"r" * 50))
    backlog.add(item("event", b"\x02" + b"\x00" * 7 + b"the same"))
    backlog.add(item("event", b"\x02" + b"\x01" * 7 + b"the same"))
    assert len(backlog.items) == 2
    first = backlog.next("", 0)
    assert first is not None
    assert first.message.payload[1:8] == b"\x01" * 7


@given(
    st.lists(
        st.tuples(st.sampled_from(["event", "reading", "ask"]), IDS, st.binary(min_size=9, max_size=FRAME_MAX)),
        min_size=20,
        max_size=60,
    )
)
def test_no_child_takes_anothers_place(history: list[tuple[str, str, bytes]]) -> None:
    """One says whatever it likes, in whoever's name; what the other gave stays, and its next alarm finds room."""
    backlog = Backlog()
    reading = Item(Message("reading", "button02", [], b"r" * 500), "", 0, "button02")
    backlog.add(reading)
    for what, device, payload in history:
        backlog.add(Item(Message(what, device, [], payload), "", 0, "button01"))
        assert len([held for held in backlog.items if held.by == "button01"]) <= SHARE
    assert reading in backlog.items
    for n in range(SHARE - 1):
        assert backlog.add(Item(Message("event", "button02", [], bytes([n]) * 300), "", 0, "button02"))


def test_what_does_not_fit_takes_nothing_away() -> None:
    """The newer state of a lamp is longer, and the rest is events: the older one is better than none."""
    backlog = Backlog()
    backlog.add(item("lamp", b"l" * 1000, peer="button01"))
    backlog.add(item("reading", b"r" * 100))
    for n in range(11):
        assert backlog.add(item("event", bytes([n]) * 1000, device=f"button{n:02}"))
    held, dropped = list(backlog.items), backlog.dropped
    assert not backlog.add(item("lamp", b"n" * 3000, peer="button01"))
    assert backlog.items == held
    assert backlog.dropped == dropped + 1


def test_a_pulse_that_waited_is_thrown_away() -> None:
    backlog = Backlog()
    backlog.add(item("pulse", b"p", peer="lamp0c2d", at=1000))
    backlog.expire(3000)
    assert backlog.next("lamp0c2d", 3000) is not None
    backlog.expire(3001)
    assert backlog.next("lamp0c2d", 3001) is None


def test_a_storm_of_garbage_and_recordings_takes_no_memory_and_has_no_effect() -> None:
    seed = random.randrange(1 << 30)
    said = on_device("radio_storm.py", seed)
    assert (said["taken"], said["in_storm"], said["after"]) == (20, 0, 0)
    assert said["grown"] < 2048
