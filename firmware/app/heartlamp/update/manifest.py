"""A bundle's signed list of files, and whether this device may take it. Pure.

A bundle is `HLB1\\n`, 4 B big-endian length of the manifest, the manifest (JSON), 384 B RSA-3072 signature (PKCS#1
v1.5, SHA-256) over its bytes, and the files one after another in the manifest's order. Its id is the first 16 hex of
SHA-256 of the manifest, so that nothing can be in a bundle of that id but what was signed.
"""

import hashlib
import json

from heartlamp_protocol.device import reasons
from heartlamp_protocol.device.names import is_hex

try:
    from collections.abc import Iterator  # for readers of the annotations
except ImportError:
    pass

MAGIC = b"HLB1\n"
FIXED = len(MAGIC) + 4  # bytes before the manifest
SIGNATURE = 384
EXPONENT = 65537
MANIFEST_MAX = 16_384
FILES_MAX = 160
ENTRY_MAX = 200  # bytes of one file's entry: its path has at most 80
FILE_MAX = 65_536
TOTAL_MAX = 262_144
DEEP = 5  # folders and the name

# DigestInfo of SHA-256 (RFC 8017, 9.2)
_PREFIX = bytes([48, 49, 48, 13, 6, 9, 96, 134, 72, 1, 101, 3, 4, 2, 1, 5, 0, 4, 32])
_NAME = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_"
_ENDING = ".mpy"
_FILES = b'"files":['


class Refused(Exception):
    """`reason`: of device.reasons."""

    def __init__(self, reason: int) -> None:
        super().__init__(reason)
        self.reason = reason


class Manifest:
    """version: number of the program; boards, kinds: for whom; min_version: what must run before; back: signed as a way
    back to an older one; micropython: oldest that runs it, 12500 is 1.25.0; bytes: of all its files together. The list
    of files is not held in RAM: entries()."""

    def __init__(
        self,
        version: int,
        boards: "list[str]",
        kinds: "list[str]",
        min_version: int,
        back: bool,
        micropython: int,
        bytes: int,
    ) -> None:
        self.version = version
        self.boards = boards
        self.kinds = kinds
        self.min_version = min_version
        self.back = back
        self.micropython = micropython
        self.bytes = bytes


def signed(manifest: bytes, signature: bytes, modulus: int) -> bool:
    """`modulus`: of the RSA-3072 key this device was given. The whole padded block is compared, nothing is parsed."""
    number = int.from_bytes(signature, "big")
    if len(signature) != SIGNATURE or number >= modulus:
        return False
    tail = b"\x00" + _PREFIX + hashlib.sha256(manifest).digest()
    block = b"\x00\x01" + b"\xff" * (SIGNATURE - 2 - len(tail)) + tail
    return pow(number, EXPONENT, modulus) == int.from_bytes(block, "big")


def read(manifest: bytes) -> Manifest:
    """Raises Refused(MALFORMED) at anything that is not as it must be."""
    begins = manifest.find(_FILES)
    try:
        fields = json.loads(manifest[: begins + len(_FILES)] + b"]}")
        made = Manifest(
            _whole(fields["version"]),
            [str(board) for board in fields["boards"]],
            [str(kind) for kind in fields["kinds"]],
            _whole(fields["min_version"]),
            fields.get("rollback") == 1,
            _whole(fields["micropython"]),
            _total(manifest),
        )
    except (ValueError, KeyError, TypeError, AttributeError, RuntimeError):
        raise Refused(reasons.MALFORMED)
    if fields.get("format") != 1:
        raise Refused(reasons.MALFORMED)
    return made


def entries(manifest: bytes) -> "Iterator[tuple[str, int, str]]":
    """(path, bytes, SHA-256 in hex) of one file after the other: all of them at once would take 30 KB of RAM. The list
    is the manifest's last field, and without white space. Raises ValueError where it is not."""
    at = first(manifest)
    while True:
        entry, length = read_entry(manifest[at : at + ENTRY_MAX])
        yield entry
        at += length
        if manifest[at : at + 1] != b",":
            break
        at += 1
    if manifest[at:] != b"]}":
        raise ValueError("the list of files is not the end of the manifest")


def first(manifest: bytes) -> int:
    """Where the first entry begins."""
    return manifest.find(_FILES) + len(_FILES)


def read_entry(text: bytes) -> "tuple[tuple[str, int, str], int]":
    """(the entry that `text` begins with, its length in bytes). Raises ValueError."""
    length = text.find(b"]") + 1
    path, size, digest = json.loads(text[:length])
    return (path, size, digest), length


def judge(made: Manifest, board: str, kind: str, version: int, micropython: int) -> int:
    """0, or why a device of this `board` and `kind`, that runs `version` on `micropython`, must not take it."""
    if board not in made.boards:
        return reasons.BOARD
    if kind not in made.kinds:
        return reasons.KIND
    if micropython < made.micropython:
        return reasons.MICROPYTHON
    if made.version <= version and not made.back:
        return reasons.TOO_OLD
    if version < made.min_version:
        return reasons.TOO_FAR
    return 0


def _whole(value: object) -> int:
    if type(value) is not int or not 0 <= value <= 2**31 - 1:
        raise ValueError("not a whole number")
    return value


def _total(manifest: bytes) -> int:
    """Bytes of all files. Raises ValueError where a path may leave the slot's folder, or is not in its alphabetical
    place (so that none can be there twice), and where a size is none, or all are too much."""
    total = count = 0
    before = ""
    for path, size, digest in entries(manifest):
        parts = path.split("/")
        name = parts[-1]
        good = (
            2 <= len(parts) <= DEEP  # in a folder: a bundle brings packages, and shadows no module of MicroPython's
            and len(path) <= 80
            and before < path
            and name.endswith(_ENDING)
            and all(part and all(c in _NAME for c in part) for part in parts[:-1] + [name[: -len(_ENDING)]])
            and type(size) is int
            and 1 <= size <= FILE_MAX
            and is_hex(digest, 64)
        )
        total, count, before = total + size, count + 1, path
        if not good or total > TOTAL_MAX or count > FILES_MAX:
            raise ValueError("a file that cannot be")
    return total
