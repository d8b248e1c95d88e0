"""JSON on its way to the store and back, by orjson."""

from typing import Any

import orjson
import psycopg
from psycopg.types.json import set_json_loads


def text(value: Any) -> str:
    """Of what statements are given as JSON."""
    return orjson.dumps(value).decode()


def read_by(conn: psycopg.AsyncConnection[Any]) -> None:
    """From now on this connection reads JSON so."""
    set_json_loads(orjson.loads, conn)
