"""What a technician says of firmware at the command line. Each returns the exit code."""

import argparse
import asyncio
import sys
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from functools import partial
from pathlib import Path
from typing import Any, TypeAlias

from heartlamp_protocol.bundles import BundleError, read_bundle, signed_by, version_text
from heartlamp_protocol.refusals import refusal

from heartlamp_server import config as configuration
from heartlamp_server.audit import operating
from heartlamp_server.audit import store as audit
from heartlamp_server.config import ConfigError
from heartlamp_server.firmware import store
from heartlamp_server.firmware.model import outcome, read_key
from heartlamp_server.running import config_option, connected
from heartlamp_server.telemetry import opening
from heartlamp_server.telemetry.model import SeriesAway

Connect: TypeAlias = Callable[[], AbstractAsyncContextManager[store.Connection]]


def add_to(commands: Any) -> None:
    """`commands`: of an argument parser."""
    verbs = commands.add_parser("firmware", help="the devices' programs").add_subparsers(required=True)
    for verb, work, help in (
        ("add", add, "take in a signed bundle"),
        ("offer", offer, "offer a bundle to a village, a household group or one device"),
        ("withdraw", withdraw, "end every offer of a bundle; who has it keeps it"),
        ("list", show, "what there is, and what became of it at each device that it is offered to"),
    ):
        sub = verbs.add_parser(verb, help=help, description=help)
        sub.set_defaults(do=partial(_do, work))
        config_option(sub)
        if verb == "add":
            sub.add_argument("file", type=Path, help="heartlamp-….hlb")
            sub.add_argument("--key", type=Path, required=True, help="which devices trust: update_key.json or a PEM")
        elif verb != "list":
            sub.add_argument("bundle", help="its id")
        if verb == "offer":
            to = sub.add_mutually_exclusive_group(required=True)
            to.add_argument("--village", help="its name, code or gateway")
            to.add_argument("--group", help="its name, or `county township village group` where several have it")
            to.add_argument("--device")
            sub.add_argument("--again", action="store_true", help="also to devices that have refused it before")


def _do(work: Callable[[argparse.Namespace, Connect], Awaitable[int]], args: argparse.Namespace) -> int:
    async def done() -> int:
        return await work(args, lambda: connected(configuration.read(args.config)))

    return asyncio.run(done())


async def add(args: argparse.Namespace, connect: Connect) -> int:
    """`file`, `key`. Raises ConfigError, OSError."""
    data = args.file.read_bytes()
    try:
        modulus = read_key(args.key.read_text())
    except (ValueError, KeyError) as wrong:
        raise ConfigError(f"{args.key} holds no key that devices could trust: {wrong}") from wrong
    try:
        bundle = read_bundle(data)
    except BundleError as wrong:
        raise ConfigError(f"{args.file} is not taken: {wrong}") from wrong
    if not signed_by(bundle, modulus):
        raise ConfigError(f"{args.file} is not taken: it is not signed by the key of {args.key}, devices refuse it")
    async with connect() as conn, conn.transaction():
        new = await store.add(conn, bundle, data)
        await audit.record(conn, operating.person(), "firmware.add", bundle.id)
    said = f"{version_text(bundle.version)} for {', '.join(bundle.boards)}"
    print(said if new else f"{said} was there already", file=sys.stderr)
    print(bundle.id)
    return 0


async def offer(args: argparse.Namespace, connect: Connect) -> int:
    """`bundle`, one of `village`, `group`, `device`, and `again`."""
    async with connect() as conn:
        if await store.size(conn, args.bundle) is None:
            return _no(f"there is no bundle {args.bundle}: see `firmware list`")
        if args.device:
            known = await (await conn.execute("SELECT FROM device WHERE id = %s", (args.device,))).fetchone()
            if known is None:
                return _no(f"{args.device} is not known")
            async with conn.transaction():
                await store.offer(conn, args.bundle, None, args.device, args.again)
                to, again = args.device, int(args.again)
                await audit.record(conn, operating.person(), "firmware.offer", args.bundle, device=to, again=again)
            print(f"{args.device} is offered {args.bundle}")
            return 0
        level, name = ("village", args.village) if args.village else ("group", args.group)
        found = await store.areas(conn, level, name)
        if not found:
            return _no(f"{name} is not known")
        if len(found) > 1:
            return _no(f"{name} is one of several, say which:" + "".join(f"\n  {path}" for _, path in found))
        async with conn.transaction():
            await store.offer(conn, args.bundle, found[0][0], None, args.again)
            area, again = found[0][0], int(args.again)
            await audit.record(conn, operating.person(), "firmware.offer", args.bundle, area=area, again=again)
        print(f"{found[0][1]} is offered {args.bundle}")
    return 0


async def withdraw(args: argparse.Namespace, connect: Connect) -> int:
    """`bundle`."""
    async with connect() as conn, conn.transaction():
        ended = await store.withdraw(conn, args.bundle)
        if ended:
            await audit.record(conn, operating.person(), "firmware.withdraw", args.bundle, offers=ended)
    print(f"{ended} offers of {args.bundle} are ended")
    return 0 if ended else 1


async def show(args: argparse.Namespace, connect: Connect) -> int:
    series = opening.series(configuration.read(args.config).telemetry)
    async with connect() as conn:
        bundles = await store.bundles(conn)
        try:
            heard = await store.heard(conn, series)
        except SeriesAway as error:
            return _no(f"what devices say of themselves cannot be looked up now: {error}")
    for b in bundles:
        boards = ", ".join(b.boards)
        print(f"{b.id}  {version_text(b.version):<8} {b.size:>7} bytes, {b.offers} offers, for {boards}")
        for d in (d for d in heard if d.bundle == b.id):
            now = version_text(d.version) if d.version else "never heard of"
            word = outcome(d)
            why = f": {refusal(d.refused).english}" if word == "refused" else ""
            print(f"  {d.device:<20} {d.site:<16} {now:<10} {word}{why}")
    return 0


def _no(why: str) -> int:
    print(why, file=sys.stderr)
    return 1
