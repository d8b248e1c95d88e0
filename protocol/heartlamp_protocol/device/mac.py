"""Keys from the root secret, and HMAC-SHA256 (RFC 2104, RFC 4231 vectors in the golden file).

The root secret (32 bytes) is known to the device and the county only. Its keys come from it, so that none tells
another: the MQTT password, the device's MAC key, the county's MAC key towards this device, and one for each radio hop.
"""

import hashlib

_BLOCK = 64


def hmac_sha256(key: bytes, message: bytes) -> bytes:
    """The paddings are combined with the key as one number: byte by byte takes twice as long or more."""
    if len(key) > _BLOCK:
        key = hashlib.sha256(key).digest()
    number = int.from_bytes(key + bytes(_BLOCK - len(key)), "big")
    for pad in (b"6", b"\\"):
        inner = hashlib.sha256((number ^ int.from_bytes(pad * _BLOCK, "big")).to_bytes(_BLOCK, "big"))
        inner.update(message)
        message = inner.digest()
    return message


def same(a: str, b: str) -> bool:
    """Equality that takes as long for a near miss as for a wild guess."""
    if len(a) != len(b):
        return False
    differs = 0
    for x, y in zip(a, b):
        differs |= ord(x) ^ ord(y)
    return differs == 0


def mqtt_password(root: bytes, key_version: int) -> str:
    """64 hex characters."""
    return hmac_sha256(root, b"heartlamp/mqtt/%d" % key_version).hex()


def device_key(root: bytes, key_version: int) -> bytes:
    """Signs what the device says; the county verifies it."""
    return hmac_sha256(root, b"heartlamp/device/%d" % key_version)


def county_key(root: bytes, key_version: int) -> bytes:
    """Signs what the county says to this device; the device verifies it."""
    return hmac_sha256(root, b"heartlamp/county/%d" % key_version)


def pair_key(root: bytes, key_version: int, carrier: str) -> bytes:
    """Signs the radio hop between this device and the lamp `carrier` that may carry its frames. The county tells it to
    that lamp."""
    return hmac_sha256(root, b"heartlamp/pair/%d/%s" % (key_version, carrier.encode()))


def digest16(body: bytes) -> str:
    """First 16 hex characters of SHA-256: binds a receipt to the very bytes it is for."""
    return hashlib.sha256(body).digest()[:8].hex()
