"""Updates in the village: fetched in parts, kept, given out in turn and slowly, and never in an alarm's way."""

import json
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from heartlamp_gateway.rules import updates as rules
from heartlamp_gateway.rules.model import Incident, Village
from heartlamp_gateway.rules.updates import AT_ONCE, Turn, must_wait, next_offers
from heartlamp_gateway.updates.cache import Cache
from heartlamp_gateway.updates.shelf import Shelf
from heartlamp_protocol.registry import Device as Listed
from heartlamp_protocol.registry import Registry, Update

from tests.firmware import bundles
from tests.firmware.bundles import Bundle
from tests.gateway.rig.device import Device
from tests.gateway.rig.village import Rig
from tests.gateway.rig.waiting import until

RATE = 20_000


@pytest.fixture(scope="module")
def bundle() -> Bundle:
    return bundles.pack(bundles.program(10100, 12_000), 10100)


@pytest.fixture
def rig() -> Iterator[Rig]:
    """A village that gives out updates."""
    tables = f"[updates]\nbytes_per_second = {RATE}\nfetch_bytes_per_second = 10000000\n"
    with tempfile.TemporaryDirectory(prefix="hl-") as folder:
        made = Rig(Path(folder), tables=tables)
        try:
            yield made.start()
        finally:
            made.close()
            print((made.folder / "gateway.log").read_text())


def offer(rig: Rig, bundle: Bundle, *devices: str, version: int = 2) -> None:
    """The county says so."""
    rig.county.bundles[bundle.id] = bundle.data
    update = Update(bundle.id, len(bundle.data), False, devices)
    rig.county.registry = replace(rig.registry(version), updates=(update,))
    rig.county.command({"kind": "registry", "version": version})


def is_cached(rig: Rig, bundle: Bundle) -> None:
    until("the bundle is here", lambda: (rig.data / "bundles" / f"{bundle.id}.hlb").exists(), 20)


class Taker:
    """Takes a bundle in as a device does: wants the next byte that it lacks."""

    def __init__(self, device: Device, bundle: Bundle) -> None:
        self.device, self.bundle = device, bundle
        self.data = b""
        self.times: list[float] = []

    def offered(self, seconds: float = 15.0) -> None:
        self.device.board.wait(f"{self.device.id} is offered it", lambda: self._pieces(0), seconds)

    def want(self, at: int) -> None:
        said = {"v": 1, "kind": "want", "bundle": self.bundle.id, "at": at}
        self.device.publish("want", json.dumps(said).encode(), 0)

    def take(self, until_at: int, seconds: float = 20.0) -> None:
        while len(self.data) < until_at:
            at = len(self.data)
            self.want(at)
            found = self.device.board.wait(f"bytes from {at}", lambda at=at: self._pieces(at, True), seconds)  # type: ignore[misc]
            self.data += found[0]
            self.times.append(time.monotonic())

    def answered(self, at: int) -> dict[str, Any]:
        """The fields of the piece from this byte on that has no bytes."""
        return self.device.board.wait(f"an answer at {at}", lambda: self._heads(at))[0]

    def _pieces(self, at: int, bytes_too: bool = False) -> list[bytes]:
        found = []
        for piece in self.device.pieces:
            head, _, data = piece.partition(b"\n")
            fields = json.loads(head)
            if (fields["bundle"], fields["at"]) == (self.bundle.id, at) and (data or not bytes_too):
                found.append(data or piece)
        return found

    def _heads(self, at: int) -> list[dict[str, Any]]:
        heads = [json.loads(piece.partition(b"\n")[0]) for piece in self.device.pieces if piece.endswith(b"\n")]
        return [head for head in heads if (head["bundle"], head["at"]) == (self.bundle.id, at)]


# --- the rules


def update(*devices: str, bundle: str = "00" * 8) -> dict[str, Update]:
    return {device: Update(bundle, 1000, False, devices) for device in devices}


def test_who_is_there_is_offered_it_and_no_more_than_a_few_at_once() -> None:
    many = [f"lamp{n:02d}" for n in range(30)]
    wanted, cached = update(*many), {"00" * 8}
    first = next_offers(wanted, {}, many, cached, 0)
    assert first == many[:AT_ONCE]
    assert next_offers(wanted, {}, many, set(), 0) == []
    assert next_offers(wanted, {}, ["lamp29"], cached, 0) == ["lamp29"]
    turns = {device: Turn("00" * 8, 0) for device in first}
    assert next_offers(wanted, turns, many, cached, 1_000) == []
    later = rules.ANSWER_MS  # nobody asked: they refuse it, or run it, or are busy
    assert next_offers(wanted, turns, many, cached, later) == many[AT_ONCE : 2 * AT_ONCE]


def test_who_is_done_makes_room_and_is_not_asked_again() -> None:
    many = [f"lamp{n}" for n in range(AT_ONCE + 1)]
    turns = {device: Turn("00" * 8, 0, asked=50_000) for device in many[:-1]}
    assert next_offers(update(*many), turns, many, {"00" * 8}, 60_000) == []
    turns["lamp0"] = replace(turns["lamp0"], runs=True)
    assert next_offers(update(*many), turns, many, {"00" * 8}, 60_000) == [many[-1]]
    assert "lamp0" not in next_offers(update(*many), turns, many, {"00" * 8}, 10**9)


def test_an_offer_is_made_again_and_another_bundle_is_a_new_one() -> None:
    turns = {"lamp1": Turn("00" * 8, 0)}
    soon, later = rules.AGAIN_MS - 1, rules.AGAIN_MS
    assert next_offers(update("lamp1"), turns, ["lamp1"], {"00" * 8}, soon) == []
    assert next_offers(update("lamp1"), turns, ["lamp1"], {"00" * 8}, later) == ["lamp1"]
    other = "11" * 8
    assert next_offers(update("lamp1", bundle=other), turns, ["lamp1"], {other}, 20_000) == ["lamp1"]


def test_an_open_incident_makes_updates_wait_but_a_forgotten_one_does_not() -> None:
    incident = Incident("lamp1-0000000000000001", "s1", "panic", (), opened=1000)
    assert must_wait([incident], 2000)
    assert not must_wait([], 2000)
    assert not must_wait([incident], 1000 + rules.PAUSE_MOST_MS)


def test_a_revoked_device_is_offered_nothing() -> None:
    lamp, gone = Listed("lamp1", "lamp", "s1", {"lamp1.1": "$7$"}), Listed("lamp2", "lamp", "s1", {})
    registry = Registry(1, "", (), (lamp, gone), (Update("00" * 8, 10, False, ("lamp1", "lamp2", "lamp3")),))
    assert set(rules.offers(registry)) == {"lamp1"}


def test_a_registry_with_updates_is_the_same_after_the_wire() -> None:
    registry = Registry(1, "", (), (), (Update("00" * 8, 10, True, ("lamp1",)),))
    assert Registry.from_json(registry.to_json()) == registry


# --- the disk


def test_a_damaged_bundle_is_found_at_the_start_and_one_that_nobody_wants_goes(tmp_path: Path, bundle: Bundle) -> None:
    cache = Cache(tmp_path, 10**6)
    cache.load()
    cache.append(bundle.id, bundle.data[:1000])
    assert cache.under_way(bundle.id) == 1000
    cache.append(bundle.id, bundle.data[1000:])
    assert cache.finish(bundle.id)
    again = Cache(tmp_path, 10**6)
    again.load()
    assert again.size(bundle.id) == len(bundle.data)
    assert again.read(bundle.id, 1000, 50) == bundle.data[1000:1050]
    with (tmp_path / f"{bundle.id}.hlb").open("rb+") as file:
        file.seek(5000)
        file.write(b"\0\1\2")
    again = Cache(tmp_path, 10**6)
    again.load()
    assert again.size(bundle.id) is None
    cache.keep_only(())
    assert list(tmp_path.iterdir()) == []


def test_bytes_of_another_bundle_are_not_taken_for_it(tmp_path: Path, bundle: Bundle) -> None:
    cache = Cache(tmp_path, 10**6)
    cache.load()
    cache.append("11" * 8, bundle.data)
    assert not cache.finish("11" * 8)
    assert cache.under_way("11" * 8) == 0


def test_an_offer_is_made_when_it_can_be_said_and_again_to_who_refused_it_but_once(
    tmp_path: Path, bundle: Bundle
) -> None:
    cache = Cache(tmp_path, 10**6)
    cache.load()
    cache.append(bundle.id, bundle.data)
    cache.finish(bundle.id)
    lamp = Listed("lamp1", "lamp", "s1", {"lamp1.1": "$7$"})
    registry = Registry(1, "", (), (lamp,), (Update(bundle.id, len(bundle.data), True, ("lamp1",)),))
    village, said, session = Village(registry), [], [False]

    def say(topic: str, payload: bytes) -> bool:
        said.append(payload)
        return session[0]

    shelf = Shelf(cache, RATE, lambda: village, lambda: 0, lambda: {"lamp1": True}, say, lambda s: True)
    shelf._offer(village, 0)
    session[0] = True
    shelf._offer(village, 1_000)  # the broker was away the first time
    shelf._offer(village, 2_000)
    shelf._offer(village, rules.AGAIN_MS + 2_000)
    assert [b'"again":1' in each for each in said] == [True, True, False]


# --- the village


def test_a_bundle_is_fetched_offered_and_taken_in_and_the_trial_is_answered(rig: Rig, bundle: Bundle) -> None:
    lamp = rig.device("lamp7")
    offer(rig, bundle, "lamp7")
    taker = Taker(lamp, bundle)
    taker.offered()
    began = time.monotonic()
    taker.take(len(bundle.data))
    assert taker.data == bundle.data
    took = time.monotonic() - began
    print(f"{len(bundle.data)} bytes in {took:.1f} s, {len(bundle.data) / took:.0f} bytes a second of {RATE}")
    assert took >= (len(bundle.data) - 2 * 2048) / RATE
    taker.want(len(bundle.data))  # it runs it now: do you hear me?
    assert taker.answered(len(bundle.data))["size"] == len(bundle.data)


def test_who_shares_the_line_gets_as_much_as_the_others(rig: Rig, bundle: Bundle) -> None:
    takers = [Taker(rig.device(id), bundle) for id in ("lamp7", "lamp9", "lamp2")]
    offer(rig, bundle, "lamp7", "lamp9", "lamp2")
    for taker in takers:
        taker.offered()
    threads = [threading.Thread(target=taker.take, args=(20_000,)) for taker in takers]
    began = time.monotonic()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    ends = [taker.times[-1] - began for taker in takers]
    assert all(len(taker.data) >= 20_000 for taker in takers)
    assert max(ends) - min(ends) < 1.0
    assert max(ends) >= (3 * 20_000 - 4 * 2048) / RATE


def test_a_fetch_goes_on_where_it_was_after_a_kill_and_a_broken_line(rig: Rig, bundle: Bundle) -> None:
    rig.county.bundle_stops_at = 20_000
    lamp = rig.device("lamp7")
    offer(rig, bundle, "lamp7")
    part = rig.data / "bundles" / f"{bundle.id}.part"
    until("its first part is here", lambda: part.exists() and part.stat().st_size == 16_384)
    rig.gateway.kill()
    rig.county.ranges.clear()
    rig.county.bundle_stops_at = None
    rig.gateway.start()
    is_cached(rig, bundle)
    assert rig.county.ranges[0][0] == 16_384
    Taker(lamp, bundle).offered()
    rig.county.ranges.clear()
    rig.gateway.kill()
    rig.county.stop()
    lamp.pieces.clear()
    rig.gateway.start()  # and without the county
    taker = Taker(lamp, bundle)
    taker.offered()
    taker.take(10_000)
    assert rig.county.ranges == []


def test_while_somebody_calls_for_help_no_piece_is_given_and_afterwards_it_goes_on(rig: Rig, bundle: Bundle) -> None:
    lamp, button = rig.device("lamp1"), rig.device("butt7")
    offer(rig, bundle, "lamp1")  # of another group: its lamp shows nothing of it
    taker = Taker(lamp, bundle)
    taker.offered()
    taker.take(8_000)
    press = button.press()
    button.is_heard(press)
    count = len(lamp.pieces)
    taker.want(len(taker.data))
    rig.county.has(press)
    second = button.press("fire")  # a round through the gateway, after the want
    button.is_heard(second)
    assert len(lamp.pieces) == count
    for incident, what in ((press, "panic"), (second, "fire")):
        rig.county.incident(incident, "s7", what, (incident,), 1, "closed", "", [])
    taker.take(12_000)


def test_an_alarm_is_heard_at_once_while_devices_take_in_updates(rig: Rig, bundle: Bundle) -> None:
    takers = [Taker(rig.device(id), bundle) for id in ("lamp1", "lamp2", "lamp9")]
    button, quiet = rig.device("butt7"), []
    for _ in range(20):
        began = time.perf_counter_ns()
        press = button.press()
        quiet.append(button.is_heard(press) - began)
        rig.county.has(press)
    rig.county.incident(press, "s7", "panic", tuple(button.frames), 1, "closed", "", [])
    offer(rig, bundle, *(taker.device.id for taker in takers))
    for taker in takers:
        taker.offered()
    threads = [threading.Thread(target=taker.take, args=(16_000,)) for taker in takers]
    for thread in threads:
        thread.start()
    began = time.perf_counter_ns()
    busy = button.is_heard(button.press()) - began
    print(f"pressed to heard: idle {sorted(quiet)[10] / 1e6:.1f} ms, among updates {busy / 1e6:.1f} ms")
    assert busy < 250e6
    rig.county.incident(list(button.frames)[-1], "s7", "panic", (list(button.frames)[-1],), 1, "closed", "", [])
    for thread in threads:
        thread.join(30)
    assert all(len(taker.data) >= 16_000 for taker in takers)


def test_what_is_not_here_is_answered_as_nothing(rig: Rig, bundle: Bundle) -> None:
    lamp = rig.device("lamp7")
    taker = Taker(lamp, bundle)
    taker.want(4_096)
    assert taker.answered(4_096)["size"] == 4_096
