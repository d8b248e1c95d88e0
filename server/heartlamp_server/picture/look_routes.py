"""Pictures for who handles the incident that they were taken in: which there are, and one of them. Each look is a row
of the log before anything is shown."""

from datetime import datetime
from functools import partial
from typing import Annotated

from fastapi import APIRouter, Depends, Response
from pydantic import BaseModel

from heartlamp_server.database.pool import Database
from heartlamp_server.device.vault import Vault
from heartlamp_server.incident import store as incidents
from heartlamp_server.picture import store
from heartlamp_server.problems import Problem, problem
from heartlamp_server.responder.gate import Gate
from heartlamp_server.responder.scope import Scope, may


class StillView(BaseModel):
    """`state`: coming (not whole yet), here, gone."""

    id: str
    house: str
    taken_at: datetime
    size: int
    state: str


class Stills(BaseModel):
    pictures: list[StillView]


def router(database: Database, gate: Gate, vault: Vault) -> APIRouter:
    routes = APIRouter()
    sees = gate.require("picture.see")
    unknown = partial(problem, 404, "没有这张照片 · no such picture", "请刷新警情 · reload the incident")

    async def allowed(conn: store.Connection, incident: str, scope: Scope) -> bool:
        found = await incidents.read(conn, incident, scope)
        spot = await incidents.for_person(conn, found[0], scope) if found else None
        return spot is not None and may(scope, "picture.see", spot)

    @routes.get("/incidents/{id}/pictures", responses={404: {"model": Problem}})
    async def stills(id: str, scope: Annotated[Scope, Depends(sees)]) -> Stills:
        """Which pictures there are of it; to see that there is one is no look at it."""
        async with database.connection() as conn:
            if not await allowed(conn, id, scope):
                raise unknown()
            found = await store.of_incident(conn, id)
        return Stills(pictures=[StillView(id=i, house=h, taken_at=t, size=s, state=st) for i, h, t, s, st in found])

    @routes.get(
        "/pictures/{event}",
        response_class=Response,
        responses={200: {"content": {"image/jpeg": {}}}, 404: {"model": Problem}},
    )
    async def still(event: str, scope: Annotated[Scope, Depends(sees)]) -> Response:
        """The picture. Its household can see who looked."""
        async with database.connection() as conn:
            incident = await store.incident_of(conn, event)
            if incident is None or not await allowed(conn, incident, scope):
                raise unknown()
            data = await store.read(conn, event, vault, scope.person.name)
        if data is None:
            raise unknown()
        headers = {"Cache-Control": "no-store", "Content-Disposition": "inline"}
        return Response(data, media_type="image/jpeg", headers=headers)

    return routes
