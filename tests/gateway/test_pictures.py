"""A picture: in pieces from its camera, on the disk before the camera is told so, and up when nothing else waits."""

import json
import os
import random
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import pytest
from heartlamp_gateway.pictures.folder import Folder
from heartlamp_gateway.pictures.intake import Intake
from heartlamp_gateway.pictures.store import Store
from heartlamp_gateway.rules import pictures as rules
from heartlamp_gateway.rules.pictures import COMING, DONE, LOST, WHOLE, Picture
from heartlamp_gateway.rules.rate import Bucket, spend
from heartlamp_protocol.inbound import Head, Still
from heartlamp_protocol.pictures import write_have

from tests.gateway.rig.village import Rig
from tests.gateway.rig.waiting import until

EVENT = "cam2-00000000000000aa"


def taken(size: int, seed: int = 7) -> bytes:
    return random.Random(seed).randbytes(size)


def one(data: bytes, id: str = EVENT, since: int = 0) -> Picture:
    return Picture(id, "cam2", "butt7-00000000000000bb", sha256(data).hexdigest(), len(data), since)


@pytest.fixture
def rig() -> Iterator[Rig]:
    """A village that takes pictures in."""
    with tempfile.TemporaryDirectory(prefix="hl-") as folder:
        made = Rig(Path(folder), tables="[pictures]\nkeep_free_mb = 0\nbytes_per_second = 10000000\n")
        try:
            yield made.start()
        finally:
            made.close()
            print((made.folder / "gateway.log").read_text())


# --- the rules


def test_a_camera_is_told_only_what_is_on_the_disk() -> None:
    picture = replace(one(b"x" * 100), at=40)
    assert rules.answer(picture) == 40
    assert rules.fits(picture, 40, 60)
    assert not rules.fits(picture, 40, 61)
    assert not rules.fits(picture, 0, 40)
    assert rules.answer(replace(picture, state=DONE)) == 100
    assert rules.answer(replace(picture, state=LOST)) is None


def test_what_is_not_what_was_announced_begins_anew_three_times_and_is_given_up() -> None:
    picture = replace(one(b"x"), at=1)
    states = []
    for _ in range(3):
        picture = rules.judged(picture, "00" * 32)
        states.append((picture.at, picture.state))
    assert states == [(0, COMING), (0, COMING), (0, LOST)]
    assert rules.judged(picture, picture.sum).state == WHOLE


def test_one_camera_and_all_of_them_have_their_bounds() -> None:
    mine = [one(b"x" * 10, f"cam2-{n:016x}") for n in range(rules.DEVICE_MAX)]
    assert "cam2" in rules.no_room(mine, one(b"x"), 1000)
    assert rules.no_room([replace(p, state=DONE) for p in mine], one(b"x"), 1000) == ""
    assert rules.no_room(mine[:2], one(b"x" * 10), 30) == ""
    assert "bytes" in rules.no_room(mine[:2], one(b"x" * 11), 30)
    many = [replace(p, device=f"cam{n}") for n, p in enumerate(mine * 30)]
    assert "200" in rules.no_room(many, one(b"x"), 10**9)


def test_after_a_week_nothing_is_left() -> None:
    old, new = one(b"x"), one(b"x", EVENT[:-1] + "b", since=5)
    assert rules.over([old, new], rules.KEEP_MS + 4) == [old]


def test_no_more_than_so_many_bytes_a_second_go_up() -> None:
    bucket, now, sent = Bucket(1000), 0, 0
    while now < 60_000:
        bucket, wait = spend(bucket, 300, now, 300)
        sent += 300
        now += wait
    assert 59_000 <= sent <= 61_000


# --- the disk


def test_every_byte_that_a_camera_was_told_of_survives_a_power_cut(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was not synced is lost at the cut: the disk is what a sync left of a file, under a name that was synced."""
    here, disk = tmp_path / "here", tmp_path / "disk"
    disk.mkdir()
    real = os.fdatasync, os.fsync

    def data(fd: int) -> None:
        real[0](fd)
        path = Path(os.readlink(f"/proc/self/fd/{fd}"))
        shutil.copyfile(path, disk / path.name.removeprefix(".").replace(".json.", ".json~"))

    def both(fd: int) -> None:
        path = Path(os.readlink(f"/proc/self/fd/{fd}"))
        if path.is_file():
            data(fd)
        for file in here.glob("*.json"):  # a rename that was synced with its folder
            for beside in disk.glob(f"{file.name}~*"):
                beside.rename(disk / file.name)

    monkeypatch.setattr(os, "fdatasync", data)
    monkeypatch.setattr(os, "fsync", both)
    picture_bytes = taken(20_000)
    folder = Folder(here, 0)
    folder.load()
    picture = one(picture_bytes)
    folder.save(picture)
    for at in range(0, 20_000, 3_000):
        picture = folder.append(picture, picture_bytes[at : at + 3_000])
        cut = tmp_path / f"cut{at}"
        shutil.copytree(disk, cut)
        found = Folder(cut, 0).load()[EVENT]
        assert found.at >= picture.at
        assert Folder(cut, 0).read(found, 0, found.at) == picture_bytes[: picture.at]
    assert Folder(cut, 0).load()[EVENT].state == WHOLE


def test_a_card_that_changes_a_picture_is_found_out(tmp_path: Path) -> None:
    data = taken(9_000)
    folder = Folder(tmp_path, 0)
    folder.load()
    folder.save(one(data))
    picture = folder.judge(folder.append(one(data), data))
    assert picture.state == WHOLE
    with (tmp_path / f"{EVENT}.bytes").open("rb+") as file:
        file.seek(4_000)
        file.write(b"\0\1\2\3")
    again = Folder(tmp_path, 0).load()[EVENT]
    assert (again.state, again.at, again.wrong) == (COMING, 0, 1)


def test_bytes_of_nobody_are_removed_and_the_rest_of_the_folder_is_read(tmp_path: Path) -> None:
    (tmp_path / "cam2-00000000000000ff.bytes").write_bytes(b"x")
    (tmp_path / f"{EVENT}.json").write_text("{")
    assert Folder(tmp_path, 0).load() == {}
    assert [file.name for file in tmp_path.iterdir()] == [f"{EVENT}.json"]


# --- who takes them in


class Takes:
    """An intake on a real folder. `told`: the `have`s; `noted`: what the county is to know."""

    def __init__(self, path: Path, *stills: Still, keep_free: int = 0) -> None:
        self.told: list[bytes] = []
        self.noted: list[str] = []
        self.looked = 0
        self._stills = {still.id: still for still in stills}
        self.store = Store(Folder(path, keep_free), lambda: 0)
        self.store.load()
        self.intake = Intake(self.store, self._announced, self._say, self.noted.append, 10**6)

    def piece(self, still: str, at: int, data: bytes, device: str = "cam2") -> None:
        head = json.dumps({"v": 1, "kind": "piece", "still": still, "at": at}).encode()
        self.intake.messages([(f"hl/1/{device}/picture", head + b"\n" + data)])

    def _announced(self, event: str) -> Still | None:
        self.looked += 1
        return self._stills.get(event)

    def _say(self, topic: str, payload: bytes) -> bool:
        self.told.append(payload)
        return True


def announced(data: bytes) -> Still:
    return Still(EVENT, Head("cam2", 1, "00" * 4, 1, 1), "cam2-00000000000000bb", sha256(data).hexdigest(), len(data))


def test_a_disk_that_refuses_a_piece_leaves_it_with_the_camera(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data = taken(5_000)
    takes = Takes(tmp_path, announced(data))
    takes.piece(EVENT, 0, data[:2_000])

    def broken(fd: int) -> None:
        raise OSError(5, "Input/output error")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fdatasync", broken)
        takes.piece(EVENT, 2_000, data[2_000:4_000])
    assert len(takes.told) == 1
    takes.piece(EVENT, 2_000, data[2_000:4_000])
    takes.piece(EVENT, 4_000, data[4_000:])
    assert takes.told[-1] == write_have(EVENT, 5_000)
    assert takes.store.kept[EVENT].state == WHOLE


def test_the_rest_of_the_disk_is_the_alarms(tmp_path: Path) -> None:
    data = taken(5_000)
    takes = Takes(tmp_path, announced(data), keep_free=2**60)
    takes.piece(EVENT, 0, data[:2_000])
    assert (takes.told, takes.intake.refused, list(tmp_path.iterdir())) == ([], 1, [])


def test_a_device_that_floods_us_is_not_looked_up_each_time(tmp_path: Path) -> None:
    """Looking up needs the lock that alarms need."""
    takes = Takes(tmp_path)
    for n in range(1_000):
        takes.piece(f"cam2-{n:016x}", 0, b"x")
    assert takes.looked < 20
    assert takes.intake.refused == 1_000
    takes.piece("cam3-00000000000000aa", 0, b"x", device="cam3")  # somebody else is
    assert takes.looked >= 2


def test_more_bytes_than_were_announced_are_not_taken(tmp_path: Path) -> None:
    takes = Takes(tmp_path, announced(b"x" * 100))
    takes.piece(EVENT, 0, b"x" * 101)
    assert (takes.told, takes.intake.refused) == ([], 1)


# --- the village


def test_a_picture_comes_in_pieces_goes_up_and_is_deleted_here(rig: Rig) -> None:
    camera, data = rig.device("cam2"), taken(40_000)
    press = camera.press()
    still = camera.still(press, data)
    camera.is_heard(still)
    camera.send_picture(still, data)
    rig.county.board.wait("it is whole at the county", lambda: rig.county.store.pictures.get(still) == data)
    until("it is deleted here", lambda: not list((rig.data / "pictures").glob("*.bytes")))
    after = len(camera.haves)
    camera.piece(still, 0, data[:2048])  # it missed our last word
    camera.has(still, len(data), after)
    assert not list((rig.data / "pictures").glob("*.bytes"))


def test_nobody_sends_what_was_not_announced_by_that_very_camera(rig: Rig) -> None:
    camera, lamp, data = rig.device("cam2"), rig.device("lamp2"), taken(3_000)
    press = camera.press()
    camera.piece("cam2-00000000000000aa", 0, data[:2048])  # never announced
    camera.piece(press, 0, data[:2048])  # no still
    camera.publish("picture", b"nonsense")
    still = camera.still(press, data)
    camera.is_heard(still)
    lamp.piece(still, 0, data[:2048])  # another's
    camera.send_picture(still, data)
    assert [h for h in camera.haves if h[0] != still] == []
    assert lamp.haves == []
    log = (rig.folder / "gateway.log").read_text()
    assert "a piece of a picture refused, 1 so far: a picture that nobody announced" in log


def test_a_picture_goes_on_at_its_byte_after_a_kill_of_the_gateway(rig: Rig) -> None:
    camera, data = rig.device("cam2"), taken(30_000)
    rig.county.stop()
    still = camera.still(camera.press(), data)
    camera.is_heard(still)
    for at in range(0, 10_240, 2048):
        camera.piece(still, at, data[at : at + 2048])
        camera.has(still, at + 2048)
    rig.gateway.kill()
    after = len(camera.haves)
    rig.gateway.start()
    camera.has(still, 10_240, after)  # it asks by itself
    for at in range(10_240, len(data), 2048):
        camera.piece(still, at, data[at : at + 2048])
        camera.has(still, min(at + 2048, len(data)), after)
    rig.gateway.kill()
    rig.gateway.start()
    rig.county.start()
    rig.county.board.wait("it is whole at the county", lambda: rig.county.store.pictures.get(still) == data, 20)


def test_a_wrong_picture_is_asked_for_anew_and_given_up_and_the_county_is_told(rig: Rig) -> None:
    camera, data = rig.device("cam2"), taken(5_000)
    still = camera.still(camera.press(), data)
    camera.is_heard(still)
    wrong = data[:-1] + bytes([data[-1] ^ 1])
    for n in range(3):
        for at in range(0, len(wrong), 4096):
            after = len(camera.haves)
            camera.piece(still, at, wrong[at : at + 4096])
            if at + 4096 < len(wrong):
                camera.has(still, at + 4096, after)
            elif n < 2:
                camera.has(still, 0, after)
    rig.county.noted("refused", f"cam2: no picture {still}: it is not what was announced")
    assert (still, len(data)) not in camera.haves


def test_a_camera_that_has_it_no_more_says_so(rig: Rig) -> None:
    camera, data = rig.device("cam2"), taken(5_000)
    still = camera.still(camera.press(), data)
    camera.is_heard(still)
    camera.piece(still, 0, data[:2048])
    camera.has(still, 2048)
    camera.piece(still, 0, b"", gone=1)
    rig.county.noted("refused", f"cam2: no picture {still}: its camera has it no more")
    assert not list((rig.data / "pictures").glob("*.bytes"))


def test_pictures_wait_while_anything_else_waits_for_the_county(rig: Rig) -> None:
    """An event that the county cannot store is offered again and again: pictures keep away from it."""
    camera, data = rig.device("cam2"), taken(5_000)
    press = camera.press()
    still = camera.still(press, data)
    camera.is_received(still)
    rig.county.breaking.add(b'"what":"flood"')
    flood = rig.device("lamp7").press("flood")
    camera.send_picture(still, data)
    rig.county.board.wait("the press is tried", lambda: rig.county.posts > 0)
    until("it is known here", lambda: "is here" in (rig.folder / "gateway.log").read_text())
    assert rig.county.store.parts == []
    rig.county.breaking.clear()
    rig.county.has(flood)
    rig.county.board.wait("then it goes up", lambda: rig.county.store.pictures.get(still) == data)


def test_what_arrives_wrong_is_sent_again_and_not_for_ever(rig: Rig) -> None:
    camera, data = rig.device("cam2"), taken(5_000)
    rig.county.spoils = 2
    press = camera.press()
    first = camera.still(press, data)
    camera.is_heard(first)
    camera.send_picture(first, data)
    rig.county.board.wait("the third is right", lambda: rig.county.store.pictures.get(first) == data)
    rig.county.spoils = 3
    second = camera.still(press, data)
    camera.is_heard(second)
    camera.send_picture(second, data)
    rig.gateway.says(f"the picture {second} arrived wrong at the county 3 times: given up")
    assert rig.county.store.pictures[second] == b""


def test_what_the_county_wants_no_more_is_deleted_here_too(rig: Rig) -> None:
    camera, data = rig.device("cam2"), taken(5_000)
    rig.county.no_pictures = True
    still = camera.still(camera.press(), data)
    camera.is_heard(still)
    camera.send_picture(still, data)
    rig.gateway.says(f"the county wants the picture {still} no more")
    until("it is deleted", lambda: not list((rig.data / "pictures").glob("*.bytes")))


def test_the_folder_says_what_it_is(rig: Rig) -> None:
    camera, data = rig.device("cam2"), taken(5_000)
    rig.county.stop()
    still = camera.still(camera.press(), data)
    camera.is_heard(still)
    camera.send_picture(still, data)
    said = json.loads((rig.data / "pictures" / f"{still}.json").read_text())
    assert (said["device"], said["state"], said["size"]) == ("cam2", WHOLE, 5_000)
    assert (rig.data / "pictures" / f"{still}.bytes").stat().st_mode & 0o77 == 0
