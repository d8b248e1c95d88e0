"""How long a chain takes to be written, sealed and verified: `python -m tests.server.audit.bench [ROWS]`. Nothing is
asserted: it is a figure of this machine."""

import asyncio
import sys
import tempfile
import time
from pathlib import Path

import psycopg
from heartlamp_server.audit import copies, store
from heartlamp_server.audit.key import public_hex, signing_key
from heartlamp_server.audit.seal import seal
from heartlamp_server.audit.verify import Whole, verify
from heartlamp_server.database.embedded import Embedded
from heartlamp_server.database.migrate import migrate

KEY = signing_key(bytes(32))
_MANY = """
INSERT INTO audit (who, what, about, site, detail)
SELECT 'op' || n %% 50, 'incident.answer', 'lamp' || n || '.0123456789abcdef', 's' || n %% 60000, '{"answer":"coming"}'
FROM generate_series(1, %s) AS n
"""


async def fill(conninfo: str, rows: int) -> tuple[float, float, float]:
    """(rows a second written one by one, all rows written at once in seconds, rows a second sealed)."""
    async with await psycopg.AsyncConnection.connect(conninfo, autocommit=True) as conn:
        began = time.perf_counter()
        for n in range(500):
            await store.record(conn, "op1", "incident.answer", f"e{n}", "s1", answer="coming")
        single = 500 / (time.perf_counter() - began)
        began = time.perf_counter()
        await conn.execute(_MANY, (rows - 500,))
        written = time.perf_counter() - began
        began = time.perf_counter()
        while (await seal(conn, KEY, 500))[0]:
            pass
        return single, written, rows / (time.perf_counter() - began)


def main(rows: int) -> None:
    with tempfile.TemporaryDirectory(prefix="heartlamp-audit-") as folder:
        embedded = Embedded(Path(folder) / "postgres")
        embedded.ensure_running()
        try:
            migrate(embedded.conninfo)
            single, written, sealed = asyncio.run(fill(embedded.conninfo, rows))
            print(f"  written one by one, each durable      {single:>10,.0f} rows/s")
            print(f"  {rows:,} rows in one transaction      {written:>10.2f} s")
            print(f"  sealed, 500 in a transaction          {sealed:>10,.0f} rows/s")
            with psycopg.connect(embedded.conninfo) as conn:
                copy = copies.InDatabase(conn)
                began = time.perf_counter()
                found = verify(copy.links, public_hex(KEY), None, lambda done: None, copy.cut)
                print(f"  verified in the database              {time.perf_counter() - began:>10.2f} s")
                assert isinstance(found, Whole), found
                file = Path(folder) / "audit.jsonl"
                began = time.perf_counter()
                with file.open("wb") as out:
                    copies.write(out, public_hex(KEY), copy.links())
                mb, took = file.stat().st_size / 1e6, time.perf_counter() - began
                print(f"  exported, {mb:>6.1f} MB                  {took:>10.2f} s")
                size = conn.execute(
                    "SELECT pg_total_relation_size('audit') + pg_total_relation_size('audit_seal')"
                ).fetchone()
            exported = copies.InFile(file)
            began = time.perf_counter()
            found = verify(exported.links, exported.key, None, lambda done: None, exported.cut)
            print(f"  verified from the file                {time.perf_counter() - began:>10.2f} s")
            assert isinstance(found, Whole), found
            assert size is not None
            print(f"  in the database                       {size[0] / rows:>10.0f} bytes a row")
        finally:
            embedded.stop()


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000)
