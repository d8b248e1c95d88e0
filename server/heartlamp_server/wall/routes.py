"""The wall's one route."""

from collections.abc import Callable
from typing import Annotated

from fastapi import APIRouter, Depends, Response

from heartlamp_server.database.pool import Database
from heartlamp_server.responder.gate import Gate
from heartlamp_server.responder.scope import Scope, reach
from heartlamp_server.wall.forms import WallView
from heartlamp_server.wall.snapshot import Snapshots


def router(database: Database, online: Callable[[], set[str]], gate: Gate) -> APIRouter:
    """`online`: ids of gateways that are there now."""
    routes = APIRouter()
    snapshots = Snapshots(database, online)

    @routes.get("/wall", response_model=WallView)
    async def wall(scope: Annotated[Scope, Depends(gate.require("wall.see"))]) -> Response:
        """Counts of this second: to be asked again every 2 s."""
        return Response(await snapshots.of(reach(scope, "wall.see")), media_type="application/json")

    return routes
