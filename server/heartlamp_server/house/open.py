"""The page behind a site's code. Nobody is signed in here but a relative: a phone is let in by a press on the lamp, and
who has nothing but the code may report a fault and learns nothing."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Annotated, Any

from cryptography.exceptions import InvalidTag
from fastapi import APIRouter, HTTPException, Path, Request, Response

from heartlamp_server import plain
from heartlamp_server.area import household_store, tree_store
from heartlamp_server.area.household import Refused as NoConsent
from heartlamp_server.area.household import withdrawn
from heartlamp_server.audit import store as audit
from heartlamp_server.database.feed import Done
from heartlamp_server.database.pool import Database
from heartlamp_server.device.vault import Vault
from heartlamp_server.house import home, store
from heartlamp_server.house.forms import (
    ConsentGone,
    Door,
    FaultKept,
    FaultReport,
    Home,
    HouseCall,
    HouseConsent,
    HouseDevice,
    HouseFault,
    HouseLook,
    HousePhone,
    HouseRelative,
    HouseStep,
    Satisfied,
    Standing,
)
from heartlamp_server.house.model import ON_ITS_WAY, PAIRED_DAYS, is_code
from heartlamp_server.incident import acts, change, life
from heartlamp_server.incident import store as incidents
from heartlamp_server.incident.model import Incident, Refused
from heartlamp_server.problems import Problem, problem
from heartlamp_server.responder import store as people
from heartlamp_server.responder.gate import Gate
from heartlamp_server.responder.scope import Spot, may
from heartlamp_server.seal import Seal
from heartlamp_server.telemetry.model import SeriesAway, TimeSeries

COOKIE = "heartlamp_house"
CODE_MOST, ADDRESS_MOST = 8, 30  # an hour, of what a stranger may do
_AGENT_MAX = 120

Code = Annotated[str, Path(max_length=40)]


@dataclass(frozen=True, slots=True)
class Visitor:
    """Who asks for the page of `site`. `phone`: the pairing's number, 0 none; `who`: as the audit log names them."""

    site: str
    standing: Standing
    phone: int = 0
    waiting: store.Pairing | None = None
    who: str = ""


def router(
    database: Database,
    gate: Gate,
    vault: Vault,
    seal: Seal,
    series: TimeSeries,
    epoch: Callable[[], str],
    wake: Callable[[Done], None],
    secure: bool,
) -> APIRouter:
    """`wake`: called after each commit that changed an incident; `secure`: served over TLS."""
    routes = APIRouter()
    refusals: dict[int | str, dict[str, Any]] = {n: {"model": Problem} for n in (403, 404, 409, 429)}
    unknown = partial(
        problem,
        404,
        "这个二维码已失效 · this code is not in use any more",
        "请联系村里的网格员或技术员 · ask your grid worker or technician",
    )
    not_yours = partial(
        problem,
        403,
        "这部手机还没有和心灯配对 · this phone is not paired with the lamp",
        "请先按心灯上的绿键配对 · pair it by the lamp's green key first",
    )
    too_often = partial(
        problem, 429, "操作太频繁 · too often", "请一小时后再试，或打电话 · try in an hour, or telephone"
    )

    async def visitor(conn: store.Connection, code: str, request: Request) -> Visitor:
        """Raises 404."""
        site = await store.site_of(conn, code) if is_code(code) else None
        if site is None:
            raise unknown()
        token = request.cookies.get(COOKIE, "")
        found = await store.pairing_of(conn, site, token) if token and len(token) <= 100 else None
        if found is not None and found.paired_at is not None:
            await store.seen(conn, found.id)
            return Visitor(site, "paired", found.id, None, f"phone:{found.id}")
        try:
            scope = await gate.scope(request)
        except HTTPException:
            scope = None
        if scope is not None and may(scope, "house.see", Spot(site=site)):
            return Visitor(site, "family", 0, None, scope.person.name)
        return Visitor(site, "waiting" if found else "stranger", 0, found)

    async def inside(conn: store.Connection, code: str, request: Request, changes: bool = False) -> Visitor:
        """Raises 403, 404."""
        found = await visitor(conn, code, request)
        if found.standing not in (("paired",) if changes else ("paired", "family")):
            raise not_yours()
        return found

    async def bounded(conn: store.Connection, code: str, request: Request) -> None:
        address = request.client.host if request.client else ""
        for who, most in ((f"address {address}", ADDRESS_MOST), (f"code {code}", CODE_MOST)):
            if not await store.tried(conn, who, most, 60):
                raise too_often()

    @routes.get("/house/{code}", responses={404: {"model": Problem}})
    async def door(code: Code, request: Request) -> Door:
        """Who this phone is here. While it waits for a press, asking is what finds it."""
        async with database.connection() as conn, conn.transaction():
            found = await visitor(conn, code, request)
            now, waiting = await store.now(conn), found.waiting
            if waiting is not None and now > waiting.until + ON_ITS_WAY:
                found, waiting = replace(found, standing="stranger"), None
            if waiting is not None:
                ids = [d.id for d in await home.shown(conn, found.site)]
                try:
                    press = await home.pressed(conn, series, ids, waiting)
                except SeriesAway:
                    press = None
                if press is not None and await store.paired(conn, waiting.id, press.id):
                    await audit.record(conn, f"phone:{waiting.id}", "house.pair", str(waiting.id), found.site)
                    found, waiting = replace(found, standing="paired"), None
        return Door(now=now, standing=found.standing, until=waiting.until if waiting else None)

    @routes.post("/house/{code}/pair", responses=refusals)
    async def pair(code: Code, request: Request, response: Response) -> Door:
        """From now on for two minutes a press of the lamp's green key lets this phone in."""
        async with database.connection() as conn, conn.transaction():
            found = await visitor(conn, code, request)
            await bounded(conn, code, request)
            begun = await store.begin_pairing(
                conn, found.site, plain.name(request.headers.get("user-agent", ""))[:_AGENT_MAX]
            )
            if begun is None:
                raise problem(
                    409,
                    "另一部手机正在配对 · another phone is being paired with this lamp",
                    "不是您家的手机就不要按绿键，两分钟后再试 · if it is not yours, do not press; try in 2 minutes",
                )
            now = await store.now(conn)
        response.set_cookie(
            COOKIE,
            begun[0],
            max_age=PAIRED_DAYS * 24 * 3600,
            path=f"/api/house/{code}",
            httponly=True,
            samesite="strict",
            secure=secure,
        )
        return Door(now=now, standing="waiting", until=begun[1])

    @routes.post("/house/{code}/faults", responses=refusals)
    async def report(code: Code, said: FaultReport, request: Request) -> FaultKept:
        """For the technician. Anybody who stands before the device may say so."""
        async with database.connection() as conn, conn.transaction():
            found = await visitor(conn, code, request)
            known = found.standing in ("paired", "family")
            await bounded(conn, code, request)
            source = {"paired": "phone", "family": "family"}.get(found.standing, "code")
            words = plain.lines(said.words) if known else ""
            number = await store.report_fault(conn, found.site, said.what, words, source)
            await audit.record(conn, found.who, "house.fault", str(number), found.site, kind=said.what)
        return FaultKept(number=number)

    @routes.get("/house/{code}/home", responses=refusals)
    async def page(code: Code, request: Request) -> Home:
        """What the household sees of its lamp, its people and its calls."""
        async with database.connection() as conn, conn.transaction():
            found = await inside(conn, code, request)
            return await _home(conn, found)

    @routes.post("/house/{code}/consents/withdraw", responses=refusals)
    async def withdraw(code: Code, said: ConsentGone, request: Request) -> Home:
        """At once. To give one again takes somebody who witnesses it."""
        async with database.connection() as conn, conn.transaction():
            found = await inside(conn, code, request, changes=True)
            await conn.execute("SELECT FROM household WHERE site = %s FOR UPDATE", (found.site,))
            try:
                before = await home.household(conn, vault, found.site)
                after = withdrawn(before, said.kind, await tree_store.today(conn))
            except NoConsent as why:
                raise problem(409, str(why), why.do) from why
            except InvalidTag as why:
                raise problem(409, "住户信息解不开 · it cannot be unsealed", "请联系管理员 · tell them") from why
            await audit.record(conn, found.who, "household.change", found.site, found.site)
            await household_store.write(conn, vault, {found.site: (before, after)}, found.who)
            return await _home(conn, found)

    @routes.post("/house/{code}/phones/{id}/end", responses=refusals)
    async def unpair(code: Code, id: int, request: Request) -> Home:
        """Ends the pairing of a phone, by a phone of the house."""
        async with database.connection() as conn, conn.transaction():
            found = await inside(conn, code, request, changes=True)
            shown = await _home(conn, found)
            if not 1 <= id <= 2**62 or not await store.end_pairing(conn, found.site, id, found.who):
                raise problem(404, "没有这部手机 · no such phone", "请刷新 · reload")
            await audit.record(conn, found.who, "house.unpair", str(id), found.site)
            return shown.model_copy(update={"phones": [one for one in shown.phones if one.id != id]})

    @routes.post("/house/{code}/evaluate", responses=refusals)
    async def evaluate(code: Code, said: Satisfied, request: Request) -> Home:
        """How it was, after somebody was there."""
        async with database.connection() as conn, conn.transaction():
            found = await inside(conn, code, request, changes=True)
            held = await incidents.lock(conn, said.incident)
            # Of a silent alarm this page does not know, whatever id it is given.
            if held is None or held[0].site != found.site or held[0].what == "silent":
                raise problem(404, "没有这起求助 · no such call", "请刷新 · reload")
            try:
                after, entry = acts.evaluate(held[0], said.marks, plain.lines(said.words), "住户 household", held[1])
            except Refused as why:
                raise problem(409, str(why), why.do) from why
            await audit.record(conn, found.who, "incident.do", after.id, found.site, act="evaluate")
            shown = await _home(conn, found, after)
            done = await change.keep(conn, vault, epoch(), [after], [entry])
        wake(done)
        return shown

    async def _home(conn: store.Connection, found: Visitor, changed: Incident | None = None) -> Home:
        """`changed`: an incident as it will be when this transaction ends."""
        site, now = found.site, await store.now(conn)
        row = await (await conn.execute("SELECT name FROM site WHERE id = %s", (site,))).fetchone()
        assert row is not None
        devices = await home.shown(conn, site)
        faults = await store.faults(conn, "s.id = %(site)s", {"site": site})
        try:
            kept = (await home.household(conn, vault, site)).consents
            consents = [HouseConsent(kind=c.kind, given_on=c.given_on, withdrawn_on=c.withdrawn_on) for c in kept]  # type: ignore[arg-type]
        except InvalidTag:
            consents = None
        calls = await home.calls(conn, site)
        calls = [changed if changed is not None and one.id == changed.id else one for one in calls]
        return Home(
            now=now,
            name=row[0],
            changes=found.standing == "paired",
            devices=[HouseDevice(kind=d.kind, well=d.well, last_seen=d.last_seen) for d in devices],
            drill_at=await home.last_drill(conn, series, [d.id for d in devices], calls),
            steps=[HouseStep(after_s=at, names=names) for at, names in await home.called(conn, seal, site, now)],
            consents=consents,
            family=[HouseRelative(display=person.display) for _, person, _ in await people.family(conn, site)],
            looks=[HouseLook(at=at, who=who) for at, who in await home.looks(conn, site)],
            calls=[_call(one) for one in calls],
            faults=[HouseFault(what=f.what, first_at=f.first_at) for f in faults],  # type: ignore[arg-type]
            phones=[phone_view(p, found.phone) for p in await store.phones(conn, site)],
        )

    return routes


def phone_view(one: store.Pairing, mine: int) -> HousePhone:
    assert one.paired_at is not None
    return HousePhone(id=one.id, agent=one.agent, paired_at=one.paired_at, seen_at=one.seen_at, mine=one.id == mine)


def _call(one: Incident) -> HouseCall:
    asked = life.may("evaluate", one.stage)
    return HouseCall(
        id=one.id,
        what=one.what,
        drill=one.drill,
        opened_at=one.opened_at,
        stage=one.stage,
        who=one.who,
        asked=asked,
    )
