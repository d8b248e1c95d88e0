"""A bundle's signed list of files, and whether this device may take it. Pure.

A bundle is `HLB1\\n`, 4 B big-endian length of the manifest, the manifest (JSON), 384 B RSA-3072 signature (PKCS#1
v1.5, SHA-256) over its bytes, and the files one after another in the manifest's order. Its id is the first 16 hex of
SHA-256 of the manifest, so that nothing can be in a bundle of that id but what was signed.
"""

import hashlib
import json

from heartlamp_protocol.device import reasons
from heartlamp_protocol.device.names import is_hex

MAGIC = b"HLB1\n"
FIXED = len(MAGIC) + 4  # bytes before the manifest
SIGNATURE = 384
EXPONENT = 65537
MANIFEST_MAX = 16_384
FILES_MAX = 128
FILE_MAX = 65_536
TOTAL_MAX = 262_144
DEEP = 5  # folders and the name

# DigestInfo of SHA-256 (RFC 8017, 9.2)
_PREFIX = bytes([48, 49, 48, 13, 6, 9, 96, 134, 72, 1, 101, 3, 4, 2, 1, 5, 0, 4, 32])
_NAME = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-."


class Refused(Exception):
    """`reason`: of device.reasons."""

    def __init__(self, reason: int) -> None:
        super().__init__(reasons.name(reason))
        self.reason = reason


class Manifest:
    """version: number of the program; boards, kinds: for whom; min_version: what must run before; back: signed as a way
    back to an older one; micropython: oldest that runs it, 12500 is 1.25.0; files: (path, bytes, SHA-256 in hex)."""

    def __init__(
        self,
        version: int,
        boards: "list[str]",
        kinds: "list[str]",
        min_version: int,
        back: bool,
        micropython: int,
        files: "list[tuple[str, int, str]]",
    ) -> None:
        self.version = version
        self.boards = boards
        self.kinds = kinds
        self.min_version = min_version
        self.back = back
        self.micropython = micropython
        self.files = files


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
    try:
        fields = json.loads(manifest)
        files = [(str(path), size, str(digest)) for path, size, digest in fields["files"]]
        made = Manifest(
            _whole(fields["version"]),
            [str(board) for board in fields["boards"]],
            [str(kind) for kind in fields["kinds"]],
            _whole(fields["min_version"]),
            fields.get("rollback") == 1,
            _whole(fields["micropython"]),
            files,
        )
    except (ValueError, KeyError, TypeError, AttributeError, RuntimeError):
        raise Refused(reasons.MALFORMED)
    if fields.get("format") != 1 or not _sane(files):
        raise Refused(reasons.MALFORMED)
    return made


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


def _sane(files: "list[tuple[str, int, str]]") -> bool:
    """Relative paths that stay in the slot's folder, none twice, none a folder of another; bounded sizes."""
    if not 1 <= len(files) <= FILES_MAX:
        return False
    paths = set()
    folders = set()
    total = 0
    for path, size, digest in files:
        parts = path.split("/")
        if not 2 <= len(parts) <= DEEP or len(path) > 80 or path in paths:
            return False  # at least one folder: a bundle brings packages, and cannot shadow a module of MicroPython's
        if not all(part and part[0] != "." and all(c in _NAME for c in part) for part in parts):
            return False
        if type(size) is not int or not 1 <= size <= FILE_MAX or not is_hex(digest, 64):
            return False
        paths.add(path)
        for n in range(1, len(parts)):
            folders.add("/".join(parts[:n]))
        total += size
    return total <= TOTAL_MAX and not paths & folders
