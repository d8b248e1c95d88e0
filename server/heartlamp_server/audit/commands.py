"""`heartlamp-server audit`: the chain is verified without the server, an export of it also without the database."""

import argparse
import asyncio
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractAsyncContextManager, AbstractContextManager, contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from heartlamp_server import config as configuration
from heartlamp_server.config import ConfigError

if TYPE_CHECKING:
    import psycopg

    from heartlamp_server.audit.copies import InDatabase
    from heartlamp_server.audit.verify import Whole, Wrong

    Running: TypeAlias = Callable[[configuration.Config], AbstractContextManager[str]]
    Connected: TypeAlias = Callable[[configuration.Config], AbstractAsyncContextManager[psycopg.AsyncConnection[Any]]]

Key: TypeAlias = Callable[[Path], bytes]

_SAY_SECONDS = 0.5


def add_to(commands: Any, running: "Running", connected: "Connected", key: Key) -> None:
    """`running`: a context in which the database runs, and its address; `connected`: a connection to it; `key`: reads
    the key file."""
    group = commands.add_parser("audit", help="the log of who saw, changed and decided what").add_subparsers(
        required=True
    )
    for name, do, help in (
        (
            "verify",
            partial(_verify, running, key),
            "whether the log is what it was; if not, where, and what was done",
        ),
        (
            "export",
            partial(_export, running, connected, key),
            "write the chain into a file, to be verified anywhere",
        ),
        ("head", partial(_head, running, key), "print where the chain ends now, as a month's report prints it"),
    ):
        sub = group.add_parser(name, help=help, description=help)
        sub.set_defaults(do=do)
        sub.add_argument("--config", type=Path, default=Path("server.toml"))
        if name == "verify":
            sub.add_argument("--file", type=Path, help="an export: neither the database nor server.toml is needed")
            sub.add_argument("--head", default="", help="a printed head, NUMBER:HASH or the hash alone")
            sub.add_argument("--key", default="", help="with --file: the county's public key, as it is printed")
        if name == "export":
            sub.add_argument("file", type=Path)


def _verify(running: "Running", key_of: Key, args: argparse.Namespace) -> int:
    from heartlamp_server.audit.copies import InFile
    from heartlamp_server.audit.model import read_head
    from heartlamp_server.audit.verify import verify

    try:
        printed = read_head(args.head) if args.head else None
        key = _key(args.key)
        copy = InFile(args.file) if args.file else None
    except ValueError as wrong:
        raise ConfigError(str(wrong)) from wrong
    if copy is not None:
        if len(key or copy.key) != 64:
            raise ConfigError(f"{args.file} names no key, and none was given: take --key from a printed report")
        found = verify(copy.links, key or copy.key, printed, _progress(copy.rows), copy.cut)
        if not key:
            print("The signatures were checked with the key that the file itself names; give --key to be sure.")
        return _told(found, printed is not None)
    with _opened(running, key_of, args.config) as (there, public):
        found = verify(there.links, public, printed, _progress(there.rows), there.cut)
        stranger = there.outside()
        code = _told(found, printed is not None)
        if there.waiting:
            print(f"{there.waiting} rows wait for their place in the chain; the running server gives it in seconds.")
        if stranger is not None:
            print(
                f"INSERTED: row id {stranger} of the table `audit` is neither in the chain nor waits for it. It was "
                "written past the county's program, or its place in the chain was taken away."
            )
            return 1
    return code


def _key(text: str) -> str:
    try:
        return bytes.fromhex(text).hex()
    except ValueError:
        raise ValueError(f"{text!r} is no key: 64 hex digits, as a month's report prints it") from None


def _told(found: "Whole | Wrong", printed: bool) -> int:
    from heartlamp_server.audit.verify import Wrong

    if isinstance(found, Wrong):
        print(f"{found.kind.upper()}: row {found.n} is the first that is wrong: {found.why}.")
        print(f"Rows 1 to {found.proven} are as the county signed them." if found.proven else "No row is proven.")
        return 1
    print(f"The chain is whole: {found.head.n} rows. head {found.head}")
    if found.printed:
        print(f"The printed head is row {found.printed}: up to it nothing was changed since it was printed.")
    elif not printed:
        print("No printed head was given: that nobody cut off the newest rows is only shown by one (--head).")
    return 0


def _export(running: "Running", connected: "Connected", key_of: Key, args: argparse.Namespace) -> int:
    from heartlamp_server.audit import copies, operating, store

    async def say() -> None:
        async with connected(configuration.read(args.config)) as conn:
            await store.record(conn, operating.person(), "audit.export", "")

    asyncio.run(say())  # before the first row leaves
    new = args.file.with_name(args.file.name + ".new")
    with _opened(running, key_of, args.config) as (there, public):
        with new.open("wb") as file:
            many = copies.write(file, public, _watched(there.links(), _progress(there.rows)))
        new.replace(args.file)
    print(f"{many} rows are in {args.file}. key {public}")
    return 0


def _head(running: "Running", key_of: Key, args: argparse.Namespace) -> int:
    with _opened(running, key_of, args.config) as (there, public):
        last = there.last()
    print(f"head {last}\nkey  {public}")
    return 0


@contextmanager
def _opened(running: "Running", key_of: Key, file: Path) -> "Iterator[tuple[InDatabase, str]]":
    """(the chain, of one snapshot; the public key)."""
    import psycopg

    from heartlamp_server.audit.copies import InDatabase
    from heartlamp_server.audit.key import public_hex, signing_key

    config = configuration.read(file)
    with running(config) as conninfo, psycopg.connect(conninfo) as conn:
        conn.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        conn.read_only = True
        yield InDatabase(conn), public_hex(signing_key(key_of(config.key_file)))


def _watched(links: Iterator[Any], progress: Callable[[int], None]) -> Iterator[Any]:
    many = 0
    for many, one in enumerate(links, 1):
        if many % 1000 == 0:
            progress(many)
        yield one
    progress(many)


def _progress(total: int | None) -> Callable[[int], None]:
    """Says how far it is, at most twice a second and at the end, where others do not read it: on stderr."""
    said_at = time.monotonic()

    def say(done: int) -> None:
        nonlocal said_at
        if time.monotonic() - said_at >= _SAY_SECONDS or done == total:
            said_at = time.monotonic()
            print(f"· {done:,} of {total:,} rows" if total else f"· {done:,} rows", file=sys.stderr, flush=True)

    return say
