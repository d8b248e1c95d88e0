"""What the store as a whole knows of itself."""

import secrets
from pathlib import Path
from typing import Any

import psycopg

from heartlamp_server.database.embedded import DatabaseError

VERSIONS = Path(__file__).parent / "migrations" / "versions"

# The cluster's identity and its timeline: both change when a backup is restored or a standby takes over, which may have
# lost what was acknowledged. Then the epoch changes and every sender offers again.
_CLUSTER = """
SELECT system_identifier || '/' || timeline_id || '/' || current_database()
FROM pg_control_system(), pg_control_checkpoint()
"""


async def check_schema(conn: psycopg.AsyncConnection[Any]) -> None:
    """Raises DatabaseError where the schema is not this program's."""
    newest = max(path.stem for path in VERSIONS.glob("[0-9]*.py"))
    try:
        row = await (await conn.execute("SELECT version_num FROM alembic_version")).fetchone()
    except psycopg.errors.UndefinedTable:
        row = None
    if row is None or row[0] != newest:
        have = row[0] if row else "empty"
        raise DatabaseError(f"the database is at {have}, this program needs {newest}: run `heartlamp-server migrate`")


async def epoch(conn: psycopg.AsyncConnection[Any]) -> str:
    """16 hex characters; new when this is not the cluster that the last one was made for."""
    cluster = await (await conn.execute(_CLUSTER)).fetchone()
    assert cluster is not None
    cursor = await conn.execute(
        "INSERT INTO store (epoch, cluster) VALUES (%(new)s, %(cluster)s) "
        "ON CONFLICT (one) DO UPDATE SET cluster = EXCLUDED.cluster, "
        "epoch = CASE WHEN store.cluster = EXCLUDED.cluster THEN store.epoch ELSE EXCLUDED.epoch END RETURNING epoch",
        {"new": secrets.token_hex(8), "cluster": cluster[0]},
    )
    row = await cursor.fetchone()
    assert row is not None
    return str(row[0])
