"""Several queries in one statement, each as a list of JSON objects, of one snapshot: one round trip, one plan."""

from typing import Any

import psycopg

State = dict[str, list[dict[str, Any]]]


def together(**queries: str) -> str:
    """A statement for `read`. The queries share their named parameters."""
    parts = (f"(SELECT coalesce(json_agg(t), '[]') FROM ({q}) AS t) AS {name}" for name, q in queries.items())
    return "SELECT " + ", ".join(parts)


async def read(cursor: psycopg.AsyncCursor[Any]) -> State:
    """What the statement returned: name of the query -> its rows."""
    row = await cursor.fetchone()
    assert row is not None
    assert cursor.description is not None
    return {column.name: value for column, value in zip(cursor.description, row, strict=True)}
