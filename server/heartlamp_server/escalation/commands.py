"""`heartlamp-server policy …`: whom to call at which silence. Each returns the exit code."""

import argparse
import asyncio
import sys
import tomllib
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from heartlamp_protocol.device.names import WHATS

from heartlamp_server.config import Config

if TYPE_CHECKING:
    import psycopg

Connection: TypeAlias = "psycopg.AsyncConnection[Any]"
Connect: TypeAlias = Callable[[], AbstractAsyncContextManager["psycopg.AsyncConnection[Any]"]]
Opened: TypeAlias = Callable[[argparse.Namespace], tuple[Config, Connect]]
_Work: TypeAlias = Callable[[argparse.Namespace, Config, Connect], Awaitable[int]]

UNTIL_S = 1800


def add_to(commands: Any, config_option: Callable[[argparse.ArgumentParser], None], opened: Opened) -> None:
    """As in responder/commands.py."""
    verbs = commands.add_parser("policy", help="whom to call at which silence").add_subparsers(required=True)

    def verb(name: str, work: _Work, help: str) -> argparse.ArgumentParser:
        def do(args: argparse.Namespace) -> int:
            return asyncio.run(_awaited(work(args, *opened(args))))

        sub: argparse.ArgumentParser = verbs.add_parser(name, help=help, description=help)
        config_option(sub)
        sub.set_defaults(do=do)
        return sub

    take = verb("import", _import, "take in policies as TOML; all of them or none")
    take.add_argument("file", type=Path, help="[[policy]] with id, steps and what else docs/escalation.md has")
    verb("list", _list, "the policies that hold, the special before the general")
    end = verb("end", _end, "a policy holds no more; open calls keep their course")
    end.add_argument("id")
    simulate = verb("simulate", _simulate, "who would be called when for a call of this site, if nobody answered")
    simulate.add_argument("site")
    simulate.add_argument("--what", default="panic", choices=WHATS)
    simulate.add_argument("--seconds", type=int, default=UNTIL_S, help="how long nobody answers")

    plan = commands.add_parser("plan", help="villages' escalation plans").add_subparsers(required=True)
    words = "hand a village's gateway an escalation plan; prints its version"
    load = plan.add_parser("load", help=words, description=words)
    load.set_defaults(do=lambda args: asyncio.run(_awaited(_plan_load(args, *opened(args)))))
    load.add_argument("name")
    config_option(load)
    load.add_argument("--file", type=Path, required=True, help="the plan as JSON; its version is ours to give")


async def _awaited(work: Awaitable[int]) -> int:
    return await work


async def _import(args: argparse.Namespace, config: Config, connect: Connect) -> int:
    from heartlamp_server.audit import operating
    from heartlamp_server.audit import store as audit
    from heartlamp_server.escalation import policies, saving

    try:
        written = tomllib.loads(args.file.read_text(encoding="utf-8")).get("policy", [])
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as wrong:
        return _no(f"{args.file}: {wrong}; nothing was changed")
    if not isinstance(written, list):
        return _no(f"{args.file}: what begins with [[policy]] is a policy; nothing was changed")
    try:
        read = [(policies.written(one), str(one.get("area", "")), int(one.get("place", 0))) for one in written]
    except ValueError as wrong:
        return _no(f"{args.file}: {wrong}; nothing was changed")
    if twice := {policy.id for policy, _, _ in read if [p.id for p, _, _ in read].count(policy.id) > 1}:
        return _no(f"{args.file}: there are several of {', '.join(sorted(twice))}; nothing was changed")
    if not read:
        return _no(f"{args.file} has no [[policy]]; nothing was changed")
    async with connect() as conn, conn.transaction():
        known = [(policy, await _area(conn, named), place) for policy, named, place in read]
        lost = [
            f"{policy.id}: there is no area {named}, or several"
            for (policy, area, _), (_, named, _) in zip(known, read, strict=True)
            if area == ""
        ]
        if lost:
            return _no("\n".join(lost) + "\nnothing was changed")
        good = [(policy, area, place) for policy, area, place in known if not isinstance(area, str)]
        said = [
            f"{policy.id}, {f'step {fault.step}' if fault.step else 'the whole'}: {fault.zh} · {fault.en}"
            for policy, area, _ in good
            for fault in await saving.faults_of(conn, policy, area)
        ]
        if said:
            return _no("\n".join(said) + "\nnothing was changed")
        for policy, area, place in good:
            version = await policies.save(conn, policy, area, place, operating.person())
            await audit.record(conn, operating.person(), "policy.change", policy.id, version=version)
            print(f"{policy.id}: version {version}, {len(policy.steps)} steps")
    return 0


async def _end(args: argparse.Namespace, config: Config, connect: Connect) -> int:
    from heartlamp_server.audit import operating
    from heartlamp_server.audit import store as audit
    from heartlamp_server.escalation import policies

    async with connect() as conn, conn.transaction():
        version = await policies.end(conn, args.id)
        if version is None:
            return _no(f"no policy {args.id} holds; nothing was changed")
        await audit.record(conn, operating.person(), "policy.end", args.id, version=version)
    print(f"{args.id}: version {version} holds no more; villages are told within a minute")
    return 0


async def _plan_load(args: argparse.Namespace, config: Config, connect: Connect) -> int:
    from heartlamp_protocol.device.frame import FrameError
    from heartlamp_protocol.escalation.check import faults
    from heartlamp_protocol.escalation.plan import Plan

    from heartlamp_server.audit import operating
    from heartlamp_server.audit import store as audit
    from heartlamp_server.escalation import store

    try:
        plan = Plan.from_json(args.file.read_bytes())
    except FrameError as wrong:
        return _no(f"{args.file}: {wrong}; nothing was changed")
    async with connect() as conn, conn.transaction():
        wrong_with_it = faults(plan, await store.groups(conn, args.name))
        version = None if wrong_with_it else await store.keep(conn, args.name, plan)
        if version is not None:
            await audit.record(conn, operating.person(), "plan.load", args.name, version=version)
    if wrong_with_it:
        return _no("\n".join(f"{args.file}: {fault}" for fault in wrong_with_it) + "\nnothing was changed")
    if version is None:
        return _no(f"there is no gateway {args.name}, or it is revoked; nothing was changed")
    print(f"plan {version}: {len(plan.policies)} policies, {len(plan.targets)} targets; {args.name} is told of it")
    return 0


async def _list(args: argparse.Namespace, config: Config, connect: Connect) -> int:
    from heartlamp_server.escalation import policies

    async with connect() as conn:
        found = await policies.all_now(conn)
    for kept in [*found]:
        p = kept.policy
        print(
            f"{p.id} {kept.version}  area {kept.area or 'everywhere'}  {', '.join(p.whats) or 'all'}  by {kept.made_by}"
        )
    default = policies.DEFAULT
    print(f"{default.id}  everywhere  {', '.join(default.whats)}  built in, for what no other policy speaks of")
    return 0


async def _simulate(args: argparse.Namespace, config: Config, connect: Connect) -> int:
    from heartlamp_server.escalation import duties, simulate
    from heartlamp_server.escalation.choose import Call, course_at
    from heartlamp_server.seal import Seal, read_key

    async with connect() as conn:
        row = await (
            await conn.execute("SELECT area, clock_timestamp() FROM site WHERE id = %s", (args.site,))
        ).fetchone()
        if row is None:
            return _no(f"there is no site {args.site}")
        place = await duties.place(conn, row[0], args.site)
        course = await course_at(conn, Seal(read_key(config.key_file)), Call(place, args.what), row[1])
    if course is None:
        return _no(f"no policy speaks of {args.what} here: nobody is called")
    print(f"policy {course.policy.id}, of now")
    for call in simulate.calls(course, args.seconds):
        print(f"{call.at_s:>5} s  {call.owner:<7}  step {call.step}  {call.name}  {', '.join(call.channels)}")
    return 0


async def _area(conn: Connection, named: str) -> int | str | None:
    """None everywhere; "" where it is none, or several."""
    if not named:
        return None
    cursor = await conn.execute(
        "SELECT id FROM area WHERE valid_to IS NULL AND (code = %(named)s OR name = %(named)s)", {"named": named}
    )
    rows = await cursor.fetchall()
    return int(rows[0][0]) if len(rows) == 1 else ""


def _no(why: str) -> int:
    print(why, file=sys.stderr)
    return 1
