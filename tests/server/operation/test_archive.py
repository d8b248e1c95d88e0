"""A backup's file is either whole and what was written, or it is refused."""

import io
from random import Random

import pytest
from heartlamp_server.operation.archive import PIECE, Broken, Writer, encrypted, read

MEMBERS = {"one": b"first", "large": bytes(range(256)) * (PIECE // 200), "empty": b""}


def written(passphrase: str = "") -> bytes:
    out = io.BytesIO()
    writer = Writer(out, passphrase)
    for name, data in MEMBERS.items():
        writer.member(name, iter([data[:100], data[100:]]))
    writer.end()
    return out.getvalue()


def taken(data: bytes, passphrase: str = "") -> dict[str, bytes]:
    found: dict[str, bytes] = {}
    for piece in read(io.BytesIO(data), passphrase):
        found[piece.member] = found.get(piece.member, b"") + (piece.data or b"")
    return found


@pytest.mark.parametrize("passphrase", ["", "long and known to two"])
def test_what_is_written_is_read(passphrase: str) -> None:
    data = written(passphrase)
    assert taken(data, passphrase) == MEMBERS
    assert encrypted(io.BytesIO(data)) == bool(passphrase)
    assert (b"first" in data) != bool(passphrase)


@pytest.mark.parametrize("passphrase", ["", "long and known to two"])
def test_one_flipped_bit_anywhere_is_found(passphrase: str) -> None:
    data = written(passphrase)
    rng = Random(7)
    for at in [*range(0, 120, 3), *(rng.randrange(len(data)) for _ in range(10)), len(data) - 1]:
        wrong = bytearray(data)
        wrong[at] ^= 1 << rng.randrange(8)
        try:
            assert taken(bytes(wrong), passphrase) == MEMBERS, at  # a blank of the head, the case of a hex digit
        except Broken:
            continue
        assert at < 80, at


@pytest.mark.parametrize("passphrase", ["", "long and known to two"])
def test_a_file_that_was_cut_off_or_grew_is_found(passphrase: str) -> None:
    data = written(passphrase)
    for wrong in (data[:10], data[:70], data[: len(data) // 2], data[:-5], data[:-1], data + b"\0"):
        with pytest.raises(Broken):
            taken(wrong, passphrase)


def test_another_passphrase_or_none_is_refused() -> None:
    data = written("long and known to two")
    for passphrase in ("", "another"):
        with pytest.raises(Broken, match="passphrase"):
            taken(data, passphrase)


def test_frames_cannot_change_places() -> None:
    def frames(data: bytes) -> tuple[bytes, list[bytes]]:
        begin = data.index(b"\n", data.index(b"\n") + 1) + 1
        head, rest, found = data[:begin], data[begin:], []
        while rest:
            size = int.from_bytes(rest[:4], "big") + 4
            found.append(rest[:size])
            rest = rest[size:]
        return head, found

    head, found = frames(written("long and known to two"))
    found[1], found[4] = found[4], found[1]
    with pytest.raises(Broken):
        taken(head + b"".join(found), "long and known to two")
