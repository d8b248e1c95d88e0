"""A worker to be killed: `python -m tests.server.matter.climb_process CONNINFO`. What it tells goes into a table that
would show a double."""

import asyncio
import sys
from collections.abc import Sequence

import psycopg
from heartlamp_server.matter import store
from heartlamp_server.matter.climb import Wanted, climb
from heartlamp_server.matter.store import Connection


async def tell(conn: Connection, wanted: Sequence[Wanted]) -> None:
    for one in wanted:
        await conn.execute("INSERT INTO heard (key, person) VALUES (%s, %s)", (one.key, one.person))
    await conn.execute("SELECT pg_sleep(0.01)")  # told and not committed: where a kill would hurt


async def work(conninfo: str) -> None:
    async with await psycopg.AsyncConnection.connect(conninfo, autocommit=True) as conn:
        print("works", flush=True)
        while True:
            if not await climb(conn, tell, await store.now(conn)):
                await conn.execute("SELECT pg_sleep(0.02)")


if __name__ == "__main__":
    asyncio.run(work(sys.argv[1]))
