"""What a camera writes into a photo beside the picture does not come in."""

import pytest
from heartlamp_server.jpeg import PHOTO_BYTES_MAX, NoPicture, bare
from hypothesis import given
from hypothesis import strategies as st

from tests.server.interop.photos import FRAME, FROM_A_CAMERA, SCAN, SECRET, TABLES, jpeg, segment


def test_the_picture_stays_and_nothing_else() -> None:
    assert SECRET in FROM_A_CAMERA
    kept = bare(FROM_A_CAMERA)
    assert SECRET not in kept
    jfif = segment(0xE0, b"JFIF\0\x01\x02\x01\x00\x48\x00\x48\x00\x00")
    assert kept == b"\xff\xd8" + jfif + TABLES + FRAME + SCAN + b"\xff\xd9"


def test_a_bare_picture_stays_as_it_is() -> None:
    assert bare(bare(FROM_A_CAMERA)) == bare(FROM_A_CAMERA)
    adobe = jpeg(segment(0xEE, b"Adobe\0\x64\0\0\0\0\x01"))
    assert bare(adobe) == adobe


@pytest.mark.parametrize(
    "wrong",
    [
        b"",
        b"\x89PNG\r\n\x1a\n",
        b"\xff\xd8",
        b"\xff\xd8\xff\xd9",
        jpeg()[:-2],
        jpeg()[:60],
        jpeg(FRAME),
        jpeg(segment(0xC9, b"arithmetic")),
        jpeg(b"\xff\xe1\x00\x01"),
        jpeg(b"\xff\xe1\xff\xff"),
        jpeg(frame=segment(0xC0, b"\x08\xff\xff\xff\xff\x01\x01\x11\x00")),
        jpeg(frame=segment(0xC0, b"\x08")),
        b"\xff\xd8" + bytes(PHOTO_BYTES_MAX),
    ],
)
def test_what_is_none_is_refused(wrong: bytes) -> None:
    with pytest.raises(NoPicture):
        bare(wrong)


@given(st.binary(max_size=400), st.integers(0, 200), st.integers(0, 255))
def test_whatever_comes_it_ends_and_nothing_is_added(noise: bytes, at: int, byte: int) -> None:
    broken = bytearray(FROM_A_CAMERA)
    broken[at % len(broken)] = byte
    for data in (noise, b"\xff\xd8" + noise, bytes(broken), jpeg(noise)):
        try:
            kept = bare(data)
        except NoPicture:
            continue
        assert len(kept) <= len(data)
        assert bare(kept) == kept
