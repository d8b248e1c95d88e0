"""The key that heads are signed with: of the key file, so that who has the database alone cannot sign."""

import hashlib
import hmac

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey


def signing_key(key: bytes) -> Ed25519PrivateKey:
    """`key`: the 32 bytes of the key file."""
    return Ed25519PrivateKey.from_private_bytes(hmac.digest(key, b"heartlamp audit head 1", hashlib.sha256))


def public_hex(key: Ed25519PrivateKey) -> str:
    return key.public_key().public_bytes_raw().hex()


def signed_by(public: str, signature: bytes, words: bytes) -> bool:
    """`public`: 64 hex digits. Raises ValueError where they are none."""
    try:
        Ed25519PublicKey.from_public_bytes(bytes.fromhex(public)).verify(signature, words)
    except InvalidSignature:
        return False
    return True
