"""A firmware bundle: the bytes that the tool makes and a device takes."""

import json
from dataclasses import replace
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import (
    RSAPrivateKey,
    RSAPrivateNumbers,
    RSAPublicNumbers,
    generate_private_key,
)
from cryptography.hazmat.primitives.asymmetric.rsa import rsa_crt_dmp1 as dp
from cryptography.hazmat.primitives.asymmetric.rsa import rsa_crt_iqmp as iq
from heartlamp_tech.bundle import BundleError, Release, assemble, read, sign, write_manifest

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
    files = dict(reversed(FILES.items()))
    manifest = write_manifest(RELEASE, files)
    assert assemble(manifest, sign(manifest, golden_key()), files) == BUNDLE


def test_the_golden_bundle_is_read_back() -> None:
    bundle = read(BUNDLE, MODULUS)
    assert (bundle.id, bundle.release, bundle.files) == (GOLDEN["id"], RELEASE, FILES)


def test_a_way_back_is_signed_as_one() -> None:
    back = replace(RELEASE, rollback=True)
    manifest = write_manifest(back, FILES)
    assert b',"rollback":1,"files":' in manifest
    assert read(assemble(manifest, sign(manifest, golden_key()), FILES), MODULUS).release == back


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
        write_manifest(RELEASE, {path: b""})


def test_a_newer_tools_manifest_is_named_as_that() -> None:

    manifest = b'{"format":2}'
    with pytest.raises(BundleError, match="a newer tool"):
        read(assemble(manifest, sign(manifest, golden_key()), {}), MODULUS)


def test_a_key_that_devices_could_not_verify_signs_nothing() -> None:
    with pytest.raises(BundleError, match="RSA key of 3072 bits"):
        sign(b"{}", generate_private_key(65537, 2048))
