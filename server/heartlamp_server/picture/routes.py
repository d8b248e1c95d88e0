"""Pictures come up in parts, and on from where we are. Nothing in here shows one."""

import asyncio
import logging

from heartlamp_protocol.device.names import is_event_id
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from heartlamp_server.database import kept_days
from heartlamp_server.database.pool import Database, NotReady
from heartlamp_server.device.tokens import Tokens
from heartlamp_server.device.vault import Vault
from heartlamp_server.ingest.routes import NOT_READY, problem, unauthorized
from heartlamp_server.picture import photo_store, store
from heartlamp_server.picture.model import PART_MAX, Announced, Part, Progress, read_range

log = logging.getLogger("heartlamp.picture")

_HOUR = 3600.0


class Pictures:
    """`days`: how long one is kept."""

    def __init__(self, database: Database, tokens: Tokens, vault: Vault, days: int) -> None:
        self._database, self._tokens, self._vault, self._days = database, tokens, vault, days

    def routes(self) -> list[Route]:
        return [Route("/gateway/v1/pictures/{event}", self._put, methods=["PUT"])]

    async def run(self) -> None:
        """For ever: deletes what is old enough."""
        while True:
            try:
                async with self._database.connection() as conn:
                    kept = await kept_days.days(conn, "pictures", self._days)
                    if many := await store.forget(conn, kept) + await photo_store.forget(conn, kept):
                        log.info("%d pictures were %d days old and are deleted", many, kept)
            except NotReady:
                log.warning("old pictures wait to be deleted: the store is away")
            except Exception:
                log.exception("old pictures could not be deleted; it is tried again in an hour")
            await asyncio.sleep(_HOUR)

    async def _put(self, request: Request) -> Response:
        try:
            gateway = await self._tokens.gateway(request.headers.get("authorization", ""))
            if gateway is None:
                return unauthorized()
            return await self._take(request, gateway)
        except NotReady:
            return problem(503, *NOT_READY)
        except ClientDisconnect:
            return problem(400, "the request was cut off", "send it again")  # nobody reads it
        except Exception:
            log.exception("a picture could not be taken in")
            return problem(500, "the county failed at this; its log says why", "keep it and come again")

    async def _take(self, request: Request, gateway: str) -> Response:
        event = request.path_params["event"]
        part = read_range(request.headers.get("content-range", ""))
        if part is None or not is_event_id(event):
            return problem(400, "no Content-Range of a part that can be", "see docs/protocol.md, 8")
        data = bytearray()
        async for chunk in request.stream():
            data += chunk
            if len(data) > PART_MAX:
                refused = problem(413, f"more than {PART_MAX} bytes", "send less at once")
                refused.headers["Connection"] = "close"
                return refused
        if len(data) != part.end - part.at:
            return problem(400, "the body is not what Content-Range says", "send it again")
        async with self._database.connection() as conn:
            said = await store.announced(conn, event, gateway)
            if said is None:
                return problem(404, "no verified still of this id is known", "come again later")
            if not said.ours:
                return problem(403, f"{said.device} is of another gateway's village", "send your own")
            if not said.wanted or said.size != part.size:
                return problem(410, "no camera of the house that called took it", "delete it")
            async with conn.transaction():
                progress = await store.begin(conn, event, gateway, said)
                if progress is not None and progress.at < said.size and data:
                    progress = await self._append(conn, event, said, progress, part, bytes(data))
        if progress is None:
            return problem(410, "it was deleted here, or is one of too many", "delete it")
        if progress.wrong:
            log.warning("the picture %s of %s came whole and is not what was announced", event, gateway)
        fields = {"v": 1, "at": progress.at, "wrong": int(progress.wrong)}
        return JSONResponse(fields, 200 if progress.fits else 409)

    async def _append(
        self, conn: store.Connection, event: str, said: Announced, here: Progress, part: Part, data: bytes
    ) -> Progress:
        if part.at != here.at:
            return Progress(here.at, fits=False)
        return await store.append(conn, event, said, part.at, data, self._vault)
