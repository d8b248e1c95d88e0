"""Which bundles a device takes: its manifest, its signature, its pieces."""

import json
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from heartlamp.update import manifest, piece
from heartlamp.update.manifest import Refused
from heartlamp_protocol.device import reasons
from heartlamp_protocol.device.frame import FrameError
from heartlamp_protocol.refusals import REFUSALS, refusal

from tests.firmware import bundles

FILES = [["heartlamp/main.mpy", 1234, "5a" * 32]]
GOOD: dict[str, Any] = {
    "format": 1, "version": 10200, "boards": ["virtual"], "kinds": ["lamp"], "min_version": 10000, "micropython": 12500,
    "files": FILES,
}  # fmt: skip


def written(fields: dict[str, Any]) -> bytes:
    files = fields.pop("files")
    return json.dumps(fields | {"files": files}, separators=(",", ":"), ensure_ascii=False).encode()


def judged(**fields: object) -> int:
    """By a virtual lamp that runs 10100 on MicroPython 1.25."""
    made = manifest.read(written(GOOD | fields))
    return manifest.judge(made, "virtual", "lamp", 10100, 12500)


def parts(bundle: bundles.Bundle) -> tuple[bytes, bytes]:
    """(manifest, signature)"""
    return bundle.data[9 : bundle.head - 384], bundle.data[bundle.head - 384 : bundle.head]


def test_a_bundle_for_this_board_kind_and_version_is_taken() -> None:
    assert judged() == 0


@pytest.mark.parametrize(
    ("reason", "fields"),
    [
        (reasons.BOARD, {"boards": ["esp32s3-lamp"]}),
        (reasons.KIND, {"kinds": ["button", "camera"]}),
        (reasons.MICROPYTHON, {"micropython": 12700}),
        (reasons.TOO_OLD, {"version": 10100}),
        (reasons.TOO_OLD, {"version": 10000}),
        (reasons.TOO_FAR, {"min_version": 10101}),
    ],
)
def test_others_are_refused_with_their_reason(reason: int, fields: dict[str, object]) -> None:
    assert judged(**fields) == reason


def test_an_older_one_is_taken_where_it_was_signed_as_a_way_back() -> None:
    assert judged(version=10900, rollback=1) == 0


@pytest.mark.parametrize(
    "path",
    ["/etc/passwd", "../main.mpy", "heartlamp/../main.mpy", "heartlamp//main.mpy", "heartlamp/.hidden", "heartlamp/",
     "main.mpy", "", "heartlamp/" + "x" * 90 + ".mpy", "a/b/c/d/e/f.mpy", "heartlamp/ä.mpy", "heartlamp\\main.mpy",
     "bundle", "heartlamp/main.py", "heartlamp/.mpy", "heartlamp.mpy/main.mpy", "heartlamp/main.mpy/x.mpy"],
)  # fmt: skip
def test_a_path_that_leaves_the_slot_or_is_no_path_is_refused(path: str) -> None:
    with pytest.raises(Refused) as caught:
        judged(files=[[path, 10, "5a" * 32]])
    assert caught.value.reason == reasons.MALFORMED


@pytest.mark.parametrize(
    "fields",
    [
        {"format": 2},
        {"files": []},
        {"files": FILES * 2},
        {"files": [["heartlamp/main.mpy", -1, "5a" * 32]]},
        {"files": [["heartlamp/main.mpy", 1 << 20, "5a" * 32]]},
        {"files": [["heartlamp/main.mpy", True, "5a" * 32]]},
        {"files": [["heartlamp/main.mpy", 10, "5A" * 32]]},
        {"files": [["heartlamp/b.mpy", 10, "5a" * 32], ["heartlamp/a.mpy", 10, "5a" * 32]]},
        {"files": [["heartlamp/a.mpy", 10, "5a" * 32, 1]]},
        {"files": [[f"heartlamp/m{n:03}.mpy", 10, "5a" * 32] for n in range(161)]},
        {"files": [[f"heartlamp/m{n}.mpy", 60_000, "5a" * 32] for n in range(5)]},
        {"files": 7},
        {"version": "10200"},
        {"version": -1},
        {"micropython": None},
        {"kinds": None},
    ],
)
def test_a_manifest_that_makes_no_sense_is_malformed(fields: dict[str, object]) -> None:
    with pytest.raises(Refused) as caught:
        judged(**fields)
    assert caught.value.reason == reasons.MALFORMED


@pytest.mark.parametrize("text", [b"", b"{", b"[]", b"7", b"\xff\xfe", b"{}", b"[" * 4000])
def test_what_is_no_manifest_is_malformed(text: bytes) -> None:
    with pytest.raises(Refused) as caught:
        manifest.read(text)
    assert caught.value.reason == reasons.MALFORMED


def test_the_signature_is_for_these_bytes_and_by_this_key() -> None:
    text, signature = parts(bundles.pack({"heartlamp/main.mpy": b"x"}, 10200))
    ours = int(bundles.modulus(), 16)
    assert manifest.signed(text, signature, ours)
    assert not manifest.signed(text + b" ", signature, ours)
    assert not manifest.signed(text, signature[:-1], ours)
    assert not manifest.signed(text, signature[:-1] + bytes([signature[-1] ^ 1]), ours)
    assert not manifest.signed(text, b"\0" * 384, ours)
    assert not manifest.signed(text, (ours + 1).to_bytes(384, "big"), ours)  # as 1 would be
    other = generate_private_key(public_exponent=65537, key_size=3072)
    assert not manifest.signed(text, signature, other.public_key().public_numbers().n)


def test_a_piece_is_its_header_a_line_feed_and_bytes_with_line_feeds_of_their_own() -> None:
    said = piece.read(b'{"v":1,"kind":"piece","bundle":"0123456789abcdef","size":5000,"at":2048}\n\n\x00\xff\n')
    assert (said.bundle, said.size, said.at, said.again, said.data) == (
        "0123456789abcdef",
        5000,
        2048,
        False,
        b"\n\x00\xff\n",
    )


@pytest.mark.parametrize(
    "payload",
    [b"", b"\n", b"{}\n", b'{"v":1,"kind":"piece","bundle":"0123456789abcdef","size":3,"at":0}\nlong',
     b'{"v":1,"kind":"piece","bundle":"0123456789ABCDEF","size":3,"at":0}\n',
     b'{"v":1,"kind":"piece","bundle":"0123456789abcdef","size":-3,"at":-5}\n',
     b'{"v":2,"kind":"piece","bundle":"0123456789abcdef","size":3,"at":0}\n',
     b'{"v":1,"kind":"piece","bundle":"0123456789abcdef","size":9000,"at":0}\n' + bytes(2049)],
)  # fmt: skip
def test_a_piece_that_is_none_is_a_frame_error(payload: bytes) -> None:
    with pytest.raises(FrameError):
        piece.read(payload)


def test_every_reason_has_a_text_in_both_languages() -> None:
    codes = {name.lower(): value for name, value in vars(reasons).items() if name.isupper()}
    assert codes == {refusal(code).name: code for code in REFUSALS}
    assert all(refusal.english and refusal.chinese for refusal in REFUSALS.values())
    assert refusal(99).name == "reason 99"


def test_the_protocols_page_has_the_same_reasons() -> None:
    page = (bundles.REPO / "docs/protocol.md").read_text()
    for code, known in REFUSALS.items():
        assert f"| {code} | `{known.name}` | {known.english} |" in page
