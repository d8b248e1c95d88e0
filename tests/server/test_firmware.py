"""Bundles at the county: only what devices would trust, offered to whom an operator says, and what became of it."""

import json
from pathlib import Path
from typing import Any

import pytest
from heartlamp_protocol.bundles import BundleError, read_bundle, signed_by
from heartlamp_protocol.device import reasons
from heartlamp_protocol.registry import Registry
from heartlamp_server.firmware.model import Heard, outcome, read_key, read_range

from tests.server.county import County, Village

GOLDEN: dict[str, Any] = json.loads((Path(__file__).parents[2] / "firmware/vectors/bundle.json").read_text())
BUNDLE, MODULUS = bytes.fromhex(GOLDEN["bundle"]), int(GOLDEN["modulus"], 16)
ID, VERSION = GOLDEN["id"], GOLDEN["version"]


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    """(bundle, key)"""
    (tmp_path / "golden.hlb").write_bytes(BUNDLE)
    (tmp_path / "update_key.json").write_text(json.dumps({"update_key": GOLDEN["modulus"]}))
    return tmp_path / "golden.hlb", tmp_path / "update_key.json"


@pytest.fixture
def added(county: County, files: tuple[Path, Path]) -> str:
    done = county.cli("firmware", "add", files[0], "--key", files[1], "--config", county.config)
    return done.stdout.strip()


def offer(county: County, *to: str, check: bool = True) -> Any:
    return county.cli("firmware", "offer", ID, *to, "--config", county.config, check=check)


def listed(village: Village) -> Registry:
    return Registry.from_json(village.http.get("/gateway/v1/registry").content)


def test_the_golden_bundle_is_read_as_the_tool_and_the_device_read_it() -> None:
    bundle = read_bundle(BUNDLE)
    assert (bundle.id, bundle.version, list(bundle.boards)) == (ID, VERSION, GOLDEN["boards"])
    assert signed_by(bundle, MODULUS)
    assert not signed_by(bundle, MODULUS + 2)


@pytest.mark.parametrize("at", [0, 7, 60, len(BUNDLE) - 1])
def test_one_wrong_byte_is_found(at: int) -> None:
    spoilt = bytearray(BUNDLE)
    spoilt[at] ^= 1
    try:
        assert not signed_by(read_bundle(bytes(spoilt)), MODULUS)
    except BundleError:
        pass


@pytest.mark.parametrize("end", range(0, len(BUNDLE), 97))
def test_a_bundle_that_is_cut_off_is_none(end: int) -> None:
    with pytest.raises(BundleError):
        read_bundle(BUNDLE[:end])


def test_a_key_is_read_as_it_is_written_down() -> None:
    assert read_key(json.dumps({"update_key": GOLDEN["modulus"]})) == read_key(GOLDEN["modulus"]) == MODULUS
    with pytest.raises(ValueError, match="3072"):
        read_key("abcd")


def test_ranges_are_cut_to_what_there_is() -> None:
    assert read_range("bytes=0-99", 1000) == (0, 100)
    assert read_range("bytes=900-2000", 1000) == (900, 100)
    assert read_range("bytes=1000-1001", 1000) is None
    assert read_range("bytes=-5", 1000) is None


def test_what_is_not_signed_by_the_key_or_damaged_is_not_taken(
    county: County, files: tuple[Path, Path], tmp_path: Path
) -> None:
    stranger = tmp_path / "stranger.txt"
    stranger.write_text(f"{MODULUS - 2:0768x}")
    refused = county.cli("firmware", "add", files[0], "--key", stranger, "--config", county.config, check=False)
    assert (refused.returncode, "not signed by the key" in refused.stderr) == (1, True)
    files[0].write_bytes(BUNDLE[:-1])
    refused = county.cli("firmware", "add", *files[:1], "--key", files[1], "--config", county.config, check=False)
    assert (refused.returncode, "its manifest says" in refused.stderr) == (1, True)


def test_a_bundle_is_offered_to_a_village_and_its_gateway_is_told(county: County, village: Village, added: str) -> None:
    kinds = read_bundle(BUNDLE).kinds
    down, before = village.down(), listed(village)
    offer(county, "--village", village.gateway)
    down.next(lambda e: e.data.get("kind") == "registry" and e.data["version"] > before.version)
    (update,) = listed(village).updates
    assert (update.bundle, update.size, update.again) == (added, len(BUNDLE), False)
    of_kind = [d.id for d in listed(village).devices if d.kind in kinds]
    assert list(update.devices) == sorted(of_kind) != []
    county.cli("firmware", "withdraw", ID, "--config", county.config)
    assert listed(village).updates == ()


def test_of_two_offers_the_newer_counts(county: County, village: Village, added: str) -> None:
    one = next(d.id for d in listed(village).devices if d.kind in read_bundle(BUNDLE).kinds)
    offer(county, "--village", village.name)
    offer(county, "--device", one, "--again")
    first, second = listed(village).updates
    assert (first.devices, first.again) == ((one,), True)
    assert one not in second.devices
    county.cli("firmware", "withdraw", ID, "--config", county.config)


def test_who_is_meant_must_be_clear(county: County, village: Village, added: str) -> None:
    other = county.village()
    many = offer(county, "--group", "三组", check=False)
    assert (many.returncode, other.name in many.stderr) == (1, True)
    offer(county, "--group", f"庆丰县 城关镇 {village.name} 三组")
    assert listed(village).updates
    assert not listed(other).updates
    assert offer(county, "--device", "nobody1", check=False).returncode == 1
    county.cli("firmware", "withdraw", ID, "--config", county.config)


def test_a_gateway_fetches_it_in_ranges(village: Village, added: str) -> None:
    path, got = f"/gateway/v1/firmware/{added}", b""
    while len(got) < len(BUNDLE):
        part = village.http.get(path, headers={"Range": f"bytes={len(got)}-{len(got) + 499}"})
        assert part.status_code == 206
        got += part.content
    assert got == BUNDLE
    assert village.http.get(path).status_code == 416
    assert village.http.get("/gateway/v1/firmware/0000000000000000", headers={"Range": "bytes=0-1"}).status_code == 404
    village.http.headers["Authorization"] = "Bearer nobody"
    assert village.http.get(path, headers={"Range": "bytes=0-1"}).status_code == 401


def test_what_devices_say_of_it_is_listed(county: County, village: Village, added: str) -> None:
    kinds = read_bundle(BUNDLE).kinds
    devices = [d for d in (*village.lamps, *village.keys) if any(kind[:3] in d.id for kind in kinds)]
    offer(county, "--village", village.gateway)
    no, yes = devices[:2]
    village.send(
        no.reading([("version", 100), ("update_refused", reasons.BOARD), ("update_version", VERSION)]), to="readings"
    )
    village.send(yes.reading([("version", VERSION)]), to="readings")
    said = county.cli("firmware", "list", "--config", county.config).stdout
    line = next(line for line in said.splitlines() if no.id in line)
    assert "refused: made for other boards" in line
    assert next(line for line in said.splitlines() if yes.id in line).endswith("runs")
    village.send(no.reading([("version", VERSION)]), to="readings")  # the next heartbeat says no more of it
    said = county.cli("firmware", "list", "--config", county.config).stdout
    assert next(line for line in said.splitlines() if no.id in line).endswith("runs")
    county.cli("firmware", "withdraw", ID, "--config", county.config)


def test_the_outcome_in_a_word() -> None:
    def heard(version: int, refused: int = 0, of: int = 0, trial: bool = False) -> str:
        return outcome(Heard("lamp1", "", ID, 10100, version, refused, of, trial))

    assert heard(10100) == "runs"
    assert heard(10100, trial=True) == "trial"
    assert heard(10000) == "waits"
    assert heard(10000, reasons.SIGNATURE) == "refused"
    assert heard(10000, reasons.TOO_OLD, 10050) == "waits"  # that was another one
