"""One's own duty, as a phone shows it: whether one is on call, who else is, and the absences that one entered."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends
from psycopg.types.json import Jsonb
from pydantic import BaseModel

from heartlamp_server.database.pool import Database
from heartlamp_server.responder.gate import Gate
from heartlamp_server.responder.roster import model, store
from heartlamp_server.responder.scope import Scope
from heartlamp_server.responder.store import displays


class MyAbsence(BaseModel):
    id: int
    since: datetime
    until: datetime


class MyRoster(BaseModel):
    """A roster that names this person. `on_call`: who is called now, in order; `mine`: this person is among them."""

    name: str
    mine: bool
    on_call: list[str]


class MyDuty(BaseModel):
    now: datetime
    absences: list[MyAbsence]
    rosters: list[MyRoster]


_NAMES = "ro.id IN (SELECT roster FROM roster_shift WHERE jsonb_path_exists(turns, '$[*][*] ? (@ == $me)', %(me)s))"


def router(database: Database, gate: Gate) -> APIRouter:
    routes = APIRouter()

    @routes.get("/duty")
    async def duty(scope: Annotated[Scope, Depends(gate.require("self"))]) -> MyDuty:
        """Whether one is on duty, and until when one is away."""
        me = scope.person.name
        async with database.connection() as conn:
            row = await (await conn.execute("SELECT clock_timestamp()")).fetchone()
            assert row is not None
            now: datetime = row[0]
            found = await store.rosters(conn, _NAMES, {"me": Jsonb({"me": me})})
            called = {id: model.on_call([one], one.area, one.role, now) for id, one in found.items()}
            shown = await displays(conn, [name for names in called.values() for name in names])
            numbers = await store.own_absences(conn, me, now)
        return MyDuty(
            now=now,
            absences=[MyAbsence(id=id, since=since, until=until) for id, since, until in numbers],
            rosters=[
                MyRoster(name=one.name, mine=me in called[id], on_call=[shown.get(n, n) for n in called[id]])
                for id, one in found.items()
            ],
        )

    return routes
