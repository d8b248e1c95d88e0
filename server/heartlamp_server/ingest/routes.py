"""Gateway -> county. Plain Starlette routes: this is the alarm's path, and nothing stands in it without need."""

import logging
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import psycopg
from heartlamp_protocol.device.frame import FrameError
from heartlamp_protocol.downlink import read_cursor
from heartlamp_protocol.packing import ENCODING, unpack
from heartlamp_protocol.uplink import BATCH_BYTES_MAX, Batch, BatchAnswer, Item, Note, Verdict, device_of_one
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from heartlamp_server.alarm.model import Evidence
from heartlamp_server.database.feed import Done
from heartlamp_server.database.pool import Database, NotReady
from heartlamp_server.device import store as devices
from heartlamp_server.device.presence import Presence
from heartlamp_server.device.tokens import Tokens
from heartlamp_server.device.vault import Vault
from heartlamp_server.escalation import store as escalation
from heartlamp_server.ingest import store
from heartlamp_server.ingest.fold import Fold
from heartlamp_server.ingest.model import REASON_MAX, Plan, clean_item, clean_note, parse
from heartlamp_server.ingest.of_one import BYTES_MAX, Room
from heartlamp_server.ingest.together import Said, Together, Verdicts
from heartlamp_server.logs import about
from heartlamp_server.telemetry.model import TimeSeries

log = logging.getLogger("heartlamp.ingest")


def problem(status: int, error: str, do: str) -> Response:
    return JSONResponse({"error": error, "do": do}, status)


async def not_served(request: Request, error: Exception) -> Response:
    """For a path or a method that is not in the protocol."""
    assert isinstance(error, HTTPException)
    refused = problem(
        error.status_code, f"{request.method} {request.url.path[:100]}: {error.detail}", "see docs/protocol.md, 8 and 9"
    )
    refused.headers.update(error.headers or {})
    return refused


NOT_READY = ("the county's store is away for a moment", "keep everything and come again")


class Ingest:
    """`wake`: called after each commit. `verdicts`: how many of each were given since the start."""

    def __init__(
        self,
        database: Database,
        tokens: Tokens,
        vault: Vault,
        series: TimeSeries,
        presence: Presence,
        epoch: Callable[[], str],
        wake: Callable[[Done], None],
        room: Room,
    ) -> None:
        self._database, self._tokens, self._vault, self._series = database, tokens, vault, series
        self._presence, self._epoch, self._wake, self._room = presence, epoch, wake, room
        self._together = Together(self._transaction, lambda said: self.take(said.gateway, said.items, said.notes))
        self.verdicts: Counter[str] = Counter()

    def routes(self) -> list[Route]:
        return [
            Route("/gateway/v1/batch", self._guarded(self._batch), methods=["POST"]),
            Route("/gateway/v1/readings", self._guarded(self._batch), methods=["POST"]),
            Route("/gateway/v1/registry", self._guarded(self._registry), methods=["GET"]),
            Route("/gateway/v1/plan", self._guarded(self._plan), methods=["GET"]),
        ]

    def _guarded(
        self, handle: Callable[[Request, str], Awaitable[Response]]
    ) -> Callable[[Request], Awaitable[Response]]:
        async def guarded(request: Request) -> Response:
            try:
                gateway = await self._tokens.gateway(request.headers.get("authorization", ""))
                if gateway is None:
                    if known := await self._tokens.refused(request.headers.get("authorization", "")):
                        await self._refused(
                            known, "a request with a token that is valid no more; its alarms wait there"
                        )
                    return unauthorized()
                if not device_of_one(gateway):
                    return await handle(request, gateway)
                if not self._room.pace(gateway):
                    return problem(429, "too many requests", "keep everything, and come again in 5 seconds")
                answer = await handle(request, gateway)
                if self._room.crowded():
                    answer.headers["Connection"] = "close"
                return answer
            except NotReady:
                return problem(503, *NOT_READY)
            except ClientDisconnect:
                log.info("a request to %s was cut off by the other side", request.url.path)
                return problem(400, "the request was cut off", "send it again")  # nobody reads it
            except Exception:
                log.exception("a request of a gateway failed")
                return problem(500, "the county failed at this; its log says why", "keep everything and come again")

        return guarded

    async def _registry(self, request: Request, gateway: str) -> Response:
        if device_of_one(gateway):
            return problem(404, "a gateway of one has no list of devices", "it needs none")
        async with self._database.connection() as conn:
            registry = await devices.registry(conn, gateway)
        return Response(registry.to_json(), media_type="application/json")

    async def _plan(self, request: Request, gateway: str) -> Response:
        if device_of_one(gateway):
            return problem(404, "a gateway of one calls nobody", "its village's gateway and the county do")
        async with self._database.connection() as conn:
            found = await escalation.plan(conn, gateway)
        return Response(found.to_json(), media_type="application/json")

    async def _batch(self, request: Request, gateway: str) -> Response:
        body = bytearray()
        most = BYTES_MAX if device_of_one(gateway) else BATCH_BYTES_MAX
        async for chunk in request.stream():
            body += chunk
            if len(body) > most:
                return await self._too_long(gateway, most)
        try:
            said: bytes | None = bytes(body)
            if request.headers.get("content-encoding") == ENCODING:
                said = unpack(body, most)
            if said is None:
                return await self._too_long(gateway, most)
            batch = Batch.from_json(said)
        except FrameError as error:
            await self._refused(gateway, f"a request that cannot be read: {error}")
            return problem(400, str(error), "send the items one by one; what is malformed alone stays with you")
        if batch.gateway != gateway:
            await self._refused(gateway, f"a request in the name of {batch.gateway[:20]}")
            return problem(
                403, f"the token is {gateway}'s, the batch says {batch.gateway[:20]!r}", "check the gateway's id"
            )
        self._presence.gateway(gateway, batch.epoch, batch.cursor if read_cursor(batch.cursor) else "")
        items, notes = tuple(map(clean_item, batch.items)), tuple(map(clean_note, batch.notes))
        if not items and not notes:
            return Response(BatchAnswer(self._epoch(), ()).to_json(), media_type="application/json")
        try:
            verdicts = await self._together.take(Said(gateway, items, notes))
        except NotReady:
            # It died under us; should it be back within its patience, nobody else needs to wait longer. Whether our
            # COMMIT got through does not matter: what is stored is a duplicate now.
            verdicts = await self.take(gateway, items, notes)
        return Response(BatchAnswer(self._epoch(), verdicts).to_json(), media_type="application/json")

    async def _too_long(self, gateway: str, most: int) -> Response:
        await self._refused(gateway, f"a request of more than {most} bytes")
        refused = problem(413, f"more than {most} bytes", "send fewer items at once")
        refused.headers["Connection"] = "close"  # or the rest would be read, to be thrown away
        return refused

    async def take(self, gateway: str, items: tuple[Item, ...], notes: tuple[Note, ...]) -> tuple[Verdict, ...]:
        """Stores everything in one transaction. Should one thing make it fail, each gets its own, and what still fails
        is kept as evidence: nothing bad holds back something good. Raises NotReady."""
        try:
            return (await self._transaction([Said(gateway, items, notes)], 0))[0]
        except NotReady:
            raise
        except Exception as error:
            log.exception("a batch of %s failed", gateway)
            if len(items) + len(notes) > 1:
                singles = [await self.take(gateway, (i,), ()) for i in items]
                singles += [await self.take(gateway, (), (n,)) for n in notes]
                return tuple(v for single in singles for v in single)
            return await self._keep(gateway, items, notes, error)

    async def warm(self, conn: psycopg.AsyncConnection[Any]) -> None:
        """For each new connection."""
        await store.warm(conn, self._vault)

    async def place(self, events: list[str]) -> None:
        """Gives what waits for these events its incident. Raises NotReady."""
        async with self._database.connection() as conn:
            known = await store.load(conn, store.Names([], events, []), self._vault)
            Fold(known, plan := Plan(), "", self._epoch()).run([], ())
            done = await store.save(conn, plan, known, self._epoch(), self._series)
        self._wake(done)

    async def _transaction(self, said: Sequence[Said], patience_ms: int) -> list[Verdicts]:
        parsed = [parse(one.items) for one in said]
        names = store.Names.of([p for mine in parsed for p in mine], [n for one in said for n in one.notes])
        plan = Plan()
        async with self._database.connection() as conn:
            known = await store.load(conn, names, self._vault, patience_ms)
            verdicts = [
                Fold(known, plan, one.gateway, self._epoch()).run(mine, one.notes)
                for one, mine in zip(said, parsed, strict=True)
            ]
            done = await store.save(conn, plan, known, self._epoch(), self._series)
        self._wake(done)
        self._presence.devices(plan.presence)
        self._presence.renewed(plan.renewed)
        self.verdicts.update(v.verdict for v in plan.verdicts)
        if plan.events:
            ids = " ".join(plan.events)
            gateways = " ".join(dict.fromkeys(one.gateway for one in said))
            log.info("received from %s: %s", gateways, ids, extra=about(gateway=gateways, events=ids))
        return verdicts

    async def _keep(
        self, gateway: str, items: tuple[Item, ...], notes: tuple[Note, ...], error: Exception
    ) -> tuple[Verdict, ...]:
        reason = f"the county could not take it in ({type(error).__name__}); kept as evidence, tell the maker"
        plan = Plan()
        for item in items:
            plan.evidence.append(Evidence(gateway, item.user, "rejected", reason, item.frame))
            plan.verdicts.append(Verdict(item.n, "rejected", reason))
        for note in notes:
            plan.evidence.append(Evidence(gateway, gateway, "rejected", reason, repr(note).encode()))
            plan.verdicts.append(Verdict(note.n, "rejected", reason))
        await self._store(plan)
        return tuple(plan.verdicts)

    async def _refused(self, gateway: str, reason: str) -> None:
        """The same reason again only counts up: each try of a gateway that cannot do better has other bytes."""
        reason = reason[:REASON_MAX]
        await self._store(Plan(evidence=[Evidence(gateway, gateway, "rejected", reason, reason.encode())]))

    async def _store(self, plan: Plan) -> None:
        async with self._database.connection() as conn:
            known = await store.load(conn, store.Names([], [], []), self._vault)
            done = await store.save(conn, plan, known, self._epoch(), self._series)
        self._wake(done)


def unauthorized() -> Response:
    return problem(401, "unknown or revoked token", "keep everything; ask the county for a new token")
