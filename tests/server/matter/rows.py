"""Matters in a real database."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import psycopg
from heartlamp_server.matter import acts, store
from heartlamp_server.matter.catalogue import Kind
from heartlamp_server.matter.model import Matter

from tests.server.matter.cases import CALENDAR, LAMP, report, said

Connection = psycopg.AsyncConnection[Any]


class Town:
    """A database with one county, township and village, and who supervises. `areas`: by level."""

    def __init__(self, new_database: Callable[[], str]) -> None:
        self.conninfo = new_database()
        self.areas: dict[str, int] = {}
        above = None
        for level, name in (("county", "庆丰县"), ("township", "城关镇"), ("village", "东村")):
            row = self.sql(
                "INSERT INTO area (parent, level, name) VALUES (%s, %s, %s) RETURNING id", above, level, name
            )
            above = self.areas[level] = row[0][0]
        self.person("镇指挥员", "commander", "township")
        self.person("县指挥员", "commander", "county")
        self.person("部门甲", "department", "county", LAMP.unit)

    def person(self, name: str, role: str, level: str, unit: str = "") -> None:
        self.sql("INSERT INTO person (name, display) VALUES (%s, %s)", name, name)
        self.sql(
            "INSERT INTO person_role (person, role, area, unit) VALUES (%s, %s, %s, %s)",
            name, role, self.areas[level], unit,
        )  # fmt: skip

    def sql(self, query: str, *values: Any) -> list[tuple[Any, ...]]:
        with psycopg.connect(self.conninfo, autocommit=True) as conn:
            cursor = conn.execute(query, values)
            return cursor.fetchall() if cursor.description else []

    async def connect(self) -> Connection:
        return await psycopg.AsyncConnection.connect(self.conninfo, autocommit=True)

    async def whistled(self, conn: Connection, at: datetime, kind: Kind = LAMP) -> Matter:
        """One that was whistled for then."""
        given = report(kind, area=self.areas["village"])
        matter, line = acts.raised(await store.fresh_id(conn), given, "网格员一", "field", at, CALENDAR)
        after, second = acts.act(matter, said(matter, "whistle", "值班员"), at, CALENDAR)
        await store.save(conn, after, [line, second])
        return after
