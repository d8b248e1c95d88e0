"""Readings for the command centre."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from pydantic import BaseModel

from heartlamp_server.audit import store as audit
from heartlamp_server.database.pool import Database
from heartlamp_server.responder.model import Person
from heartlamp_server.telemetry.model import TimeSeries


class Value(BaseModel):
    at: datetime
    value: int


class Readings(BaseModel):
    """`name` ends with the unit of the values; oldest first."""

    device: str
    name: str
    points: list[Value]


def router(database: Database, series: TimeSeries, signed_in: Callable[[Request], Awaitable[Person]]) -> APIRouter:
    routes = APIRouter()

    @routes.get("/readings")
    async def readings(
        person: Annotated[Person, Depends(signed_in)],
        device: Annotated[str, Query(pattern="^[a-z][a-z0-9]{0,19}$")],
        name: Annotated[str, Query(pattern="^[A-Za-z0-9_]{1,24}$")],
        hours: Annotated[float, Query(gt=0, le=24 * 366)] = 24,
    ) -> Readings:
        until = datetime.now(UTC) + timedelta(minutes=1)
        async with database.connection() as conn:
            await audit.glance(conn, person.name, "look.readings", device)
            points = await series.range(conn, device, name, until - timedelta(hours=hours), until)
        return Readings(device=device, name=name, points=[Value(at=at, value=value) for at, value in points])

    return routes
