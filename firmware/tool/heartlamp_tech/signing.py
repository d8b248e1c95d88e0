"""The key that signs firmware. A development key is made once for this checkout; production's stays offline."""

import os
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey, generate_private_key

from heartlamp_tech.bundle import EXPONENT, KEY_BITS, BundleError


def read_key(path: Path) -> RSAPrivateKey:
    """The private key in this PEM file. Raises BundleError."""
    try:
        key = serialization.load_pem_private_key(path.read_bytes(), None)
    except (OSError, ValueError, TypeError) as error:
        raise BundleError(f"the signing key {path} cannot be read: {error}") from None
    if not isinstance(key, RSAPrivateKey):
        raise BundleError(f"the signing key {path} is not an RSA key")
    return key


def read_public_key(path: Path) -> RSAPublicKey:
    """The public key in this PEM file. Raises BundleError."""
    try:
        key = serialization.load_pem_public_key(path.read_bytes())
    except (OSError, ValueError) as error:
        raise BundleError(f"the public key {path} cannot be read: {error}") from None
    if not isinstance(key, RSAPublicKey):
        raise BundleError(f"the public key {path} is not an RSA key")
    return key


def development_key(path: Path) -> RSAPrivateKey:
    """Made at the first call and kept: devices that trust it take the next bundle of this checkout too. 0600."""
    if not path.exists():
        key = generate_private_key(EXPONENT, KEY_BITS)
        pem = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        path.parent.mkdir(parents=True, exist_ok=True)
        new = path.with_suffix(f".{os.getpid()}")
        with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(pem)
        os.replace(new, path)
    return read_key(path)
