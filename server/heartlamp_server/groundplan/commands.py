"""`heartlamp-server groundplan …`: what is drawn of a village, as a GeoJSON file."""

import argparse
import asyncio
import json
import sys
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from heartlamp_server.audit import operating
from heartlamp_server.config import Config

if TYPE_CHECKING:
    import psycopg

Connection: TypeAlias = "psycopg.AsyncConnection[Any]"
Connect: TypeAlias = Callable[[], AbstractAsyncContextManager["psycopg.AsyncConnection[Any]"]]
Opened: TypeAlias = Callable[[argparse.Namespace], tuple[Config, Connect]]
_Work: TypeAlias = Callable[[argparse.Namespace, Connection, int], Awaitable[int]]


def add_to(commands: Any, config_option: Callable[[argparse.ArgumentParser], None], opened: Opened) -> None:
    """`commands`: what `add_subparsers` gave; `opened`: the configuration and the way to the database, of arguments."""
    verbs = commands.add_parser("groundplan", help="what is drawn of villages").add_subparsers(required=True)
    take = verbs.add_parser("import", help="a new version of a village's; a bad feature changes nothing")
    give = verbs.add_parser("export", help="print the newest version as GeoJSON")
    for sub, work in ((take, _import), (give, _export)):
        sub.add_argument("village", help="its code, name, or `county township village`")
        config_option(sub)
        sub.set_defaults(do=lambda args, work=work: asyncio.run(_of_village(args, opened(args)[1], work)))
    take.add_argument("file", type=Path, help="GeoJSON in WGS-84: docs/screens.md says what it may hold")
    take.add_argument("--check", action="store_true", help="only say what is wrong with it")


async def _of_village(args: argparse.Namespace, connect: Connect, work: _Work) -> int:
    from heartlamp_server.groundplan import store
    from heartlamp_server.responder.commands import AREAS

    async with connect() as conn, conn.transaction():
        named = await (await conn.execute(AREAS, {"named": args.village})).fetchall()
        found = [row[0] for row in named if await store.village(conn, row[0])]
        if len(found) != 1:
            print(f"{len(found)} villages are called {args.village}: give the code", file=sys.stderr)
            return 1
        return await work(args, conn, found[0])


async def _import(args: argparse.Namespace, conn: Connection, village: int) -> int:
    from heartlamp_server.audit import store as audit
    from heartlamp_server.groundplan import store
    from heartlamp_server.groundplan.model import read

    try:
        document = json.loads(args.file.read_text(encoding="utf-8-sig"))
    except ValueError as error:
        print(f"{args.file} is not JSON: {error}", file=sys.stderr)
        return 1
    features, wrong = read(document, await store.every_site(conn, village))
    for one in wrong:
        print(f"{args.file}: {one}", file=sys.stderr)
    if wrong:
        print("nothing was changed", file=sys.stderr)
        return 1
    houses = sum(f.kind == "house" for f in features)
    if args.check:
        print(f"{len(features)} features, {houses} of them houses: all good")
        return 0
    await audit.record(conn, operating.person(), "groundplan.change", str(village), features=len(features))
    version = await store.keep(conn, village, features, operating.person(), None)
    print(f"version {version}: {len(features)} features, {houses} of them houses")
    return 0


async def _export(args: argparse.Namespace, conn: Connection, village: int) -> int:
    from heartlamp_server.groundplan import store
    from heartlamp_server.groundplan.model import write

    version, features = await store.read(conn, village)
    if not version:
        print("nothing is drawn of it yet", file=sys.stderr)
        return 1
    print(json.dumps(write(features), ensure_ascii=False, separators=(",", ":")))
    return 0
