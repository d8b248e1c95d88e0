"""`heartlamp-server notify …`: what an administrator asks of the channels. Each returns the exit code."""

import argparse
import asyncio
import os
import secrets
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

from heartlamp_server.config import Config

HooksOf = Callable[[Config], Any]
"""What the rest of the county does with answers and proofs: handover.Hooks."""
Running = Callable[[Config], AbstractContextManager[str]]
"""The database for one command, started where it does not run; its conninfo."""


def add_to(commands: Any, read: Callable[[Path], Config], running: Running, hooks: HooksOf) -> None:
    """`commands`: of an argument parser."""
    group = commands.add_parser("notify", help="ways to tell people").add_subparsers(required=True)
    for verb, work, help in (
        ("run", partial(_run, hooks), "send messages until SIGTERM; any number of such processes may run"),
        ("channels", _channels, "what server.toml sets up, and what is wrong with it; sends nothing"),
        ("test", _test, "send one message that says that it is a test, and say what becomes of it"),
    ):
        sub = group.add_parser(verb, help=help, description=help)
        sub.add_argument("--config", type=Path, default=Path("server.toml"))
        sub.set_defaults(do=lambda args, work=work: _on_database(args, read, running, work))
        if verb == "run":
            sub.add_argument("--until-eof", action="store_true", help="ends when its standard input does")
        if verb == "test":
            sub.add_argument("channel", help="as server.toml names it")
            sub.add_argument(
                "address", help="a number, +8613800000000; a mailbox; a name of a chat or webhook; an account"
            )
            sub.add_argument("--lang", default="zh")
            sub.add_argument("--wait", type=float, default=0.0, help="seconds to wait for what the provider reports")


def _on_database(args: argparse.Namespace, read: Callable[[Path], Config], running: Running, work: Any) -> int:
    config = read(args.config)
    code = 1
    with running(config) as conninfo:
        code = asyncio.run(work(args, config, conninfo))
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)  # a provider's SDK that hangs in a thread must not hold up the end


async def _run(hooks: HooksOf, args: argparse.Namespace, config: Config, conninfo: str) -> int:
    from heartlamp_server.notification.run import run

    await run(config, conninfo, hooks(config), args.until_eof)
    return 0


async def _channels(args: argparse.Namespace, config: Config, conninfo: str) -> int:
    from heartlamp_server.database.pool import Database
    from heartlamp_server.notification.settings import open_channels

    opened = open_channels(config.notification, config.folder, Database(conninfo))
    for name, channel in sorted(opened.channels.items()):
        print(f"{name:<16} {'rings' if channel.trait.wakes else 'wakes nobody'}")
    for name, why in sorted(opened.broken.items()):
        print(f"{name:<16} does not work: {why}")
    if not any(channel.trait.wakes for channel in opened.channels.values()):
        print("no channel rings a telephone: nobody is woken by this county", file=sys.stderr)
        return 1
    return 1 if opened.broken else 0


async def _test(args: argparse.Namespace, config: Config, conninfo: str) -> int:
    """Sends it from here, whether or not a worker runs, so that what fails is said here."""
    from heartlamp_server.database.pool import Database
    from heartlamp_server.database.store import check_schema
    from heartlamp_server.notification import model, outcome, store
    from heartlamp_server.notification.settings import open_channels
    from heartlamp_server.notification.texts import Texts
    from heartlamp_server.notification.worker import attempt

    database = Database(conninfo)
    opened = open_channels(config.notification, config.folder, database)
    channel = opened.channels.get(args.channel)
    if channel is None:
        why = opened.broken.get(args.channel, f"server.toml has no [notification.{args.channel}]")
        print(f"{args.channel} does not work: {why}", file=sys.stderr)
        return 1
    await database.open(check_schema, check_schema)
    wanted = model.Wanted(
        incident=store.TEST,
        version=0,
        step=0,
        target=f"test-{secrets.token_hex(4)}",
        kind="test",
        fields={"label": ""},
        ways=(model.Way(args.channel, args.address),),
        lang=args.lang,
    )
    async with database.connection() as conn, conn.transaction():
        now = await store.now(conn)
        [id] = await store.ask(
            conn, wanted, {args.channel: channel.trait}, now, leased_until=now + model.LEASE + timedelta(seconds=10)
        )
        row = await store.row(conn, id)
    sent, failed = await attempt(channel, [row], Texts(), None)
    async with database.connection() as conn, conn.transaction():
        now = await store.now(conn)
        if sent is None:
            assert failed is not None
            await outcome.end(conn, [row], failed.why, now)
        else:
            await outcome.sent(conn, [row], channel.provider, sent.provider_id, sent.state, channel.trait.proves, now)
            await store.fault(conn, args.channel, "", now)
    if failed is not None:
        do = {
            "again": "it may work later: try again",
            "elsewhere": "this address does not do: correct it",
            "administrator": "the channel works for nobody: see to it at the provider, or in server.toml",
        }[failed.what]
        print(f"not sent: {failed.why}\n{do}", file=sys.stderr)
        await database.close()
        return 1
    print(f"the provider took it{f' as {sent.provider_id}' if sent and sent.provider_id else ''}")
    await _follow(database, channel, id, args.wait)
    await database.close()
    return 0


async def _follow(database: Any, channel: Any, id: int, seconds: float) -> None:
    """Says each new state, as reports come to the running server, or the provider says when asked."""
    from heartlamp_server.notification import store
    from heartlamp_server.notification.channels.channel import Failed
    from heartlamp_server.notification.handover import Handover, Hooks

    handover = Handover(database, {"": channel}, Hooks())
    said = "sent"
    for second in range(int(seconds)):
        await asyncio.sleep(1)
        if second % 5 == 4 and channel.trait.proves:
            try:
                await handover.ask(channel, 1.0)
            except Failed as wrong:
                print(f"the provider cannot be asked: {wrong.why}", file=sys.stderr)
        async with database.connection() as conn:
            state, why = await store.state(conn, id)
        if state != said:
            print(f"{state}{f': {why}' if why else ''}")
            said = state
        if state in ("answered", "seen", "failed"):
            return
