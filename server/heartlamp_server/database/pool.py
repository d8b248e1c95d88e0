"""Connections to PostgreSQL, and bringing them back: a database that died is started or met again, and requests in
between are told to come again."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import psycopg
from psycopg_pool import AsyncConnectionPool, PoolTimeout

from heartlamp_server.database import jsons
from heartlamp_server.database.embedded import DatabaseError, Embedded

log = logging.getLogger("heartlamp.database")

_WATCH_SECONDS = 0.25
_STARTS = 5  # of an embedded PostgreSQL that dies as we start; another one is its keeper's to bring back
_PATIENCE_SECONDS = 2.0  # a request waits so long for a database that is being brought back
# Planning the statement that reads a batch's state takes longer than running it: plan it once for each connection. Who
# stops in the middle of a transaction must not hold a house's lock for ever.
_OPTIONS = (
    "-c plan_cache_mode=force_generic_plan -c jit=off -c lock_timeout=5s -c idle_in_transaction_session_timeout=15s"
)
_DURABLE = {"fsync": ("on",), "full_page_writes": ("on",), "synchronous_commit": ("on", "remote_apply")}


class NotReady(Exception):
    """The store cannot be reached now; the sender keeps what it has and comes again."""


Prepare = Callable[[psycopg.AsyncConnection[Any]], Awaitable[None]]


class Database:
    """`url`: "postgresql://…" or "embedded:<folder>"."""

    def __init__(self, url: str) -> None:
        self.embedded = Embedded(Path(url.removeprefix("embedded:"))) if url.startswith("embedded:") else None
        self.conninfo = self.embedded.conninfo if self.embedded else url
        self._pool: AsyncConnectionPool[psycopg.AsyncConnection[Any]] | None = None
        self._up = asyncio.Event()
        self._doubt = asyncio.Event()

    async def open(self, meet: Prepare, warm: Prepare) -> None:
        """`meet`: called with the first connection, each time the database comes back; `warm`: with every new one.
        Raises DatabaseError where PostgreSQL is missing or would forget what it acknowledged."""
        self._meet, self._warm = meet, warm
        for left in reversed(range(_STARTS if self.embedded else 1)):
            try:
                if self.embedded:
                    await asyncio.to_thread(self.embedded.ensure_running)
                await self._connect()
                return
            except psycopg.OperationalError as error:
                if not left:
                    raise DatabaseError(f"cannot reach PostgreSQL: {error}. Check the database's address.") from error
                log.error("PostgreSQL went away as it was met, trying again: %s", error)

    async def close(self) -> None:
        """Also ends an embedded PostgreSQL."""
        if self._pool:
            try:
                await asyncio.wait_for(self._pool.close(timeout=1), 2)
            except TimeoutError:
                log.warning("connections did not close in time; PostgreSQL ends them")
        if self.embedded:
            await asyncio.to_thread(self.embedded.stop)

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[psycopg.AsyncConnection[Any]]:
        """An autocommit connection. Raises NotReady when the database is away, before or while it is used."""
        try:
            if not self._up.is_set():
                await asyncio.wait_for(self._up.wait(), _PATIENCE_SECONDS)
            assert self._pool is not None
            async with self._pool.connection() as conn:
                yield conn
        except TimeoutError as error:
            raise NotReady("the store is being brought back") from error
        except (psycopg.OperationalError, psycopg.InterfaceError, PoolTimeout) as error:
            # A deadlock, a lock that took too long, a full disk: the database spoke, so it is there.
            if not isinstance(error, psycopg.Error) or error.sqlstate is None or error.sqlstate.startswith("57P"):
                self._up.clear()
                self._doubt.set()
            raise NotReady(str(error)) from error

    async def watch(self) -> None:
        """Runs for ever: brings the database back when it died."""
        while True:
            try:
                await asyncio.wait_for(self._doubt.wait(), _WATCH_SECONDS)
            except TimeoutError:
                if self.embedded is None or self.embedded.pid() is not None:
                    continue
            self._up.clear()
            self._doubt.clear()
            try:
                await self._bring_back()
            except (DatabaseError, OSError, psycopg.Error, PoolTimeout) as error:
                log.error("the database is away, trying again: %s", error)
                self._doubt.set()
                await asyncio.sleep(_WATCH_SECONDS)

    async def _bring_back(self) -> None:
        if self.embedded:
            started: bool = await asyncio.to_thread(self.embedded.ensure_running)
            if started:
                log.warning("PostgreSQL had died and was started again")
        # Every connection of the old pool may be dead; finding out one by one would cost a request each.
        old = self._pool
        await self._connect()
        if old:
            await old.close(timeout=0)

    async def _configure(self, conn: psycopg.AsyncConnection[Any]) -> None:
        jsons.read_by(conn)
        await self._warm(conn)

    async def _connect(self) -> None:
        async with await psycopg.AsyncConnection.connect(self.conninfo, autocommit=True, connect_timeout=5) as conn:
            await assert_durable(conn)
            await self._meet(conn)
        pool = AsyncConnectionPool[psycopg.AsyncConnection[Any]](
            self.conninfo,
            min_size=2,
            max_size=12,
            timeout=2,
            open=False,
            configure=self._configure,
            kwargs={"autocommit": True, "prepare_threshold": 0, "options": _OPTIONS, "connect_timeout": 5},
        )
        try:
            await pool.open(wait=True, timeout=5)
        except BaseException:
            await pool.close(timeout=0)
            raise
        self._pool = pool
        self._up.set()


async def assert_durable(conn: psycopg.AsyncConnection[Any]) -> None:
    for name, allowed in _DURABLE.items():
        row = await (await conn.execute(f"SHOW {name}")).fetchone()
        value = row[0] if row else ""
        if value not in allowed:
            raise DatabaseError(
                f"PostgreSQL has {name}={value}: it could forget an alarm that was acknowledged. "
                f"Set {name}={allowed[0]} and start again."
            )
