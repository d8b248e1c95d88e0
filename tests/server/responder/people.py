"""People with a role and an open session, made in the database: a sign-in's slow hash is tested elsewhere."""

import asyncio
import secrets
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import httpx
import psycopg
from heartlamp_server.device.vault import read_key
from heartlamp_server.responder import session, store
from heartlamp_server.responder.model import Person
from heartlamp_server.responder.scope import Grant
from heartlamp_server.seal import Seal

from tests.server.county import PASSWORD as PASSWORD
from tests.server.county import WAIT_SECONDS, County, Event, Stream, hashed

T = TypeVar("T")


def in_store(county: County, work: Callable[[store.Connection], Awaitable[T]]) -> T:
    """Runs it on a connection of its own."""

    async def connected() -> T:
        async with await psycopg.AsyncConnection.connect(county.conninfo, autocommit=True) as conn:
            return await work(conn)

    return asyncio.run(connected())


def seal_of(county: County) -> Seal:
    return Seal(read_key(county.folder / "secret.key"))


class Somebody:
    """`grant` None: nothing is given; `http`: signed in, by the second factor too unless told otherwise."""

    def __init__(self, county: County, grant: Grant | None, name: str = "", second: bool = True) -> None:
        self.name = name or f"p{secrets.token_hex(4)}"
        self.display, self.role = f"某人{self.name}", grant.role if grant else ""
        self.http = httpx.Client(base_url=county.console, headers={"X-Heartlamp": "1"}, timeout=WAIT_SECONDS)

        async def make(conn: store.Connection) -> str:
            await store.add_person(conn, Person(self.name, self.display), hashed())
            if grant is not None:
                await store.give_role(conn, self.name, grant, "test")
            return await session.open(conn, self.name, second, "127.0.0.1", "test")

        self.http.cookies.set("heartlamp_session", in_store(county, make))

    def get(self, path: str, **params: Any) -> httpx.Response:
        return self.http.get(f"/api/{path}", params=params)

    def post(self, path: str, **body: Any) -> httpx.Response:
        return self.http.post(f"/api/{path}", json=body)

    def put(self, path: str, **body: Any) -> httpx.Response:
        return self.http.put(f"/api/{path}", json=body)

    def feed(self, cursor: str) -> Stream:
        return Stream(self.http, "/api/feed", {}, {"cursor": cursor})


def until_ping(stream: Stream) -> list[Event]:
    """What came before the next ping."""
    seen: list[Event] = []

    def is_ping(event: Event) -> bool:
        if event.kind != "ping":
            seen.append(event)
        return event.kind == "ping"

    stream.next(is_ping)
    return seen
