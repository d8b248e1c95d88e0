"""`heartlamp-server backup | restore | doctor`. Each returns the exit code."""

import argparse
import asyncio
import sys
import time
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, AbstractContextManager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from heartlamp_server import config as configuration
from heartlamp_server import plain
from heartlamp_server.config import Config, ConfigError

if TYPE_CHECKING:
    import psycopg

    from heartlamp_server.operation.restore import Files

    Running: TypeAlias = Callable[[Config], AbstractContextManager[str]]
    Connected: TypeAlias = Callable[[Config], AbstractAsyncContextManager[psycopg.AsyncConnection[Any]]]

_PASSPHRASE_MIN = 12
_SAY_SECONDS = 0.5
_SEALED_AT_ONCE = 500


def add_to(commands: Any, running: "Running", connected: "Connected") -> None:
    """`running`: a context in which the database runs, and its address; `connected`: a connection to it."""
    backup = commands.add_parser("backup", help="write the database, the keys and the configuration into one file")
    backup.set_defaults(do=partial(_backup, running, connected))
    backup.add_argument("to", type=Path, help="a folder, or the file")
    restore = commands.add_parser("restore", help="back from a backup; the server must not run")
    restore.set_defaults(do=partial(_restore, running, connected))
    restore.add_argument("file", type=Path)
    restore.add_argument(
        "--replace", action="store_true", help="also into a database that is not empty, and over other files"
    )
    doctor = commands.add_parser("doctor", help="look whether all is well, and say what to do; exits 0, 1 or 2")
    doctor.set_defaults(do=partial(_doctor, connected))
    prove = commands.add_parser("prove", help="a test call to every number that answered none in the last weeks")
    prove.set_defaults(do=partial(_prove, connected))
    prove.add_argument("--person", default="", help="this one's alone")
    keep = commands.add_parser("retention", help="delete now what is kept long enough, as the server does each day")
    keep.set_defaults(do=partial(_retention, connected))
    for sub in (backup, restore, doctor, prove, keep):
        sub.add_argument("--config", type=Path, default=Path("server.toml"))
    for sub in (backup, restore):
        sub.add_argument("--passphrase-file", type=Path, help="without it the file is not encrypted")


def _backup(running: "Running", connected: "Connected", args: argparse.Namespace) -> int:
    from heartlamp_server.audit import operating, store
    from heartlamp_server.audit.key import signing_key
    from heartlamp_server.audit.seal import seal
    from heartlamp_server.operation.backup import make
    from heartlamp_server.seal import read_key

    config = configuration.read(args.config)
    signs = signing_key(read_key(config.key_file))

    async def chain() -> None:
        """What waits for its place in the audit's chain gets it, so that none of it could be changed in the file."""
        async with connected(config) as conn:
            while (await seal(conn, signs, _SEALED_AT_ONCE))[0]:
                pass

    with running(config) as conninfo:
        asyncio.run(chain())
        made = make(conninfo, config, args.to, _passphrase(args.passphrase_file), _progress())

        async def say() -> None:
            async with connected(config) as conn:
                about = made.file.name[:100] if plain.is_seen(made.file.name) else ""
                await store.record(conn, operating.person(), "county.backup", about, bytes=made.bytes)

        asyncio.run(say())
    rows = ", ".join(f"{many:,} {name}" for name, many in made.manifest.rows.items())
    print(f"{made.file}: {made.bytes / 1e6:,.1f} MB, of {made.manifest.made_at}: {rows}")
    print(f"It was read again to its end. Audit head {made.manifest.head}")
    if args.passphrase_file is None:
        print("IT IS NOT ENCRYPTED: who has this file has the county with its keys. Give --passphrase-file, or keep "
              "it as you keep the keys.", file=sys.stderr)  # fmt: skip
    if config.telemetry.influx is not None:
        print("Readings are in InfluxDB and not in it.", file=sys.stderr)
    return 0


def _restore(running: "Running", connected: "Connected", args: argparse.Namespace) -> int:
    from heartlamp_server.operation import archive, restore

    say, passphrase = _progress(), _passphrase(args.passphrase_file)
    try:
        files = restore.look(args.file, passphrase, say)
        folder = args.config.absolute().parent
        if args.config.exists():  # it says where this database is
            files = restore.but(files, args.config.name)
        if (others := restore.other(files, folder)) and not args.replace:
            print(f"{folder} has other files than the backup: {', '.join(others)}. Nothing was changed. Move them away,"
                  " or give --replace, which keeps them as NAME.before.", file=sys.stderr)  # fmt: skip
            return 1
        written = restore.write(files, folder, args.replace)
        for path in files.outside:
            print(f"{path} was outside of the folder of server.toml: write it yourself, or change server.toml")
        config = configuration.read(args.config)
        with running(config) as conninfo:
            head = restore.restore(conninfo, args.file, passphrase, files.manifest, config.key_file, args.replace, say)
            asyncio.run(_restored(connected, config, files))
    except archive.Broken as why:
        print(f"{args.file}: {why}. Nothing was changed in the database.", file=sys.stderr)
        return 1
    if written:
        print(f"written: {', '.join(written)}")
    print(f"The county is as of {files.manifest.made_at}. Its audit log is whole up to {head}.")
    print("At its start it gets a new epoch: gateways and devices offer again what came since, and it is taken in.")
    return 0


def _doctor(connected: "Connected", args: argparse.Namespace) -> int:
    import psycopg

    from heartlamp_server.database.embedded import DatabaseError
    from heartlamp_server.operation import doctor
    from heartlamp_server.operation.looking import look
    from heartlamp_server.seal import read_key

    async def facts(config: Config) -> "doctor.Facts":
        async with connected(config) as conn:
            return await look(conn, config)

    try:
        config = configuration.read(args.config)
        read_key(config.key_file)
        found = doctor.findings(asyncio.run(facts(config)))
    except (ConfigError, ValueError, OSError) as why:
        found = [doctor.Finding(doctor.BAD, "configuration", str(why), f"mend {args.config}")]
    except (DatabaseError, psycopg.Error) as why:
        do = "bring PostgreSQL back; while it is away gateways keep everything"
        found = [doctor.Finding(doctor.BAD, "database", str(why).strip(), do)]
    for one in found:
        print(f"{one.level:<4}{one.about:<14}{one.said}")
        if one.do:
            print(f"{'':<18}→ {one.do}")
    return doctor.code(found)


def _prove(connected: "Connected", args: argparse.Namespace) -> int:
    from heartlamp_server import proving
    from heartlamp_server.calling import open_channels_of
    from heartlamp_server.database.pool import Database
    from heartlamp_server.notification import store
    from heartlamp_server.notification.settings import open_channels
    from heartlamp_server.seal import Seal, read_key

    config = configuration.read(args.config)
    opened = open_channels(config.notification, config.folder, Database(config.database))

    async def work() -> proving.Asked:
        async with connected(config) as conn:
            now = await store.now(conn)
            channels = open_channels_of(config, opened)
            return await proving.ask(conn, Seal(read_key(config.key_file)), channels, now, args.person)

    asked = asyncio.run(work())
    print(
        f"{asked.asked} numbers are called now, {asked.before} were called today already, {asked.fresh} are proven, "
        f"{asked.unreachable} have no channel that rings"
    )
    return 1 if asked.unreachable else 0


def _retention(connected: "Connected", args: argparse.Namespace) -> int:
    from heartlamp_server.audit import operating
    from heartlamp_server.operation import retention

    config = configuration.read(args.config)

    async def work() -> retention.Taken:
        async with connected(config) as conn:
            return await retention.run(conn, config.retention, operating.person())

    taken = asyncio.run(work())
    for name, many in taken.rows.items():
        print(f"{name:<16}{many:>10,} rows deleted")
    print(f"{'words':<16}{taken.words:>10,} lines blanked, of calls closed {taken.kept.words_days} days ago or more")
    print(f"{'households':<16}{taken.households:>10,} erased, whose last device was revoked "
          f"{taken.kept.household_days} days ago or more")  # fmt: skip
    return 0


async def _restored(connected: "Connected", config: Config, files: "Files") -> None:
    from heartlamp_server.audit import operating, store

    async with connected(config) as conn:
        n = int(files.manifest.head.partition(":")[0])
        await store.record(conn, operating.person(), "county.restore", files.manifest.epoch, rows=n)
        row = await (await conn.execute("SELECT count(*) FROM incident WHERE closed_at IS NULL")).fetchone()
    if row and row[0]:
        print(f"{row[0]} incidents were open then: people are called for them again until somebody closes them.")
    print("What was changed since is not known: roles, passwords and devices that were taken back since are as before.")


def _passphrase(file: Path | None) -> str:
    if file is None:
        return ""
    text = file.read_text().strip()
    if len(text) < _PASSPHRASE_MIN:
        raise ConfigError(f"{file} must hold {_PASSPHRASE_MIN} characters or more: `openssl rand -hex 24 > {file}`")
    return text


def _progress() -> "Callable[[str, int, int], None]":
    """Twice a second at most, and once for each thing that is done."""
    said_at, last = 0.0, ""

    def say(what: str, done: int, of: int) -> None:
        nonlocal said_at, last
        if what == last and done < of and time.monotonic() - said_at < _SAY_SECONDS:
            return
        if what == last and done >= of and said_at < 0:
            return
        share = f" {min(100, 100 * done // of)} %" if of else ""
        print(f"· {what}{share}", file=sys.stderr, flush=True)
        said_at, last = (-1.0 if of and done >= of else time.monotonic()), what

    return say
