"""Personal data at rest: AES-256-GCM under the county's key file, as device secrets are."""

import os
from pathlib import Path

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

_NONCE = 12


class Seal:
    """`key`: 32 bytes. What is sealed is bound to what it is `about`, so that rows cannot be swapped."""

    def __init__(self, key: bytes) -> None:
        self._cipher = AESGCM(key)

    def seal(self, about: str, text: str) -> bytes:
        nonce = os.urandom(_NONCE)
        return nonce + self._cipher.encrypt(nonce, text.encode(), about.encode())

    def unseal(self, about: str, sealed: bytes) -> str:
        """Raises cryptography's InvalidTag where another key sealed it, or it is about another thing."""
        return self._cipher.decrypt(sealed[:_NONCE], sealed[_NONCE:], about.encode()).decode()


def read_key(file: Path) -> bytes:
    """Raises ValueError where the file does not hold 64 hex characters."""
    key = bytes.fromhex(file.read_text().strip())
    if len(key) != 32:
        raise ValueError(f"{file} must hold 64 hex characters")
    return key
