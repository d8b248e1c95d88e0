"""What could not be believed or placed, for the command centre."""

from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel

from heartlamp_server.alarm import store
from heartlamp_server.audit import store as audit
from heartlamp_server.database.pool import Database
from heartlamp_server.responder.gate import Gate
from heartlamp_server.responder.scope import Scope, reach


class Piece(BaseModel):
    """`user`: the MQTT user that brought it; `count`: how often the same bytes came; `text`: the bytes, readable.
    `verdict` waiting: a good event that speaks of an incident which is not known here."""

    at: datetime
    gateway: str
    user: str
    verdict: Literal["rejected", "quarantined", "unverified", "waiting"]
    reason: str
    count: int
    text: str


class Quarantine(BaseModel):
    evidence: list[Piece]


def router(database: Database, gate: Gate) -> APIRouter:
    routes = APIRouter()
    sees = gate.require("quarantine.see")

    @routes.get("/quarantine")
    async def quarantine(
        scope: Annotated[Scope, Depends(sees)], limit: Annotated[int, Query(ge=1, le=1000)] = 200
    ) -> Quarantine:
        """What came and could not be believed."""
        async with database.connection() as conn:
            await audit.glance(conn, scope.person.name, "look.quarantine")
            rows = await store.quarantine(conn, reach(scope, "quarantine.see"), limit)
        names = ("at", "gateway", "user", "verdict", "reason", "count", "text")
        return Quarantine(evidence=[Piece(**dict(zip(names, row, strict=True))) for row in rows])

    return routes
