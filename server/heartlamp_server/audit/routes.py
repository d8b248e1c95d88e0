"""The log for auditors, and its head for whoever prints it."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Annotated, Protocol

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel

from heartlamp_server.audit import store
from heartlamp_server.audit.model import ACTIONS, TEXT_MAX
from heartlamp_server.audit.seal import Seal
from heartlamp_server.database.pool import Database


class Reader(Protocol):
    """Who is signed in."""

    @property
    def name(self) -> str: ...


class AuditEntry(BaseModel):
    """`n`, `hash`: its place in the chain, None while it waits for it, about a second."""

    id: int
    at: datetime
    who: str
    what: str
    text_zh: str
    text_en: str
    about: str
    site: str
    detail: dict[str, str | int]
    n: int | None
    hash: str | None


class AuditPage(BaseModel):
    """Newest first. `next`: give it as `before` for the next page, None on the last."""

    entries: list[AuditEntry]
    next: int | None


class AuditHead(BaseModel):
    """`head`: as it is printed, `N:HASH`; `key`, `signature`: Ed25519; `waiting`: rows that are not yet in the chain;
    `broken`: the running county has seen another chain than this."""

    head: str
    n: int
    hash: str
    signed_at: datetime | None
    signature: str
    key: str
    waiting: int
    waiting_since: datetime | None
    broken: bool


Text = Annotated[str, Query(max_length=TEXT_MAX)]


def router(database: Database, seal: Seal, auditor: Callable[..., Awaitable[Reader]]) -> APIRouter:
    """`auditor`: lets only those pass who may read the log."""
    routes = APIRouter(prefix="/audit")

    @routes.get("")
    async def read_audit(
        reader: Annotated[Reader, Depends(auditor)],
        who: Text = "",
        what: Text = "",
        about: Text = "",
        site: Text = "",
        before: Annotated[int | None, Query(ge=1, lt=2**63)] = None,
        limit: Annotated[int, Query(ge=1, le=1000)] = 100,
    ) -> AuditPage:
        """`what=look.picture&site=…`: who looked at the pictures of that house."""
        wanted = store.Wanted(who, what, about, site, before, limit + 1)
        async with database.connection() as conn:
            await store.glance(conn, reader.name, "look.audit")
            found = await store.entries(conn, wanted)
        page = [_entry(e) for e in found[:limit]]
        return AuditPage(entries=page, next=page[-1].id if len(found) > limit else None)

    @routes.get("/head", dependencies=[Depends(auditor)])
    async def read_head() -> AuditHead:
        """Where the audit log's chain ends, with its signature."""
        async with database.connection() as conn:
            newest = await store.newest(conn)
        return AuditHead(
            head=str(newest.head),
            n=newest.head.n,
            hash=newest.head.hash.hex(),
            signed_at=newest.at,
            signature=newest.signature.hex(),
            key=seal.public,
            waiting=newest.waiting,
            waiting_since=newest.waiting_since,
            broken=seal.broken,
        )

    return routes


def _entry(entry: store.Entry) -> AuditEntry:
    row = entry.row
    zh, en = ACTIONS.get(row.what, (row.what, row.what))
    return AuditEntry(
        id=entry.id,
        at=row.at,
        who=row.who,
        what=row.what,
        text_zh=zh,
        text_en=en,
        about=row.about,
        site=row.site,
        detail=row.detail,
        n=entry.n,
        hash=entry.hash.hex() if entry.hash else None,
    )
