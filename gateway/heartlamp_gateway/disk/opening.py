"""Opening a SQLite file: what is damaged is set aside, never repaired in place and never deleted."""

import secrets
from pathlib import Path

import apsw

from heartlamp_gateway.say import log

TROUBLE = (
    apsw.FullError,
    apsw.IOError,
    apsw.ReadOnlyError,
    apsw.CantOpenError,
    apsw.BusyError,
    apsw.LockedError,
    apsw.NoMemError,
    apsw.PermissionsError,
)
"""The disk does not take it now; it may later."""
DAMAGE = (apsw.CorruptError, apsw.NotADBError, apsw.FormatError)


def open_store(path: Path, schema: str, synchronous: str, vfs: str | None) -> apsw.Connection:
    """A WAL connection with `schema` applied. A file that is damaged, or that a running gateway found damaged
    (`suspect`), is set aside with its journal, and a new one begins."""
    suspect = suspicion(path)
    if suspect.exists():
        _set_aside(path)
        suspect.unlink()
    try:
        return _open(path, schema, synchronous, vfs)
    except DAMAGE as wrong:
        log.error("%s is damaged: %s", path, wrong)
        _set_aside(path)
        return _open(path, schema, synchronous, vfs)


def open_in_memory(path: Path, schema: str) -> apsw.Connection:
    """For a disk that cannot even be opened for writing: what can be read of the file, in memory. Nothing in it is
    durable."""
    memory = apsw.Connection(":memory:")
    try:
        source = apsw.Connection(f"file:{path}?immutable=1", flags=apsw.SQLITE_OPEN_READONLY | apsw.SQLITE_OPEN_URI)
        with source, memory.backup("main", source, "main") as copy:
            copy.step()
        source.close()
    except apsw.Error as wrong:
        log.error("%s cannot be read either: %s", path, wrong)
        memory = apsw.Connection(":memory:")
    memory.execute(schema)
    return memory


def suspicion(path: Path) -> Path:
    """Where a running gateway leaves word that it met damage in this file."""
    return path.with_name(path.name + ".suspect")


def _open(path: Path, schema: str, synchronous: str, vfs: str | None) -> apsw.Connection:
    connection = apsw.Connection(str(path), vfs=vfs)
    try:
        connection.set_busy_timeout(2000)
        connection.pragma("journal_mode", "wal")
        connection.pragma("synchronous", synchronous)
        for (found,) in connection.execute("PRAGMA quick_check(1)"):
            if found != "ok":
                raise apsw.CorruptError(str(found))
        connection.execute(schema)
        # A checkpoint writes and syncs the whole file: the ticker does it, never an alarm.
        connection.wal_autocheckpoint(0)
    except BaseException:
        connection.close()
        raise
    return connection


def _set_aside(path: Path) -> None:
    mark = secrets.token_hex(4)
    for end in ("", "-wal", "-shm"):
        part = path.with_name(path.name + end)
        if part.exists():
            part.rename(path.with_name(f"{path.name}.damaged-{mark}{end}"))
    log.error("it is kept as %s.damaged-%s; a new file with a new epoch begins, every device offers again", path, mark)
