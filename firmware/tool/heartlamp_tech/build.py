"""python -m heartlamp_tech.build: what devices load, in build/firmware.

app/…                     the bytecode, as it lies on a device
start/…                   what starts it, which no update replaces
boards/…                  sources of the board modules, for a firmware image that has all of it frozen
heartlamp-<version>.hlb   the same as a signed bundle (bundle.py)
manifest.json             what is signed
update_key.json           the modulus that devices must be given to take it, for provisioning

Signed by the development key of this checkout, build/signing_key.pem, or by the PEM that HEARTLAMP_SIGNING_KEY names.
With an offline key: build, carry manifest.json to where the key is, `openssl dgst -sha256 -sign key.pem -out
manifest.sig manifest.json`, carry manifest.sig back, and build again with --signature and --public-key.
"""

import argparse
import ast
import json
import os
import shutil
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from heartlamp_tech import board_rules, boards, compiling, signing
from heartlamp_tech.boards import BoardsError
from heartlamp_tech.bundle import BundleError, Release, assemble, read, sign, write_manifest

REPO = Path(__file__).resolve().parents[3]


@dataclass(frozen=True)
class Built:
    """`files`: bytecode by path; `start`: of what is no part of the bundle; `boards`: sources that were made.
    `manifest`: the bytes to sign."""

    release: Release
    files: dict[str, bytes]
    start: dict[str, bytes]
    boards: dict[str, bytes]
    manifest: bytes


def build(repo: Path, rollback: bool = False) -> Built:
    """Of the same sources always the same bytes. Raises BoardsError and BundleError."""
    wired = boards.read_all(repo / "hardware/boards")
    board_rules.check(wired)
    made = compiling.board_sources(wired)
    modules, starting = compiling.laid_out(compiling.sources(repo) | made, compiling.start_sources(repo))
    files = compiling.compile_all(modules)
    release = read_release(repo, tuple(wired), rollback)
    start = compiling.compile_all(starting)
    sources = {f"{name}.py": text.encode() for name, text in made.items()}
    return Built(release, files, start, sources, write_manifest(release, files))


def read_release(repo: Path, board_names: tuple[str, ...], rollback: bool) -> Release:
    """Version and kinds stand in the firmware, and nowhere else."""
    version = {name: ast.literal_eval(node) for name, node in _constants(repo / "firmware/app/heartlamp/version.py")}
    parts = dict(_constants(repo / "firmware/app/heartlamp/kinds.py"))["PARTS"]
    assert isinstance(parts, ast.Dict)
    kinds = [ast.literal_eval(key) for key in parts.keys if key is not None]
    return Release(
        version["VERSION"], board_names, tuple(kinds), version["MIN_VERSION"], version["MICROPYTHON"], rollback
    )


def write(built: Built, signature: bytes, modulus: int, folder: Path) -> Path:
    """Writes all of it into `folder`, and returns the bundle's path. Raises BundleError where the signature is not of
    the key with this modulus."""
    bundle = assemble(built.manifest, signature, built.files)
    read(bundle, modulus)  # as a device will
    lay_out(folder / "app", built.files)
    lay_out(folder / "start", built.start)
    lay_out(folder / "boards", built.boards)
    (folder / "manifest.json").write_bytes(built.manifest)
    (folder / "update_key.json").write_text(json.dumps({"update_key": f"{modulus:0768x}"}) + "\n")
    for old in folder.glob("heartlamp-*.hlb"):
        old.unlink()
    path = folder / f"heartlamp-{version_text(built.release.version)}.hlb"
    path.write_bytes(bundle)
    return path


def lay_out(folder: Path, files: dict[str, bytes]) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    for name, data in files.items():
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data)


def version_text(version: int) -> str:
    return f"{version // 10000}.{version // 100 % 100}.{version % 100}"


def _constants(path: Path) -> Iterator[tuple[str, ast.expr]]:
    """The module's upper-case names and what is assigned to them, without running it."""
    for node in ast.parse(path.read_text("utf-8")).body:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name) and node.targets[0].id.isupper():
            yield node.targets[0].id, node.value


def main(words: Sequence[str] | None = None) -> int:
    """`words`: of the command line, None: this process's. -> exit code"""
    parser = argparse.ArgumentParser(prog="heartlamp_tech.build", description=__doc__.split("\n")[0])
    parser.add_argument("--out", type=Path, default=REPO / "build/firmware")
    parser.add_argument("--rollback", action="store_true", help="devices may take it though they run a newer one")
    parser.add_argument("--signature", type=Path, help="of manifest.json, made elsewhere; needs --public-key")
    parser.add_argument("--public-key", type=Path, help="PEM of the key that made it")
    said = parser.parse_args(words)
    try:
        built = build(REPO, said.rollback)
        if said.signature:
            signature, public = said.signature.read_bytes(), signing.read_public_key(said.public_key)
            whose = str(said.public_key)
        else:
            named = os.environ.get("HEARTLAMP_SIGNING_KEY")
            key = signing.read_key(Path(named)) if named else signing.development_key(REPO / "build/signing_key.pem")
            signature, public = sign(built.manifest, key), key.public_key()
            whose = named or "this checkout's development key"
        path = write(built, signature, public.public_numbers().n, said.out)
    except (BoardsError, BundleError, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    print(
        f"{path.relative_to(REPO) if path.is_relative_to(REPO) else path}: {path.stat().st_size:,} B, signed by {whose}"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
