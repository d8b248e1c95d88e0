"""`heartlamp-server user …`: accounts at the command line. Who can run it has the server's files anyway."""

import argparse
import asyncio
import sys
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from typing import TYPE_CHECKING, Any, TypeAlias

from heartlamp_server import plain
from heartlamp_server.audit import operating
from heartlamp_server.audit import store as audit
from heartlamp_server.config import Config, ConfigError
from heartlamp_server.responder.model import Person
from heartlamp_server.responder.scope import NEEDS_SECOND, ROLES, Grant

if TYPE_CHECKING:
    import psycopg

Connection: TypeAlias = "psycopg.AsyncConnection[Any]"
Connect: TypeAlias = Callable[[], AbstractAsyncContextManager["psycopg.AsyncConnection[Any]"]]
Opened: TypeAlias = Callable[[argparse.Namespace], tuple[Config, Connect]]
_Work: TypeAlias = Callable[[argparse.Namespace, Config, Connect], Awaitable[int]]


def add_to(commands: Any, config_option: Callable[[argparse.ArgumentParser], None], opened: Opened) -> None:
    """`commands`: what `add_subparsers` gave; `opened`: the configuration and the way to the database, of arguments."""
    verbs = commands.add_parser("user", help="people and their accounts").add_subparsers(required=True)

    def verb(name: str, work: _Work, help: str) -> argparse.ArgumentParser:
        def do(args: argparse.Namespace) -> int:
            return asyncio.run(_awaited(work(args, *opened(args))))

        sub: argparse.ArgumentParser = verbs.add_parser(name, help=help, description=help)
        sub.add_argument("name")
        config_option(sub)
        sub.set_defaults(do=do)
        return sub

    add = verb("add", _add, "add an account, or give it a new password; prints the password once")
    add.add_argument("--display", default="", help="the name that villages see")
    add.add_argument("--role", choices=sorted(ROLES), help="operator of the whole county where nothing is said")
    add.add_argument("--area", default="", help="where: a code, a name, or `county township village`; else everywhere")
    add.add_argument("--unit", default="", help="a department's name")
    role = verb("role", _role, "give a person a role somewhere, or take it back")
    role.add_argument("role", choices=sorted(ROLES))
    role.add_argument("--area", default="", help="a code, a name, or `county township village`; else everywhere")
    role.add_argument("--site", default="", help="the household that chose this person as family")
    role.add_argument("--unit", default="", help="a department's name")
    role.add_argument("--end", action="store_true", help="take it back")
    disable = verb("disable", _disable, "let an account sign in no more; signs it out everywhere")
    disable.add_argument("--enable", action="store_true", help="let it in again")
    verb("password", _password, "give an account a new password, printed once; signs it out everywhere")
    totp = verb("totp", _totp, "set up an authenticator app for an account: prints its QR code and recovery codes")
    totp.add_argument("--off", action="store_true", help="take the second factor off; signs it out everywhere")
    verb("show", _show, "what is known of a person: roles, second factor, sessions")


async def _awaited(work: Awaitable[int]) -> int:
    return await work


async def _add(args: argparse.Namespace, config: Config, connect: Connect) -> int:
    from heartlamp_server.responder import password, store

    if not args.name or plain.name(args.name) != args.name:
        raise ConfigError(f"{args.name!r} is no name for an account: give one of characters that can be seen")
    word = password.fresh()
    async with connect() as conn, conn.transaction():
        person = Person(args.name, plain.name(args.display) or args.name)
        hashed = password.hash(word)
        grant = await _grant(conn, args, args.role or "operator")
        if grant is None:
            return 1
        known = await store.known(conn, args.name)
        if known is None:
            await store.add_person(conn, person, hashed)
            await store.give_role(conn, args.name, grant, "the command line")
            await _written(conn, "person.set", args.name, role=grant.role)
            print(f"{args.name} is {_said(grant, args.area)}", file=sys.stderr)
            if grant.role in NEEDS_SECOND:
                print(f"that role needs an authenticator app: heartlamp-server user totp {args.name}", file=sys.stderr)
        else:
            await _written(conn, "person.set", args.name)
            await store.set_password(conn, args.name, hashed)
            await store.rename(conn, person if args.display else known.person, known.languages)
            await store.disable(conn, args.name, False)
            print(f"{args.name} was there: it has this new password, and is signed out everywhere", file=sys.stderr)
            if args.role:
                await store.give_role(conn, args.name, grant, "the command line")
                await _written(conn, "person.role", args.name, role=grant.role)
                print(f"{args.name} is {_said(grant, args.area)} too", file=sys.stderr)
    print(word)
    return 0


async def _role(args: argparse.Namespace, config: Config, connect: Connect) -> int:
    import psycopg

    from heartlamp_server.responder import store

    async with connect() as conn:
        known = await store.known(conn, args.name)
        grant = await _grant(conn, args, args.role)
        if known is None or grant is None:
            return 1 if known else _no(f"{args.name} is not known")
        held = [r for r in known.roles if (r.grant.role, r.grant.area, r.grant.site) == _same(grant)]
        if not args.end:
            try:
                async with conn.transaction():
                    await store.give_role(conn, args.name, grant, "the command line")
                    await _written(conn, "person.role", args.name, role=grant.role)
            except (psycopg.errors.ForeignKeyViolation, psycopg.errors.CheckViolation):
                return _no("family needs --site, a known one, and no --area; every other role the other way round")
            print(f"{args.name} is {_said(grant, args.area)}")
            return 0
        async with conn.transaction():
            ended = [await store.end_role(conn, args.name, r.id) for r in held]
            await _written(conn, "person.role_end", args.name, role=grant.role)
    if not any(ended):
        return _no(f"{args.name} is not {_said(grant, args.area)}: see `user show {args.name}`")
    print(f"{args.name} is no longer {_said(grant, args.area)}")
    return 0


async def _disable(args: argparse.Namespace, config: Config, connect: Connect) -> int:
    from heartlamp_server.responder import store

    async with connect() as conn, conn.transaction():
        await _written(conn, "person.enable" if args.enable else "person.disable", args.name)
        if not await store.disable(conn, args.name, not args.enable):
            return _no(f"{args.name} is not known")
    print(f"{args.name} may sign in again" if args.enable else f"{args.name} is signed out everywhere, and for good")
    return 0


async def _password(args: argparse.Namespace, config: Config, connect: Connect) -> int:
    from heartlamp_server.responder import password, store

    word = password.fresh()
    async with connect() as conn, conn.transaction():
        await _written(conn, "person.password", args.name)
        if not await store.set_password(conn, args.name, password.hash(word)):
            return _no(f"{args.name} is not known")
    print(f"{args.name} is signed out everywhere", file=sys.stderr)
    print(word)
    return 0


async def _totp(args: argparse.Namespace, config: Config, connect: Connect) -> int:
    import segno

    from heartlamp_server.responder import second, session
    from heartlamp_server.seal import Seal, read_key

    async with connect() as conn, conn.transaction():
        await _written(conn, "person.second", args.name, state="off" if args.off else "on")
        if args.off:
            if not await session.drop_second(conn, args.name):
                return _no(f"{args.name} is not known")
            print(f"{args.name} has no second factor any more, and is signed out everywhere")
            return 0
        secret, seal = second.fresh_secret(), Seal(read_key(config.key_file))
        if not await session.begin_second(conn, args.name, seal.seal(second.about(args.name), secret)):
            return _no(f"{args.name} is not known, or has a second factor: take it off first with --off")
        codes = await session.confirm_second(conn, args.name, 0, None)
    uri = second.uri(secret, args.name)
    segno.make(uri, error="m").terminal(compact=True)
    print(uri)
    print("recovery codes, each for one sign-in without the app; they are not shown again:")
    print("\n".join(codes or ()))
    return 0


async def _show(args: argparse.Namespace, config: Config, connect: Connect) -> int:
    from heartlamp_server.responder import session, store

    async with connect() as conn:
        known = await store.known(conn, args.name)
        if known is None:
            return _no(f"{args.name} is not known")
        open_now = await session.of_person(conn, args.name)
    state = "disabled" if known.disabled else "with an account" if known.account else "called only, without an account"
    print(f"{args.name}  {known.person.display}  {state}{', with a second factor' if known.second else ''}")
    for r in known.roles:
        ends = f" to {r.valid_to:%Y-%m-%d %H:%M}" if r.valid_to else ""
        print(f"  {_said(r.grant, r.area_name)}, from {r.valid_from:%Y-%m-%d %H:%M}{ends}, by {r.given_by or 'nobody'}")
    for s in open_now:
        print(
            f"  signed in since {s.made_at:%Y-%m-%d %H:%M} from {s.address or 'nowhere'}, last seen {s.seen_at:%H:%M}"
        )
    return 0


AREAS = """
WITH RECURSIVE tree (id, level, name, code, path) AS (
    SELECT id, level, name, code, name FROM area WHERE parent IS NULL
    UNION ALL
    SELECT a.id, a.level, a.name, a.code, tree.path || ' ' || a.name FROM area a JOIN tree ON a.parent = tree.id
)
SELECT id, level, path FROM tree WHERE code = %(named)s OR name = %(named)s OR path = %(named)s ORDER BY path
"""


async def _grant(conn: Connection, args: argparse.Namespace, role: str) -> Grant | None:
    """What is asked for; None, said why, where its area is not known."""
    site = getattr(args, "site", "")
    if not args.area:
        return Grant(role, site=site, unit=plain.name(args.unit))
    found = await (await conn.execute(AREAS, {"named": args.area})).fetchall()
    if not found:
        _no(f"there is no area {args.area}")
        return None
    if len(found) > 1:
        _no(f"{args.area} is one of several, say which:" + "".join(f"\n  {path}" for _, _, path in found))
        return None
    return Grant(role, found[0][0], found[0][1], site, plain.name(args.unit))


async def _written(conn: Connection, what: str, name: str, **detail: str) -> None:
    """In the log; who it was says the operating system."""
    await audit.record(conn, operating.person(), what, name, **detail)


def _same(grant: Grant) -> tuple[str, int | None, str]:
    return grant.role, grant.area, grant.site


def _said(grant: Grant, where: str) -> str:
    of = f" of {grant.unit}" if grant.unit else ""
    return f"{ROLES[grant.role][1]}{of}, {grant.site or where or 'everywhere'}"


def _no(why: str) -> int:
    print(why, file=sys.stderr)
    return 1
