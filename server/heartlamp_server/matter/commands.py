"""`heartlamp-server matter …`: the catalogue as a file."""

import argparse
import asyncio
import sys
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from heartlamp_server.config import Config

if TYPE_CHECKING:
    import psycopg

Connect: TypeAlias = Callable[[], AbstractAsyncContextManager["psycopg.AsyncConnection[Any]"]]
Opened: TypeAlias = Callable[[argparse.Namespace], tuple[Config, Connect]]


def add_to(commands: Any, config_option: Callable[[argparse.ArgumentParser], None], opened: Opened) -> None:
    """`commands`: what `add_subparsers` gave; `opened`: the configuration and the way to the database, of arguments."""
    verbs = commands.add_parser("matter", help="the catalogue of matters").add_subparsers(required=True)
    take = verbs.add_parser("import", help="replace the catalogue by a file's; a bad row changes nothing")
    take.add_argument("file", type=Path, help="TOML, as `matter export` writes it")
    take.add_argument("--check", action="store_true", help="only say what is wrong with it")
    give = verbs.add_parser("export", help="print the catalogue that holds now")
    give.add_argument("--shipped", action="store_true", help="the one that this version ships with")
    for sub, work in ((take, _import), (give, _export)):
        config_option(sub)
        sub.set_defaults(do=lambda args, work=work: asyncio.run(work(args, lambda: opened(args)[1])))


async def _import(args: argparse.Namespace, connect: Callable[[], Connect]) -> int:
    from heartlamp_server.matter import store
    from heartlamp_server.matter.catalogue import read

    try:
        wanted, problems = read(args.file.read_text(encoding="utf-8"))
    except UnicodeDecodeError:
        wanted, problems = None, ["不是 UTF-8 编码 · not UTF-8"]
    for problem in problems:
        print(f"{args.file}: {problem}", file=sys.stderr)
    if wanted is None:
        print("nothing was changed", file=sys.stderr)
        return 1
    if args.check:
        print(f"{len(wanted.kinds)} matters in {len(wanted.groups)} groups, {len(wanted.services)} services: all good")
        return 0
    async with connect()() as conn, conn.transaction():
        await store.lock_catalogue(conn)
        before = await store.catalogue(conn)
        version = await store.keep_catalogue(conn, wanted, "the command line")
    new, gone = wanted.kinds.keys() - before.kinds.keys(), before.kinds.keys() - wanted.kinds.keys()
    changed = [c for c in wanted.kinds.keys() & before.kinds.keys() if wanted.kinds[c] != before.kinds[c]]
    print(f"catalogue {version}: {len(wanted.kinds)} matters; {len(new)} new, {len(changed)} changed, {len(gone)} gone")
    return 0


async def _export(args: argparse.Namespace, connect: Callable[[], Connect]) -> int:
    from heartlamp_server.matter import store
    from heartlamp_server.matter.catalogue import shipped_text, write

    if args.shipped:
        print(shipped_text(), end="")
        return 0
    async with connect()() as conn:
        print(write(await store.catalogue(conn)), end="")
    return 0
