"""`heartlamp-server roster …`: what is the same for every roster."""

import argparse
import asyncio
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from heartlamp_server.audit import operating
from heartlamp_server.audit import store as audit
from heartlamp_server.config import ConfigError
from heartlamp_server.responder.commands import Opened


def add_to(commands: Any, config_option: Callable[[argparse.ArgumentParser], None], opened: Opened) -> None:
    """As in responder/commands.py."""
    verbs = commands.add_parser("roster", help="duty rosters").add_subparsers(required=True)
    help = "public holidays and worked weekends: CSV with 日期,类型,名称; the years that it speaks of are replaced"
    sub: argparse.ArgumentParser = verbs.add_parser("holidays", help=help, description=help)
    sub.add_argument("file", type=Path)
    config_option(sub)
    sub.set_defaults(do=lambda args: asyncio.run(_holidays(args, opened)))


async def _holidays(args: argparse.Namespace, opened: Opened) -> int:
    from heartlamp_server.responder.roster import holidays, store

    try:
        text = args.file.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        try:
            text = args.file.read_text(encoding="gb18030")  # as Excel saves it in China
        except UnicodeDecodeError as wrong:
            raise ConfigError(f"{args.file} is neither UTF-8 nor GBK text: save it as CSV") from wrong
    days, problems = holidays.read(text)
    for problem in problems:
        print(f"not taken: {problem}", file=sys.stderr)
    if problems or not days:
        print("nothing was changed", file=sys.stderr)
        return 1
    _, connect = opened(args)
    async with connect() as conn, conn.transaction():
        await audit.record(conn, operating.person(), "holiday.set", "")
        await store.set_holidays(conn, days)
    years = sorted({day.day.year for day in days})
    print(f"{len(days)} days of {', '.join(map(str, years))} are entered")
    return 0
