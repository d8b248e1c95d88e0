"""Signing in and out, and one's own account: sessions, password, second factor, presence."""

from datetime import datetime
from functools import partial
from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException, Path, Request, Response
from pydantic import BaseModel, Field

from heartlamp_server.audit import store as audit
from heartlamp_server.database.pool import Database
from heartlamp_server.problems import Problem, problem
from heartlamp_server.responder import guess, password, presence, second, session, store
from heartlamp_server.responder.gate import Gate
from heartlamp_server.responder.model import Person
from heartlamp_server.responder.scope import TABLE, Scope, anywhere
from heartlamp_server.responder.session import Account
from heartlamp_server.seal import Seal

BROWSER_COOKIE = "heartlamp_browser"
_CODE_NEEDED = {
    "error": "请输入动态码 · the second factor is needed",
    "do": "输入验证器应用显示的六位动态码，或一个备用码 · give the six digits of your app, or a recovery code",
    "need": "code",
}


class Login(BaseModel):
    """`code`: of the authenticator app, or a recovery code, where the account has a second factor."""

    name: str = Field(max_length=64)
    password: str = Field(max_length=200)
    code: str = Field("", max_length=40)


class HeldRole(BaseModel):
    """`area` null: everywhere here, but for `family`, which has a `site`."""

    role: str
    area: int | None
    site: str
    unit: str


class Me(BaseModel):
    """`roles`: those that hold in this session; `waiting`: those that hold once it is opened with the second factor;
    `may`: the actions that these roles allow somewhere (docs/permissions.md), for a screen to know what to offer."""

    name: str
    display: str
    roles: list[HeldRole]
    may: list[str]
    waiting: list[str]
    second: bool


class NotSignedIn(Problem):
    """`need`: "code" where it lacks the second factor alone."""

    need: str = ""


class SessionView(BaseModel):
    """`here`: the one that asks."""

    id: int
    made_at: datetime
    seen_at: datetime
    address: str
    agent: str
    second: bool
    here: bool


class Sessions(BaseModel):
    sessions: list[SessionView]


class NewPassword(BaseModel):
    old: str = Field(max_length=200)
    new: str = Field(min_length=password.LENGTH_MIN, max_length=200)


class SecretWanted(BaseModel):
    password: str = Field(max_length=200)


class SecretShown(BaseModel):
    """For an authenticator app. `picture`: SVG; `secret`: to type where there is no camera."""

    uri: str
    secret: str
    picture: str


class Code(BaseModel):
    code: str = Field(max_length=40)


class RecoveryCodes(BaseModel):
    """Shown once. Each opens the account once in place of the app."""

    codes: list[str]


class Presence(BaseModel):
    """`asked`: the screen is to ask now; `lapses_at`: from then on this level counts as not staffed by this session."""

    now: datetime
    asked: bool
    lapses_at: datetime


def router(database: Database, gate: Gate, seal: Seal, secure: bool) -> APIRouter:
    """`secure`: the console is served over TLS, so cookies are for TLS only."""
    routes = APIRouter()
    browser_cookie = f"__Host-{BROWSER_COOKIE}" if secure else BROWSER_COOKIE
    own = gate.require("self")
    wrong = partial(problem, 401, "用户名或密码错误 · wrong name or password", "请重试 · try again")
    wrong_code = partial(
        problem, 401, "动态码错误或已用过 · the code is wrong or was used", "请等下一个动态码 · wait for the next one"
    )

    def keep(response: Response, name: str, value: str, seconds: float) -> None:
        response.set_cookie(
            name, value, max_age=int(seconds), path="/", httponly=True, samesite="strict", secure=secure
        )

    async def counted(request: Request, name: str) -> dict[str, bytes]:
        """Where this try is counted. Raises 429 where it comes too early."""
        address = request.client.host if request.client else ""
        async with database.connection() as conn:
            browser = await session.browser_of(conn, request.cookies.get(browser_cookie, ""), name)
            places = guess.places(name, address, browser)
            waits = await session.count_try(conn, places)
        if waits:
            raise HTTPException(
                429,
                {
                    "error": "密码错误次数过多 · too many wrong passwords",
                    "do": f"请等待 {waits:.0f} 秒 · wait {waits:.0f} s",
                },
                {"Retry-After": f"{waits + 1:.0f}"},
            )
        return places

    async def failed(name: str, address: str) -> None:
        """`name`: of an account, else "": what was typed may be anything."""
        async with database.connection() as conn:
            await audit.record(conn, "", "login.failed", name, address=address)

    @routes.post("/login", responses={401: {"model": NotSignedIn}, 429: {"model": Problem}})
    async def login(given: Login, request: Request, response: Response) -> Me:
        """Signs in by name, password and, where the account has one, the second factor."""
        places = await counted(request, given.name)
        async with database.connection() as conn:
            account = await session.account(conn, given.name)
        address = request.client.host if request.client else ""
        if not await password.matches(given.password, account.password if account else None) or account is None:
            await failed(account.person.name if account else "", address)
            raise wrong()
        async with database.connection() as conn:
            if account.totp is not None:
                if not given.code.strip():  # else who has the password could guess codes for ever
                    await session.was_right(conn, places, forget=False)
                    raise HTTPException(401, _CODE_NEEDED)
                if not await _code_counts(conn, seal, account, given.code):
                    await audit.record(conn, "", "login.failed", account.person.name, address=address)
                    raise wrong_code()
            await session.was_right(conn, places)
            agent = request.headers.get("user-agent", "")
            async with conn.transaction():
                await audit.record(conn, account.person.name, "login.done", "", address=address)
                token = await session.open(conn, account.person.name, account.totp is not None, address, agent)
            if "browser" in places:
                await session.browser_was_here(conn, places["browser"])
                browser = request.cookies[browser_cookie]
            else:
                browser = await session.know_browser(conn, account.person.name)
            scope = await session.scope_of(conn, token)
            lasts = await session.lasts(conn, account.person.name)
        if scope is None:
            raise wrong()  # disabled at this moment
        keep(response, gate.cookie, token, lasts.total_seconds())
        keep(response, browser_cookie, browser, session.BROWSER.total_seconds())
        return _me(scope)

    @routes.post("/logout", status_code=204)
    async def logout(response: Response, scope: Annotated[Scope, Depends(own)]) -> None:
        """Ends this session."""
        async with database.connection() as conn, conn.transaction():
            await audit.record(conn, scope.person.name, "login.ended", "")
            await session.close(conn, scope.person.name, scope.session)
        response.delete_cookie(gate.cookie, path="/", secure=secure, httponly=True, samesite="strict")

    @routes.post("/logout/everywhere", status_code=204)
    async def logout_everywhere(response: Response, scope: Annotated[Scope, Depends(own)]) -> None:
        """Ends every session of the own account."""
        async with database.connection() as conn, conn.transaction():
            await audit.record(conn, scope.person.name, "login.ended", "everywhere")
            await session.close(conn, scope.person.name)
        response.delete_cookie(gate.cookie, path="/", secure=secure, httponly=True, samesite="strict")

    @routes.get("/me")
    async def me(scope: Annotated[Scope, Depends(own)]) -> Me:
        """Who is signed in, with which roles, and what waits for the second factor."""
        return _me(scope)

    @routes.get("/sessions")
    async def sessions(scope: Annotated[Scope, Depends(own)]) -> Sessions:
        """One's own."""
        async with database.connection() as conn:
            found = await session.of_person(conn, scope.person.name)
        views = [
            SessionView(
                id=s.id,
                made_at=s.made_at,
                seen_at=s.seen_at,
                address=s.address,
                agent=s.agent,
                second=s.second,
                here=s.id == scope.session,
            )
            for s in found
        ]
        return Sessions(sessions=views)

    @routes.post("/sessions/{id}/end", status_code=204, responses={404: {"model": Problem}})
    async def end_session(id: Annotated[int, Path(ge=1, le=2**62)], scope: Annotated[Scope, Depends(own)]) -> None:
        """Ends one of the own sessions."""
        async with database.connection() as conn, conn.transaction():
            if not await session.close(conn, scope.person.name, id):
                raise problem(404, "没有这个会话 · no such session", "请刷新列表 · reload the list")
            await audit.record(conn, scope.person.name, "login.ended", "another", session=id)

    @routes.post("/password", status_code=204, responses={401: {"model": Problem}, 429: {"model": Problem}})
    async def change_password(given: NewPassword, request: Request, scope: Annotated[Scope, Depends(own)]) -> None:
        """Ends every other session of this person."""
        await checked(request, scope, given.old)
        hashed = await password.hashed(given.new)
        async with database.connection() as conn, conn.transaction():
            await audit.record(conn, scope.person.name, "person.password", scope.person.name)
            await store.set_password(conn, scope.person.name, hashed, scope.session)

    @routes.post("/second/begin", responses={n: {"model": Problem} for n in (401, 409, 429)})
    async def begin_second(given: SecretWanted, request: Request, scope: Annotated[Scope, Depends(own)]) -> SecretShown:
        """A secret for the authenticator app; it is in force once its first code was given."""
        await checked(request, scope, given.password)
        secret, name = second.fresh_secret(), scope.person.name
        async with database.connection() as conn:
            if not await session.begin_second(conn, name, seal.seal(second.about(name), secret)):
                raise problem(
                    409,
                    "动态码已启用 · a second factor is in force",
                    "换手机须由管理员先解除 · to move it, have an administrator take it off first",
                )
        uri = second.uri(secret, name)
        return SecretShown(uri=uri, secret=secret, picture=second.picture(uri))

    @routes.post("/second/confirm", responses={n: {"model": Problem} for n in (401, 409, 429)})
    async def confirm_second(given: Code, request: Request, scope: Annotated[Scope, Depends(own)]) -> RecoveryCodes:
        """Puts the second factor in force by its first code; returns recovery codes, once."""
        name = scope.person.name
        places = await counted(request, name)
        async with database.connection() as conn:
            awaited = await session.awaited_second(conn, name)
            if awaited is None:
                raise problem(409, "没有待确认的动态码 · none is awaited", "请重新设置 · begin again")
            step = second.step(seal.unseal(second.about(name), awaited[0]), given.code, awaited[1], 0)
            if step is None:
                raise wrong_code()
            await session.was_right(conn, places)
            async with conn.transaction():
                await audit.record(conn, name, "person.second", name, state="on")
                codes = await session.confirm_second(conn, name, step, scope.session)
        if codes is None:
            raise problem(409, "没有待确认的动态码 · none is awaited", "请重新设置 · begin again")
        return RecoveryCodes(codes=codes)

    @routes.get("/presence")
    async def present(scope: Annotated[Scope, Depends(own)]) -> Presence:
        """Whether the presence check is due, and until when one counts as being there."""
        async with database.connection() as conn:
            return _presence(*await session.presence_of(conn, scope.session))

    @routes.post("/presence")
    async def answer_presence(scope: Annotated[Scope, Depends(own)]) -> Presence:
        """A person pressed «I am here»."""
        async with database.connection() as conn:
            return _presence(*await session.answer_presence(conn, scope.session))

    async def checked(request: Request, scope: Scope, given: str) -> None:
        """Raises where it is not this person's password: a screen that was left open changes no account."""
        places = await counted(request, scope.person.name)
        async with database.connection() as conn:
            account = await session.account(conn, scope.person.name)
        if not await password.matches(given, account.password if account else None):
            raise problem(401, "原密码错误 · wrong password", "请重试 · try again")
        async with database.connection() as conn:
            await session.was_right(conn, places)

    return routes


async def _code_counts(conn: session.Connection, seal: Seal, account: Account, code: str) -> bool:
    """Takes the code, so that it counts once."""
    assert account.totp is not None
    name = account.person.name
    row = await (await conn.execute("SELECT clock_timestamp()")).fetchone()
    assert row is not None
    step = second.step(seal.unseal(second.about(name), account.totp), code, row[0], account.totp_step)
    if step is not None:
        return await session.take_step(conn, name, step)
    return await session.take_recovery(conn, name, code)


def _me(scope: Scope) -> Me:
    person: Person = scope.person
    roles = [HeldRole(role=g.role, area=g.area, site=g.site, unit=g.unit) for g in scope.grants]
    may = sorted(action for action in TABLE if anywhere(scope, action))
    return Me(
        name=person.name, display=person.display, roles=roles, may=may, waiting=list(scope.waiting), second=scope.second
    )


def _presence(answered_at: datetime, now: datetime) -> Presence:
    return Presence(now=now, asked=presence.asked(answered_at, now), lapses_at=presence.lapses_at(answered_at))
