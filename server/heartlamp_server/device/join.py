"""A box becomes a village's gateway by a code, and keeps its papers fresh by its token."""

import logging
from collections.abc import Awaitable, Callable
from pathlib import Path

from heartlamp_protocol import join
from heartlamp_protocol.device.frame import FrameError
from heartlamp_protocol.uplink import device_of_one
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from heartlamp_server.certificates import sign_request, two_years
from heartlamp_server.database.pool import Database, NotReady
from heartlamp_server.device import invite, store
from heartlamp_server.device.invite import Refused
from heartlamp_server.device.tokens import Tokens
from heartlamp_server.device.vault import Vault

log = logging.getLogger("heartlamp.join")


class Joining:
    """`ca`, `ca_key`: files of the county's CA."""

    def __init__(self, database: Database, tokens: Tokens, vault: Vault, ca: Path, ca_key: Path) -> None:
        self._database, self._tokens, self._vault, self._ca, self._ca_key = database, tokens, vault, ca, ca_key

    def routes(self) -> list[Route]:
        handlers = {
            "meet": self._meet,
            "join": self._join,
            "certificate": self._under_token(self._certificate),
            "token": self._under_token(self._token),
        }
        return [
            Route(f"/gateway/v1/{name}", self._guarded(handle), methods=["POST"]) for name, handle in handlers.items()
        ]

    async def _meet(self, request: Request, body: bytes) -> bytes:
        async with self._database.connection() as conn:
            return (await invite.meet(conn, self._vault, join.Meet.from_json(body), self._ca.read_text())).to_json()

    async def _join(self, request: Request, body: bytes) -> bytes:
        async with self._database.connection() as conn, conn.transaction():
            gateway, box = await invite.admit(conn, self._vault, join.Join.from_json(body))
            broker = await invite.broker_of(conn, gateway)
            if not broker.name:
                await conn.execute(
                    "UPDATE gateway SET broker_name = %s WHERE id = %s", (f"{gateway}.heartlamp", gateway)
                )
            signed = self._sign(broker.name or f"{gateway}.heartlamp", box.host, box.request)
        log.info("%s has joined", gateway)
        return signed

    async def _certificate(self, gateway: str, body: bytes) -> bytes:
        wanted = join.Renewal.from_json(body)
        async with self._database.connection() as conn:
            broker = await invite.broker_of(conn, gateway)
        if not broker.name:
            raise Refused(409, "the county does not know what this broker is called", "run `enrol` at the county")
        return self._sign(broker.name, wanted.host, wanted.request)

    async def _token(self, gateway: str, body: bytes) -> bytes:
        new = store.token_hash(join.NewToken.from_json(body).token)
        async with self._database.connection() as conn, conn.transaction():
            await invite.replace_token(conn, gateway, new)
        log.info("%s has a new token", gateway)
        return b'{"v":1}'

    def _sign(self, name: str, host: str, request: str) -> bytes:
        try:
            names = list(dict.fromkeys([name, *([host] if host else [])]))
            signed = sign_request(self._ca, self._ca_key, request.encode(), names, two_years())
        except ValueError as wrong:
            raise Refused(400, f"this certificate cannot be made: {wrong}", "send another request") from None
        return join.Certificate(signed.decode()).to_json()

    def _under_token(
        self, handle: Callable[[str, bytes], Awaitable[bytes]]
    ) -> Callable[[Request, bytes], Awaitable[bytes]]:
        async def under_token(request: Request, body: bytes) -> bytes:
            gateway = await self._tokens.gateway(request.headers.get("authorization", ""))
            if gateway is None:
                raise Refused(401, "unknown or revoked token", "ask the county for a code, and run `setup` again")
            if device_of_one(gateway):
                raise Refused(404, "a gateway of one has no broker", "its papers are in its configuration")
            return await handle(gateway, body)

        return under_token

    def _guarded(
        self, handle: Callable[[Request, bytes], Awaitable[bytes]]
    ) -> Callable[[Request], Awaitable[Response]]:
        async def guarded(request: Request) -> Response:
            try:
                return Response(await handle(request, await _body(request)), media_type="application/json")
            except FrameError as wrong:
                return _problem(400, str(wrong), "see docs/protocol.md, 14")
            except Refused as refused:
                return _problem(refused.status, str(refused), refused.do)
            except NotReady:
                return _problem(503, "the county's store is away for a moment", "come again in a minute")
            except ClientDisconnect:
                return _problem(400, "the request was cut off", "send it again")  # nobody reads it
            except Exception:
                log.exception("a gateway could not join, or get its papers")
                return _problem(500, "the county failed at this; its log says why", "tell the county, and come again")

        return guarded


async def _body(request: Request) -> bytes:
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > join.BODY_MAX:
            raise Refused(413, f"more than {join.BODY_MAX} bytes", "send less")
    return bytes(body)


def _problem(status: int, error: str, do: str) -> Response:
    close = {"Connection": "close"} if status == 413 else {}  # or the rest would be read, to be thrown away
    return JSONResponse({"error": error, "do": do}, status, headers=close)
