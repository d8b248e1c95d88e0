"""Pictures up and programs down through a village whose every part is real: county, gateway, broker, firmware."""

import random
import time
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import psycopg
import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from heartlamp_protocol.device import reasons
from heartlamp_server.database.embedded import Embedded
from heartlamp_tech.virtual_board import VirtualBoard

from tests.firmware import bundles
from tests.firmware.bundles import Bundle
from tests.gateway.rig.waiting import until
from tests.village.command_centre import CommandCentre
from tests.village.plan import House, Village
from tests.village.rig import MICROPYTHON, ROOT, Rig

pytestmark = pytest.mark.timeout(240)

CAMERAS = FIRST, SECOND = "cameraxi1", "cameraxi3"
LAMP, OTHER = "lampxi1", "lampxi2"
PLAN = Village(
    "xi",
    "溪口村",
    "990101100204",
    (
        House("xi", "一组", 1, ("lamp", "camera")),
        House("xi", "二组", 2, ("lamp",)),
        House("xi", "三组", 3, ("lamp", "camera")),
    ),
)
TABLES = """[pictures]
keep_free_mb = 0

[updates]
bytes_per_second = 60000
fetch_bytes_per_second = 200000
"""
VERSION = 10100


class FilesRig(Rig):
    def __init__(self, folder: Path, pictures: Path) -> None:
        settings = {"board": "virtual", "consent": 1}
        super().__init__(folder, (PLAN,), tables=TABLES, settings=settings, update_key=bundles.modulus())
        self._pictures = pictures

    def board(self, device: str) -> VirtualBoard:
        flash = self.flash / f"{device}.img"
        pictures = self._pictures if device in CAMERAS else None
        return VirtualBoard(
            MICROPYTHON, ROOT, flash, lambda line: self._heard_board(device, line), pictures=pictures, restart=True
        )

    def cli(self, *words: object) -> str:
        return self._server_cli(*words, "--config", self.folder / "county/server.toml")

    def sql(self, query: str, *values: Any) -> list[tuple[Any, ...]]:
        with psycopg.connect(Embedded(self.folder / "postgres").conninfo, autocommit=True) as conn:
            return conn.execute(query, values).fetchall()

    def add(self, bundle: Bundle, key: str = "") -> None:
        """To the county's bundles. `key`: hex, of who signed it."""
        file, trusted = self.folder / f"{bundle.id}.hlb", self.folder / f"{bundle.id}.key"
        file.write_bytes(bundle.data)
        trusted.write_text(key or bundles.modulus())
        assert self.cli("firmware", "add", file, "--key", trusted).strip() == bundle.id

    def listed(self, device: str) -> str:
        """What the county's list says of a device, "" nothing."""
        lines = self.cli("firmware", "list").splitlines()
        return next((line.strip() for line in lines if line.strip().startswith(f"{device} ")), "")

    def wait_listed(self, device: str, end: str, seconds: float = 40) -> None:
        deadline = time.monotonic() + seconds
        while not self.listed(device).endswith(end):
            assert time.monotonic() < deadline, f"{device}: {self.listed(device)!r}, not {end!r}"
            time.sleep(0.5)  # another process, which tells nobody


@pytest.fixture(scope="module")
def picture() -> bytes:
    return b"\xff\xd8\xff\xe0" + random.Random(5).randbytes(40_000) + b"\xff\xd9"


@pytest.fixture(scope="module")
def rig(tmp_path_factory: pytest.TempPathFactory, picture: bytes) -> Iterator[FilesRig]:
    folder: Path = tmp_path_factory.mktemp("files")
    (folder / "pictures").mkdir()
    (folder / "pictures/0.jpg").write_bytes(picture)
    with FilesRig(folder / "rig", folder / "pictures") as rig:
        try:
            for camera in CAMERAS:
                rig.boards[camera].press("shutter")  # the cover is open
            yield rig
        finally:
            print(rig.villages["xi"].gateway.tail(60))


def wait_picture(rig: FilesRig, camera: str, seconds: float = 40) -> tuple[str, str]:
    """(event, sum) of this camera's picture that is whole at the county."""
    deadline = time.monotonic() + seconds
    while True:
        rows = rig.sql("SELECT event, sum FROM picture WHERE whole_at NOTNULL AND device = %s", camera)
        if rows:
            return str(rows[0][0]), str(rows[0][1])
        assert time.monotonic() < deadline, rig.sql("SELECT * FROM picture")
        time.sleep(0.1)  # another process's store


def close_all(rig: FilesRig) -> None:
    """Somebody saw to it: the village is quiet again."""
    seat = CommandCentre(rig.console_url, "duty", rig.password, rig.journal)
    seat.log_in()
    for incident in seat.incidents()["incidents"]:
        seat.answer(incident["id"], "closed", "值班员", "spoke_to")


def test_a_press_of_the_camera_brings_its_picture_to_the_county_and_to_nobody_else(
    rig: FilesRig, picture: bytes
) -> None:
    camera = rig.boards[FIRST]
    began = time.monotonic()
    rig.press(FIRST)
    still, sum = wait_picture(rig, FIRST)
    print(f"press to picture at the county: {time.monotonic() - began:.1f} s, {len(picture)} bytes")
    assert sum == sha256(picture).hexdigest()
    camera.wait_trace("delivered", 20, event=still)
    until("it is deleted in the village", lambda: not list((rig.villages["xi"].folder / "data").rglob("*.bytes")))


@pytest.fixture
def quiet(rig: FilesRig) -> None:
    """No update is given out while somebody calls for help."""
    close_all(rig)


@pytest.mark.prove
def test_a_program_goes_from_the_county_to_a_lamp_which_earns_its_receipt(rig: FilesRig, quiet: None) -> None:
    """Cut in the middle, for all three: the lamp's power, the gateway, the broker."""
    bundle = bundles.pack(bundles.real(VERSION), VERSION, kinds=("lamp",))
    rig.add(bundle)
    lamp, side = rig.boards[LAMP], rig.villages["xi"]
    began, mark = time.monotonic(), lamp.mark()
    rig.cli("firmware", "offer", bundle.id, "--device", LAMP)
    lamp.wait_trace("update", 60, after=mark, offered=bundle.id)
    assert rig.listed(LAMP).endswith("waits")
    side.gateway.kill()
    side.broker.kill()
    rig.restart_board(LAMP)
    cut = lamp.mark()
    lamp.wait_trace("update", 90, after=cut, trial=VERSION)
    assert not [line for line in lamp.lines(cut) if line.get("offered")]  # it went on, and did not begin anew
    lamp.wait_trace("update", 60, after=mark, confirmed=VERSION)
    took = time.monotonic() - began
    print(f"offer to receipt, with three power cuts: {took:.1f} s, {len(bundle.data)} bytes")
    rig.wait_listed(LAMP, "1.1.0      runs")
    assert rig.listed(OTHER) == ""  # it was offered to one
    place = lamp.mark()
    rig.press(LAMP)
    lamp.wait_trace("received", 20, after=place)  # and the new program alarms


def test_a_lamp_refuses_what_is_not_for_it_and_the_county_knows_why(rig: FilesRig, quiet: None) -> None:
    other = bundles.pack(bundles.program(VERSION + 1), VERSION + 1, boards=("esp32s3-lamp",))
    rig.add(other)
    mark = rig.boards[OTHER].mark()
    rig.cli("firmware", "offer", other.id, "--village", "溪口村")
    rig.boards[OTHER].wait_trace("update", 60, after=mark, refused=reasons.BOARD)
    rig.wait_listed(OTHER, "refused: made for other boards")
    strange = generate_private_key(public_exponent=65537, key_size=3072)
    forged = bundles.pack(bundles.program(VERSION + 2), VERSION + 2, signer=strange)
    rig.add(forged, f"{strange.public_key().public_numbers().n:x}")  # a county that was cheated
    rig.cli("firmware", "offer", forged.id, "--group", "二组")
    rig.boards[OTHER].wait_trace("update", 60, after=mark, refused=reasons.SIGNATURE)
    rig.wait_listed(OTHER, "refused: not signed by the key this device trusts")


def test_an_alarm_in_the_middle_of_an_update_goes_first_and_the_update_afterwards(rig: FilesRig, quiet: None) -> None:
    bundle = bundles.pack(bundles.real(VERSION + 3), VERSION + 3)
    rig.add(bundle)
    lamp = rig.boards[OTHER]
    mark = lamp.mark()
    rig.cli("firmware", "offer", bundle.id, "--device", OTHER)
    lamp.wait_trace("update", 60, after=mark, offered=bundle.id)
    pressed = lamp.mark()
    rig.press(OTHER)
    heard = lamp.wait_trace("heard", 10, after=pressed)["t"] - lamp.wait_trace("pressed", 10, after=pressed)["t"]
    print(f"press to heard in the middle of an update: {heard / 1e6:.0f} ms")
    assert heard < 500e6
    lamp.wait_trace("received", 10, after=pressed)
    assert not [line for line in lamp.lines(pressed) if line.get("trial")]
    close_all(rig)
    lamp.wait_trace("update", 120, after=pressed, trial=VERSION + 3)
    lamp.wait_trace("update", 60, after=pressed, confirmed=VERSION + 3)


@pytest.mark.prove
def test_a_picture_comes_through_kills_of_gateway_broker_and_county(rig: FilesRig, picture: bytes, quiet: None) -> None:
    camera, side = rig.boards[SECOND], rig.villages["xi"]
    mark = camera.mark()
    rig.press(SECOND)
    camera.wait_trace("still", 20, after=mark)
    side.gateway.kill()
    side.broker.kill()
    rig.server.kill()
    still, sum = wait_picture(rig, SECOND, 90)
    assert sum == sha256(picture).hexdigest()
    camera.wait_trace("delivered", 60, event=still)
