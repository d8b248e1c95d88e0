"""A bundle that devices are to be offered. Pure."""

import json
import re
from dataclasses import dataclass

from heartlamp_protocol.bundles import SIGNATURE

KEY_HEX = SIGNATURE * 2  # characters of the setting `update_key`
PART_MAX = 65_536  # bytes in one answer
_RANGE = re.compile(r"bytes=([0-9]{1,9})-([0-9]{1,9})")


def read_range(text: str, size: int) -> tuple[int, int] | None:
    """(first byte, how many) of a Range header, cut to PART_MAX and to what there is; None: there is nothing so."""
    found = _RANGE.fullmatch(text)
    if found is None:
        return None
    first, last = int(found[1]), int(found[2])
    if not first <= last or first >= size:
        return None
    return first, min(last + 1 - first, size - first, PART_MAX)


def read_key(text: str) -> int:
    """The modulus of the key that devices trust updates by: as `make firmware` writes it into update_key.json, as its
    hex alone, or as a PEM public key. Raises ValueError."""
    text = text.strip()
    if text.startswith("-----BEGIN"):
        from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
        from cryptography.hazmat.primitives.serialization import load_pem_public_key

        key = load_pem_public_key(text.encode())
        if not isinstance(key, RSAPublicKey):
            raise ValueError("it is not an RSA key")
        modulus = key.public_numbers().n
    else:
        modulus = int(str(json.loads(text)["update_key"]) if text.startswith("{") else text, 16)
    if modulus.bit_length() != SIGNATURE * 8:
        raise ValueError(f"it is not an RSA key of {SIGNATURE * 8} bits")
    return modulus


@dataclass(frozen=True, slots=True)
class Heard:
    """Of one device that is offered a bundle, by its newest heartbeat. `version` 0: never said; `refused`: the
    reason's number, 0 none; `on_trial`: it has yet to earn its receipt."""

    device: str
    site: str
    bundle: str
    offered: int
    version: int
    refused: int
    refused_version: int
    on_trial: bool


def outcome(heard: Heard) -> str:
    """In one word: runs, trial, refused, waits."""
    if heard.version == heard.offered:
        return "trial" if heard.on_trial else "runs"
    return "refused" if heard.refused and heard.refused_version in (0, heard.offered) else "waits"
