"""An office's table of areas, sites or households by the console: tried first, then kept, with the reason of each row
that is not. The file itself is written nowhere: it may hold what households said of themselves."""

import asyncio
import zipfile
from datetime import date
from io import BytesIO
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Query, Request

from heartlamp_server.area import tree_store
from heartlamp_server.area.importing import areas, columns, households, sheet, sites, store
from heartlamp_server.area.importing.columns import Cells
from heartlamp_server.area.importing.report import Outcome
from heartlamp_server.area.importing.views import TableTaken, taken
from heartlamp_server.area.reader import Reader
from heartlamp_server.area.routes import ERRORS, Reads
from heartlamp_server.area.seal import Sealer
from heartlamp_server.area.tree_store import Connection
from heartlamp_server.audit import store as audit
from heartlamp_server.database.pool import Database
from heartlamp_server.problems import problem

BYTES_MAX = 4 * 1024 * 1024
ROWS_MAX = 20_000
UNPACKED_MAX = 64 * 1024 * 1024
"""What is larger goes by the command line: alarms are taken in by this process too."""
_KINDS = {"areas": areas.COLUMNS, "sites": sites.COLUMNS, "households": households.COLUMNS}


def router(database: Database, reads: Reads, seal: Sealer, retold: store.Retold) -> APIRouter:
    routes = APIRouter()
    Changes = Annotated[Reader, Depends(reads("area.change"))]

    @routes.post("/area-tables/{kind}", responses=ERRORS)
    async def take_table(
        kind: Literal["areas", "sites", "households"],
        request: Request,
        reader: Changes,
        name: Annotated[str, Query(max_length=200)] = "",
        dry: bool = True,
        since: date | None = None,
    ) -> TableTaken:
        """The body is the file, CSV or XLSX; `dry`: says what would be done. `since`: names and codes that differ hold
        from this day, and what was is kept. Of the whole county only: a table may name any area."""
        if reader.changes is not None:
            raise problem(
                403, "导入表格由县级管理员做 · tables are taken in for the whole county", "请联系县级管理员 · ask there"
            )
        data = await request.body()
        try:
            cells, unknown = await asyncio.to_thread(_cells, data, name, kind)
        except sheet.NoSheet as why:
            raise problem(
                409, f"文件读不了 · cannot be read: {why}", "请更正文件，什么都没有改 · correct it; nothing was changed"
            ) from why
        async with database.connection() as conn:
            if kind == "areas":
                outcome = await _areas(conn, cells, reader.name, dry, since)
            elif kind == "households":
                outcome = await _households(conn, cells, reader.name, dry, seal)
            else:
                outcome = await _sites(conn, cells, reader.name, dry, retold)
        return taken(outcome, len(cells), unknown, not dry)

    return routes


def _cells(data: bytes, name: str, kind: str) -> tuple[list[Cells], list[str]]:
    """Raises sheet.NoSheet."""
    _looked_at(data)
    rows = []
    for row in sheet.read_data(data, name):
        rows.append(row)
        if len(rows) > ROWS_MAX:
            raise sheet.NoSheet(f"more than {ROWS_MAX} rows: use heartlamp-server import, or split it")
    head = columns.find_head(rows, _KINDS[kind])
    cells = [Cells(row, head) for row in rows if row[0] > head.row]
    if not cells:
        raise sheet.NoSheet(f"there is a head in row {head.row} and nothing below it")
    return cells, list(head.unknown)


def _looked_at(data: bytes) -> None:
    """A small file can grow without end when it is unpacked."""
    if not data.startswith(b"PK"):
        return
    try:
        with zipfile.ZipFile(BytesIO(data)) as book:
            size = sum(part.file_size for part in book.infolist())
    except zipfile.BadZipFile as why:
        raise sheet.NoSheet("it is called a spreadsheet and is none: open it and save it anew") from why
    if size > UNPACKED_MAX:
        raise sheet.NoSheet("it is too large when it is unpacked: split it")


async def _areas(conn: Connection, cells: list[Cells], who: str, dry: bool, since: date | None) -> Outcome:
    async with conn.transaction():  # half a tree is none
        await tree_store.one_at_a_time(conn)
        tree, members = await tree_store.read(conn), await store.members(conn)
        today = await tree_store.today(conn)
        if since is not None and since > today:
            raise problem(409, f"{since} 还没有到 · {since} is yet to come", "请到那一天再导入 · import it on that day")
        plan, outcome = await asyncio.to_thread(areas.plan, cells, tree, members, today, since)
        if not dry:
            await _recorded(conn, who, "areas", outcome)
            await store.write_areas(conn, plan, since or today)
    return outcome


async def _sites(conn: Connection, cells: list[Cells], who: str, dry: bool, retold: store.Retold) -> Outcome:
    tree = await tree_store.read(conn)
    changed, outcome = await asyncio.to_thread(sites.plan, cells, tree, await store.known_sites(conn))
    if not dry:
        async with conn.transaction():
            await _recorded(conn, who, "sites", outcome)
        await store.write_sites(conn, changed, tree, retold, lambda more: None)
    return outcome


async def _households(conn: Connection, cells: list[Cells], who: str, dry: bool, seal: Sealer) -> Outcome:
    known = await store.known_households(conn, seal, households.named(cells), lambda more: None)
    changed, outcome = await asyncio.to_thread(households.plan, cells, known, await tree_store.today(conn))
    if not dry:
        async with conn.transaction():
            await _recorded(conn, who, "households", outcome)
        await store.write_households(conn, seal, changed, known, who, lambda more: None)
    return outcome


async def _recorded(conn: Connection, who: str, kind: str, outcome: Outcome) -> None:
    await audit.record(
        conn, who, "area.table", "", kind=kind, added=outcome.added, changed=outcome.changed, bad=outcome.rows_refused()
    )
