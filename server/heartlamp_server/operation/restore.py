"""Back from a backup. The file is read to its end before anything is touched; what was there before is put aside and
only dropped when what came is proven: its schema, its rows, its audit chain up to the head that the backup names. A
restored county is another store than the one that was lost: it gets a new epoch, by which every gateway and device
offers again what it still has."""

import contextlib
import os
import subprocess
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import psycopg

from heartlamp_server.audit.copies import InDatabase
from heartlamp_server.audit.key import public_hex, signing_key
from heartlamp_server.audit.model import read_head
from heartlamp_server.audit.verify import Wrong, verify
from heartlamp_server.database.embedded import DatabaseError
from heartlamp_server.database.migrate import migrate
from heartlamp_server.database.store import VERSIONS
from heartlamp_server.operation import archive, postgres
from heartlamp_server.operation.backup import COUNTED, DATABASE, FILES, MANIFEST, OUTSIDE, Manifest, Say
from heartlamp_server.seal import read_key

ASIDE = "heartlamp_before"
"""The schema in which what was there waits until what comes is proven."""

# A store that lost its last hours is another one: the cluster that made the epoch is forgotten, so the next start makes
# a new one. Who signed in since is unknown here; what was to be told then is too late to be told.
_AFTERWARDS = (
    "UPDATE store SET cluster = ''",
    "DELETE FROM session",
    "DELETE FROM known_browser",
    "UPDATE notification SET state = 'expired', state_at = now(), why = '备份恢复 · a backup was restored' "
    "WHERE state = 'queued'",
    # Its owner too has these rights by grants only, and a dump carries none of them to another owner.
    "REVOKE UPDATE, DELETE, TRUNCATE ON audit, audit_seal, audit_head FROM PUBLIC, CURRENT_USER",
)


@dataclass(frozen=True)
class Files:
    """What is in a backup beside the database: path in the configuration's folder -> bytes; `outside`: paths that were
    elsewhere, and are not written."""

    manifest: Manifest
    inside: dict[str, bytes]
    outside: tuple[str, ...]


def but(files: Files, name: str) -> Files:
    """Without this one."""
    return replace(files, inside={other: data for other, data in files.inside.items() if other != name})


def look(file: Path, passphrase: str, say: Say) -> Files:
    """Reads all of it. Raises archive.Broken, OSError, and DatabaseError where it is of a newer program."""
    found: dict[str, bytearray] = {}
    size, database = file.stat().st_size, False
    with file.open("rb") as data:
        for piece in archive.read(data, passphrase, lambda many: say("reading the file", many, size)):
            if piece.member == DATABASE:
                database = True
            elif piece.data is not None:
                found.setdefault(piece.member, bytearray()).extend(piece.data)
    if not database or MANIFEST not in found:
        raise archive.Broken("there is no database in it")
    manifest = Manifest.read(bytes(found.pop(MANIFEST)))
    newest = max(path.stem for path in VERSIONS.glob("[0-9]*.py"))
    if manifest.schema > newest:
        raise DatabaseError(
            f"it is of a newer program (schema {manifest.schema}, this one has {newest}): install that one first"
        )
    files = {name.removeprefix(FILES): bytes(data) for name, data in found.items() if name.startswith(FILES)}
    inside = {name: data for name, data in files.items() if not name.startswith(OUTSIDE)}
    if any(Path(name).is_absolute() or ".." in Path(name).parts for name in inside):
        raise archive.Broken("it names files outside of its folder")
    return Files(manifest, inside, tuple(sorted("/" + n.removeprefix(OUTSIDE) for n in files.keys() - inside.keys())))


def other(files: Files, folder: Path) -> list[str]:
    """Files of the backup that are in `folder` with other bytes."""
    return [name for name, data in files.inside.items() if _there(folder / name) not in (None, data)]


def write(files: Files, folder: Path, over: bool) -> list[str]:
    """Those that were written, for their owner alone. One that is there with other bytes stays as it is, or, with
    `over`, is kept as NAME.before."""
    written = []
    for name, data in sorted(files.inside.items()):
        path = folder / name
        there = _there(path)
        if there == data or (there is not None and not over):
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        if there is not None:
            path.replace(path.with_name(path.name + ".before"))
        new = path.with_name(path.name + ".new")
        new.unlink(missing_ok=True)
        with os.fdopen(os.open(new, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as out:
            out.write(data)
            out.flush()
            os.fsync(out.fileno())
        new.replace(path)
        written.append(name)
    return written


def _there(path: Path) -> bytes | None:
    return path.read_bytes() if path.is_file() else None


def restore(
    conninfo: str, file: Path, passphrase: str, manifest: Manifest, key_file: Path, over: bool, say: Say
) -> str:
    """`manifest`: of the file, as `look` found it. The audit's head, as it is printed. Raises archive.Broken, OSError,
    and DatabaseError: then the database is what it was before."""
    with psycopg.connect(conninfo, autocommit=True) as conn:
        _alone(conn)
        _clear_half(conn)
        many = _tables(conn)
        if many and not over:
            raise DatabaseError(
                f"the database is not empty: it has {many} tables. Give an empty one, or --replace, which puts what is "
                "there aside and drops it once what comes is proven"
            )
        with conn.transaction():
            conn.execute(f"ALTER SCHEMA public RENAME TO {ASIDE}")
            conn.execute("CREATE SCHEMA public")
        try:
            _load(conninfo, file, passphrase, say)
            _count(conn, manifest)
            with conn.transaction():
                for statement in _AFTERWARDS[:-1]:
                    with contextlib.suppress(psycopg.errors.UndefinedTable), conn.transaction():  # of an older schema
                        conn.execute(statement)
            migrate(conninfo)
            conn.execute(_AFTERWARDS[-1])
            head = _prove(conninfo, manifest, key_file, say)
        except BaseException:
            _clear_half(conn)
            raise
        conn.execute(f"DROP SCHEMA {ASIDE} CASCADE")
        conn.execute("ANALYZE")
    return head


def _alone(conn: psycopg.Connection[Any]) -> None:
    row = conn.execute(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() "
        "AND backend_type = 'client backend'"
    ).fetchone()
    if row and row[0]:
        raise DatabaseError(f"{row[0]} others are connected to this database: stop the server first")


def _clear_half(conn: psycopg.Connection[Any]) -> None:
    """Of a restore that failed or was killed: what was there before is there again."""
    row = conn.execute("SELECT to_regnamespace(%s) IS NOT NULL", (ASIDE,)).fetchone()
    if row and row[0]:
        with conn.transaction():
            conn.execute("DROP SCHEMA IF EXISTS public CASCADE")
            conn.execute(f"ALTER SCHEMA {ASIDE} RENAME TO public")


def _tables(conn: psycopg.Connection[Any]) -> int:
    row = conn.execute(
        "SELECT count(*) FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p')"
    ).fetchone()
    return int(row[0]) if row else 0


def _load(conninfo: str, file: Path, passphrase: str, say: Say) -> None:
    """All of it or nothing."""
    name = postgres.environment(conninfo).get("PGDATABASE", "postgres")
    words = ("--single-transaction", "--exit-on-error", "--no-owner", "--no-privileges", f"--dbname={name}")
    process = postgres.start("pg_restore", *words, conninfo=conninfo, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)
    assert process.stdin is not None
    assert process.stderr is not None
    size = file.stat().st_size
    try:
        with file.open("rb") as data:
            for piece in archive.read(data, passphrase, lambda many: say("filling the database", many, size)):
                if piece.member == DATABASE and piece.data is not None:
                    process.stdin.write(piece.data)
    except BrokenPipeError:
        pass  # it says why itself
    except BaseException:
        process.kill()
        raise
    finally:
        with contextlib.suppress(BrokenPipeError):
            process.stdin.close()
        said, code = process.stderr.read().decode(errors="replace"), process.wait()
    if code:
        raise DatabaseError(f"pg_restore failed; the database is what it was: {said.strip()[-500:]}")


def _count(conn: psycopg.Connection[Any], manifest: Manifest) -> None:
    for name in COUNTED:
        row = conn.execute(f"SELECT count(*) FROM {name}").fetchone() if name in manifest.rows else None
        if row is not None and row[0] != manifest.rows[name]:
            raise DatabaseError(
                f"{name} has {row[0]} rows, {manifest.rows[name]} were backed up. The database is what it was before"
            )


def _prove(conninfo: str, manifest: Manifest, key_file: Path, say: Say) -> str:
    try:
        printed = read_head(manifest.head)
    except ValueError:
        raise archive.Broken("its manifest names no head of the audit log") from None
    with psycopg.connect(conninfo) as conn:
        conn.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        there = InDatabase(conn)
        stranger = there.outside()
        if stranger is not None or (printed[0] == 0 and there.rows):
            where = f"row id {stranger} is neither in its chain nor waits for it" if stranger else "its chain is longer"
            raise DatabaseError(
                f"the audit log in it is not what it was: {where}. The database is as it was before. Was it changed "
                "before the backup?"
            )
        if printed[0] == 0:
            return manifest.head
        key = public_hex(signing_key(read_key(key_file)))
        found = verify(there.links, key, printed, lambda n: say("proving the audit log", n, there.rows), there.cut)
    if isinstance(found, Wrong):
        raise DatabaseError(
            f"the audit log in it is not what it was: {found.kind}, row {found.n}: {found.why}. The database is as it "
            "was before. Was it changed before the backup, or is the key file another one's?"
        )
    return str(found.head)
