"""`heartlamp-server figures …`: figures without the console."""

import argparse
import asyncio
import sys
import time
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from heartlamp_server.config import Config
from heartlamp_server.options import day, month

if TYPE_CHECKING:
    import psycopg

    from heartlamp_server.figures.store import Area

Connect: TypeAlias = Callable[[], AbstractAsyncContextManager["psycopg.AsyncConnection[Any]"]]
Opened: TypeAlias = Callable[[argparse.Namespace], tuple[Config, Connect]]
_Work: TypeAlias = Callable[[argparse.Namespace, Config, Connect], Awaitable[int]]


def add_to(commands: Any, config_option: Callable[[argparse.ArgumentParser], None], opened: Opened) -> None:
    """`commands`: what `add_subparsers` gave; `opened`: the configuration and the way to the database, of arguments."""
    verbs = commands.add_parser("figures", help="what the county counts").add_subparsers(required=True)

    def verb(name: str, work: _Work, help: str) -> argparse.ArgumentParser:
        def do(args: argparse.Namespace) -> int:
            return asyncio.run(_awaited(work(args, *opened(args))))

        sub: argparse.ArgumentParser = verbs.add_parser(name, help=help, description=help)
        config_option(sub)
        sub.set_defaults(do=do)
        return sub

    verb("recompute", _recompute, "make every fact anew from its timeline; says how many differed, and puts them right")
    report = verb("month", _month, "write the month's report, as .xlsx in the area's form or as .html to print")
    report.add_argument("month", type=month, help="2026-08, or any day of it")
    report.add_argument("--out", type=Path, required=True, help="FILE.xlsx or FILE.html")
    report.add_argument("--version", type=int, default=0, help="of a locked month; the one that counts")
    brief = verb("brief", _brief, "print the daily brief, or write it as .html")
    brief.add_argument("--day", type=day, help="on which it ends; the last one")
    brief.add_argument("--out", type=Path, help="FILE.html")
    for sub in (report, brief):
        sub.add_argument("--area", default="", help="a code or a name; the area that all others are in")
        sub.add_argument("--lang", choices=("zh", "en"), default="zh")
        sub.add_argument("--plain", action="store_true", help="without silent alarms, as for the village")
    form = verb("form", _form, "write the shipped form of the month's report, to begin a county's own from")
    form.add_argument("out", type=Path, help="FILE.xlsx")


async def _awaited(work: Awaitable[int]) -> int:
    return await work


async def _recompute(args: argparse.Namespace, config: Config, connect: Connect) -> int:
    from heartlamp_server.figures import keep

    began = time.monotonic()
    async with connect() as conn:
        await keep.refresh(conn, config.figures.zone)
        done = await keep.recompute(conn, config.figures.zone)
    for id in done.differed[:20]:
        print(f"{id}: differed")
    seconds = time.monotonic() - began
    print(f"{done.many} incidents, {len(done.differed)} facts differed and were put right, {seconds:.1f} s")
    return 1 if done.differed else 0


async def _month(args: argparse.Namespace, config: Config, connect: Connect) -> int:
    from heartlamp_server.audit import store as audit
    from heartlamp_server.figures import compute
    from heartlamp_server.figures.period import period
    from heartlamp_server.figures.report import template
    from heartlamp_server.figures.report.fields import fields, rows
    from heartlamp_server.figures.report.printed import page
    from heartlamp_server.responder.store import displays

    zone, out = config.figures.zone, args.out
    if out.suffix not in (".xlsx", ".html"):
        return _no(f"{out}: .xlsx or .html")
    async with connect() as conn:
        area = await _area(conn, args.area)
        if area is None:
            return 1
        of = period("month", args.month)
        told = await compute.told(conn, area, of, zone, not args.plain, version=args.version)
        if told is None:
            return _no(f"{of.first:%Y-%m} of {area.name} has no version {args.version}")
        head = told.lock.head if told.lock else (await audit.newest(conn)).head
        by = told.lock.locked_by if told.lock else ""
        by = (await displays(conn, [by])).get(by, by)
        form = await template.newest(conn, area.id)
    if out.suffix == ".html":
        out.write_text(page(told, zone, head, by, args.lang), encoding="utf-8")
    else:
        try:
            out.write_bytes(await template.fill(form[1] if form else b"", fields(told, zone, head, by), rows(told)))
        except template.NotFilled as why:
            for problem in why.problems:
                print(problem, file=sys.stderr)
            return _no("nothing was written")
    print(f"{out}: {area.name} {of.first:%Y-%m}, " + (f"version {told.lock.version}" if told.lock else "not locked"))
    return 0


async def _brief(args: argparse.Namespace, config: Config, connect: Connect) -> int:
    from heartlamp_server.figures import keep, store
    from heartlamp_server.figures.brief import store as briefs
    from heartlamp_server.figures.brief.model import newest_day, text
    from heartlamp_server.figures.brief.printed import page

    figures = config.figures
    async with connect() as conn:
        area = await _area(conn, args.area)
        if area is None:
            return 1
        now = await store.now(conn)
        newest = newest_day(now, figures.minute(area.code), figures.zone)
        day = args.day or newest
        if day > newest:
            return _no(f"the brief of {day} has not come to its hour")
        found = await briefs.kept(conn, area.id, day, not args.plain)
        if found is None:
            await keep.refresh(conn, figures.zone)
            found = await briefs.make(conn, area, day, figures.minute(area.code), figures.zone, not args.plain, now)
    if args.out:
        args.out.write_text(page(found, figures.zone, args.lang), encoding="utf-8")
    else:
        print(text(found, figures.zone, args.lang == "en"), end="")
    return 0


async def _form(args: argparse.Namespace, config: Config, connect: Connect) -> int:
    from heartlamp_server.figures.report.default import make

    make().save(args.out)
    print(f"{args.out} holds the shipped form")
    return 0


async def _area(conn: "psycopg.AsyncConnection[Any]", named: str) -> "Area | None":
    from heartlamp_server.figures import store

    if not named:
        id = await store.top(conn)
        found = [id] if id is not None else []
    else:
        cursor = await conn.execute(
            "SELECT id FROM area WHERE %(n)s IN (code, name) AND valid_to IS NULL", {"n": named}
        )
        found = [row[0] for row in await cursor.fetchall()]
    if len(found) != 1:
        _no(f"{named or 'the topmost area'}: " + ("several are called so: give the code" if found else "not known"))
        return None
    return await store.area(conn, found[0])


def _no(why: str) -> int:
    print(why, file=sys.stderr)
    return 1
