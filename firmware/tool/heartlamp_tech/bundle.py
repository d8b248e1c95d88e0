"""A firmware bundle as bytes: what a device is given to run next, and what it checks before it does.

`HLB1\\n` · manifest length, 4 bytes big-endian · manifest, compact JSON · signature, 384 bytes · the files, one after
another in the manifest's order.

The signature is RSA-3072 PKCS#1 v1.5 with SHA-256 over the manifest's bytes. The manifest has each file's size and
SHA-256, so that it covers the rest. The device reads the same in heartlamp/update; firmware/vectors/bundle.json holds
both to it.
"""

import json
import re
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, NamedTuple

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicNumbers
from cryptography.hazmat.primitives.hashes import SHA256

MAGIC = b"HLB1\n"
FORMAT = 1
KEY_BITS = 3072
EXPONENT = 65537
SIGNATURE = KEY_BITS // 8
MANIFEST_MOST = 16 * 1024  # a device reads it into RAM
PATH = re.compile(r"[a-z_][a-z0-9_]*(/[a-z_][a-z0-9_]*)*\.mpy")
FIELDS = ("format", "version", "boards", "kinds", "min_version", "micropython", "files")  # in this order
FIELDS_BACK = (*FIELDS[:-1], "rollback", "files")


class BundleError(Exception):
    """The bytes are no bundle, or not one to be trusted; the text says why."""


class Entry(NamedTuple):
    """One file of a bundle. `size` in bytes; `sha256`: 64 hex."""

    path: str
    size: int
    sha256: str


@dataclass(frozen=True)
class Release:
    """What a bundle is, without its files. Versions are numbers that compare: 10000 × major + 100 × minor + patch.

    `min_version`: a device that runs an older one must take another step first; `micropython`: the oldest that runs it;
    `rollback`: devices may take it though they run a newer one.
    """

    version: int
    boards: tuple[str, ...]
    kinds: tuple[str, ...]
    min_version: int
    micropython: int
    rollback: bool = False


@dataclass(frozen=True)
class Bundle:
    """A bundle whose signature and files were checked. `id`: 16 hex, as in `want` and `piece`."""

    id: str
    release: Release
    files: dict[str, bytes]


def write_manifest(release: Release, files: dict[str, bytes]) -> bytes:
    """What is signed; of the same release and files always the same bytes. Raises BundleError for a path that no device
    would take."""
    paths = sorted(files)
    for path in paths:
        if not PATH.fullmatch(path):
            raise BundleError(f"a bundle cannot hold a file named {path}")
    manifest = json.dumps(
        {
            "format": FORMAT,
            "version": release.version,
            "boards": list(release.boards),
            "kinds": list(release.kinds),
            "min_version": release.min_version,
            "micropython": release.micropython,
            **({"rollback": 1} if release.rollback else {}),
            "files": [[path, len(files[path]), sha256(files[path]).hexdigest()] for path in paths],
        },
        separators=(",", ":"),
    ).encode()
    if len(manifest) > MANIFEST_MOST:
        raise BundleError(f"the manifest has {len(manifest)} bytes; a device takes {MANIFEST_MOST}")
    return manifest


def sign(manifest: bytes, key: RSAPrivateKey) -> bytes:
    """Raises BundleError where devices could not verify what this key signs."""
    if key.key_size != KEY_BITS or key.public_key().public_numbers().e != EXPONENT:
        raise BundleError(f"bundles are signed by an RSA key of {KEY_BITS} bits with exponent {EXPONENT}")
    return key.sign(manifest, PKCS1v15(), SHA256())


def assemble(manifest: bytes, signature: bytes, files: dict[str, bytes]) -> bytes:
    """The bundle. Whether the signature is right, `read` says."""
    head = MAGIC + len(manifest).to_bytes(4, "big") + manifest + signature
    return head + b"".join(files[path] for path in sorted(files))


def read(data: bytes, modulus: int | None) -> Bundle:
    """The bundle, if it was signed by the key of this modulus and is whole; None: whoever trusts a key looks at the
    signature. Raises BundleError."""
    if not data.startswith(MAGIC):
        raise BundleError("this is not a Heart-Lamp firmware bundle of a form known here")
    start = len(MAGIC) + 4
    end = start + int.from_bytes(data[len(MAGIC) : start], "big")
    manifest, signature = data[start:end], data[end : end + SIGNATURE]
    if len(signature) != SIGNATURE:
        raise BundleError("the bundle is cut off before its files; fetch it again")
    try:
        if modulus is not None:
            RSAPublicNumbers(EXPONENT, modulus).public_key().verify(signature, manifest, PKCS1v15(), SHA256())
    except InvalidSignature:
        raise BundleError("the bundle is damaged, or signed by another key than this device trusts") from None
    release, entries = _read_manifest(manifest)
    rest = memoryview(data)[end + SIGNATURE :]
    if len(rest) != sum(entry.size for entry in entries):
        raise BundleError(f"the files have {len(rest)} bytes, the manifest says {sum(e.size for e in entries)}")
    files = {}
    for entry in entries:
        files[entry.path], rest = bytes(rest[: entry.size]), rest[entry.size :]
        if sha256(files[entry.path]).hexdigest() != entry.sha256:
            raise BundleError(f"{entry.path} is damaged; fetch the bundle again")
    return Bundle(bundle_id(manifest), release, files)


def bundle_id(manifest: bytes) -> str:
    return sha256(manifest).hexdigest()[:16]


def _read_manifest(text: bytes) -> tuple[Release, list[Entry]]:
    """Only asked about what our key has signed: a surprise is a newer tool's."""
    try:
        fields: dict[str, Any] = json.loads(text)
        if tuple(fields) not in (FIELDS, FIELDS_BACK) or fields["format"] != FORMAT:
            raise ValueError
        entries = [Entry(str(path), int(size), str(digest)) for path, size, digest in fields["files"]]
        release = Release(
            version=int(fields["version"]),
            boards=tuple(fields["boards"]),
            kinds=tuple(fields["kinds"]),
            min_version=int(fields["min_version"]),
            micropython=int(fields["micropython"]),
            rollback="rollback" in fields,
        )
    except (ValueError, TypeError, AttributeError):
        raise BundleError("the manifest has a form that is not known here; a newer tool made it") from None
    if not all(PATH.fullmatch(entry.path) for entry in entries):
        raise BundleError("the manifest names files that no device would take")
    return release, entries
