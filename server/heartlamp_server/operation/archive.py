"""A backup's file: members one after the other, read and written as a stream.

    heartlamp backup 1\\n
    {"salt": "…32 hex digits, \\"\\" where it is not encrypted"}\\n
    frames: length (4 bytes, big-endian), then, sealed where it is encrypted, a letter and its bytes:
        N  name of a member           D  a piece of it
        E  SHA-256 of every frame so far: the member is whole      Z  the end, with the same

Encrypted: each frame by AES-256-GCM under a key of scrypt, its number as the nonce, so that no frame is left out,
repeated or moved, and a file that was cut off has no Z.
"""

import hashlib
import json
import os
import struct
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import IO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

MAGIC = b"heartlamp backup 1\n"
PIECE = 1 << 20
_FRAME_MOST = PIECE + 64
_SCRYPT = {"n": 1 << 15, "r": 8, "p": 1}


class Broken(Exception):
    """The file is no backup, is not whole, or the passphrase is another. For people."""


class Writer:
    """`passphrase` "": not encrypted."""

    def __init__(self, file: IO[bytes], passphrase: str = "") -> None:
        salt = os.urandom(16) if passphrase else b""
        self._file, self._n, self._digest = file, 0, hashlib.sha256()
        self._cipher = _cipher(passphrase, salt)
        file.write(MAGIC + json.dumps({"salt": salt.hex()}).encode() + b"\n")

    def member(self, name: str, pieces: Iterable[bytes]) -> None:
        self._frame(b"N", name.encode())
        for piece in pieces:
            for begin in range(0, len(piece), PIECE):
                self._frame(b"D", piece[begin : begin + PIECE])
        self._frame(b"E", self._digest.digest())

    def end(self) -> None:
        """Without it nobody takes the file for whole."""
        self._frame(b"Z", self._digest.digest())

    def _frame(self, kind: bytes, data: bytes) -> None:
        frame = kind + data
        self._digest.update(frame)
        if self._cipher is not None:
            frame = self._cipher.encrypt(_nonce(self._n), frame, MAGIC)
        self._n += 1
        self._file.write(struct.pack(">I", len(frame)) + frame)


@dataclass(frozen=True, slots=True)
class Piece:
    """`data` None: the member ended, and it is what was written."""

    member: str
    data: bytes | None


def encrypted(file: IO[bytes]) -> bool:
    """Raises Broken."""
    file.seek(0)
    return bool(_head(file))


def read(file: IO[bytes], passphrase: str = "", seen: Callable[[int], None] = lambda many: None) -> Iterator[Piece]:
    """Every piece of every member. `seen`: told after each how many bytes of the file were read. Raises Broken, at the
    first thing that is wrong: nothing after it is given."""
    file.seek(0)
    salt = _head(file)
    if salt and not passphrase:
        raise Broken("it is encrypted: give the passphrase that it was made with (--passphrase-file)")
    cipher, member, digest, n = _cipher(passphrase, salt) if salt else None, "", hashlib.sha256(), 0
    while True:
        length = file.read(4)
        if len(length) < 4:
            raise Broken("it is cut off: there is no end")
        (size,) = struct.unpack(">I", length)
        frame = file.read(size) if size <= _FRAME_MOST else b""
        if len(frame) != size or not frame:
            raise Broken("it is cut off, or no longer what was written")
        if cipher is not None:
            try:
                frame = cipher.decrypt(_nonce(n), frame, MAGIC)
            except InvalidTag:
                why = "no longer what was written" if n else "no longer what was written, or the passphrase is another"
                raise Broken(f"part {n + 1} of it is {why}") from None
        n += 1
        kind, data = frame[:1], frame[1:]
        if kind in (b"E", b"Z") and digest.digest() != data:
            raise Broken(f"{member} is no longer what was written")
        digest.update(frame)
        if kind == b"N":
            member = data.decode(errors="replace")
        elif kind == b"D":
            yield Piece(member, data)
        elif kind == b"E":
            yield Piece(member, None)
        elif kind == b"Z":
            if file.read(1):
                raise Broken("something was put after its end")
            return
        else:
            raise Broken("it is no longer what was written")
        seen(file.tell())


def _head(file: IO[bytes]) -> bytes:
    """The salt."""
    if file.read(len(MAGIC)) != MAGIC:
        raise Broken("it is no backup of heartlamp-server, or of a newer one")
    try:
        salt = bytes.fromhex(json.loads(file.readline(200))["salt"])
    except (ValueError, KeyError, TypeError):
        raise Broken("its first lines are no longer what was written") from None
    return salt


def _cipher(passphrase: str, salt: bytes) -> AESGCM | None:
    if not passphrase:
        return None
    return AESGCM(Scrypt(salt=salt, length=32, **_SCRYPT).derive(passphrase.encode()))


def _nonce(n: int) -> bytes:
    return n.to_bytes(12, "big")
