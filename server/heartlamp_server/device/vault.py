"""Root secrets at rest (AES-256-GCM under a key file) and, in memory, the keys derived from them."""

import os

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from heartlamp_protocol.device.mac import county_key, device_key

from heartlamp_server.device.model import Keys
from heartlamp_server.seal import read_key

__all__ = ["Vault", "read_key"]

_NONCE = 12


class Vault:
    """`key`: 32 bytes. A stored secret is bound to its device and version, so that rows cannot be swapped."""

    def __init__(self, key: bytes) -> None:
        self._cipher = AESGCM(key)
        self._derived: dict[bytes, Keys] = {}

    def seal(self, device: str, version: int, root: bytes) -> bytes:
        nonce = os.urandom(_NONCE)
        return nonce + self._cipher.encrypt(nonce, root, f"{device}.{version}".encode())

    def unseal(self, device: str, version: int, sealed: bytes) -> bytes:
        """Raises cryptography's InvalidTag where the key file is not the one that sealed."""
        return self._cipher.decrypt(sealed[:_NONCE], sealed[_NONCE:], f"{device}.{version}".encode())

    def keys(self, device: str, version: int, sealed: bytes) -> Keys:
        keys = self._derived.get(sealed)
        if keys is None:
            root = self.unseal(device, version, sealed)
            keys = self._derived[sealed] = Keys(device_key(root, version), county_key(root, version))
        return keys
