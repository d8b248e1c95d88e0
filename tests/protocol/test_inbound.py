"""What devices say comes back as it was said, and no bytes whatever do more than raise FrameError."""

from heartlamp_protocol.device import event
from heartlamp_protocol.device.frame import FrameError, sign, write_frame
from heartlamp_protocol.device.limits import FRAME_MAX, INTEGER_MAX
from heartlamp_protocol.device.names import WHATS, event_id
from heartlamp_protocol.inbound import ANSWERS, Alarm, Answer, Cancel, Head, Reading, read_frame
from hypothesis import example, given
from hypothesis import strategies as st

devices = st.from_regex(r"[a-z][a-z0-9]{3,19}", fullmatch=True)
numbers = st.integers(0, INTEGER_MAX)
ids = st.builds(event_id, devices, st.binary(min_size=8, max_size=8))
boots = st.from_regex(r"[0-9a-f]{8}", fullmatch=True)
heads = st.builds(Head, devices, st.integers(1, 1_000_000), boots, numbers, numbers)
ages = st.one_of(st.just(-1), numbers)
values = st.dictionaries(
    st.from_regex(r"[a-z][a-z0-9_]{0,10}", fullmatch=True), st.integers(-INTEGER_MAX, INTEGER_MAX), max_size=16
)


def said(head: Head) -> tuple[str, int, str, int, int]:
    return head.device, head.key_version, head.boot, head.seq, head.up


@given(ages, heads, st.binary(min_size=8, max_size=8), st.sampled_from(WHATS), ids, st.sampled_from(ANSWERS))
def test_events_come_back_as_they_were_said(
    age: int, head: Head, random8: bytes, what: str, incident: str, answer: str
) -> None:
    id = event_id(head.device, random8)
    for body, content in (
        (event.write_alarm(id, *said(head), what), Alarm(id, head, what)),
        (event.write_answer(id, *said(head), incident, answer), Answer(id, head, incident, answer)),
        (event.write_cancel(id, *said(head)), Cancel(id, head)),
    ):
        mac = sign(b"key", body)
        frame = read_frame(write_frame(age, mac, body))
        assert (frame.age, frame.mac, frame.body, frame.content) == (age, mac, body, content)


@given(heads, st.sampled_from(("heartbeat", "reading")), values)
def test_readings_come_back_as_they_were_said(head: Head, kind: str, measured: dict[str, int]) -> None:
    body = event.write_reading(kind, *said(head), list(measured.items()))
    data = write_frame(0, sign(b"key", body), body)
    if len(data) <= FRAME_MAX:
        assert read_frame(data).content == Reading(kind, head, measured)


def only_frame_error(data: bytes) -> None:
    try:
        read_frame(data)
    except FrameError:
        pass


@given(st.binary(max_size=1100))
def test_arbitrary_bytes_only_ever_raise_frame_error(data: bytes) -> None:
    only_frame_error(data)


@given(st.binary(max_size=800))
@example(b"[" * 800)
@example(b'{"v":1,"dev":NaN}')
@example(b'{"v":1,"kind":"heartbeat","dev":"lamp","kv":1,"boot":"00000000","seq":1,"up":1e999,"values":{}}')
def test_arbitrary_bodies_only_ever_raise_frame_error(body: bytes) -> None:
    only_frame_error(write_frame(0, "0" * 64, b"{" + body + b"}"))
    only_frame_error(write_frame(0, "0" * 64, body))


GOOD = write_frame(
    5, "a" * 64, event.write_alarm("lamp0a1b-00112233445566ff", "lamp0a1b", 1, "0badcafe", 1, 2, "panic")
)


@given(st.integers(0, len(GOOD) - 1), st.integers(0, 255), st.integers(0, len(GOOD)))
def test_a_good_frame_with_a_changed_byte_or_cut_short_only_ever_raises_frame_error(
    at: int, byte: int, length: int
) -> None:
    only_frame_error(GOOD[:at] + bytes([byte]) + GOOD[at + 1 :])
    only_frame_error(GOOD[:length])
