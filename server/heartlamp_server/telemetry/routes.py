"""Readings for the command centre."""

from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Annotated

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel

from heartlamp_server.database.pool import Database
from heartlamp_server.problems import Problem, problem
from heartlamp_server.responder.gate import Gate
from heartlamp_server.responder.scope import Scope, may
from heartlamp_server.responder.within import device_spot
from heartlamp_server.telemetry.model import TimeSeries


class Value(BaseModel):
    at: datetime
    value: int


class Readings(BaseModel):
    """`name` ends with the unit of the values; oldest first."""

    device: str
    name: str
    points: list[Value]


def router(database: Database, series: TimeSeries, gate: Gate) -> APIRouter:
    routes = APIRouter()
    sees = gate.require("device.see")
    unknown = partial(problem, 404, "没有这台设备 · no such device", "请刷新设备列表 · reload the list of devices")

    @routes.get("/readings", responses={404: {"model": Problem}})
    async def readings(
        scope: Annotated[Scope, Depends(sees)],
        device: Annotated[str, Query(max_length=20)],
        name: Annotated[str, Query(max_length=24)],
        hours: Annotated[float, Query(gt=0, le=24 * 366)] = 24,
    ) -> Readings:
        until = datetime.now(UTC) + timedelta(minutes=1)
        async with database.connection() as conn:
            if not may(scope, "device.see", await device_spot(conn, device)):
                raise unknown()
            points = await series.range(conn, device, name, until - timedelta(hours=hours), until)
        return Readings(device=device, name=name, points=[Value(at=at, value=value) for at, value in points])

    return routes
