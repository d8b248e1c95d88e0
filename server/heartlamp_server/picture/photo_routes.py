"""Photos that people send with a report, and the look at one."""

import asyncio
from functools import partial
from typing import Annotated

from cryptography.exceptions import InvalidTag
from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel
from starlette.responses import Response

from heartlamp_server.area.seal import Sealer
from heartlamp_server.audit import store as audit
from heartlamp_server.database import feed
from heartlamp_server.database.pool import Database
from heartlamp_server.incident import store as incidents
from heartlamp_server.incident.card import feed_row
from heartlamp_server.incident.model import Entry
from heartlamp_server.jpeg import PHOTO_BYTES_MAX, NoPicture, bare
from heartlamp_server.picture import photo_store
from heartlamp_server.problems import Problem, problem
from heartlamp_server.responder.gate import Gate
from heartlamp_server.responder.scope import Scope, may

AT_ONCE = 8
"""Photos that are taken in at once: at a megabyte each nobody fills the county's memory."""


class Photo(BaseModel):
    id: str
    size: int


def router(database: Database, seal: Sealer, gate: Gate) -> APIRouter:
    routes = APIRouter()
    room = asyncio.Semaphore(AT_ONCE)
    unknown = partial(problem, 404, "没有这起警情或照片 · no such incident or photo", "请刷新 · reload")
    full = partial(
        problem, 409, "这起警情的照片已满 · it has as many photos as are kept", "请联系值班员 · tell the operator"
    )
    unsealed = partial(
        problem,
        409,
        "照片解不开：密钥文件不符 · it cannot be unsealed: another key file",
        "请恢复密钥文件 · bring it back",
    )

    @routes.post(
        "/incidents/{id}/photos",
        responses={n: {"model": Problem} for n in (404, 409, 413, 422)},
        openapi_extra={
            "requestBody": {
                "required": True,
                "content": {"image/jpeg": {"schema": {"type": "string", "format": "binary"}}},
            }
        },
    )
    async def send(
        id: str, request: Request, scope: Annotated[Scope, Depends(gate.require("incident.report"))]
    ) -> Photo:
        """A JPEG of at most 1 MiB as the body. What the camera wrote into it (place, time, maker) is taken out before
        it is kept."""
        async with room:
            data = bytearray()
            async for chunk in request.stream():
                data += chunk
                if len(data) > PHOTO_BYTES_MAX:
                    raise problem(
                        413,
                        f"照片超过 {PHOTO_BYTES_MAX} 字节 · longer than {PHOTO_BYTES_MAX} bytes",
                        "请缩小 · make it smaller",
                    )
            try:
                picture = bare(bytes(data))
            except NoPicture as wrong:
                raise problem(422, str(wrong), "请重拍或转为 JPEG · send a JPEG") from wrong
            async with database.connection() as conn, conn.transaction():
                found = await incidents.lock(conn, id)
                spot = await incidents.for_person(conn, found[0], scope) if found else None
                if found is None or spot is None or not may(scope, "incident.report", spot):
                    raise unknown()
                incident, now = found
                photo = await photo_store.add(conn, seal, id, scope.person.name, picture)
                if photo is None:
                    raise full()
                await audit.record(conn, scope.person.name, "photo.add", photo, incident.site, incident=id)
                entry = Entry(id, now, "photo", {"photo": photo, "bytes": len(picture), "by": scope.person.display})
                await incidents.save(conn, [], [entry])
                await feed.append(conn, [feed_row(incident)])
        return Photo(id=photo, size=len(picture))

    @routes.get(
        "/photos/{id}",
        response_class=Response,
        responses={
            200: {"content": {"image/jpeg": {}}, "description": "the photo"},
            **{n: {"model": Problem} for n in (404, 409)},
        },
    )
    async def look(id: str, scope: Annotated[Scope, Depends(gate.require("picture.see"))]) -> Response:
        """A photo of a report; the look is written down before it is shown."""
        async with database.connection() as conn, conn.transaction():
            about = await photo_store.incident_of(conn, id)
            found = await incidents.read(conn, about, scope) if about else None
            spot = await incidents.for_person(conn, found[0], scope) if found else None
            if spot is None or not may(scope, "picture.see", spot):
                raise unknown()
            try:
                picture = await photo_store.read(conn, seal, id, scope.person.name)
            except InvalidTag as wrong:
                raise unsealed() from wrong
        if picture is None:
            raise unknown()
        return Response(picture, media_type="image/jpeg", headers={"Content-Disposition": "inline"})

    return routes
