"""The county's own form as rows, and the process that fills it."""

import asyncio
import json
import sys
from collections.abc import Mapping, Sequence
from typing import Any

import psycopg

from heartlamp_server.figures.report.fields import Cell

Connection = psycopg.AsyncConnection[Any]

SECONDS = 40.0
NAME_MAX = 80


class NotFilled(Exception):
    """`problems`: why, a reason for each cell."""

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__("; ".join(problems))
        self.problems = list(problems)


async def fill(template: bytes, fields: Mapping[str, Cell], rows: Sequence[Mapping[str, Cell]]) -> bytes:
    """The filled book. `template`: b"" for the shipped one. Raises NotFilled."""
    child = await asyncio.create_subprocess_exec(
        sys.executable,
        "-I",
        "-m",
        "heartlamp_server.figures.report.fill",
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    wanted = json.dumps({"fields": dict(fields), "rows": [dict(row) for row in rows]}).encode() + b"\n"
    try:
        said, _ = await asyncio.wait_for(child.communicate(wanted + template), SECONDS)
    except TimeoutError:
        said = b""
    finally:
        if child.returncode is None:
            child.kill()
            await child.wait()
    line, _, book = said.partition(b"\n")
    if not line:
        raise NotFilled(["模板处理超时或过大，请简化 · the form takes too long or too much memory: make it simpler"])
    problems = json.loads(line)["problems"]
    if problems:
        raise NotFilled(problems)
    return book


async def newest(conn: Connection, area: int) -> tuple[str, bytes] | None:
    """(name, bytes) of the form for this area: its own, else the nearest one's above. None: the shipped one."""
    cursor = await conn.execute(
        """
        WITH RECURSIVE up (id, depth) AS (
            SELECT %s::bigint, 0 UNION ALL SELECT a.parent, depth + 1 FROM up JOIN area a ON a.id = up.id
            WHERE a.parent IS NOT NULL
        )
        SELECT t.name, t.data FROM up JOIN LATERAL (
            SELECT name, data FROM figure_template WHERE area = up.id ORDER BY id DESC LIMIT 1) AS t ON true
        WHERE t.data <> '' ORDER BY depth LIMIT 1
        """,
        (area,),
    )
    row = await cursor.fetchone()
    return (row[0], bytes(row[1])) if row else None


async def put(conn: Connection, area: int, name: str, data: bytes, by: str) -> None:
    """b"" takes it away: the one above it holds again, or the shipped one."""
    await conn.execute(
        "INSERT INTO figure_template (area, name, data, put_by) VALUES (%s, %s, %s, %s)", (area, name, data, by)
    )
