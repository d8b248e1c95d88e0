"""What the gateway keeps, and for how long, with real files and no process."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from heartlamp_gateway.chain import Chain
from heartlamp_gateway.clock import VillageClock, boottime
from heartlamp_gateway.disk import changes as disk
from heartlamp_gateway.disk.alarms import AlarmFile
from heartlamp_gateway.disk.readings import ReadingFile
from heartlamp_gateway.outbox import FOR_ITEMS, WINDOW, Outbox
from heartlamp_gateway.outputs.runner import Runner
from heartlamp_gateway.presence import Presence, read_word
from heartlamp_gateway.rules import incidents, lamps, relay
from heartlamp_gateway.rules.batch import Kept
from heartlamp_gateway.rules.model import EMPTY, KEEP_MS, Village
from heartlamp_gateway.upkeep import Upkeep
from heartlamp_protocol.device import event
from heartlamp_protocol.device.names import event_id
from heartlamp_protocol.downlink import IncidentCommand
from heartlamp_protocol.registry import Device, Registry, Site
from heartlamp_protocol.supervision import supervision_ms
from heartlamp_protocol.uplink import Item, Note
from hypothesis import given
from hypothesis import strategies as st

SITES = (Site("s7", "三组 7号", "g3"), Site("s9", "三组 9号", "g3"), Site("s1", "四组 1号", "g4"))
DEVICES = tuple(Device(f"lamp{s.id[1:]}", "lamp", s.id, {f"lamp{s.id[1:]}.1": "$7$1$a$b"}) for s in SITES)
VILLAGE = lamps.relight(Village(Registry(1, "柳树村", SITES, DEVICES)))


def id_of(number: int) -> str:
    return event_id("lamp7", number.to_bytes(8, "big"))


def row(n: int) -> Kept:
    return Kept(n, "boot", n, id_of(n), "lamp7", item=Item(n, 0, "lamp7.1", b"frame"))


def note(n: int) -> Kept:
    return Kept(n, "boot", n, id_of(n), note=Note(n, 0, id_of(n), id_of(1), "step", "1/1/head/sms/0 done head"))


@pytest.fixture
def file(tmp_path: Path) -> Iterator[AlarmFile]:
    made = AlarmFile(tmp_path / "alarms.db")
    made.open()
    yield made
    made.close()


STEP = st.one_of(
    st.tuples(
        st.just("alarm"), st.integers(0, 20), st.sampled_from(["s7", "s9", "s1"]), st.sampled_from(["panic", "silent"])
    ),
    st.tuples(
        st.just("key"),
        st.integers(0, 20),
        st.sampled_from(["s7", "s9"]),
        st.sampled_from(["coming", "withdrawn", "arrived"]),
    ),
    st.tuples(
        st.just("county"), st.integers(0, 20), st.sampled_from(["s7", "s9"]), st.sampled_from(["accepted", "closed"])
    ),
    st.tuples(st.just("refused"), st.integers(0, 20), st.just(""), st.just("")),
    st.tuples(st.just("shown"), st.integers(0, 20), st.sampled_from(["lamp7", "lamp9"]), st.just("")),
)


@given(st.lists(STEP, max_size=25))
def test_whatever_happened_a_restart_finds_the_village_as_it_was(steps: list[tuple[str, int, str, str]]) -> None:
    file = AlarmFile(Path(":memory:"))
    file.open()
    village = EMPTY
    for number, (kind, which, where, how) in enumerate([("registry", 0, "", ""), *steps]):
        before = village
        if kind == "registry":
            village = VILLAGE
        elif kind == "alarm":
            known = {e for i in village.incidents.values() for e in i.events}
            if id_of(which) not in known:  # a known id never comes as far as the rules
                village, _ = incidents.raise_alarm(village, id_of(which), where, how, number)
        elif kind == "key":
            village, _ = incidents.press_key(village, id_of(which), where, how, id_of(which + 100))
        elif kind == "county":
            command = IncidentCommand(
                id_of(which),
                where,
                "panic",
                (id_of(which), id_of(which + 1)),
                1,
                how,
                "x",
                "",
                (id_of(which + 100),),
                {},
            )
            village = incidents.county_says(village, command, number)
        elif kind == "refused":
            village = incidents.refuse(village, id_of(which))
        else:
            village, _ = lamps.shown(village, where, which)
        file.commit(disk.difference(before, village))
        assert file.village() == village
        belongs = [e for i in village.incidents.values() for e in i.events]
        assert len(belongs) == len(set(belongs)), "an event in two incidents"
        assert lamps.relight(village) == village, "a lamp does not show what is"
    file.close()


def test_a_row_is_kept_until_thirty_days_after_the_county_had_it(file: AlarmFile) -> None:
    file.commit([disk.keep(row(n), b"d", 0) for n in (1, 2, 3)])
    file.commit([disk.received(1, 1000, ""), disk.received(2, 2000, "")])
    file.commit([disk.forget(1001 + KEEP_MS)])
    assert file.history(id_of(1)) == []
    assert len(file.history(id_of(2))) == 1
    file.commit([disk.forget(10 * KEEP_MS)])
    assert [kept.n for kept in file.waiting(0, 10)] == [3]  # not received: kept, however long


def test_the_journal_is_folded_into_the_file(tmp_path: Path, file: AlarmFile) -> None:
    journal, most = tmp_path / "alarms.db-wal", 0
    for n in range(1, 501):
        file.commit([disk.keep(row(n), b"d", 0)])
        file.checkpoint(20)
        most = max(most, journal.stat().st_size)
    assert most < 50 * 4096, "it only grew: each commit writes more than a page"
    assert [kept.n for kept in file.waiting(0, 1000)] == list(range(1, 501))


def test_another_store_at_the_county_makes_all_that_is_kept_wait_again(file: AlarmFile) -> None:
    file.commit([disk.keep(row(n), b"d", 0) for n in (1, 2)])
    file.commit([disk.received(1, 1000, "receipt")])
    assert [kept.n for kept in file.waiting(0, 10)] == [2]
    file.commit([disk.offer_again()])
    assert [kept.n for kept in file.waiting(0, 10)] == [1, 2]


def test_a_receipt_is_owed_until_it_was_passed_on(file: AlarmFile) -> None:
    file.commit([disk.keep(row(1), b"d", 0), disk.received(1, 5, "receipt")])
    assert file.owed("lamp7") == [(1, "lamp7", "receipt")] == file.owed()
    assert file.owed("lamp9") == []
    file.commit([disk.passed(1)])
    assert file.owed() == []


def test_all_of_a_commit_or_nothing(file: AlarmFile) -> None:
    with pytest.raises(Exception, match="no such table"):
        file.commit([disk.keep(row(1), b"d", 0), ("INSERT INTO nowhere VALUES(1)", ())])
    assert file.waiting(0, 10) == []
    file.commit([disk.keep(row(1), b"d", 0)])
    assert len(file.waiting(0, 10)) == 1


def test_the_village_clock_goes_on_and_no_date_moves_it() -> None:
    clock = VillageClock(1000, "boot a", 50)
    assert clock.resumed("boot a", 90).now(90) == 1040  # the gateway restarted
    assert clock.resumed("boot b", 7).now(17) == 1010  # the machine restarted: what it slept does not count
    assert disk.read_clock("").now(5) == 5


def test_the_clock_survives_the_file(file: AlarmFile) -> None:
    file.commit([disk.clock(VillageClock(1, "b", 2))])
    assert disk.read_clock(file.word("clock")) == VillageClock(1, "b", 2)


def test_a_long_cut_does_not_fill_the_memory_and_nothing_is_skipped(file: AlarmFile) -> None:
    outbox = Outbox()
    rows = [row(n) for n in range(1, WINDOW + 3001)]
    file.commit([disk.keep(each, b"d", 0) for each in rows])
    outbox.put(rows)
    assert len(outbox) == WINDOW + FOR_ITEMS
    assert drained(outbox, file) == [*range(1, WINDOW + 3001)]


def test_who_calls_goes_up_before_what_was_done_all_night_however_much_that_is(file: AlarmFile) -> None:
    outbox = Outbox()
    rows = [row(n) if n % 100 == 50 else note(n) for n in range(1, WINDOW + 3001)]
    file.commit([disk.keep(each, b"d", 0) for each in rows])
    outbox.put(rows)
    called = [kept.n for kept in rows if kept.item]
    assert [kept.n for kept in outbox.take(set(), 200)][: len(called)] == called
    assert len(outbox) == WINDOW + 30
    left = drained(outbox, file, pressed=row(99_999))
    assert left.index(99_999) == 4_000  # the next
    assert sorted(left) == [*range(1, WINDOW + 3001), 99_999]


def drained(outbox: Outbox, file: AlarmFile, pressed: Kept | None = None) -> list[int]:
    """The n as they leave. `pressed`: comes when 4,000 have left."""
    seen: list[int] = []
    while taken := outbox.take(set(), 200):
        seen += [kept.n for kept in taken]
        outbox.done([kept.n for kept in taken])
        file.commit([disk.received(kept.n, 1, "") for kept in taken])
        if pressed and len(seen) == 4000:
            file.commit([disk.keep(pressed, b"d", 0)])
            outbox.put([pressed])
        outbox.refill(file.waiting)
    return seen


def test_readings_are_bounded_the_oldest_go_and_are_counted(tmp_path: Path) -> None:
    file = ReadingFile(tmp_path / "readings.db", rows_max=100)
    file.open()
    for n in range(150):
        file.add([("boot", n, "lamp7", "lamp7.1", "", b"%d" % n)])
    left = [kept.item.frame for kept in file.oldest(200) if kept.item]
    assert left[-1] == b"149"
    assert 90 <= len(left) <= 100
    assert file.dropped == 150 - len(left)
    file.close()
    again = ReadingFile(tmp_path / "readings.db", rows_max=100)
    again.open()
    assert [kept.item.frame for kept in again.oldest(200) if kept.item] == left


def test_a_reading_that_comes_after_the_will_does_not_bring_the_dead_back() -> None:
    presence = Presence()
    presence.alive("lamp7", 0)
    presence.says("lamp7", False, 10)
    presence.alive("lamp7", 500)
    assert presence.online("lamp7") is False
    presence.alive("lamp7", 5000)
    assert presence.online("lamp7") is True
    assert presence.changes() == [("lamp7", True, 0), ("lamp7", False, 10), ("lamp7", True, 5000)]
    assert presence.changes() == []


def test_who_is_carried_is_there_until_its_carrier_is_gone() -> None:
    presence = Presence()
    assert presence.quiet("butt7", 5) is None
    presence.alive("butt7", 10)
    assert presence.quiet("butt7", 40) == 30
    presence.lost("butt7")
    assert presence.online("butt7") is None
    presence.alive("butt7", 50)
    assert presence.changes() == [("butt7", True, 10), ("butt7", True, 50)]


def test_who_is_carried_and_says_nothing_any_more_is_not_known_to_be_there(tmp_path: Path) -> None:
    file = AlarmFile(tmp_path / "alarms.db")
    file.open()
    presence = Presence()
    nothing = Runner((), lambda order: True, lambda order, said: None)
    chain = Chain("gwliu1", file, Outbox(), lambda name, payload: True, presence.in_session, lambda: 0, nothing)
    chain.start()
    for number, device in enumerate(("lamp1", "lamp7")):
        presence.alive(device, boottime() - number * (supervision_ms("lamp") + 1))
        chain.village = relay.came_by(replace(chain.village, registry=VILLAGE.registry), device, "lamp9")
    Upkeep(chain, presence).resend(unknown_too=False)
    assert (presence.online("lamp1"), presence.online("lamp7")) == (True, None)
    chain.close()


def test_the_way_to_a_device_survives_a_restart(tmp_path: Path) -> None:
    file = AlarmFile(tmp_path / "alarms.db")
    file.open()
    village = VILLAGE
    for device, lamp in (("lamp2", "lamp9"), ("butt7", "lamp7"), ("lamp2", "lamp7"), ("butt7", "")):
        changed = relay.came_by(village, device, lamp)
        file.commit(disk.difference(village, changed))
        village = changed
    assert relay.came_by(village, "lamp2", "lamp7") is village
    assert file.village().ways == village.ways == {"lamp2": "lamp7"}
    file.close()


def test_the_words_of_a_device_are_read_strictly() -> None:
    epoch = "e" * 16
    assert read_word("state", event.write_state(1), epoch) == 1
    assert read_word("shown", event.write_shown(epoch, 7), epoch) == 7
    assert read_word("shown", event.write_shown("f" * 16, 7), epoch) == -1
    assert read_word("ask", event.write_ask(""), epoch) == 0
    for bad in (
        b"",
        b"[]",
        b'{"v":1,"kind":"shown","ver":-1}',
        b'{"v":1,"kind":"shown","ver":1.5}',
        event.write_state(1),
    ):
        assert read_word("shown", bad, epoch) is None


def test_an_answer_that_was_kept_without_its_event_is_read(tmp_path: Path) -> None:
    file = AlarmFile(tmp_path / "alarms.db")
    file.open()
    village, _ = incidents.raise_alarm(VILLAGE, id_of(1), "s7", "panic", 0)
    file.commit(disk.difference(VILLAGE, village))
    file.commit([("UPDATE incident SET value = json_set(value, '$.responders', json('[[\"s9\",\"coming\"]]'))", ())])
    assert [i.responders for i in file.village().incidents.values()] == [(("s9", "coming", ""),)]
    file.close()
