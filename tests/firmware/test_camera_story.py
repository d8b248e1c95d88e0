"""A camera on a real board: the still, its light, its way up in pieces, and all that forbids it."""

import hashlib
import json
import random
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from time import monotonic, sleep

import pytest
from heartlamp_protocol import said_to_device
from heartlamp_protocol.inbound import Still
from heartlamp_tech.virtual_board import VirtualBoard

from tests.firmware.conftest import MICROPYTHON, REPO
from tests.firmware.parts import Certificates, Said, Village, call, config, county_says

CameraMaker = Callable[..., VirtualBoard]


def jpeg_like(size: int, seed: int = 1) -> bytes:
    """Begins and ends as a JPEG; nobody on the way looks into it."""
    return b"\xff\xd8\xff\xe0" + random.Random(seed).randbytes(size - 6) + b"\xff\xd9"


@pytest.fixture
def make_camera(village: Village, certificates: Certificates, tmp_path: Path) -> Iterator[CameraMaker]:
    """make_camera(*pictures, consent=1): a camera that works, its cover open."""
    boards = []

    def make(*pictures: bytes, consent: int = 1, cover: int = 1) -> VirtualBoard:
        folder = tmp_path / "pictures"
        folder.mkdir()
        for i, picture in enumerate(pictures or (jpeg_like(9000),)):
            (folder / f"{i}.jpg").write_bytes(picture)
        board = VirtualBoard(MICROPYTHON, REPO, tmp_path / "camera.flash", pictures=folder)
        provision(board, village, certificates, consent)
        board.start()
        boards.append(board)
        board.wait_trace("link", up=1)
        if cover:
            board.press("shutter")  # the contact closes: the cover is open
        return board

    yield make
    for board in boards:
        board.kill()
        assert "Traceback" not in board.complaints(), board.complaints()


def provision(board: VirtualBoard, village: Village, certificates: Certificates, consent: int) -> None:
    board.provision(config(village.broker, certificates.ca, "camera01", "camera") | {"consent": consent})


class Store:
    """Who stores pictures: answers each piece with `have`. `takes(n)`: whether it takes the n-th piece at all."""

    def __init__(self, village: Village, takes: Callable[[int], bool] = lambda n: True) -> None:
        self.pictures: dict[str, bytes] = {}
        self.pieces = 0
        self.largest = 0
        self._village = village
        self._takes = takes
        self._since = len(village.said)
        self._ended = False
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> "Store":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended = True
        self._thread.join(5)

    def _run(self) -> None:
        seen = self._since
        while not self._ended:
            while seen < len(self._village.said):
                said = self._village.said[seen]
                seen += 1
                if said.what == "picture":
                    self._take(said)
            sleep(0.002)

    def _take(self, said: Said) -> None:
        self.pieces += 1
        self.largest = max(self.largest, len(said.payload))
        head, _, data = said.payload.partition(b"\n")
        fields = json.loads(head)
        assert (fields["v"], fields["kind"]) == (1, "piece")
        if fields.get("gone") or not self._takes(self.pieces):
            return
        picture = self.pictures.get(fields["still"], b"")
        if fields["at"] <= len(picture):
            self.pictures[fields["still"]] = picture[: fields["at"]] + data
        self.have(said.device, fields["still"], len(self.pictures.get(fields["still"], b"")))

    def have(self, device: str, still: str, at: int) -> None:
        self._village.publish(device, "have", json.dumps({"v": 1, "kind": "have", "still": still, "at": at}))


def still_of(village: Village, after: int = 0, timeout: float = 20) -> tuple[Said, Still]:
    said = village.wait("event", lambda s: isinstance(s.frame.content, Still), after=after, timeout=timeout)
    content = said.frame.content
    assert isinstance(content, Still)
    return said, content


def settle(village: Village) -> None:
    """Receipts for all that waits, as a gateway and a county give them."""
    for said in list(village.said):
        if said.what == "event":
            village.hear(said)
            village.receive(said)


def test_a_press_takes_a_still_with_its_light_on_and_the_picture_arrives_whole(
    make_camera: CameraMaker, village: Village
) -> None:
    picture = jpeg_like(23_456)
    board = make_camera(picture)
    with Store(village) as store:
        pressed = monotonic()
        board.press("red")
        alarm = village.wait("event").alarm
        settle(village)
        said, still = still_of(village)
        print(f"press to still event {monotonic() - pressed:.2f} s")
        assert (still.incident, still.size) == (alarm.id, len(picture))
        assert still.sum == hashlib.sha256(picture).hexdigest()
        settle(village)
        board.wait_trace("delivered", event=still.id, timeout=20)
        assert store.pictures[still.id] == picture
        assert store.largest <= 2048 + 100
    board.wait_trace("indicator", on=0)
    lines = [line for line in board.lines() if line.get("trace") in ("indicator", "exposing", "still")]
    assert [(x["trace"], x.get("on")) for x in lines] == [
        ("indicator", 1), ("exposing", None), ("still", None), ("indicator", 0),
    ]  # fmt: skip
    assert lines[1]["t"] - lines[0]["t"] >= 1_000_000_000
    assert said.at - pressed < 3


def test_an_alarm_of_another_button_of_the_house_takes_one_and_a_neighbours_none(
    make_camera: CameraMaker, village: Village
) -> None:
    board = make_camera()
    sleep(5.2)  # calls that are found within 5 s of a start may be old
    mark = board.mark()
    village.light("camera01", [call("lamp0c2d-" + "1" * 16, "near")])
    board.wait_trace("lamp", calls=1, after=mark)
    fire = "button01-" + "2" * 16
    signed = call(fire, "own", "fire", county=county_says(fire, 1, 0, "none", dev="camera01"))
    village.light("camera01", [signed, call("lamp0c2d-" + "1" * 16, "near")])
    _, still = still_of(village)
    assert still.incident == "button01-" + "2" * 16
    sleep(1)
    assert len([1 for line in board.lines() if line.get("trace") == "exposing"]) == 1


def test_who_only_runs_the_broker_cannot_take_a_picture(make_camera: CameraMaker, village: Village) -> None:
    board = make_camera()
    sleep(5.2)
    mark = board.mark()
    fire = "button01-" + "2" * 16
    forged = county_says(fire, 1, 0, "none", dev="camera01", key=bytes(32))
    for county in ("", forged, county_says(fire, 1, 0, "none", dev="camera02")):
        village.light("camera01", [call(fire, "own", "fire", county=county)])
        board.wait_trace("lamp", calls=1, after=mark)
    sleep(1.5)
    assert not [1 for line in board.lines(mark) if line.get("trace") == "indicator"]


def test_a_call_that_a_restarted_camera_finds_is_no_reason(make_camera: CameraMaker, village: Village) -> None:
    fire = "button01-" + "2" * 16
    signed = county_says(fire, 1, 0, "none", dev="camera01")
    village.light("camera01", [call(fire, "own", "fire", county=signed)])
    board = make_camera()
    board.wait_trace("lamp", calls=1)
    sleep(1.5)
    assert not [1 for line in board.lines() if line.get("trace") == "indicator"]


@pytest.mark.parametrize(("consent", "cover", "why"), [(0, 1, "no consent"), (1, 0, "shutter")])
def test_without_consent_or_behind_its_cover_it_takes_nothing_and_lights_nothing(
    make_camera: CameraMaker, village: Village, consent: int, cover: int, why: str
) -> None:
    board = make_camera(consent=consent, cover=cover)
    board.press("red")
    board.wait_trace("no still", why=why)
    sleep(1.5)
    assert not [1 for line in board.lines() if line.get("trace") in ("indicator", "exposing")]
    assert village.wait("event").alarm.what == "panic", "the alarm itself needs no consent"


def test_a_cover_that_is_closed_during_the_second_of_light_puts_it_out(
    make_camera: CameraMaker, village: Village
) -> None:
    board = make_camera()
    board.press("red")
    board.wait_trace("indicator", on=1)
    board.release("shutter")
    board.wait_trace("indicator", on=0, timeout=0.8)
    board.wait_trace("no still", why="shutter")
    assert not [1 for line in board.lines() if line.get("trace") == "exposing"]


def test_nothing_that_comes_over_the_network_takes_a_picture(make_camera: CameraMaker, village: Village) -> None:
    board = make_camera()
    for what in ("still", "expose", "camera", "take", "want"):
        village.publish(
            "camera01", "have", json.dumps({"v": 1, "kind": what, "still": "camera01-" + "0" * 16, "at": 0})
        )
        village.publish("camera01", what, b"{}")
    village.publish("camera01", "have", b"garbage")
    board.wait_trace("malformed", reason="not JSON")
    sleep(1.2)
    assert not [1 for line in board.lines() if line.get("trace") == "indicator"]


def test_pieces_that_are_lost_come_again_and_a_restart_goes_on_where_it_was(
    make_camera: CameraMaker, village: Village
) -> None:
    picture = jpeg_like(20_000)
    board = make_camera(picture)
    with Store(village, takes=lambda n: n != 3 and n < 7) as store:
        board.press("red")
        village.wait("event")
        settle(village)
        _, still = still_of(village)
        settle(village)
        until = monotonic() + 15
        while len(store.pictures.get(still.id, b"")) < 5 * 2048:
            assert monotonic() < until
            sleep(0.05)
        before = len(store.pictures[still.id])
    board.kill()
    board.start()
    with Store(village) as store:
        store.pictures[still.id] = picture[:before]
        board.wait_trace("delivered", event=still.id, timeout=20)
        assert store.pictures[still.id] == picture
    assert store.pieces >= (len(picture) - before) // 2048


def test_a_broker_that_restarts_amid_a_picture_gets_the_rest_of_it(make_camera: CameraMaker, village: Village) -> None:
    picture = jpeg_like(30_000)
    board = make_camera(picture)
    with Store(village, takes=lambda n: n < 6) as store:
        board.press("red")
        village.wait("event")
        settle(village)
        _, still = still_of(village)
        settle(village)
        until = monotonic() + 15
        while store.pieces < 6:
            assert monotonic() < until
            sleep(0.05)
    mark = board.mark()
    village.broker.kill()
    board.wait_trace("link", up=0, after=mark)
    before = dict(store.pictures)
    village.broker.start()
    with Store(village) as store:
        store.pictures = before
        board.wait_trace("delivered", event=still.id, timeout=20)
        assert store.pictures[still.id] == picture


def test_an_alarm_goes_before_the_picture(make_camera: CameraMaker, village: Village) -> None:
    board = make_camera(jpeg_like(60_000))
    with Store(village):
        board.press("red")
        village.wait("event")
        settle(village)
        _, still = still_of(village)
        settle(village)
        village.wait("picture")
        board.release("red")
        sleep(0.1)
        after = len(village.said)
        pressed = monotonic()
        board.press("red")
        said = village.wait("event", after=after)
        print(f"press to village amid a picture: {(said.at - pressed) * 1000:.0f} ms")
        assert said.at - pressed < 0.3
        place = village.said.index(said)
        sleep(0.5)
        assert len([1 for s in village.said[place:] if s.what == "picture"]) <= 1, "it waits until the alarm is heard"
        settle(village)
        board.wait_trace("delivered", event=still.id, timeout=20)


def test_withdrawn_consent_deletes_what_was_not_sent(
    make_camera: CameraMaker, village: Village, certificates: Certificates
) -> None:
    board = make_camera()
    board.press("red")
    village.wait("event")
    _, still = still_of(village)
    board.kill()
    provision(board, village, certificates, 0)
    mark = board.mark()
    board.start()
    board.wait_trace("pictures deleted", count=1)
    board.wait_trace("link", up=1, after=mark)
    settle(village)
    after = len(village.said)
    village.publish("camera01", "have", json.dumps({"v": 1, "kind": "have", "still": still.id, "at": 0}))
    gone = village.wait("picture", after=after)
    assert json.loads(gone.payload) == {"v": 1, "kind": "piece", "still": still.id, "at": 0, "gone": 1}


def test_consent_withdrawn_at_the_serial_line_counts_at_once(make_camera: CameraMaker, village: Village) -> None:
    board = make_camera()
    board.press("red")
    village.wait("event")
    still_of(village)
    board.release("red")
    sleep(0.1)
    board.write({"serial": {"id": 1, "cmd": "set", "settings": {"consent": 0}}})
    board.wait_trace("pictures deleted", count=1, timeout=12)
    mark = board.mark()
    board.press("red")
    board.wait_trace("no still", why="no consent", after=mark)


def test_a_gateway_that_never_answers_is_not_flooded(make_camera: CameraMaker, village: Village) -> None:
    board = make_camera()
    board.press("red")
    village.wait("event")
    settle(village)
    still_of(village)
    settle(village)
    village.wait("picture")
    sleep(4)
    assert len([1 for s in village.said if s.what == "picture"]) == 1
    village.publish("camera01", "receipt", said_to_device.write_heard("camera01-" + "0" * 16, village.epoch))
    assert board.running
