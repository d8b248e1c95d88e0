"""Readings for the command centre."""

from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Annotated

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel

from heartlamp_server.audit import store as audit
from heartlamp_server.database.pool import Database
from heartlamp_server.problems import Problem, problem
from heartlamp_server.responder.gate import Gate
from heartlamp_server.responder.scope import Scope, may
from heartlamp_server.responder.within import device_spot
from heartlamp_server.telemetry.model import TimeSeries, sample_seconds


class Value(BaseModel):
    at: datetime
    value: int


class Readings(BaseModel):
    """`name` ends with the unit of the values; oldest first."""

    device: str
    name: str
    points: list[Value]


class SampleView(BaseModel):
    """Of the time from `at` on until the next sample may begin."""

    at: datetime
    low: int
    high: int
    mean: float
    many: int


class DeviceReadings(BaseModel):
    """`seconds`: how long a sample is; `series`: by name, which ends with the unit of the values; oldest first."""

    device: str
    seconds: int
    series: dict[str, list[SampleView]]


class SeriesHealth(BaseModel):
    """`waiting`: values that are not written yet; `dropped`: values that were given up since the server's start."""

    store: str
    well: bool
    waiting: int
    dropped: int
    why: str


Device = Annotated[str, Query(pattern="^[a-z][a-z0-9]{0,19}$")]
Hours = Annotated[float, Query(gt=0, le=24 * 366)]


def router(database: Database, series: TimeSeries, gate: Gate) -> APIRouter:
    routes = APIRouter()
    sees = gate.require("device.see")
    unknown = partial(problem, 404, "没有这台设备 · no such device", "请刷新设备列表 · reload the list of devices")

    @routes.get("/readings", responses={404: {"model": Problem}})
    async def readings(
        scope: Annotated[Scope, Depends(sees)],
        device: Device,
        name: Annotated[str, Query(pattern="^[A-Za-z0-9_]{1,24}$")],
        hours: Hours = 24,
    ) -> Readings:
        """What a device measured, newest first."""
        until = datetime.now(UTC) + timedelta(minutes=1)
        async with database.connection() as conn:
            if not may(scope, "device.see", await device_spot(conn, device)):
                raise unknown()
            await audit.glance(conn, scope.person.name, "look.readings", device)
            points = await series.range(conn, device, name, until - timedelta(hours=hours), until)
        return Readings(device=device, name=name, points=[Value(at=at, value=value) for at, value in points])

    @routes.get("/readings/device", responses={404: {"model": Problem}})
    async def of_device(
        scope: Annotated[Scope, Depends(sees)],
        device: Device,
        hours: Hours = 24,
        samples: Annotated[int, Query(ge=1, le=2000)] = 300,
    ) -> DeviceReadings:
        """All that a device says of itself, in about as many samples as a screen has room for."""
        until = datetime.now(UTC) + timedelta(minutes=1)
        seconds = sample_seconds(hours * 3600, samples)
        async with database.connection() as conn:
            if not may(scope, "device.see", await device_spot(conn, device)):
                raise unknown()
            await audit.glance(conn, scope.person.name, "look.readings", device)
            found = await series.sampled(conn, device, until - timedelta(hours=hours), until, seconds)
        views = {
            name: [SampleView(at=s.at, low=s.low, high=s.high, mean=s.mean, many=s.many) for s in one]
            for name, one in found.items()
        }
        return DeviceReadings(device=device, seconds=seconds, series=views)

    @routes.get("/readings/health", dependencies=[Depends(sees)])
    async def health() -> SeriesHealth:
        """Whether readings are written, and can be read."""
        return SeriesHealth(**asdict(series.health()))

    return routes
