"""Packed bodies: whole or refused, and never longer than allowed."""

import gzip

import pytest
from heartlamp_protocol.device.frame import FrameError
from heartlamp_protocol.packing import pack, unpack

BODY = b'{"v":1,"items":[' + b",".join(b'{"n":%d}' % n for n in range(500)) + b"]}"


def test_what_was_packed_comes_out_as_it_was_and_was_much_shorter() -> None:
    assert unpack(pack(BODY), len(BODY)) == BODY
    assert len(pack(BODY)) * 2 < len(BODY)


def test_what_would_be_longer_than_allowed_is_not_unpacked() -> None:
    assert unpack(pack(BODY), len(BODY) - 1) is None
    assert unpack(gzip.compress(b" " * 100_000_000), 1_000_000) is None


@pytest.mark.parametrize(
    "body", [b"", BODY, pack(BODY)[:-1], pack(BODY)[:40], pack(BODY) + b"x", pack(BODY) + pack(BODY)]
)
def test_what_is_not_one_whole_packed_body_is_refused(body: bytes) -> None:
    with pytest.raises(FrameError):
        unpack(body, 1_000_000)


def test_a_flipped_bit_is_noticed() -> None:
    packed = bytearray(pack(BODY))
    packed[len(packed) // 2] ^= 1
    with pytest.raises(FrameError):
        unpack(packed, 1_000_000)
