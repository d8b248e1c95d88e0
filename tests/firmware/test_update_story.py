"""A new program on a real board: taken in piece by piece, tried, kept or gone back from; and alarms all the while."""

import json
import random
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from heartlamp_protocol.device import reasons
from heartlamp_protocol.inbound import Reading
from heartlamp_tech import serial_update
from heartlamp_tech.serial_lines import BoardLines, SerialError
from heartlamp_tech.virtual_board import VirtualBoard

from tests.firmware import bundles
from tests.firmware.bundles import Bundle
from tests.firmware.conftest import ENVIRONMENT, MICROPYTHON, REPO
from tests.firmware.parts import BoardMaker, Certificates, Said, Village, config

DEV = "lamp0a1b"
PIECE = 2048
VERSION = 10100


class Shelf:
    """The gateway's side of an update: offers a bundle, and sends what is wanted of it, from that byte on."""

    def __init__(self, village: Village, bundle: Bundle) -> None:
        self.bundle = bundle
        self.wanted: list[int] = []
        self._village = village
        self._place = len(village.said)
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._serve, daemon=True)

    def __enter__(self) -> "Shelf":
        self._thread.start()
        self.send(0)
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()

    def send(self, at: int, **more: object) -> None:
        header = {"v": 1, "kind": "piece", "bundle": self.bundle.id, "size": len(self.bundle.data), "at": at, **more}
        data = self.bundle.data[at : at + PIECE]
        self._village.publish(DEV, "piece", json.dumps(header).encode() + b"\n" + data)

    def _serve(self) -> None:
        while not self._ended.is_set():
            try:
                said = self._village.wait(
                    "want", lambda said: said.fields["bundle"] == self.bundle.id, self._place, 0.2
                )
            except AssertionError:
                continue
            self._place = self._village.said.index(said) + 1
            self.wanted.append(said.fields["at"])
            self.send(said.fields["at"])


def values(said: Said) -> dict[str, int]:
    content = said.frame.content
    assert isinstance(content, Reading)
    return content.values


def heartbeat(village: Village, after: int = 0, timeout: float = 20.0, **fields: int) -> dict[str, int]:
    """The first one with these values."""
    said = village.wait(
        "reading", lambda said: all(values(said).get(k) == v for k, v in fields.items()), after, timeout
    )
    return values(said)


def alarm_goes_out(board: VirtualBoard, village: Village) -> None:
    place, mark = len(village.said), board.mark()
    board.press("red")
    said = village.wait("event", after=place)
    village.hear(said)
    village.receive(said)
    board.wait_trace("received", event=said.id, after=mark)
    board.release("red")


@pytest.fixture(scope="module")
def newer() -> Bundle:
    return bundles.pack(bundles.real(VERSION), VERSION)


@pytest.fixture
def lamp(village: Village, make_board: BoardMaker) -> VirtualBoard:
    """A lamp that trusts the key of this run."""
    board = make_board(village.broker, update_key=bundles.modulus(), board="virtual")
    board.start()
    board.wait_show("working")
    return board


@pytest.fixture
def crashing(village: Village, certificates: Certificates, tmp_path: Path) -> Iterator[VirtualBoard]:
    """A lamp that starts again after a crash, as an ESP32 does. Not started."""
    board = VirtualBoard(MICROPYTHON, REPO, tmp_path / "crashing.flash", restart=True)
    board.provision(config(village.broker, certificates.ca, DEV, "lamp") | {"update_key": bundles.modulus()})
    yield board
    board.kill()


def test_a_bundle_comes_in_pieces_and_the_board_runs_it_once_the_village_answered(
    lamp: VirtualBoard, village: Village, newer: Bundle
) -> None:
    with Shelf(village, newer) as shelf:
        lamp.wait_trace("update", trial=VERSION, timeout=80)
        lamp.wait_trace("started", slot="a", trial=1)
        lamp.wait_trace("update", confirmed=VERSION, timeout=20)
    assert shelf.wanted[-1] == len(newer.data)
    assert shelf.wanted[:-1] == list(range(PIECE, len(newer.data), PIECE))
    place = len(village.said)
    alarm_goes_out(lamp, village)
    lamp.kill()
    lamp.start()
    assert heartbeat(village, place, slot=1)["version"] == VERSION


def test_an_update_goes_on_at_its_byte_after_the_power_was_off(
    lamp: VirtualBoard, village: Village, newer: Bundle
) -> None:
    with Shelf(village, newer) as shelf:
        village.wait("want", lambda said: said.fields["at"] > 20_000, timeout=20)
        lamp.kill()
        before = list(shelf.wanted)
        lamp.start()
        lamp.wait_trace("update", trial=VERSION, timeout=80)
    assert 0 < shelf.wanted[len(before)] <= before[-1] + PIECE
    assert shelf.wanted[len(before)] >= before[-1]


def test_an_offer_before_it_knows_its_place_does_not_make_it_begin_anew(
    lamp: VirtualBoard, village: Village, newer: Bundle
) -> None:
    """A gateway offers as soon as it sees the lamp, which takes up its update a second later."""
    with Shelf(village, newer) as shelf:
        village.wait("want", lambda said: said.fields["at"] > 20_000, timeout=20)
        lamp.kill()
        before, count, mark, place = shelf.wanted[-1], len(shelf.wanted), lamp.mark(), len(village.said)
        lamp.start()
        village.wait("ask", after=place, timeout=10)
        shelf.send(0)
        village.wait("want", lambda said: said.fields["at"] > before, after=place, timeout=10)
        assert min(shelf.wanted[count:], default=before) >= before
    assert not [line for line in lamp.lines(mark) if line.get("offered")]


def test_an_alarm_in_the_middle_goes_out_at_once_and_the_update_waits(
    lamp: VirtualBoard, village: Village, newer: Bundle
) -> None:
    with Shelf(village, newer) as shelf:
        village.wait("want", lambda said: said.fields["at"] > 20_000, timeout=20)
        pressed = lamp.mark()
        lamp.press("red")
        said = village.wait("event")
        lamp.wait_trace("sent", after=pressed)
        lamp.release("red")
        took = lamp.wait_trace("sent", after=pressed)["t"] - lamp.wait_trace("pressed", after=pressed)["t"]
        print("press to network in the middle of an update", took / 1e6, "ms")
        assert took < 200e6
        count = len(shelf.wanted)
        village.hear(said)
        lamp.wait_trace("heard")
        assert len(shelf.wanted) <= count + 1  # the one that was on its way
        village.receive(said)
        lamp.wait_trace("update", trial=VERSION, timeout=80)


def test_no_restart_while_a_neighbours_call_shows(lamp: VirtualBoard, village: Village) -> None:
    small = bundles.pack(bundles.program(VERSION), VERSION)
    from tests.firmware.parts import call

    village.light(DEV, [call("lamp0c2d-00000000000000aa", "near")])
    lamp.wait_show("near")
    with Shelf(village, small) as shelf:
        village.pulse()
        lamp.wait_for(lambda line: line.get("trace") != "update")
        assert shelf.wanted == []
        village.light(DEV, [])
        lamp.wait_trace("update", trial=VERSION, timeout=20)


STRANGER = generate_private_key(public_exponent=65537, key_size=3072)


@pytest.mark.parametrize(
    ("reason", "how"),
    [
        (reasons.SIGNATURE, {"signer": STRANGER}),
        (reasons.BOARD, {"boards": ("esp32s3-lamp",)}),
        (reasons.KIND, {"kinds": ("button",)}),
        (reasons.TOO_OLD, {"version": 1}),
        (reasons.MICROPYTHON, {"micropython": 19900}),
        (reasons.TOO_FAR, {"min_version": 5000}),
        (reasons.TRUNCATED, {"cut": 300}),
        (reasons.DAMAGED, {"spoil": 300}),
        (reasons.MALFORMED, {"format": 9}),
    ],
)
def test_what_must_not_run_is_refused_and_the_heartbeat_says_why(
    lamp: VirtualBoard, village: Village, reason: int, how: dict[str, Any]
) -> None:
    cut, spoil, version = how.pop("cut", 0), how.pop("spoil", 0), how.pop("version", VERSION)
    bundle = bundles.pack(bundles.program(version, 600), version, **how)
    data = bytearray(bundle.data)
    if spoil:
        data[-spoil] ^= 1
    place = len(village.said)
    with Shelf(village, bundle._replace(data=bytes(data[: len(data) - cut]))):
        told = heartbeat(village, place, 20, update_refused=reason)
    unknown = (reasons.SIGNATURE, reasons.MALFORMED)  # who knows what that was
    assert told.get("update_version", 0) == (0 if reason in unknown else version)
    assert told["slot"] == 0
    alarm_goes_out(lamp, village)


def test_what_was_refused_is_not_taken_in_again_unless_somebody_asks(lamp: VirtualBoard, village: Village) -> None:
    bundle = bundles.pack(bundles.program(1, 200), 1)
    with Shelf(village, bundle) as shelf:
        heartbeat(village, 0, 20, update_refused=reasons.TOO_OLD)
        count, mark = len(shelf.wanted), lamp.mark()
        shelf.send(0)
        shelf.send(0, again=1)
        lamp.wait_trace("update", offered=bundle.id, after=mark)
        lamp.wait_trace("update", refused=reasons.TOO_OLD, after=mark)
    assert len([line for line in lamp.lines(mark) if line.get("offered")]) == 1
    assert len(shelf.wanted) >= count


def test_a_program_that_cannot_even_be_imported_is_gone_back_from_in_the_same_start(
    crashing: VirtualBoard, village: Village
) -> None:
    broken = bundles.pack(bundles.real(VERSION, main="raise RuntimeError('of this bundle')\n"), VERSION)
    crashing.start()
    crashing.wait_show("working")
    place = len(village.said)
    with Shelf(village, broken):
        crashing.wait_trace("update", trial=VERSION, timeout=80)
        told = heartbeat(village, place, 20, update_refused=reasons.ROLLED_BACK)
    assert (told["slot"], told["update_version"]) == (0, VERSION)
    alarm_goes_out(crashing, village)
    assert "of this bundle" in crashing.complaints()


def test_a_program_that_crashes_when_it_runs_is_gone_back_from_and_an_alarm_meanwhile_is_kept(
    crashing: VirtualBoard, village: Village
) -> None:
    """It takes the press, and dies before it could send it."""
    source = "class Link:\n NAME = 'lan'\n def __init__(self, *_): raise RuntimeError('of this bundle')\n"
    broken = bundles.pack(bundles.real(VERSION, links__lan=source), VERSION)
    crashing.start()
    crashing.wait_show("working")
    place = len(village.said)
    with Shelf(village, broken):
        crashing.wait_trace("update", trial=VERSION, timeout=80)
        crashing.press("red")
        said = village.wait("event", after=place, timeout=20)
        village.hear(said)
        village.receive(said)
        told = heartbeat(village, place, 20, update_refused=reasons.ROLLED_BACK)
    assert (told["slot"], told["update_version"]) == (0, VERSION)


def test_repeated_crashes_end_in_safe_mode_which_alarms_and_says_so(
    crashing: VirtualBoard, village: Village, tmp_path: Path
) -> None:
    """A program that was good for weeks, and whose sound part crashes from today on."""
    source = "class Part:\n def __init__(self, *_): raise RuntimeError('today')\n"
    bundle = bundles.pack(bundles.real(VERSION, parts__sound=source), VERSION)
    install(crashing.flash, bundle, tmp_path)
    crashing.start()
    told = heartbeat(village, 0, 20, safe_mode=1)
    assert (told["slot"], told["crashes"]) == (0, 3)
    alarm_goes_out(crashing, village)


def test_a_spoilt_file_of_the_program_does_not_start_and_the_copy_of_the_image_does(
    crashing: VirtualBoard, village: Village, tmp_path: Path
) -> None:
    bundle = bundles.pack(bundles.real(VERSION), VERSION)
    install(crashing.flash, bundle, tmp_path)
    script = (
        "from heartlamp.hal.unix import flash\n"
        f"flash.mount({str(crashing.flash)!r}, '/flash', False)\n"
        "f = open('/flash/a/heartlamp/main.mpy', 'r+b'); f.seek(100); f.write(b'\\0'); f.close()\n"
    )
    subprocess.run([str(MICROPYTHON), "-c", script], env=ENVIRONMENT, check=True)
    crashing.start()
    told = heartbeat(village, 0, 20, slots_lost=1)
    assert told["slot"] == 0
    alarm_goes_out(crashing, village)


def test_a_filesystem_that_cannot_be_read_is_made_anew_and_the_lamp_alarms(
    crashing: VirtualBoard, village: Village
) -> None:
    seed = random.randrange(1 << 30)
    print("seed", seed)
    with crashing.flash.open("r+b") as image:  # both superblocks
        image.write(random.Random(seed).randbytes(8192))
    crashing.start()
    crashing.wait_trace("started", fresh=1)
    assert heartbeat(village, 0, 20, flash_reformatted=1)["slot"] == 0
    alarm_goes_out(crashing, village)
    assert crashing.wait_trace("stored")["flash"] == 1


def install(flash: Path, bundle: Bundle, folder: Path) -> None:
    path = folder / "installed.hlb"
    path.write_bytes(bundle.data)
    (folder / "modulus").write_text(bundles.modulus())
    script = Path(__file__).parent / "on_device/install.py"
    command = [str(MICROPYTHON), str(script), str(flash), str(path), str(folder / "modulus")]
    done = subprocess.run(command, env=ENVIRONMENT, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr


def test_a_bundle_comes_over_the_serial_line_and_a_press_keeps_it(
    lamp: VirtualBoard, village: Village, newer: Bundle
) -> None:
    """The village knows nothing of this bundle; the technician presses."""
    serial = BoardLines(lamp)
    serial_update.send(serial, newer.data)
    lamp.wait_trace("started", slot="a", trial=1, timeout=20)
    alarm_goes_out(lamp, village)
    lamp.wait_trace("update", confirmed=VERSION)
    assert serial.ask("status")["values"]["slot"] == 1


def test_the_serial_line_says_why_a_bundle_is_refused(lamp: VirtualBoard) -> None:
    other = bundles.pack(bundles.program(VERSION, 200), VERSION, boards=("esp32s3-lamp",))
    with pytest.raises(SerialError, match="made for other boards"):
        serial_update.send(BoardLines(lamp), other.data)


def test_an_earlier_refusal_is_not_taken_for_that_of_a_good_bundle(
    lamp: VirtualBoard, village: Village, newer: Bundle, monkeypatch: pytest.MonkeyPatch
) -> None:
    serial = BoardLines(lamp)
    other = bundles.pack(bundles.program(VERSION, 200), VERSION, boards=("esp32s3-lamp",))
    with pytest.raises(SerialError, match="made for other boards"):
        serial_update.send(serial, other.data)
    lamp.press("red")  # nobody receipts it: the device is needed, and takes nothing
    village.wait("event")
    monkeypatch.setattr(serial_update, "PATIENCE_S", 1.0)
    with pytest.raises(SerialError, match="a call or a drill is on it"):
        serial_update.send(serial, newer.data)


def test_a_bundle_that_runs_already_is_said_to(lamp: VirtualBoard, village: Village, newer: Bundle) -> None:
    serial = BoardLines(lamp)
    serial_update.send(serial, newer.data)
    lamp.wait_trace("started", slot="a", trial=1, timeout=20)
    alarm_goes_out(lamp, village)
    lamp.wait_trace("update", confirmed=VERSION)
    with pytest.raises(SerialError, match="runs this bundle already"):
        serial_update.send(serial, newer.data)
