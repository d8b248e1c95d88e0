"""A message of a device: an event, or evidence."""

import pytest
from heartlamp_gateway.rules import evidence, ingest
from heartlamp_protocol.device import event
from heartlamp_protocol.device.frame import write_frame
from heartlamp_protocol.inbound import Alarm
from heartlamp_protocol.uplink import Batch, Item
from hypothesis import given
from hypothesis import strategies as st

from tests.gateway.rules.village import A


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
