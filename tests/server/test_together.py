"""Villages that speak at the same moment share a COMMIT, and nothing else."""

import asyncio
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest
from heartlamp_protocol.uplink import Item, Verdict
from heartlamp_server.ingest.together import AT_ONCE, MOST, SMALL, Said, Together, Verdicts

from tests.gateway.rig.waiting import until
from tests.server.county import County, Operator, Village


def said(gateway: str, many: int = 1) -> Said:
    return Said(gateway, tuple(Item(n, 0, gateway, b"") for n in range(many)), ())


def verdicts(of: Said, how: str = "received") -> Verdicts:
    return tuple(Verdict(item.n, how) for item in of.items)


class Store:
    """Takes in when it is told to; `groups`: gateways that went in together."""

    def __init__(self, fails: str = "") -> None:
        self.groups: list[list[str]] = []
        self.singles: list[str] = []
        self.fails = fails
        self.may = asyncio.Event()
        self.together = Together(self.take_in, self.alone)

    async def take_in(self, group: Sequence[Said], patience_ms: int) -> list[Verdicts]:
        self.groups.append([one.gateway for one in group])
        await self.may.wait()
        if any(one.gateway == self.fails for one in group):
            raise RuntimeError("a bad item")
        return [verdicts(one) for one in group]

    async def alone(self, one: Said) -> Verdicts:
        self.singles.append(one.gateway)
        return verdicts(one, "rejected" if one.gateway == self.fails else "received")


async def settled() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


def test_who_comes_while_there_is_room_waits_for_nobody_and_the_others_go_together() -> None:
    async def story() -> None:
        store = Store()
        names = [f"g{n}" for n in range(AT_ONCE + 3)]
        tasks = [asyncio.create_task(store.together.take(said(name))) for name in names]
        await settled()
        assert store.groups == [[name] for name in names[:AT_ONCE]]
        tasks[-1].cancel()  # its connection was cut
        store.may.set()
        await settled()
        assert store.groups[AT_ONCE:] == [names[AT_ONCE:]]
        assert [await task for task in tasks[:-1]] == [verdicts(said(name)) for name in names[:-1]]
        assert store.singles == []

    asyncio.run(story())


def test_what_fails_together_goes_alone() -> None:
    async def story() -> None:
        store = Store(fails="g3")
        tasks = [asyncio.create_task(store.together.take(said(f"g{n}"))) for n in range(5)]
        await settled()
        store.may.set()
        assert [(await task)[0].verdict for task in tasks] == ["received"] * 3 + ["rejected", "received"]
        assert sorted(store.singles) == ["g2", "g3", "g4"]

    asyncio.run(story())


def test_a_large_batch_goes_alone_and_a_group_has_an_end() -> None:
    async def story() -> None:
        store = Store()
        assert len(await store.together.take(said("big", SMALL + 1))) == SMALL + 1
        assert store.singles == ["big"]
        tasks = [asyncio.create_task(store.together.take(said(f"g{n}", SMALL))) for n in range(30)]
        await settled()
        store.may.set()
        assert {len(mine) for mine in await asyncio.gather(*tasks)} == {SMALL}
        assert max(map(len, store.groups)) == MOST // SMALL

    asyncio.run(story())


@pytest.fixture(scope="module")
def villages(county: County) -> list[Village]:
    return [county.village() for _ in range(6)]


def test_a_house_that_is_held_keeps_no_other_village_waiting(county: County, villages: list[Village]) -> None:
    presses = [village.keys[0].press() for village in villages]
    with ThreadPoolExecutor(len(villages)) as pool, psycopg.connect(county.conninfo, autocommit=True) as held:
        held.execute("BEGIN")
        held.execute("SELECT id FROM site WHERE id = %s FOR UPDATE", (villages[0].sites[0],))
        answers = [pool.submit(village.send, press) for village, press in zip(villages, presses, strict=True)]
        assert all(answer.result(4)[0].verdict == "received" for answer in answers[1:])
        assert not answers[0].done()
        held.execute("ROLLBACK")
        assert answers[0].result(60)[0].verdict == "received"


def test_each_of_a_group_has_its_own_verdicts_evidence_and_commands(
    county: County, operator: Operator, villages: list[Village]
) -> None:
    """While the row that numbers the feed is held, all of them wait and then go in together."""
    presses = [village.keys[1].press() for village in villages]
    streams = [village.down() for village in villages]
    for stream in streams:
        stream.next(lambda e: e.kind == "hello")
    cursor = operator.get("incidents")["cursor"]
    strange = Item(7, 0, "lampffff.1", b"nonsense of the last village")
    begun = threading.Barrier(len(villages) + 2)

    def send(village: Village, n: int) -> Verdict:
        begun.wait()
        return village.send(presses[n])[0]

    def send_strange() -> Verdict:
        begun.wait()
        return villages[-1].send_items([strange])[0]

    with ThreadPoolExecutor(len(villages) + 1) as pool, psycopg.connect(county.conninfo, autocommit=True) as held:
        held.execute("BEGIN")
        held.execute("SELECT seq FROM feed_head FOR UPDATE")
        answers = [pool.submit(send, village, n) for n, village in enumerate(villages)]
        refused = pool.submit(send_strange)
        begun.wait()
        until("two at the feed", lambda: len(waiting(county)) >= AT_ONCE, 30)
        held.execute("ROLLBACK")
        assert [answer.result(60).verdict for answer in answers] == ["received"] * len(villages)
        assert all(
            village.keys[1].believes(answer.result().receipt, press)
            for village, answer, press in zip(villages, answers, presses, strict=True)
        )
        assert refused.result().verdict == "rejected"
    for stream, press in zip(streams, presses, strict=True):
        stream.next(lambda e, press=press: e.data.get("incident") == press.id)  # type: ignore[misc]
    feed = operator.feed(cursor)
    shown: set[str] = set()
    while not shown >= {press.id for press in presses}:
        shown.add(feed.next(lambda e: e.kind == "incident").data["id"])
    kept = county.sql("SELECT gateway FROM evidence WHERE usr = 'lampffff.1'")
    assert kept == [(villages[-1].gateway,)]


def waiting(county: County) -> list[tuple[object, ...]]:
    return county.sql("SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE '%%feed_head%%'")
