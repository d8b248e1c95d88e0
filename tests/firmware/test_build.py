"""What `make firmware` makes: the same bytes every time, signed, small enough, and a board that runs them."""

import json
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from heartlamp_protocol.device.kinds import KINDS
from heartlamp_tech import signing
from heartlamp_tech.build import Built, build, write
from heartlamp_tech.bundle import BundleError, read, sign
from heartlamp_tech.compiling import compile_all
from heartlamp_tech.virtual_board import BoardError, VirtualBoard

from tests.firmware import footprint
from tests.firmware.conftest import MICROPYTHON, REPO
from tests.firmware.footprint import Bench, bytes_of, on_esp32, put_in_place
from tests.firmware.parts import Certificates, Village, config


@pytest.fixture(scope="module")
def built() -> Built:
    return build(REPO)


@pytest.fixture(scope="module")
def folder(built: Built, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """As build/firmware."""
    key = generate_private_key(65537, 3072)
    folder = tmp_path_factory.mktemp("firmware")
    write(built, sign(built.manifest, key), key.public_key().public_numbers().n, folder)
    put_in_place(folder)
    return folder


@pytest.fixture(scope="module")
def bench(folder: Path) -> Iterator[Bench]:
    with Bench(folder, footprint.SHORT if footprint.SHORT.exists() else MICROPYTHON) as bench:
        yield bench


@pytest.mark.prove
def test_the_same_sources_make_the_same_bundle(built: Built) -> None:
    assert build(REPO).manifest == built.manifest


def test_the_bundle_is_what_lies_in_the_folder_for_every_kind_and_board(folder: Path) -> None:
    modulus = int(json.loads((folder / "update_key.json").read_text())["update_key"], 16)
    bundle = read(next(folder.glob("*.hlb")).read_bytes(), modulus)
    assert bundle.files == {str(p.relative_to(folder / "app")): p.read_bytes() for p in folder.glob("app/**/*.mpy")}
    assert set(bundle.release.kinds) == set(KINDS)
    assert set(bundle.release.boards) == {path.stem for path in (REPO / "hardware/boards").glob("*.toml")}
    assert bundle.release.micropython == 12500


def test_no_file_names_the_machine_it_was_made_on(built: Built) -> None:
    assert all(str(REPO).encode() not in data for data in built.files.values())
    assert b"update/fetch.py" in built.files["heartlamp/update/fetch.mpy"]  # a traceback says where


def test_the_development_key_is_made_once_and_is_for_its_owner_only(tmp_path: Path) -> None:
    path = tmp_path / "build/signing_key.pem"
    first = signing.development_key(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert signing.development_key(path).private_numbers() == first.private_numbers()


@pytest.mark.prove
def test_a_key_that_never_leaves_its_place_signs_a_bundle_in_two_steps(built: Built, tmp_path: Path) -> None:
    offline = generate_private_key(65537, 3072)
    public = offline.public_key()
    pem = public.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    (tmp_path / "public.pem").write_bytes(pem)
    (tmp_path / "manifest.sig").write_bytes(sign(built.manifest, offline))
    command = [sys.executable, "-m", "heartlamp_tech.build", "--out", str(tmp_path / "out")]
    signed = ["--signature", str(tmp_path / "manifest.sig"), "--public-key", str(tmp_path / "public.pem")]
    subprocess.run(command + signed, check=True, capture_output=True)
    read(next((tmp_path / "out").glob("*.hlb")).read_bytes(), public.public_numbers().n)


def test_a_signature_of_another_key_is_refused_before_anything_is_written(built: Built, tmp_path: Path) -> None:
    one, other = generate_private_key(65537, 3072), generate_private_key(65537, 3072)
    with pytest.raises(BundleError, match="signed by another key"):
        write(built, sign(built.manifest, one), other.public_key().public_numbers().n, tmp_path)
    assert not list(tmp_path.iterdir())


def test_what_the_device_could_not_read_stops_the_build_by_name() -> None:
    with pytest.raises(BundleError, match=r"heartlamp/x\.py does not compile for the device"):
        compile_all({"heartlamp/x": "values = [1, *other]\n"})


def test_a_board_runs_from_the_bundle_alone(
    built: Built, folder: Path, village: Village, certificates: Certificates, tmp_path: Path
) -> None:
    modulus = int(json.loads((folder / "update_key.json").read_text())["update_key"], 16)
    for name, data in read(next(folder.glob("*.hlb")).read_bytes(), modulus).files.items():
        (tmp_path / "app" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "app" / name).write_bytes(data)
    (tmp_path / "start").symlink_to(folder / "start")
    board = VirtualBoard(MICROPYTHON, REPO, tmp_path / "lamp.flash", built=tmp_path)
    settings = config(village.broker, certificates.ca, "lamp0a1b", "lamp")
    with pytest.raises(BoardError, match="the board esp32c3-button cannot be a lamp; it can be button, silent"):
        board.provision(settings | {"board": "esp32c3-button"})
    board.provision(settings | {"board": "esp32s3-lamp"})
    board.start()
    board.wait_show("working")
    board.press("red")
    said = village.wait("event")
    village.hear(said)
    board.wait_show("told")
    village.receive(said)
    board.wait_trace("received", event=said.id)
    board.kill()
    assert "Traceback" not in board.complaints(), board.complaints()


@pytest.mark.parametrize(
    "kind",
    [
        pytest.param(kind, marks=[pytest.mark.xfail(strict=True)] if kind in footprint.TOO_LARGE else [])
        for kind in (*KINDS, *footprint.BY_RADIO)
    ],
)
def test_a_kind_loads_64_kib_at_most(bench: Bench, folder: Path, kind: str) -> None:
    size = bytes_of(on_esp32(bench.modules(kind), folder), folder)
    print(kind, size)
    assert size <= footprint.KIND_MOST


def test_the_connection_is_6_kib_at_most() -> None:
    assert footprint.connection() <= footprint.CONNECTION_MOST


@pytest.mark.skipif(not footprint.SHORT.exists(), reason="no MicroPython with words of 4 bytes for this machine")
def test_a_button_lives_on_the_ram_it_may_have(bench: Bench) -> None:
    heap = footprint.bare_heap(footprint.SHORT) + footprint.BUTTON_HEAP_MOST
    assert bench.lives("button", True, heap) == ""
    assert "MemoryError" in bench.lives("button", True, heap // 2)  # the measure can fail
