"""A backup: one file with the database of one moment, the keys and the configuration. It is read again from its first
to its last byte before it gets its name, so what has the name is whole."""

import contextlib
import json
import os
import subprocess
import threading
import tomllib
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg

from heartlamp_server.audit.copies import InDatabase
from heartlamp_server.config import Config
from heartlamp_server.database.embedded import DatabaseError
from heartlamp_server.operation import archive, postgres

SUFFIX = ".hlbak"
DATABASE = "database"
MANIFEST = "manifest.json"
FILES = "files/"
OUTSIDE = "outside/"
COUNTED = ("area", "site", "device", "person", "incident", "event", "timeline", "audit")
_CHUNK = 1 << 18

Say = Callable[[str, int, int], None]
"""(what is being done, how much of it is done, of how much; 0: nobody knows)."""


@dataclass(frozen=True)
class Manifest:
    """`schema`: its newest migration; `head`: where the audit's chain ended, as it is printed; `rows`: of some tables;
    `files`: names of members -> where they were."""

    made_at: str
    schema: str
    epoch: str
    head: str
    postgresql: str
    rows: dict[str, int] = field(default_factory=dict)
    files: dict[str, str] = field(default_factory=dict)

    @classmethod
    def read(cls, data: bytes) -> "Manifest":
        """Raises archive.Broken."""
        try:
            return cls(**json.loads(data))
        except (ValueError, TypeError):
            raise archive.Broken("its manifest cannot be read: it is of another version") from None


@dataclass(frozen=True)
class Made:
    file: Path
    bytes: int
    manifest: Manifest


def make(conninfo: str, config: Config, to: Path, passphrase: str, say: Say) -> Made:
    """`to`: a folder, or the file. Raises DatabaseError, OSError; then there is no file of that name, or the one that
    was there is as it was."""
    moment = datetime.now(UTC)
    file = to / f"heartlamp-{moment:%Y%m%dT%H%M%SZ}{SUFFIX}" if to.is_dir() else to
    new = file.with_name(file.name + ".new")
    new.unlink(missing_ok=True)  # of one that was killed
    try:
        with os.fdopen(os.open(new, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as out:
            manifest = _write(archive.Writer(out, passphrase), conninfo, config, moment, say)
            out.flush()
            os.fsync(out.fileno())
        prove(new, passphrase, say)
        new.replace(file)
    except BaseException as why:
        new.unlink(missing_ok=True)
        if isinstance(why, archive.Broken):
            raise DatabaseError(f"what was written cannot be read again: {why}. Look after the disk.") from why
        raise
    _sync(file.parent)
    return Made(file, file.stat().st_size, manifest)


def _write(writer: archive.Writer, conninfo: str, config: Config, moment: datetime, say: Say) -> Manifest:
    with psycopg.connect(conninfo) as conn:
        conn.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        conn.read_only = True
        snapshot = str(_one(conn, "SELECT pg_export_snapshot()"))
        files = files_of(config)
        manifest = Manifest(
            moment.isoformat(timespec="seconds"),
            str(_one(conn, "SELECT version_num FROM alembic_version")),
            str(_one(conn, "SELECT coalesce(max(epoch), '') FROM store")),
            str(InDatabase(conn).last()),
            str(_one(conn, "SHOW server_version")),
            {name: int(_one(conn, f"SELECT count(*) FROM {name}")) for name in COUNTED},
            {name: str(path) for name, path in files.items()},
        )
        writer.member(MANIFEST, [json.dumps(asdict(manifest), ensure_ascii=False).encode()])
        for name, path in files.items():
            writer.member(name, [path.read_bytes()])
        writer.member(DATABASE, _dumped(conn, conninfo, snapshot, say))
    writer.end()
    return manifest


def files_of(config: Config) -> dict[str, Path]:
    """Name of the member -> the file, of server.toml and all that it names, as far as it is there."""
    base, found = config.folder, {config.file}
    # Every path of it is under a name of these, or one that ends with _file.
    names = ("ca", "ca_key", "cert", "key", "key_file")

    def look(fields: dict[str, Any]) -> None:
        for name, value in fields.items():
            if isinstance(value, dict):
                look(value)
            elif isinstance(value, str) and value and (name in names or name.endswith("_file")):
                found.add((base / value).resolve())

    look(tomllib.loads(config.file.read_text()))
    named = {}
    for path in sorted(found):
        inside = path.is_relative_to(base.resolve())
        name = str(path.relative_to(base.resolve())) if inside else OUTSIDE + str(path).lstrip("/")
        if path.is_file():
            named[FILES + name] = path
    return named


def _dumped(conn: psycopg.Connection[Any], conninfo: str, snapshot: str, say: Say) -> Iterator[bytes]:
    sizes = dict(
        conn.execute(
            "SELECT relname, pg_table_size(oid) FROM pg_class "
            "WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
        ).fetchall()
    )
    total, told = sum(sizes.values()), {"done": 0, "now": 0}
    words = ("--format=custom", "--compress=gzip:1", "--verbose", f"--snapshot={snapshot}")
    process = postgres.start("pg_dump", *words, conninfo=conninfo, stdout=subprocess.PIPE)
    assert process.stdout is not None
    assert process.stderr is not None
    last: list[str] = []

    def listen() -> None:
        assert process.stderr is not None
        for line in process.stderr:
            text = line.decode(errors="replace").strip()
            last[:] = [*last, text][-5:]
            if "dumping contents of table" in text:
                told["done"] += told["now"]
                told["now"] = sizes.get(text.rpartition(".")[2].strip('"'), 0)

    listener = threading.Thread(target=listen, daemon=True)
    listener.start()
    whole = False
    try:
        while piece := process.stdout.read(_CHUNK):
            say("reading the database", told["done"], total)
            yield piece
        whole = True
    finally:
        process.stdout.close()
        if not whole:
            process.terminate()
        code = process.wait()
        listener.join()
    if code:
        raise DatabaseError(f"pg_dump failed: {' / '.join(last)[-500:]}")
    say("reading the database", total, total)


def prove(file: Path, passphrase: str, say: Say) -> Manifest:
    """Reads all of it, and has PostgreSQL read all of the database in it. Raises archive.Broken, DatabaseError,
    OSError."""
    size, kept, there = file.stat().st_size, bytearray(), False
    process = postgres.start("pg_restore", "--file=-", stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)
    assert process.stdin is not None
    assert process.stderr is not None
    try:
        with file.open("rb") as data:
            for piece in archive.read(data, passphrase, lambda many: say("reading it again", many, size)):
                if piece.member == DATABASE and piece.data is not None:
                    process.stdin.write(piece.data)
                elif piece.member == MANIFEST and piece.data is not None:
                    kept += piece.data
                there |= piece.member == DATABASE
    except BrokenPipeError:
        pass  # it says why itself
    except BaseException:
        process.kill()
        raise
    finally:
        with contextlib.suppress(BrokenPipeError):
            process.stdin.close()
        said, code = process.stderr.read().decode(errors="replace"), process.wait()
    if code or not there:
        raise archive.Broken(f"the database in it cannot be read: {said.strip()[-300:]}")
    return Manifest.read(bytes(kept))


def _one(conn: psycopg.Connection[Any], query: str) -> Any:
    row = conn.execute(query).fetchone()
    assert row is not None
    return row[0]


def _sync(folder: Path) -> None:
    fd = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
