"""A firmware bundle as those see it who keep and hand it on (docs/protocol.md, 13). Pure.

A device judges by itself what it takes; here it is read so that a county offers nothing that every device would
refuse, and so that a gateway knows a whole bundle from a damaged one: its id is the manifest's hash, and the manifest
has a hash of each file.
"""

import json
from dataclasses import dataclass
from hashlib import sha256

from heartlamp_protocol.device.names import is_hex

MAGIC = b"HLB1\n"
FIXED = len(MAGIC) + 4  # bytes before the manifest
SIGNATURE = 384
EXPONENT = 65537
MANIFEST_MAX = 16_384
FILES_MAX = 160
FILE_MAX = 65_536
TOTAL_MAX = 262_144
BUNDLE_MAX = FIXED + MANIFEST_MAX + SIGNATURE + TOTAL_MAX
PIECE_BYTES = 2_048  # in one `piece`
# DigestInfo of SHA-256 (RFC 8017, 9.2)
_PREFIX = bytes.fromhex("3031300d060960864801650304020105000420")


class BundleError(ValueError):
    """What is wrong with it, for people."""


@dataclass(frozen=True, slots=True)
class Bundle:
    """`id`: 16 hex; `version`: 10000 × major + 100 × minor + patch; `size`: bytes of all of it; `rollback`: signed as a
    way back to an older version."""

    id: str
    version: int
    boards: tuple[str, ...]
    kinds: tuple[str, ...]
    min_version: int
    micropython: int
    rollback: bool
    size: int
    signature: bytes
    manifest: bytes


def read_bundle(data: bytes) -> Bundle:
    """Whole and undamaged; who signed it, `signed_by` says. Raises BundleError."""
    if not data.startswith(MAGIC):
        raise BundleError("this is no firmware bundle")
    length = int.from_bytes(data[len(MAGIC) : FIXED], "big")
    if length > MANIFEST_MAX:
        raise BundleError(f"the manifest has {length} bytes, a device takes {MANIFEST_MAX}")
    manifest = data[FIXED : FIXED + length]
    begins = FIXED + length + SIGNATURE
    if len(data) < begins:
        raise BundleError("the bundle is cut off before its files")
    try:
        fields = json.loads(manifest)
        files = [(str(path), size, digest) for path, size, digest in fields["files"]]
        made = Bundle(
            id=sha256(manifest).hexdigest()[:16],
            version=_whole(fields["version"]),
            boards=tuple(str(board) for board in fields["boards"]),
            kinds=tuple(str(kind) for kind in fields["kinds"]),
            min_version=_whole(fields["min_version"]),
            micropython=_whole(fields["micropython"]),
            rollback=fields.get("rollback") == 1,
            size=len(data),
            signature=data[begins - SIGNATURE : begins],
            manifest=manifest,
        )
        if fields.get("format") != 1 or not files or len(files) > FILES_MAX:
            raise ValueError
        if not all(type(size) is int and 0 <= size <= FILE_MAX and is_hex(digest, 64) for _, size, digest in files):
            raise ValueError
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise BundleError("its manifest has a form that is not known here") from None
    total = sum(size for _, size, _ in files)
    if total > TOTAL_MAX:
        raise BundleError(f"its files have {total} bytes, a device takes {TOTAL_MAX}")
    if len(data) != begins + total:
        raise BundleError(f"it has {len(data)} bytes, its manifest says {begins + total}")
    at = begins
    for path, size, digest in files:
        if sha256(data[at : at + size]).hexdigest() != digest:
            raise BundleError(f"{path} in it is damaged")
        at += size
    return made


def signed_by(bundle: Bundle, modulus: int) -> bool:
    """RSA-3072, PKCS#1 v1.5, SHA-256. The whole padded block is compared, nothing of it is parsed, as a device does."""
    number = int.from_bytes(bundle.signature, "big")
    if number >= modulus or modulus.bit_length() != SIGNATURE * 8:
        return False
    tail = b"\x00" + _PREFIX + sha256(bundle.manifest).digest()
    block = b"\x00\x01" + b"\xff" * (SIGNATURE - 2 - len(tail)) + tail
    return pow(number, EXPONENT, modulus) == int.from_bytes(block, "big")


def version_text(version: int) -> str:
    """10203 -> 1.2.3"""
    return f"{version // 10000}.{version // 100 % 100}.{version % 100}"


def _whole(value: object) -> int:
    if type(value) is not int or not 0 <= value <= 2**31 - 1:
        raise ValueError("not a whole number")
    return value
