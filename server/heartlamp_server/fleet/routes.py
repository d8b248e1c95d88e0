"""The list of what is to be done today, and the page of one device."""

from datetime import datetime
from functools import partial
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Path, Query
from heartlamp_protocol.said_to_device import SETTINGS_VER
from pydantic import BaseModel

from heartlamp_server.audit import store as audit
from heartlamp_server.database.pool import Database
from heartlamp_server.device.presence import Presence
from heartlamp_server.fleet import store
from heartlamp_server.fleet.model import Known, Stop, last_drill, route, value
from heartlamp_server.fleet.model import todo as needs_of
from heartlamp_server.problems import Problem, problem
from heartlamp_server.provisioning.wanted import State, settable, state
from heartlamp_server.responder.gate import Gate
from heartlamp_server.responder.scope import Scope, may, reach
from heartlamp_server.responder.within import Where, device_spot
from heartlamp_server.telemetry.model import TimeSeries

MOST = 3000
"""Devices in one list: a township's. Who has more asks village by village."""

Todo = Literal[
    "offline", "battery_low", "no_drill", "update_failed", "clock_wrong", "tampered", "stuck_key", "link_weak"
]
DeviceId = Annotated[str, Path(pattern="^[a-z][a-z0-9]{3,19}$")]


class FleetRow(BaseModel):
    """`since`: since when the first of `todo` is so, None since ever; `order`: of its site on the way, from 1."""

    device: str
    kind: str
    site: str
    site_name: str
    village: int
    village_name: str
    todo: list[Todo]
    since: datetime | None
    last_seen: datetime | None
    last_drill: datetime | None
    version: int | None
    battery_mv: int | None
    rssi: int | None
    lon: float | None
    lat: float | None
    order: int


class Fleet(BaseModel):
    """`counts`: devices by what they need, whichever of them is asked for; `devices`: how many were looked at; `more`:
    there are others, in villages that are asked for by themselves."""

    now: datetime
    rows: list[FleetRow]
    counts: dict[str, int]
    devices: int
    more: bool


class KeyView(BaseModel):
    """`pending`: it waits for its first use. No secret."""

    version: int
    made_at: datetime
    revoked_at: datetime | None
    pending: bool


class ReportedValue(BaseModel):
    """A value that the device said last. `stands`: it was in its newest heartbeat."""

    name: str
    at: datetime
    value: int
    stands: bool


class HistoryLine(BaseModel):
    """`what`: claimed, used, claim_ended, visit, key, key_ended, revoked, offered, fault."""

    at: datetime
    what: str
    detail: str
    by: str


class DeviceSettings(BaseModel):
    """`desired`: what the county wants set by network, by name; `settable`: names that may be wanted of its kind.
    `state`: none ever wanted; unable: its program takes none by network; waits; done; refused by the device. A key that
    waits for its first use counts too."""

    desired: dict[str, Any]
    settable: list[str]
    state: State


class DevicePage(BaseModel):
    """`through`: lamps that may carry it; `of_one`: it may come by itself; `by`: who brought it to life."""

    now: datetime
    device: str
    kind: str
    site: str
    site_name: str
    village_name: str
    last_seen: datetime | None
    last_drill: datetime | None
    online: bool | None
    revoked_at: datetime | None
    through: list[str]
    of_one: bool
    board: str
    chip: str
    by: str
    made_at: datetime | None
    replaces: str
    todo: list[Todo]
    keys: list[KeyView]
    settings: DeviceSettings
    reported: list[ReportedValue]
    history: list[HistoryLine]


def router(database: Database, gate: Gate, series: TimeSeries, presence: Presence) -> APIRouter:
    routes = APIRouter()
    Sees = Annotated[Scope, Depends(gate.require("device.see"))]
    refusals: dict[int | str, dict[str, Any]] = {404: {"model": Problem}}
    unknown = partial(problem, 404, "没有这台设备 · no such device", "请刷新 · reload")

    @routes.get("/fleet")
    async def fleet(
        scope: Sees,
        village: Annotated[int | None, Query(ge=1, le=2**62)] = None,
        todo: Todo | Literal["any", "all"] = "any",
    ) -> Fleet:
        """What devices of one's areas need today, in the order of the way past them. `todo`: only who needs this; any:
        who needs anything; all: the others too."""
        where = Where()
        inside = where.inside(reach(scope, "device.see"), "s.area", "s.id")
        await presence.flush()
        async with database.connection() as conn:
            await audit.glance(conn, scope.person.name, "look.devices")
            rows = await store.devices(conn, inside, where.values, village, MOST + 1)
            said = await store.said(conn, series, [row.device for row in rows[:MOST]])
            now = await store.now(conn)
        return _fleet(rows, said, now, todo)

    @routes.get("/devices/{id}", responses=refusals)
    async def device_page(id: DeviceId, scope: Sees) -> DevicePage:
        """One device: what it is, its keys without their secrets, what it said last, and what became of it."""
        await presence.flush()
        async with database.connection() as conn:
            if not may(scope, "device.see", await device_spot(conn, id)):
                raise unknown()
            await audit.glance(conn, scope.person.name, "look.devices")
            one = await store.one(conn, id)
            if one is None:
                raise unknown()
            keys, history = await store.keys(conn, id), await store.history(conn, id)
            said = (await store.said(conn, series, [id]))[id]
            now = await store.now(conn)
        known = Known(id, one.kind, one.last_seen, one.called_at, said)
        return DevicePage(
            **{name: getattr(one, name) for name in DevicePage.model_fields if hasattr(one, name)},
            now=now,
            last_drill=last_drill(known),
            todo=[] if one.revoked_at else [code for code, _ in needs_of(known, now)],  # type: ignore[misc]
            keys=[KeyView(version=v, made_at=made, revoked_at=ended, pending=waits) for v, made, ended, waits in keys],
            settings=DeviceSettings(
                desired=one.wanted,
                settable=settable(one.kind),
                state=state(one.wanted_ver, value(said, SETTINGS_VER)),
            ),
            reported=[
                ReportedValue(name=name, at=at, value=number, stands=value(said, name) is not None)
                for name, (at, number) in sorted(said.items())
                if name != SETTINGS_VER
            ],
            history=[HistoryLine(at=at, what=what, detail=detail, by=by) for at, what, detail, by in history],
        )

    return routes


def _fleet(rows: list[store.Row], said: dict[str, Any], now: datetime, wanted: str) -> Fleet:
    looked = rows[:MOST]
    counts: dict[str, int] = {}
    found = []
    for row in looked:
        known = Known(row.device, row.kind, row.last_seen, row.called_at, said[row.device])
        needs = needs_of(known, now)
        for code, _ in needs:
            counts[code] = counts.get(code, 0) + 1
        codes = [code for code, _ in needs]
        if wanted == "all" or (codes and wanted == "any") or wanted in codes:
            found.append((row, known, needs))
    stops = {row.site: Stop(row.site, row.site_name, row.village_name, row.lon, row.lat) for row, _, _ in found}
    order = {site: n for n, site in enumerate(route(list(stops.values())), 1)}
    views = [
        FleetRow(
            device=row.device,
            kind=row.kind,
            site=row.site,
            site_name=row.site_name,
            village=row.village,
            village_name=row.village_name,
            todo=[code for code, _ in needs],  # type: ignore[misc]
            since=needs[0][1] if needs else None,
            last_seen=row.last_seen,
            last_drill=last_drill(known),
            version=value(known.said, "version"),
            battery_mv=value(known.said, "battery_mv"),
            rssi=value(known.said, "rssi_dbm"),
            lon=row.lon,
            lat=row.lat,
            order=order[row.site],
        )
        for row, known, needs in found
    ]
    views.sort(key=lambda v: (v.order, v.device))
    return Fleet(now=now, rows=views, counts=counts, devices=len(looked), more=len(rows) > MOST)
