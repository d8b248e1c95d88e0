"""The chain in PostgreSQL: many writers, kills in the middle, and what a superuser may do to it."""

import asyncio
import random
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from heartlamp_server.audit import store
from heartlamp_server.audit.copies import InDatabase
from heartlamp_server.audit.key import public_hex, signing_key
from heartlamp_server.audit.seal import seal
from heartlamp_server.audit.verify import Whole, Wrong, verify

ROOT = Path(__file__).parents[3]
KEY = signing_key(bytes(32))


@pytest.fixture(scope="module")
def database(new_database: Callable[[], str]) -> str:
    return new_database()


def written(conninfo: str, many: int, batch: int) -> None:
    async def work() -> None:
        async with await psycopg.AsyncConnection.connect(conninfo, autocommit=True) as conn:
            for n in range(many):
                await store.record(conn, f"op{n % 3}", "incident.answer", f"e{n}", f"s{n % 5}", answer="coming")
            until = time.monotonic() + 20
            while (await store.newest(conn)).waiting:  # a killed sealer's transaction may end a little later
                await seal(conn, KEY, batch)
                assert time.monotonic() < until

    asyncio.run(work())


def judged(conn: psycopg.Connection[Any], printed: tuple[int | None, bytes] | None = None) -> Whole | Wrong:
    copy = InDatabase(conn)
    return verify(copy.links, public_hex(KEY), printed, lambda done: None, copy.cut)


@pytest.fixture(scope="module")
def kept(database: str) -> str:
    """40 rows, sealed eight at a time."""
    written(database, 40, 8)
    return database


@pytest.fixture
def superuser(kept: str) -> Iterator[psycopg.Connection[Any]]:
    """Inside a transaction that is never committed, with every trigger off."""
    with psycopg.connect(kept) as conn:
        for table in ("audit", "audit_seal", "audit_head"):
            conn.execute(f"ALTER TABLE {table} DISABLE TRIGGER ALL")
        yield conn
        conn.rollback()


def test_what_is_kept_is_whole(superuser: psycopg.Connection[Any]) -> None:
    copy = InDatabase(superuser)
    whole = judged(superuser)
    assert isinstance(whole, Whole)
    assert (whole.head, whole.head.n, copy.waiting, copy.outside()) == (copy.last(), 40, 0, None)


ENTRY = "(SELECT entry FROM audit_seal WHERE seq = 20)"


@pytest.mark.parametrize(
    ("tamper", "kind", "n"),
    [
        (f"UPDATE audit SET who = 'somebody' WHERE id = {ENTRY}", "changed", 20),
        (f"UPDATE audit SET at = at + interval '1 microsecond' WHERE id = {ENTRY}", "changed", 20),
        (f"UPDATE audit SET at = 'infinity' WHERE id = {ENTRY}", "changed", 20),
        (f"UPDATE audit SET detail = '[1.5, null]' WHERE id = {ENTRY}", "changed", 20),
        (f"UPDATE audit SET site = '' WHERE id = {ENTRY}", "changed", 20),
        ("UPDATE audit_seal SET hash = sha256('x') WHERE seq = 20", "changed", 20),
        (f"DELETE FROM audit WHERE id = {ENTRY}", "deleted", 20),
        ("DELETE FROM audit_seal WHERE seq = 20", "deleted", 20),
        (
            f"DELETE FROM audit WHERE id = {ENTRY}; DELETE FROM audit_seal WHERE seq = 20; "
            "UPDATE audit_seal SET seq = -seq WHERE seq > 20; UPDATE audit_seal SET seq = -seq - 1 WHERE seq < 0",
            "deleted", 20,
        ),
        (
            "UPDATE audit_seal SET seq = -seq WHERE seq >= 20; UPDATE audit_seal SET seq = -seq + 1 WHERE seq < 0; "
            "INSERT INTO audit (who, what, about, site, detail) VALUES ('x', 'look.picture', 'y', '', '{}'); "
            "INSERT INTO audit_seal SELECT 20, max(id), sha256('x') FROM audit",
            "inserted", 20,
        ),
        (
            "UPDATE audit_seal s SET entry = -o.entry FROM audit_seal o WHERE (s.seq, o.seq) IN ((20, 30), (30, 20)); "
            "UPDATE audit_seal SET entry = -entry WHERE entry < 0",
            "reordered", 20,
        ),
        ("DELETE FROM audit_seal WHERE seq > 36", "truncated", 37),
        ("DELETE FROM audit_seal WHERE seq > 32", "truncated", 33),
        ("DELETE FROM audit_seal WHERE seq > 36; DELETE FROM audit_head WHERE seq > 36", "truncated", 37),
        ("UPDATE audit_head SET signature = sha256('x') || sha256('y') WHERE seq = 40", "rewritten", 33),
        ("UPDATE audit_head SET at = 'infinity' WHERE seq = 40", "rewritten", 33),
    ],
)  # fmt: skip
def test_what_a_superuser_does_is_found(superuser: psycopg.Connection[Any], tamper: str, kind: str, n: int) -> None:
    assert isinstance(judged(superuser), Whole)
    for statement in tamper.split("; "):
        superuser.execute(statement)
    wrong = judged(superuser)
    assert isinstance(wrong, Wrong)
    assert (wrong.kind, wrong.n) == (kind, n), wrong


def test_a_row_slipped_in_beside_the_chain_is_found(superuser: psycopg.Connection[Any]) -> None:
    slip = "INSERT INTO audit (id, who, what, about, site, detail) OVERRIDING SYSTEM VALUE "
    superuser.execute(slip + "VALUES (-1, 'x', 'look.picture', '', '', '{}')")
    assert InDatabase(superuser).outside() == -1


def test_a_cut_at_a_signed_head_is_shown_by_a_printed_one_only(superuser: psycopg.Connection[Any]) -> None:
    printed = InDatabase(superuser).last()
    superuser.execute("DELETE FROM audit_seal WHERE seq > 32")
    superuser.execute("DELETE FROM audit_head WHERE seq > 32")
    superuser.execute("DELETE FROM audit a WHERE NOT EXISTS (SELECT FROM audit_seal WHERE entry = a.id)")
    assert isinstance(judged(superuser), Whole)
    wrong = judged(superuser, (printed.n, printed.hash))
    assert isinstance(wrong, Wrong)
    assert (wrong.kind, wrong.n, wrong.proven) == ("truncated", 33, 32)


@pytest.mark.parametrize("table", ["audit", "audit_seal", "audit_head"])
@pytest.mark.parametrize("role", ["origin", "replica"])
def test_no_row_is_ever_changed_or_removed(kept: str, table: str, role: str) -> None:
    with psycopg.connect(kept, autocommit=True) as conn:
        conn.execute(f"SET session_replication_role = {role}")
        for statement in (f"DELETE FROM {table}", f"TRUNCATE {table}", f"UPDATE {table} SET at = now()"):
            if table == "audit_seal":
                statement = statement.replace("at = now()", "seq = 1")
            with pytest.raises(psycopg.errors.InsufficientPrivilege, match="only ever added to"):
                conn.execute(statement)


def test_its_owner_has_no_right_to_either(superuser: psycopg.Connection[Any]) -> None:
    """Without any trigger. A superuser needs no rights; a county's role is none."""
    superuser.execute("CREATE ROLE heartlamp_owner")  # gone with the transaction
    for table in ("audit", "audit_seal", "audit_head"):
        superuser.execute(f"ALTER TABLE {table} OWNER TO heartlamp_owner")
    superuser.execute("SET LOCAL ROLE heartlamp_owner")
    superuser.execute("INSERT INTO audit (who, what, about, site, detail) VALUES ('x', 'look.picture', '', '', '{}')")
    for statement in ("UPDATE audit SET who = ''", "DELETE FROM audit_seal", "TRUNCATE audit_head"):
        with (
            pytest.raises(psycopg.errors.InsufficientPrivilege, match="permission denied"),
            superuser.transaction(),
        ):
            superuser.execute(statement)


class Worker:
    """`said`: its lines."""

    def __init__(self, what: str, conninfo: str) -> None:
        command = [sys.executable, "-m", "tests.server.audit.at_work", what, conninfo]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT)
        self.said: list[str] = []
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            if line.endswith("\n"):
                self.said.append(line.strip())

    def wait_for(self, many: int) -> None:
        until = time.monotonic() + 30
        while len(self.said) < many:
            assert time.monotonic() < until, f"{len(self.said)} of {many} after 30 s"
            time.sleep(0.005)

    def kill(self) -> list[str]:
        """All that it said."""
        self.process.kill()
        self.process.wait()
        self._reader.join(10)
        return self.said


def test_one_chain_of_several_writers_with_kills_in_the_middle(new_database: Callable[[], str]) -> None:
    seed = random.randrange(2**32)
    print("seed", seed)
    dice = random.Random(seed)
    conninfo = new_database()
    with psycopg.connect(conninfo, autocommit=True) as conn:
        conn.execute("CREATE TABLE changed (id text PRIMARY KEY)")
    writers, sealers = [Worker("write", conninfo) for _ in range(3)], [Worker("seal", conninfo) for _ in range(2)]
    committed: list[str] = []
    for _ in range(3):
        victim, seal_victim = dice.randrange(len(writers)), dice.randrange(len(sealers))
        writers[victim].wait_for(dice.randrange(5, 40))
        committed += writers[victim].kill()
        writers[victim] = Worker("write", conninfo)
        sealers[seal_victim].kill()
        sealers[seal_victim] = Worker("seal", conninfo)
    for writer in writers:
        writer.wait_for(20)
        committed += writer.kill()
    for sealer in sealers:
        sealer.kill()
    with psycopg.connect(conninfo) as conn:  # what was left is taken up
        waited = InDatabase(conn).waiting
    written(conninfo, 0, 100)
    with psycopg.connect(conninfo) as conn:
        copy = InDatabase(conn)
        whole = verify(copy.links, public_hex(KEY), None, lambda done: None, copy.cut)
        chained = [link.row.about for link in copy.links() if link.row]
        changed = [row[0] for row in conn.execute("SELECT id FROM changed")]
        assert (copy.waiting, copy.outside()) == (0, None)
    assert isinstance(whole, Whole), whole
    assert sorted(chained) == sorted(changed), "a change and its row are one"
    assert set(committed) <= set(chained)
    print(f"{len(chained)} rows, {waited} of them were left for the next to chain")


def test_a_writer_that_does_not_commit_holds_up_nobody(new_database: Callable[[], str]) -> None:
    conninfo = new_database()
    with psycopg.connect(conninfo) as slow:
        slow.execute(
            "INSERT INTO audit (who, what, about, site, detail) VALUES ('slow', 'look.picture', 'e0', '', '{}')"
        )
        written(conninfo, 5, 10)
        with psycopg.connect(conninfo) as conn:
            assert InDatabase(conn).last().n == 5
        slow.commit()
    written(conninfo, 0, 10)
    with psycopg.connect(conninfo) as conn:
        assert [link.row.who for link in InDatabase(conn).links() if link.row][-1] == "slow", "in order of commit"
        assert isinstance(judged(conn), Whole)


def test_what_waits_for_nothing_stops_no_chain(new_database: Callable[[], str]) -> None:
    """Data that were restored without their schema wait again, though they have their place."""
    conninfo = new_database()
    written(conninfo, 5, 10)
    with psycopg.connect(conninfo, autocommit=True) as conn:
        conn.execute("INSERT INTO audit_waiting SELECT id FROM audit UNION SELECT -n FROM generate_series(1, 30) n")
    written(conninfo, 3, 10)
    with psycopg.connect(conninfo) as conn:
        whole = judged(conn)
        assert isinstance(whole, Whole)
        assert (whole.head.n, InDatabase(conn).waiting, InDatabase(conn).outside()) == (8, 0, None)
