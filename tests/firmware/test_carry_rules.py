"""What a lamp carries for whom: the part's and the air's own objects, no radio and no board."""

import asyncio
from typing import Any

import pytest
from heartlamp.config import Config
from heartlamp.device import Device
from heartlamp.links.relay import Link
from heartlamp.outbox import Outbox
from heartlamp.parts.carry import Part
from heartlamp.radio.backlog import SHARE
from heartlamp.radio.choose import ALIVE_MS
from heartlamp.radio.pack import pack
from heartlamp.radio.packet import (
    DATA,
    FULL,
    NO_LINE,
    REFUSED,
    TAKEN,
    Answer,
    Message,
    Packet,
    pieces,
    write_answer,
    write_message,
    write_packet,
)
from heartlamp.radio.peer import Peer
from heartlamp_protocol.device.limits import HOPS_MAX

from tests.firmware.parts import NAME, ROOT

KEY = bytes(range(32))
LAMP, NEIGHBOUR = "lamp0a1b", "lamp0c2d"


class Radio:
    """Off: what is said to it stays here."""

    channel = 6

    def set_channel(self, channel: int) -> bool:
        return True


class Hal:
    """A board that is nothing but a clock and, where told so, a radio."""

    def __init__(self, radio: Radio | None = None) -> None:
        self.now = 100_000
        self.traces: list[dict[str, object]] = []
        self._radio = radio

    def clock(self) -> int:
        return self.now

    def random(self, n: int) -> bytes:
        return bytes(n - 1) + b"\x07"

    def trace(self, what: str, **fields: object) -> None:
        self.traces.append({"trace": what} | fields)

    def radio(self) -> Radio | None:
        return self._radio


class House:
    """A lamp that carries. `down`: as its configuration says; `links`: its ways out."""

    def __init__(self, down: dict[str, Any], links: list[str], radio: Radio | None) -> None:
        self.hal = Hal(radio)
        fields = {"dev": LAMP, "kind": "lamp", "kv": 1, "root": ROOT, "host": "h", "port": 1, "server_name": NAME}
        fields |= {"ca": "", "links": links, "radio": {"channel": 6, "up": [NEIGHBOUR], "down": down}}
        conf = Config(fields)
        self.device = Device(conf, Outbox("/nowhere"), self.hal.clock, self.hal.random, self.hal.trace)
        self.link: Any = Link(self.hal, self.device)
        self.device.links = [self.link]
        self.part = Part(self.hal, self.device)
        self.part.start()
        self.air: Any = self.device.air
        if radio is not None:
            self.device.path_up("relay")
            self.link.up.set()

    def child(self, id: str) -> Peer:
        (found,) = [peer for peer in self.air.peers(False) if peer.id == id]
        assert isinstance(found, Peer)
        return found

    def carrier(self, hops: int) -> Peer:
        """By whom the lamp itself is carried, as it says."""
        (found,) = self.air.peers(True)
        assert isinstance(found, Peer)
        found.answered(b"them", Answer(TAKEN, 0, hops, 0), self.hal.now)
        self.link._current = found
        return found


@pytest.fixture
def house() -> House:
    return House({"button01": KEY.hex()}, ["relay"], Radio())


def test_a_lamp_whose_carrier_has_just_lost_its_line_says_so(house: House) -> None:
    house.carrier(HOPS_MAX - 1)
    assert house.air.facts(house.child("button01")) == (HOPS_MAX, None)
    for hops in (HOPS_MAX, NO_LINE - 1, NO_LINE):
        house.carrier(hops)
        assert house.link.hops() <= NO_LINE
        facts = house.air.facts(house.child("button01"))
        assert facts == (NO_LINE, None)
        assert write_answer(Answer(FULL, 1, *facts))


DOWN = {
    "button01": {"key": KEY.hex(), "own": 1, "lamp": 0},
    "button02": {"key": KEY.hex(), "own": 0, "lamp": 0},
    "lampsaid": {"key": KEY.hex(), "own": 0, "lamp": 1},
    "lampold1": {"key": KEY.hex(), "own": 0},
    "lampold2": KEY.hex(),
}


def gives(house: House, by: str, device: str = "", payload: bytes = b"{}") -> int:
    """What the lamp says to a reading of `device` that this child gives it."""
    status = house.part._take(house.child(by), Message("reading", device, [], pack(payload)))
    assert isinstance(status, int)
    return status


@pytest.mark.parametrize(
    ("by", "taken"), [("button02", False), ("lampsaid", True), ("lampold1", True), ("lampold2", True)]
)
def test_only_a_lamp_may_speak_for_others_and_one_of_an_older_file_is_believed_to_be_one(by: str, taken: bool) -> None:
    house = House(DOWN, ["relay"], Radio())
    house.carrier(0)
    assert gives(house, by) == gives(house, by, by) == TAKEN
    for device in ("button01", "lampfar1"):
        assert gives(house, by, device) == (TAKEN if taken else REFUSED)
        assert (house.part._routes.get(device) is not None) == taken
    assert gives(house, by) == TAKEN


def test_who_spoke_for_itself_just_now_is_not_taken_over_by_another() -> None:
    house = House(DOWN, ["relay"], Radio())
    house.carrier(0)

    def way() -> object:
        return house.part._routes["button01"][0]

    gives(house, "lampsaid", "button01")
    assert way() == "lampsaid"
    gives(house, "button01")
    assert way() == "button01"
    house.hal.now += ALIVE_MS
    assert gives(house, "lampsaid", "button01") == TAKEN, "it goes up all the same"
    assert way() == "button01"
    house.hal.now += 1
    gives(house, "lampsaid", "button01")
    assert way() == "lampsaid", "it went over to that lamp"


def test_who_does_not_answer_any_more_is_found_behind_another_at_once() -> None:
    house = House(DOWN, ["relay"], Radio())
    house.carrier(0)
    gives(house, "button01")

    async def nobody(*_: object) -> None:
        return None

    house.air.send = nobody
    message = Message("receipt", "", [], pack(b"{}"))
    asyncio.run(house.part._send_down("button01", message))
    gives(house, "lampsaid", "button01")
    assert house.part._routes["button01"][0] == "lampsaid"
    gives(house, "button01")
    gives(house, "lampsaid", "button01")
    assert house.part._routes["button01"][0] == "button01"


def test_a_child_that_fills_its_share_is_told_so_and_the_next_is_taken() -> None:
    house = House(DOWN, ["relay"], Radio())
    house.carrier(0)
    said = [gives(house, "button02", payload=b"%d" % n) for n in range(SHARE + 1)]
    assert said == [TAKEN] * SHARE + [FULL]
    assert gives(house, "button01") == TAKEN


def test_a_lamp_without_a_radio_leaves_what_it_should_carry() -> None:
    house = House({"button01": KEY.hex()}, ["relay"], None)
    for what in ("receipt", "lamp"):
        house.part.message("relay/button01/" + what, b"{}")
    assert house.part._backlog.items == []


def test_a_packet_that_we_fail_at_is_counted_and_the_next_is_taken(house: House) -> None:
    """And what is said again is not answered with what became of the one before it."""
    air, child = house.air, house.child("button01")

    def fail(*_: object) -> int:
        raise OverflowError("a mistake of ours")

    answered: list[int] = []
    air._say = lambda peer, packet, mac, status: answered.append(status)
    (piece,) = pieces(write_message(Message("event", "", [], b"\0alarm")))

    def hear(number: int) -> None:
        said = Packet(DATA, child.tag, air.me, child.mine, b"them", number, piece)
        air._take(b"button", write_packet(KEY, said), -60)

    air.from_child = lambda peer, message: TAKEN
    hear(1)
    air.from_child = fail
    house.hal.now += 10_000
    hear(2)
    assert (air.failed, answered) == (1, [TAKEN])
    assert "a mistake of ours" in str(house.hal.traces[-1])
    hear(2)
    air.from_child = lambda peer, message: TAKEN
    hear(3)
    assert (air.failed, answered) == (1, [TAKEN, REFUSED, TAKEN])


def test_a_radio_whose_buffer_is_spoilt_is_listened_to_again(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """ESPNow.recv() raises ValueError then."""
    said = [ValueError("ESPNow.recv(): buffer error"), OSError(5), (b"button", b"garbage", -60)]

    async def receive() -> object:
        if not said:
            raise EOFError  # the test's own end
        what = said.pop(0)
        if isinstance(what, Exception):
            raise what
        return what

    air = house.air
    monkeypatch.setattr(asyncio, "sleep_ms", lambda ms: asyncio.sleep(0), raising=False)
    monkeypatch.setattr(air.radio, "receive", receive, raising=False)
    with pytest.raises(EOFError):
        asyncio.run(air._listen())
    assert [line["why"] for line in house.hal.traces] == ["ESPNow.recv(): buffer error", "5"]
