"""Batches, verdicts, commands and the registry survive their own JSON; anything else raises FrameError."""

import json

import pytest
from heartlamp_protocol.device.frame import FrameError
from heartlamp_protocol.downlink import (
    IncidentCommand,
    RegistryCommand,
    cursor_text,
    read_command,
    read_cursor,
    write_command,
)
from heartlamp_protocol.registry import Device, Registry, Site
from heartlamp_protocol.uplink import (
    BATCH_BYTES_MAX,
    BATCH_ITEMS_MAX,
    VERDICTS,
    Batch,
    BatchAnswer,
    Item,
    Note,
    Verdict,
)
from hypothesis import given
from hypothesis import strategies as st

EPOCH = "e1" * 8
EVENT = "lamp0a1b-00112233445566ff"
numbers = st.integers(0, 2**53 - 1)
items = st.builds(Item, numbers, st.integers(-1, 10**9), st.text(max_size=40), st.binary(max_size=1100))
notes = st.builds(
    Note, numbers, st.just(-1), st.just(EVENT), st.just(EVENT), st.text(max_size=20), st.text(max_size=200)
)
batches = st.builds(
    Batch,
    st.just("gwliu1"),
    st.just(EPOCH),
    st.just(cursor_text(EPOCH, 4)),
    st.lists(items, max_size=5).map(tuple),
    st.lists(notes, max_size=5).map(tuple),
)
verdicts = st.builds(Verdict, numbers, st.sampled_from(VERDICTS), st.text(max_size=300), st.text(max_size=1100))


@given(batches)
def test_a_batch_survives_its_json(batch: Batch) -> None:
    assert Batch.from_json(batch.to_json()) == batch


@given(st.lists(verdicts, max_size=5).map(tuple))
def test_verdicts_survive_their_json(given_verdicts: tuple[Verdict, ...]) -> None:
    answer = BatchAnswer(EPOCH, given_verdicts)
    assert BatchAnswer.from_json(answer.to_json()) == answer


def test_the_registry_survives_its_json() -> None:
    registry = Registry(
        3,
        "柳村",
        (Site("s7", "三组 7号", "g3"),),
        (
            Device("lamp0a1b", "lamp", "s7", {"lamp0a1b.1": "$7$…"}),
            Device("button01", "button", "s7", {}, ("lamp0a1b", "lamp0c2d")),
        ),
    )
    assert Registry.from_json(registry.to_json()) == registry


def test_a_registry_of_before_lamps_carried_anything_is_read() -> None:
    kept = (
        b'{"v":1,"version":3,"village":"","sites":[],"devices":[{"id":"lamp0a1b","kind":"lamp","site":"s","users":{}}]}'
    )
    assert Registry.from_json(kept).devices == (Device("lamp0a1b", "lamp", "s", {}),)


@pytest.mark.parametrize(
    "through", [None, "lamp0a1b", [1], ["X"], ["lamp0a1b\ntopic #"], ["lamp0a1b"] * 9, {"lamp0a1b": 1}]
)
def test_who_may_carry_is_a_short_list_of_devices(through: object) -> None:
    listed = {"id": "button01", "kind": "button", "site": "s", "users": {}, "through": through}
    document = {"v": 1, "version": 1, "village": "", "sites": [], "devices": [listed]}
    with pytest.raises(FrameError, match="through must be a list"):
        Registry.from_json(json.dumps(document).encode())


@pytest.mark.parametrize(
    "command",
    [
        IncidentCommand(
            EVENT, "s7", "panic", (EVENT,), 3, "accepted", "城关派出所", "", (EVENT,), {"lamp0a1b": '{"mac":…}'}
        ),
        IncidentCommand(EVENT, "s7", "panic", (EVENT,), 3, "none", "", "", (), {}, 90_000),
        RegistryCommand(4),
    ],
)
def test_a_command_survives_its_line(command: IncidentCommand | RegistryCommand) -> None:
    line = write_command(18, 0, command.to_fields())
    assert "\n" not in line
    assert read_command(line.encode()) == (18, 0, command)


def test_a_county_of_before_says_no_age() -> None:
    fields = IncidentCommand(EVENT, "s7", "panic", (EVENT,), 3, "none", "", "", (), {}).to_fields()
    assert "age" not in fields
    assert IncidentCommand.from_fields(fields).age == -1
    for nonsense in (-2, "5", 1.5, None):
        with pytest.raises(FrameError):
            IncidentCommand.from_fields(fields | {"age": nonsense})


def test_an_unknown_command_is_confirmed_and_ignored() -> None:
    assert read_command(write_command(19, 0, {"kind": "dance"}).encode()) == (19, 0, None)


def test_cursors() -> None:
    assert read_cursor(cursor_text(EPOCH, 18)) == (EPOCH, 18)
    for nonsense in ("", "x:1", EPOCH, f"{EPOCH}:", f"{EPOCH}:-1", f"{EPOCH}:²", f"{EPOCH}:{2**53}"):
        assert read_cursor(nonsense) is None


def test_a_batch_too_large_is_refused() -> None:
    with pytest.raises(FrameError, match="bytes, at most"):
        Batch.from_json(b" " * (BATCH_BYTES_MAX + 1))
    many = tuple(Item(n, 0, "lamp0a1b.1", b"{}") for n in range(BATCH_ITEMS_MAX + 1))
    with pytest.raises(FrameError, match="items, at most"):
        Batch.from_json(Batch("gwliu1", EPOCH, "", many, ()).to_json())


READERS = (Batch.from_json, BatchAnswer.from_json, Registry.from_json, read_command)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=10,
)


@given(st.binary(max_size=200), batches, json_values, st.randoms())
def test_arbitrary_bytes_and_spoilt_fields_only_ever_raise_frame_error(
    data: bytes, batch: Batch, value: object, random: object
) -> None:
    answer = BatchAnswer(EPOCH, (Verdict(1, "received"),))
    registry = Registry(1, "柳村", (Site("s", "n", "g"),), (Device("lamp0a1b", "lamp", "s", {}),))
    command = IncidentCommand(EVENT, "s", "panic", (EVENT,), 3, "accepted", "w", "", (), {})
    good = (batch.to_json(), answer.to_json(), registry.to_json(), write_command(1, 0, command.to_fields()).encode())
    for reader, document in zip(READERS, good, strict=True):
        try:
            reader(data)
        except FrameError:
            pass
        fields = json.loads(document)
        for name in fields:
            try:
                reader(json.dumps(fields | {name: value}).encode())
            except FrameError:
                pass
