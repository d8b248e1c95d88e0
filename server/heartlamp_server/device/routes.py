"""Devices and gateways for the command centre: who was heard of when, who is missed."""

from datetime import datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Depends, Query
from heartlamp_protocol.supervision import supervision_ms
from pydantic import BaseModel

from heartlamp_server.audit import store as audit
from heartlamp_server.database.pool import Database
from heartlamp_server.device import listing
from heartlamp_server.device.model import FRESH_SECONDS, online
from heartlamp_server.device.presence import Presence
from heartlamp_server.responder.gate import Gate
from heartlamp_server.responder.scope import Scope, reach


class DeviceView(BaseModel):
    """`online` None: never said, or its gateway is silent; `overdue`: nothing heard for 2.5 heartbeats, or never;
    `wan`: whether it comes to the county by itself now, None where it has no such path."""

    id: str
    kind: str
    last_seen: datetime | None
    online: bool | None
    overdue: bool
    revoked: bool
    wan: bool | None


class SiteView(BaseModel):
    id: str
    name: str
    address: str
    landmark: str
    path: list[str]
    devices: list[DeviceView]


class Devices(BaseModel):
    """`after`: where to go on, "" where these are the last."""

    now: datetime
    sites: list[SiteView]
    after: str = ""


class DeviceCounts(BaseModel):
    """Of devices that are not revoked: how many, of them online by their gateways, and missed: overdue, or lost by
    their gateways."""

    sites: int
    devices: int
    online: int
    missed: int


class GatewayView(BaseModel):
    """`online`: its stream is open and it was heard of within a minute, or it was within the reader's timeout."""

    id: str
    village: str
    last_seen: datetime | None
    online: bool
    revoked: bool


class Gateways(BaseModel):
    now: datetime
    gateways: list[GatewayView]


def router(database: Database, presence: Presence, gate: Gate) -> APIRouter:
    routes = APIRouter()
    sees = gate.require("device.see")

    @routes.get("/devices")
    async def list_devices(
        scope: Annotated[Scope, Depends(sees)],
        limit: Annotated[int, Query(ge=0, le=1000)] = 0,
        after: Annotated[str, Query(max_length=60)] = "",
        missed: bool = False,
    ) -> Devices:
        """All of them; with `limit` so many sites that have a device, in the order of their ids from `after` on; with
        `missed` those with a device that is missed, 200 where nothing else is said."""
        await presence.flush()
        async with database.connection() as conn:
            await audit.glance(conn, scope.person.name, "look.devices")
            mine = reach(scope, "device.see")
            if limit or missed:
                page = listing.Page(limit or 200, after, missed)
                now, sites, last = await listing.page_of_sites(conn, mine, page)
            else:
                now, sites = await listing.sites_with_devices(conn, mine)
                last = ""
        return Devices(now=now, sites=[_site(row, now) for row in sites], after=last)

    @routes.get("/device-counts")
    async def count_devices(scope: Annotated[Scope, Depends(sees)]) -> DeviceCounts:
        """How many of one's devices are there, online and missed."""
        await presence.flush()
        async with database.connection() as conn:
            await audit.glance(conn, scope.person.name, "look.devices")
            found = await listing.counts(conn, reach(scope, "device.see"))
        return DeviceCounts(sites=found.sites, devices=found.devices, online=found.online, missed=found.missed)

    @routes.get("/gateways")
    async def list_gateways(scope: Annotated[Scope, Depends(sees)]) -> Gateways:
        """Villages' gateways and whether they are heard."""
        await presence.flush()
        async with database.connection() as conn:
            now, rows = await listing.gateways(conn, reach(scope, "device.see"))
        there = presence.online()
        views = [
            GatewayView(id=id, village=village, last_seen=last_seen, online=id in there, revoked=revoked)
            for id, village, last_seen, revoked in rows
        ]
        return Gateways(now=now, gateways=views)

    return routes


def _site(row: listing.SiteRow, now: datetime) -> SiteView:
    views = []
    for d in row.devices:
        late = d.last_seen is None or now - d.last_seen > timedelta(milliseconds=supervision_ms(d.kind))
        views.append(
            DeviceView(
                id=d.id,
                kind=d.kind,
                last_seen=d.last_seen,
                online=False if d.revoked else online(now, d.village, d.wan, d.kind),
                overdue=late and not d.revoked,
                revoked=d.revoked,
                wan=bool(d.wan and now - d.wan < timedelta(seconds=FRESH_SECONDS)) if d.of_one else None,
            )
        )
    return SiteView(id=row.id, name=row.name, address=row.address, landmark=row.landmark, path=row.path, devices=views)
