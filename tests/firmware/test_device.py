"""What a device makes of presses, receipts and lamp states: its own objects on CPython, no board."""

import json
from types import SimpleNamespace
from typing import Any

import pytest
from heartlamp.config import Config
from heartlamp.device import NEEDED_MS, Device
from heartlamp.outbox import Outbox
from heartlamp.parts import keys, sleep
from heartlamp.rules import lamp
from heartlamp.rules.retry import FRESH_MS, UNDER_WAY_MS, WINDOW
from heartlamp.showing import OFFERED_MS
from heartlamp_protocol.device.limits import SECOND_PATH_MS
from heartlamp_protocol.device.state import write_lamp
from heartlamp_protocol.said_to_device import write_heard, write_pulse

from tests.firmware.parts import EPOCH, NAME, ROOT, call

PRESS, OTHER = "button01-" + "0" * 16, "button01-" + "1" * 16
FIELDS = {
    "dev": "lamp0a1b",
    "kind": "lamp",
    "kv": 1,
    "root": ROOT,
    "host": "h",
    "port": 1,
    "server_name": NAME,
    "ca": "",
}


class House:
    def __init__(self) -> None:
        self.now = 1000
        self.device = Device(
            Config(FIELDS), Outbox("/nowhere"), lambda: self.now, lambda n: bytes(n), lambda what, **more: None
        )
        self.device.path_up("lan")
        self.ver = 0
        self.pulse()

    def pulse(self) -> None:
        self.device.message("lan", "pulse", write_pulse(EPOCH, 1, 1))

    def later(self, ms: int) -> "House":
        self.now += ms
        self.pulse()
        return self

    def lit(self, *calls: str) -> "House":
        self.ver += 1
        self.device.message("lan", "lamp", write_lamp(EPOCH, self.ver, list(calls)))
        return self

    @property
    def shows(self) -> Any:
        picture = lamp.picture(self.device.showing.facts(self.now), self.now)
        json.dumps(picture)
        return picture["meaning"]


@pytest.fixture
def house() -> House:
    made = House()
    assert made.shows == "working"
    made.device.showing.carried(PRESS, made.now)
    assert made.shows == "sending"
    return made


def test_without_a_receipt_for_ten_seconds_it_says_shout(house: House) -> None:
    assert house.later(SECOND_PATH_MS).shows == "sending"
    assert house.later(1).shows == "shout"


def test_a_receipt_that_comes_through_it_is_told(house: House) -> None:
    house.device.showing.receipted(PRESS, "heard")
    assert house.shows == "told"
    assert house.later(SECOND_PATH_MS + 1).shows == "told"


def test_where_the_receipt_went_another_way_the_village_tells_it_and_it_ends_with_the_call(house: House) -> None:
    assert house.lit(call(PRESS)).shows == "told"
    assert house.later(60_000).shows == "told"
    assert house.lit().shows == "working"
    assert house.lit(call(OTHER, "near", place="三组 9号")).shows == "near"


def test_an_own_call_that_the_village_has_not_heard_is_no_receipt(house: House) -> None:
    assert house.lit(call(PRESS, heard=0)).later(SECOND_PATH_MS + 1).shows == "shout"


def test_it_is_told_of_once_and_counts_as_long_as_the_button_offers_it(house: House) -> None:
    for _ in range(3):
        house.later(OFFERED_MS).device.showing.carried(PRESS, house.now)
        assert house.shows == "shout"
    assert house.later(OFFERED_MS + 1).shows == "working"
    house.device.showing.carried(PRESS, house.now)
    assert house.shows == "working", "an old offer that was late on its way"


def test_the_next_press_is_another(house: House) -> None:
    house.device.showing.receipted(PRESS, "heard")
    house.device.showing.carried(OTHER, house.later(60_001).now)
    assert house.shows == "sending"
    house.device.message("lan", "receipt", write_heard(OTHER, EPOCH))
    assert house.shows == "sending", "a receipt for the button counts when the part that carries says so"


def test_a_call_of_this_house_that_nobody_is_known_to_have_stored_is_trouble(house: House) -> None:
    """The gateway's disk is full, say: it lit the lamp, and promised nothing."""
    house.device.showing.receipted(PRESS, "heard")
    house.lit(call(OTHER, heard=0))
    assert house.later(SECOND_PATH_MS).shows in ("sending", "told")
    house = House()
    house.lit(call(OTHER, heard=0))
    assert house.shows == "sending"
    assert house.later(SECOND_PATH_MS + 1).shows == "shout"
    assert house.lit(call(OTHER, heard=1)).shows == "told"


class Hal:
    def __init__(self, house: House) -> None:
        self.house = house

    def clock(self) -> int:
        return self.house.now

    def stamp(self) -> int:
        return 0


def green(house: House) -> list[str]:
    """What a short press of green made of it."""
    part = keys.Part(Hal(house), house.device)
    part.edge("green", 1, house.now, 0)
    house.later(100)
    part.edge("green", 0, house.now, 0)
    house.later(100)
    part.settle(house.now)
    return [record.kind for record in house.device.outbox.records]


def test_green_means_the_neighbour_that_the_lamp_shows_and_none_that_trouble_hides() -> None:
    house = House()
    house.lit(call(OTHER, "near", place="三组 9号"))
    assert house.shows == "near"
    assert green(house) == ["answer"]
    house = House()
    house.lit(call(OTHER, "near", place="三组 9号"))
    house.device.path_down("lan", house.now)
    house.now += 6_000
    assert house.shows == "shout"
    assert green(house) == []


def test_an_event_that_nobody_ever_receipts_holds_up_nothing_after_an_hour() -> None:
    house = House()
    house.device.alarm("panic", "red", house.now, 0)
    assert house.device.is_needed()
    house.later(NEEDED_MS)
    assert house.device.holds_event(), "it is offered all the same"
    assert not house.device.is_needed()


# --- what is offered, and in which order -----------------------------------------------------------------------------


def offered(house: House) -> list[str]:
    """The ids of what goes out now, which it then is."""
    records, _ = house.device.due("lan", house.now)
    for record in records:
        house.device.sent("lan", record, house.now)
    return [record.id for record in records]


def heard(house: House, id: str) -> None:
    house.device.message("lan", "receipt", write_heard(id, EPOCH))


@pytest.fixture
def waited() -> House:
    """150 presses that nobody has heard, all older than a minute."""
    house = House()
    ids = iter(range(10_000))
    house.device._random = lambda n: next(ids).to_bytes(n, "big")
    for _ in range(150):
        house.device.alarm("panic", "red", house.now, 0)
    house.now += FRESH_MS
    return house


def test_of_what_is_old_only_a_few_are_under_way_at_once(waited: House) -> None:
    first = offered(waited)
    assert len(first) == WINDOW
    assert offered(waited) == []
    heard(waited, first[0])
    assert len(offered(waited)) == 1
    waited.now += UNDER_WAY_MS
    assert len(offered(waited)) == WINDOW


def test_a_fresh_press_waits_behind_nothing(waited: House) -> None:
    offered(waited)
    fresh = waited.device.alarm("panic", "red", waited.now, 0)
    assert offered(waited) == [fresh]
    assert waited.device.due("lan", waited.now)[1] is not None


def test_a_pulse_brings_no_storm(waited: House) -> None:
    offered(waited)
    waited.later(500)
    assert len(offered(waited)) == WINDOW


def test_all_that_waited_gets_out(waited: House) -> None:
    out: set[str] = set()
    for _ in range(150):
        for id in offered(waited):
            out.add(id)
            heard(waited, id)
    assert len(out) == 150


# --- what no lamp shows ----------------------------------------------------------------------------------------------


def test_a_silent_call_is_not_shown_whoever_sends_it() -> None:
    house = House()
    assert house.lit(call(PRESS, "own", what="silent"), call(OTHER, "near", what="silent")).shows == "working"
    assert house.lit(call(PRESS, "own", what="silent"), call(OTHER, "near")).shows == "near"


@pytest.mark.parametrize(("told", "then"), [(1, "working"), (0, "shout")])
def test_who_was_heard_before_a_nap_is_not_told_to_shout_when_it_wakes(told: int, then: str) -> None:
    house = House()
    house.device.alarm("panic", "red", house.now, 0)
    record = house.device.outbox.records[0]
    house.device.boot_at, house.device.showing.press = house.now, None  # RAM does not outlive a sleep
    hal = SimpleNamespace(kept={"ages": {record.id: 20_000}, "told": told}, slept_ms=lambda: 10_000)
    sleep.Part(hal, house.device).start()
    assert record.at == house.now - 30_000, "it is as old as it is"
    assert house.shows == then
    assert house.later(SECOND_PATH_MS + 1).shows == "shout", "asked anew and not answered: nobody is known to have it"
