"""Logging in and out, and the guard before every other route of the console."""

import time
from collections.abc import Awaitable, Callable
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from pydantic import BaseModel, Field

from heartlamp_server.audit import store as audit
from heartlamp_server.database.pool import Database
from heartlamp_server.problems import Problem, problem
from heartlamp_server.responder import password, store
from heartlamp_server.responder.model import SESSION, Person, Tries

COOKIE = "heartlamp_session"

Guard = Callable[[Request], Awaitable[Person]]


class Login(BaseModel):
    name: str = Field(max_length=64)
    password: str = Field(max_length=200)


class Me(BaseModel):
    name: str
    display: str


def guard(database: Database) -> Guard:
    """The dependency that every route but login has."""

    async def signed_in(request: Request) -> Person:
        token = request.cookies.get(COOKIE, "")
        if token and len(token) <= 100:
            async with database.connection() as conn:
                person = await store.person_of(conn, token)
            if person is not None:
                return person
        raise problem(401, "未登录 · not signed in", "请登录 · sign in")

    return signed_in


def router(database: Database, signed_in: Guard, secure: bool) -> APIRouter:
    """`secure`: the console is served over TLS, so the cookie is for TLS only."""
    routes = APIRouter()
    tries: dict[tuple[str, str], Tries] = {}

    @routes.post("/login", responses={401: {"model": Problem}, 429: {"model": Problem}})
    async def login(given: Login, request: Request, response: Response) -> Me:
        who = (given.name, request.client.host if request.client else "")
        now = time.monotonic()
        if wait := tries.get(who, Tries()).wait(now):
            raise problem(
                429, "密码错误次数过多 · too many wrong passwords", f"请等待 {wait:.0f} 秒 · wait {wait:.0f} s"
            )
        # Counted before the slow check, so that a hundred at once are not a hundred tries.
        tries[who] = tries.get(who, Tries()).wrong(now)
        async with database.connection() as conn:
            known = await store.password_of(conn, given.name)
        if not await password.matches(given.password, known[1] if known else None) or known is None:
            for key in [k for k, v in tries.items() if not v.wrong(now).at[:-1]]:
                del tries[key]  # what is older than the window
            async with database.connection() as conn:  # not the name, unless it is an account: it may be anything
                await audit.record(conn, "", "login.failed", known[0].name if known else "", address=who[1])
            raise problem(401, "用户名或密码错误 · wrong name or password", "请重试 · try again")
        tries.pop(who, None)
        async with database.connection() as conn, conn.transaction():
            await audit.record(conn, known[0].name, "login.done", "", address=who[1])
            token = await store.open_session(conn, known[0].name)
        age = int(SESSION.total_seconds())
        response.set_cookie(COOKIE, token, max_age=age, path="/", httponly=True, samesite="strict", secure=secure)
        return Me(name=known[0].name, display=known[0].display)

    @routes.post("/logout", status_code=204)
    async def logout(request: Request, response: Response, person: Annotated[Person, Depends(signed_in)]) -> None:
        async with database.connection() as conn, conn.transaction():
            await audit.record(conn, person.name, "login.ended", "")
            await store.close_session(conn, request.cookies[COOKIE])
        response.delete_cookie(COOKIE, path="/")

    @routes.get("/me")
    async def me(person: Annotated[Person, Depends(signed_in)]) -> Me:
        return Me(name=person.name, display=person.display)

    return routes
