"""A process that writes rows, or chains them, until it is killed. Its words: write or seal, the database."""

import asyncio
import secrets
import sys

import psycopg
from heartlamp_server.audit import store
from heartlamp_server.audit.key import signing_key
from heartlamp_server.audit.seal import seal


async def write(conninfo: str) -> None:
    """Each change is a row of `changed` and a row of the log, in one transaction; said when it is committed."""
    async with await psycopg.AsyncConnection.connect(conninfo, autocommit=True) as conn:
        while True:
            id = secrets.token_hex(8)
            async with conn.transaction():
                await conn.execute("INSERT INTO changed (id) VALUES (%s)", (id,))
                await store.record(conn, "op1", "incident.answer", id, answer="coming")
                await asyncio.sleep(secrets.randbelow(4) / 1000)  # others commit before, though they began later
            print(id, flush=True)


async def chain(conninfo: str) -> None:
    async with await psycopg.AsyncConnection.connect(conninfo, autocommit=True) as conn:
        while True:
            many, _ = await seal(conn, signing_key(bytes(32)), 7)
            if many:
                print(many, flush=True)
            else:
                await asyncio.sleep(0.002)


if __name__ == "__main__":
    asyncio.run({"write": write, "seal": chain}[sys.argv[1]](sys.argv[2]))
