"""What households gave of themselves: seen by who must know, each look written down; exported and erased for them;
lists that two people let go."""

import csv
import json
from collections.abc import Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import date, datetime
from functools import partial
from io import StringIO
from typing import Annotated, Any

from cryptography.exceptions import InvalidTag
from fastapi import APIRouter, Depends, Response
from psycopg.rows import dict_row

from heartlamp_server import plain
from heartlamp_server.area import household_store, list_store, tree_store
from heartlamp_server.area.erase import HELD
from heartlamp_server.area.export import page as export_page_of
from heartlamp_server.area.household import Consent, Contact, Household, Needs, Refused, checked, given, withdrawn
from heartlamp_server.area.importing.report import harmless
from heartlamp_server.area.phone import e164
from heartlamp_server.area.reader import Reader, within
from heartlamp_server.area.routes import ERRORS, Reads, seen
from heartlamp_server.area.seal import Sealer
from heartlamp_server.area.site_routes import seen_site
from heartlamp_server.area.tree_store import Connection
from heartlamp_server.area.views import (
    AreaMade,
    ConsentEnd,
    ConsentView,
    ContactView,
    Erased,
    HouseholdEdit,
    HouseholdView,
    Id,
    ListAsked,
    Lists,
    ListView,
    NeedsView,
    NewConsent,
)
from heartlamp_server.database.pool import Database
from heartlamp_server.problems import problem

Look = Callable[[Connection, str, str, str], Awaitable[None]]
"""Called with (connection, who, what, id) in the transaction of each look and change; its failure fails them."""

FORBIDDEN = partial(
    problem, 403, "您无权查看住户信息 · households' data is not for you", "请联系管理员 · ask an administrator"
)


UNSEALED = partial(
    problem,
    409,
    "住户信息解不开：密钥文件不符，或数据被改动 · it cannot be unsealed: another key file, or the row was changed",
    "恢复原密钥文件，或重新登记 · bring the key file back, or record it anew",
)


async def unwatched(conn: Connection, who: str, what: str, id: str) -> None:
    """Writes nothing down."""


def router(database: Database, reads: Reads, seal: Sealer, look: Look = unwatched) -> APIRouter:
    routes = APIRouter()
    Looks = Annotated[Reader, Depends(reads("household.see"))]
    Changes = Annotated[Reader, Depends(reads("household.change"))]
    Exports = Annotated[Reader, Depends(reads("household.export"))]

    @asynccontextmanager
    async def looked(reader: Reader, site: str, what: str, write: bool = False) -> Any:
        """A transaction in which somebody looks at the household; locked, where it is to be written."""
        async with database.connection() as conn, conn.transaction():
            row, path, *_ = await seen_site(conn, reader, site)
            ids = [node.id for node in path]
            if not within(reader.looks, ids) or (write and not within(reader.changes, ids)):
                raise FORBIDDEN()
            if row.kind != "household":
                raise problem(409, "这个点位不是住户 · this site is no household", "请核对 · check it")
            if write:
                await conn.execute(
                    "INSERT INTO household (site, changed_by) VALUES (%s, %s) ON CONFLICT DO NOTHING",
                    (site, reader.name),
                )
                await conn.execute("SELECT FROM household WHERE site = %s FOR UPDATE", (site,))
            await look(conn, reader.name, what, site)
            try:
                yield conn
            except Refused as why:
                raise problem(409, str(why), why.do) from why
            except InvalidTag as why:
                raise UNSEALED() from why

    async def held_of(conn: Connection, site: str) -> dict[str, Any]:
        rows: dict[str, Any] = {"household": _view(await read(conn, site)).model_dump(mode="json")}
        for held in HELD:
            if held.export:
                cursor = conn.cursor(row_factory=dict_row)
                await cursor.execute(held.export, {"site": site})
                rows[held.table] = json.loads(json.dumps(await cursor.fetchall(), default=_as_text))
        rows["not in here"] = {h.table: f"{h.what}: {h.stays}" for h in HELD if not h.export and h.stays}
        return rows

    async def read(conn: Connection, site: str) -> Household:
        return (await household_store.read(conn, seal, [site])).get(site, Household())

    @routes.get("/sites/{id}/household", responses=ERRORS)
    async def household_of(id: str, reader: Looks) -> HouseholdView:
        """What a household gave of itself; the look is written down."""
        async with looked(reader, id, "household seen") as conn:
            return _view(await read(conn, id))

    @routes.post("/sites/{id}/household", responses=ERRORS)
    async def edit_household(id: str, said: HouseholdEdit, reader: Changes) -> HouseholdView:
        """Writes down what a household gives of itself, where it consented."""
        contacts = tuple(Contact(plain.name(c.role), _e164(c.number), plain.name(c.language)) for c in said.contacts)
        needs = Needs(**{name: plain.name(text) for name, text in said.needs.model_dump().items()})
        async with looked(reader, id, "household changed", write=True) as conn:
            before = await read(conn, id)
            after = checked(before, contacts, needs)
            await household_store.write(conn, seal, {id: (before, after)}, reader.name)
        return _view(after)

    @routes.post("/sites/{id}/consents", responses=ERRORS)
    async def record_consent(id: str, said: NewConsent, reader: Changes) -> HouseholdView:
        """Records a consent with its witness or recording."""
        async with looked(reader, id, f"consent to {said.kind} recorded", write=True) as conn:
            before = await read(conn, id)
            consent = Consent(said.kind, said.given_on, said.how, plain.name(said.evidence))
            after = given(before, consent, await tree_store.today(conn))
            await household_store.write(conn, seal, {id: (before, after)}, reader.name)
        return _view(after)

    @routes.post("/sites/{id}/consents/withdraw", responses=ERRORS)
    async def withdraw_consent(id: str, said: ConsentEnd, reader: Changes) -> HouseholdView:
        """Who takes back the consent to data has contacts and what to know deleted by it."""
        async with looked(reader, id, f"consent to {said.kind} withdrawn", write=True) as conn:
            before = await read(conn, id)
            after = withdrawn(before, said.kind, await tree_store.today(conn))
            await household_store.write(conn, seal, {id: (before, after)}, reader.name)
        return _view(after)

    @routes.get("/sites/{id}/export", responses=ERRORS)
    async def export_household(id: str, reader: Exports) -> dict[str, Any]:
        """All that is kept of this household, for itself."""
        async with looked(reader, id, "household exported") as conn:
            return await held_of(conn, id)

    @routes.get("/sites/{id}/export.html", responses=ERRORS, response_class=Response)
    async def export_page(id: str, reader: Exports) -> Response:
        """The same, to be printed or read by the household."""
        async with looked(reader, id, "household exported") as conn:
            page = export_page_of(id, await held_of(conn, id))
        headers = {"Content-Disposition": f'attachment; filename="household-{id}.html"'}
        return Response(page, media_type="text/html; charset=utf-8", headers=headers)

    @routes.post("/sites/{id}/erase", responses=ERRORS)
    async def erase_household(id: str, reader: Changes) -> Erased:
        """Blanks what is personal, keeps ids and figures."""
        async with looked(reader, id, "household erased", write=True) as conn:
            await household_store.erase(conn, id, reader.name)
        return Erased(stays=[f"{held.table}: {held.stays}" for held in HELD if held.stays])

    @routes.post("/household-lists", responses=ERRORS)
    async def ask_for_list(said: ListAsked, reader: Exports) -> AreaMade:
        """Another person has to release it."""
        async with database.connection() as conn, conn.transaction():
            path = await seen(conn, reader, said.area)
            if not within(reader.lists, [node.id for node in path]):
                raise FORBIDDEN()
            id = await list_store.ask(conn, said.area, plain.name(said.why), reader.name)
            await look(conn, reader.name, "list of households asked for", str(id))
        return AreaMade(id=id)

    @routes.get("/household-lists", responses=ERRORS)
    async def lists(reader: Exports) -> Lists:
        """Lists of households that were asked for, and who released them."""
        async with database.connection() as conn:
            found = await list_store.newest(conn)
            paths = {a.area: [n.id for n in await tree_store.path(conn, a.area)] for a in found}
        return Lists(lists=[ListView(**a.fields()) for a in found if within(reader.lists, paths[a.area])])

    @routes.post("/household-lists/{id}/release", status_code=204, responses=ERRORS)
    async def release_list(id: Id, reader: Exports) -> None:
        """Releases a list that another person asked for."""
        async with database.connection() as conn, conn.transaction():
            asked = await _list(conn, reader, id)
            if asked.asked_by == reader.name:
                raise problem(
                    409, "申请人不能自己放行 · who asked cannot release it", "请另一位放行 · another person has to"
                )
            if asked.released_at is not None:
                raise problem(409, "已经放行 · it is released already", "请刷新 · reload")
            await list_store.release(conn, id, reader.name)
            await look(conn, reader.name, "list of households released", str(id))

    @routes.post("/household-lists/{id}/take", responses=ERRORS)
    async def take_list(id: Id, reader: Exports) -> Response:
        """The table, once, for who asked, within a day of its release."""
        async with database.connection() as conn, conn.transaction():
            asked = await _list(conn, reader, id)
            if asked.asked_by != reader.name or not await list_store.take(conn, id):
                raise problem(
                    409, "未放行、已过期或已取走 · not released, over, or taken", "请重新申请 · ask for it again"
                )
            await look(conn, reader.name, "list of households taken", str(id))
            try:
                text = await _table(conn, seal, asked.area)
            except InvalidTag as why:
                raise UNSEALED() from why
        headers = {"Content-Disposition": f'attachment; filename="households-{id}.csv"'}
        return Response("\ufeff" + text, media_type="text/csv; charset=utf-8", headers=headers)

    return routes


async def _list(conn: Connection, reader: Reader, id: int) -> list_store.Asked:
    """Locked. 404 where there is none for this reader."""
    asked = await list_store.one(conn, id)
    path = await tree_store.path(conn, asked.area) if asked else []
    if asked is None or not within(reader.lists, [node.id for node in path]):
        raise problem(404, "没有这份名单 · no such list", "请刷新 · reload")
    return asked


async def _table(conn: Connection, seal: Sealer, area: int) -> str:
    out = StringIO()
    table = csv.writer(out)
    table.writerow(["点位编号", "位置", "名称", "地址", "地标", "联系人", "钥匙", "狗", "楼梯", "危险"])
    for piece in await list_store.sites(conn, area):
        households = await household_store.read(conn, seal, [row[0] for row in piece])
        for id, place, name, address, landmark in piece:
            h = households.get(id, Household())
            contacts = "；".join(f"{c.role} {c.number} {c.language}".strip() for c in h.contacts)
            n = h.needs
            row = [id, place, name, address, landmark, contacts, n.key_holder, n.dog, n.stairs, n.hazards]
            table.writerow([harmless(cell) for cell in row])
    return out.getvalue()


def _view(household: Household) -> HouseholdView:
    n = household.needs
    return HouseholdView(
        contacts=[ContactView(role=c.role, number=c.number, language=c.language) for c in household.contacts],
        needs=NeedsView(key_holder=n.key_holder, dog=n.dog, stairs=n.stairs, hazards=n.hazards),
        consents=[
            ConsentView(
                kind=c.kind,  # type: ignore[arg-type]
                given_on=c.given_on,
                how=c.how,  # type: ignore[arg-type]
                evidence=c.evidence,
                withdrawn_on=c.withdrawn_on,
            )
            for c in household.consents
        ],
    )


def _e164(number: str) -> str:
    try:
        return e164(number)
    except ValueError as why:
        raise problem(409, str(why), "请更正号码 · correct the number") from why


def _as_text(value: object) -> str:
    if isinstance(value, (date, datetime)):
        return value.isoformat()
    raise TypeError(type(value).__name__)
