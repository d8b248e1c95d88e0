"""Mosquitto's `$7$` password hash (PBKDF2-HMAC-SHA512), so that the county can hand gateways hashes and no password."""

import base64
import hashlib

_ITERATIONS = 101  # Mosquitto's default; the password is 256 random bits, stretching adds nothing


def mosquitto_hash(password: str, salt12: bytes) -> str:
    """`salt12`: 12 random bytes."""
    digest = hashlib.pbkdf2_hmac("sha512", password.encode(), salt12, _ITERATIONS, 64)
    return f"$7${_ITERATIONS}${base64.b64encode(salt12).decode()}${base64.b64encode(digest).decode()}"
