"""A firmware bundle: the bytes that the tool makes and a device takes."""

import json
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPrivateNumbers, RSAPublicNumbers
from cryptography.hazmat.primitives.asymmetric.rsa import rsa_crt_dmp1 as dp
from cryptography.hazmat.primitives.asymmetric.rsa import rsa_crt_iqmp as iq
from cryptography.hazmat.primitives.hashes import SHA256
from heartlamp_tech.bundle import MAGIC, SIGNATURE, BundleError, Release, pack, read

from tests.firmware.conftest import REPO

GOLDEN: dict[str, Any] = json.loads((REPO / "firmware/vectors/bundle.json").read_text())
MODULUS = int(GOLDEN["modulus"], 16)
BUNDLE = bytes.fromhex(GOLDEN["bundle"])
FILES = {path: bytes.fromhex(data) for path, data in GOLDEN["files"]}
RELEASE = Release(
    version=GOLDEN["version"],
    boards=tuple(GOLDEN["boards"]),
    kinds=tuple(GOLDEN["kinds"]),
    min_version=GOLDEN["min_version"],
    micropython=GOLDEN["micropython"],
)


def golden_key() -> RSAPrivateKey:
    p, q = int(GOLDEN["p"], 16), int(GOLDEN["q"], 16)
    d = pow(65537, -1, (p - 1) * (q - 1))
    public = RSAPublicNumbers(65537, p * q)
    return RSAPrivateNumbers(p, q, d, dp(d, p), dp(d, q), iq(p, q), public).private_key()


def test_the_tool_makes_the_golden_bundle_byte_by_byte() -> None:
    assert pack(RELEASE, dict(reversed(FILES.items())), golden_key()) == BUNDLE


def test_the_golden_bundle_is_read_back() -> None:
    bundle = read(BUNDLE, MODULUS)
    assert (bundle.id, bundle.release, bundle.files) == (GOLDEN["id"], RELEASE, FILES)


def test_no_changed_byte_is_taken() -> None:
    for at in range(len(BUNDLE)):
        spoilt = bytearray(BUNDLE)
        spoilt[at] ^= 1
        with pytest.raises(BundleError):
            read(bytes(spoilt), MODULUS)


def test_no_part_of_a_bundle_is_taken_nor_one_with_more_behind_it() -> None:
    for length in range(len(BUNDLE)):
        with pytest.raises(BundleError):
            read(BUNDLE[:length], MODULUS)
    with pytest.raises(BundleError, match="the files have 30 bytes, the manifest says 29"):
        read(BUNDLE + b"x", MODULUS)


def test_another_keys_bundle_is_refused_by_its_signature() -> None:
    with pytest.raises(BundleError, match="signed by another key"):
        read(BUNDLE, MODULUS - 2)


@pytest.mark.parametrize("path", ["../boot.mpy", "/heartlamp/a.mpy", "heartlamp/a.py", "heartlamp//a.mpy", "A.mpy", ""])
def test_no_path_leads_out_of_the_slot(path: str) -> None:
    with pytest.raises(BundleError, match="cannot hold a file named"):
        pack(RELEASE, {path: b""}, golden_key())


def test_a_newer_tools_manifest_is_named_as_that() -> None:

    manifest = b'{"format":2}'
    signature = golden_key().sign(manifest, PKCS1v15(), SHA256())
    assert len(signature) == SIGNATURE
    with pytest.raises(BundleError, match="a newer tool"):
        read(MAGIC + len(manifest).to_bytes(4, "big") + manifest + signature, MODULUS)
