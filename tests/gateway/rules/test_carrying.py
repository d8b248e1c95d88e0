"""What a lamp carries for others."""

from dataclasses import replace

import pytest
from heartlamp_gateway.broker import files
from heartlamp_gateway.rules import relay
from heartlamp_gateway.rules.model import Village
from heartlamp_protocol.device.names import is_event_id
from heartlamp_protocol.registry import Device, Registry

from tests.gateway.rules.village import HASH, SITES, A

CHAIN = tuple(
    Device(f"lamp{n}", "lamp", "s7", {f"lamp{n}.1": HASH}, (f"lamp{n + 1}",)) for n in range(1, 8)
)  # lamp1 reaches lamp2 by radio, and so on
BUTTON = Device("butt7", "button", "s7", {"butt7.1": HASH}, ("lamp1",))


def carried(*devices: Device) -> Registry:
    return Registry(1, "", SITES, devices)


def test_a_lamp_carries_for_who_names_it_and_for_whom_that_carries() -> None:
    registry = carried(BUTTON, *CHAIN)
    assert relay.carriers(registry, "butt7") == {"lamp1", "lamp2", "lamp3", "lamp4", "lamp5"}  # four hops between lamps
    assert relay.carriers(registry, "lamp6") == {"lamp7"}
    assert relay.carriers(registry, "lamp7") == set()  # lamp8 is not there
    assert relay.carriers(registry, "stranger") == set()
    assert relay.carrying(registry) == {f"lamp{n}" for n in range(1, 8)}


def test_lamps_in_a_ring_carry_for_each_other_and_not_for_themselves() -> None:
    registry = carried(*(replace(lamp, through=("lamp1", "lamp2", "lamp3")) for lamp in CHAIN[:3]))
    assert relay.carriers(registry, "lamp1") == {"lamp2", "lamp3"}


@pytest.mark.parametrize("wrong", [{"users": {}}, {"kind": "smoke"}])
def test_who_was_revoked_and_who_is_no_lamp_carries_nothing(wrong: dict[str, object]) -> None:
    second = replace(CHAIN[1], **wrong)  # type: ignore[arg-type]
    registry = carried(BUTTON, CHAIN[0], second, *CHAIN[2:])
    assert relay.carriers(registry, "butt7") == {"lamp1"}
    assert "lamp2" not in relay.carrying(registry)
    assert "relay" not in files.acl(registry).partition("user lamp2.1\n")[2].partition("\nuser")[0]
    assert relay.carriers(carried(replace(BUTTON, users={}), *CHAIN), "butt7") == set()  # nor is it carried


def test_a_carrier_may_write_what_devices_say_and_read_what_is_said_to_them() -> None:
    text = files.acl(carried(BUTTON, replace(CHAIN[0], through=())))
    mine = text.partition("user lamp1.1\n")[2].partition("\nuser")[0].splitlines()
    assert [line for line in mine if "relay" in line] == [
        "topic write hl/1/lamp1/relay/+/event",
        "topic write hl/1/lamp1/relay/+/reading",
        "topic write hl/1/lamp1/relay/+/state",
        "topic write hl/1/lamp1/relay/+/ask",
        "topic write hl/1/lamp1/relay/+/shown",
        "topic read hl/1/lamp1/relay/+/receipt",
        "topic read hl/1/lamp1/relay/+/lamp",
    ]
    assert "relay" not in text.partition("user butt7.1\n")[2].partition("\nuser")[0]
    assert "topic read hl/1/+/relay/+/event" in text
    assert "topic write hl/1/+/relay/+/receipt" in text


@pytest.mark.parametrize(
    ("name", "word"),
    [
        ("hl/1/butt7/event", relay.Said("butt7", "event")),
        ("hl/1/lamp7/relay/butt7/event", relay.Said("butt7", "event", "lamp7")),
        ("hl/1/lamp7/relay/butt7/picture", None),
        ("hl/1/lamp7/relay/butt7/receipt", None),
        ("hl/1/lamp7/relay/BUTT/event", None),
        ("hl/1/lamp7/relay/butt7/event/x", None),
        ("hl/1/pulse", None),
    ],
)
def test_whose_word_it_is_stands_in_the_topic(name: str, word: relay.Said | None) -> None:
    assert relay.said(name) == word


def test_the_way_back_is_the_way_that_it_came_by() -> None:
    village = Village(carried(BUTTON, *CHAIN))
    own, carried_way = "hl/1/butt7/receipt", "hl/1/lamp3/relay/butt7/receipt"

    def topics(village: Village, in_session: bool = False) -> list[str]:
        return relay.topics_to(village, "butt7", "receipt", in_session)

    assert topics(village, in_session=True) == [own]
    assert topics(village) == [own, *(f"hl/1/lamp{n}/relay/butt7/receipt" for n in range(1, 6))]  # nobody knows where
    known = relay.came_by(village, "butt7", "lamp3")
    assert topics(known) == [carried_way]
    assert topics(known, in_session=True) == [carried_way, own]
    assert relay.came_by(known, "butt7", "").ways == {}
    assert relay.topics_to(known, "lamp7", "lamp", False) == ["hl/1/lamp7/lamp"]  # nobody carries it


def test_a_way_ends_with_its_lamps_line_and_with_a_registry_that_forbids_it() -> None:
    village = relay.came_by(Village(carried(BUTTON, *CHAIN)), "butt7", "lamp3")
    assert relay.end_of_line(village, "lamp2") == (village, [])
    ended, lost = relay.end_of_line(village, "lamp3")
    assert (ended.ways, lost) == ({}, ["butt7"])
    assert relay.allowed_ways(village) is village
    assert relay.allowed_ways(replace(village, registry=carried(BUTTON, *CHAIN[:1]))).ways == {}


def test_what_is_kept_aside_has_no_events_name() -> None:
    name = relay.aside("lamp9", A)
    assert not is_event_id(name)
    assert (relay.aside_by(name), relay.aside_by(A), relay.aside_by("")) == ("lamp9", "", "")
