"""Bundles go down in ranges, to any village's gateway: they are signed, and no secret."""

import logging

from heartlamp_protocol.device.names import is_hex
from heartlamp_protocol.uplink import device_of_one
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from heartlamp_server.database.pool import Database, NotReady
from heartlamp_server.device.tokens import Tokens
from heartlamp_server.firmware import store
from heartlamp_server.firmware.model import read_range
from heartlamp_server.ingest.routes import NOT_READY, problem, unauthorized

log = logging.getLogger("heartlamp.firmware")


class Bundles:
    def __init__(self, database: Database, tokens: Tokens) -> None:
        self._database, self._tokens = database, tokens

    def routes(self) -> list[Route]:
        return [Route("/gateway/v1/firmware/{bundle}", self._get, methods=["GET"])]

    async def _get(self, request: Request) -> Response:
        try:
            gateway = await self._tokens.gateway(request.headers.get("authorization", ""))
            if gateway is None:
                return unauthorized()
            if device_of_one(gateway):
                return problem(404, "a gateway of one gets no updates this way", "it needs none")
            return await self._part(request)
        except NotReady:
            return problem(503, *NOT_READY)
        except Exception:
            log.exception("a bundle could not be given out")
            return problem(500, "the county failed at this; its log says why", "come again")

    async def _part(self, request: Request) -> Response:
        bundle = request.path_params["bundle"]
        async with self._database.connection() as conn:
            size = await store.size(conn, bundle) if is_hex(bundle, 16) else None
            if size is None:
                return problem(404, "no such bundle", "fetch the registry again")
            found = read_range(request.headers.get("range", ""), size)
            if found is None:
                return problem(416, f"no Range of the {size} bytes", "ask for bytes=FIRST-LAST")
            data = await store.part(conn, bundle, *found)
        span = f"bytes {found[0]}-{found[0] + len(data) - 1}/{size}"
        return Response(data, 206, {"Content-Range": span}, media_type="application/octet-stream")
