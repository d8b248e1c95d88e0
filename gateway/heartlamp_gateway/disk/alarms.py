"""The file that must not lose a row: events and notes for the county, incidents, lamps, registry, cursor, epoch. One
connection that writes; the caller holds the lock."""

import json
import secrets
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import apsw
from heartlamp_protocol.escalation.decide import Course
from heartlamp_protocol.escalation.plan import Plan
from heartlamp_protocol.registry import Registry
from heartlamp_protocol.uplink import Item, Note

from heartlamp_gateway.disk import changes
from heartlamp_gateway.disk.changes import Write
from heartlamp_gateway.disk.opening import DAMAGE, TROUBLE, open_in_memory, open_store, suspicion
from heartlamp_gateway.outputs.adapter import Order
from heartlamp_gateway.rules.batch import Kept
from heartlamp_gateway.rules.model import EMPTY, Escalation, Incident, Lamp, Village
from heartlamp_gateway.say import log

SCHEMA = """
CREATE TABLE IF NOT EXISTS word(name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS outbox(
  n INTEGER PRIMARY KEY,
  boot TEXT NOT NULL, at INTEGER NOT NULL,  -- BOOTTIME ms of that boot, when it came
  kept INTEGER NOT NULL,                    -- village clock, ms
  received INTEGER,                         -- village clock of the county's verdict; NULL: not yet
  event TEXT NOT NULL, digest BLOB NOT NULL, device TEXT NOT NULL, user TEXT NOT NULL, frame BLOB,
  incident TEXT NOT NULL, what TEXT NOT NULL, subject TEXT NOT NULL,  -- of a note, whose frame is NULL
  receipt TEXT NOT NULL DEFAULT '', passed INTEGER NOT NULL DEFAULT 0);
CREATE INDEX IF NOT EXISTS outbox_event ON outbox(event, n);
CREATE INDEX IF NOT EXISTS outbox_waiting ON outbox(n) WHERE received IS NULL;
CREATE INDEX IF NOT EXISTS outbox_owed ON outbox(device) WHERE passed = 0 AND receipt != '';
CREATE INDEX IF NOT EXISTS outbox_received ON outbox(received);
CREATE TABLE IF NOT EXISTS incident(id TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS lamp(
  device TEXT PRIMARY KEY, ver INTEGER NOT NULL, shown INTEGER NOT NULL, calls TEXT NOT NULL, lit TEXT NOT NULL)
  WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS escalation(incident TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS effect(  -- what an output is to do; a row goes when it is done
  key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS way(device TEXT PRIMARY KEY, lamp TEXT NOT NULL) WITHOUT ROWID;
"""


class AlarmFile:
    """`open()` before anything else. Errors of opening.TROUBLE leave the file as it was. `make_room`: asked where the
    disk is full, before that is said; True: it may be tried again."""

    def __init__(
        self,
        path: Path,
        synchronous: str = "FULL",
        vfs: str | None = None,
        make_room: Callable[[], bool] = lambda: False,
    ) -> None:
        self._path, self._synchronous, self._vfs, self._make_room = path, synchronous, vfs, make_room
        self._db: apsw.Connection
        self._wal_pages = 0
        self.volatile = False  # True: the disk cannot be written at all, every commit fails

    def open(self) -> None:
        try:
            try:
                self._db = open_store(self._path, SCHEMA, self._synchronous, self._vfs)
            except TROUBLE:
                if not self._make_room():
                    raise
                self._db = open_store(self._path, SCHEMA, self._synchronous, self._vfs)
        except TROUBLE as wrong:
            log.critical(
                "%s cannot be opened: %s. No `heard` is given; lamps and the county are told", self._path, wrong
            )
            self._db = open_in_memory(self._path, SCHEMA)
            self.volatile = True
            return
        self._db.set_wal_hook(self._on_wal)
        if self.word("epoch") == "":
            self.commit([changes.word("epoch", secrets.token_hex(8))])

    def is_back(self) -> bool:
        """Whether a volatile file could be opened now; then only a restart takes up what is on the disk."""
        try:
            open_store(self._path, SCHEMA, self._synchronous, self._vfs).close()
        except TROUBLE:
            return False
        return True

    def close(self) -> None:
        self._db.close()

    def commit(self, writes: Sequence[Write]) -> None:
        """All of them on the disk, or none. Raises opening.TROUBLE; damage is left word of, and raised."""
        if self.volatile:
            raise apsw.FullError("it could not be opened for writing")
        try:
            self._write(writes)
        except apsw.FullError:
            if not self._make_room():
                raise
            self._write(writes)

    def _write(self, writes: Sequence[Write]) -> None:
        db = self._db
        try:
            db.execute("BEGIN IMMEDIATE")
            for sql, parameters in writes:
                db.execute(sql, parameters)
            db.execute("COMMIT")
        except apsw.Error as wrong:
            if db.in_transaction:
                db.execute("ROLLBACK")
            if isinstance(wrong, DAMAGE):
                suspicion(self._path).touch()
            raise

    def checkpoint(self, pages: int = 1000) -> None:
        """Moves the journal into the file once it has grown by so many pages. Without the lock, on a connection of its
        own: it waits for the disk, and no alarm waits for it."""
        if self._wal_pages < pages:
            return
        self._wal_pages = 0
        beside = apsw.Connection(str(self._path), vfs=self._vfs)
        try:
            beside.pragma("synchronous", self._synchronous)
            beside.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_PASSIVE)
        finally:
            beside.close()

    def _on_wal(self, db: apsw.Connection, name: str, pages: int) -> int:
        self._wal_pages = pages
        return apsw.SQLITE_OK

    # --- reading

    def word(self, name: str) -> str:
        rows = self._rows("SELECT value FROM word WHERE name = ?", (name,))
        return str(rows[0][0]) if rows else ""

    def village(self) -> Village:
        """As it was left."""
        text = self.word("registry")
        incidents = {}
        for key, value in self._rows("SELECT id, value FROM incident"):
            fields = json.loads(value)
            fields["events"] = tuple(fields["events"])
            fields["responders"] = tuple(
                (site, answer, "".join(event)) for site, answer, *event in fields["responders"]
            )  # a row of before answers were kept with their event has none
            incidents[key] = Incident(**fields)
        lamps = {}
        for device, ver, shown, calls, lit in self._rows("SELECT device, ver, shown, calls, lit FROM lamp"):
            lamps[device] = Lamp(ver, tuple((i, t) for i, t in json.loads(calls)), shown, frozenset(json.loads(lit)))
        ways = dict(self._rows("SELECT device, lamp FROM way"))
        plan = self.word("plan")
        return Village(
            Registry.from_json(text.encode()) if text else EMPTY.registry,
            incidents,
            lamps,
            ways,
            Plan.from_json(plan.encode()) if plan else EMPTY.plan,
            {id: _escalation(value) for id, value in self._rows("SELECT incident, value FROM escalation")},
            frozenset(json.loads(self.word("uncalled") or "[]")),
        )

    def effects(self) -> list[Order]:
        """What was wanted and is not known to be done."""
        return [Order(**json.loads(value)) for (value,) in self._rows("SELECT value FROM effect")]

    def last_n(self) -> int:
        return self._number("SELECT coalesce(max(n), 0) FROM outbox")

    def waiting(self, after: int, most: int) -> list[Kept]:
        """What the county has not received, oldest first."""
        rows = self._rows(
            "SELECT n, boot, at, event, device, user, frame, incident, what, subject FROM outbox"
            " WHERE received IS NULL AND n > ? ORDER BY n LIMIT ?",
            (after, most),
        )
        return [_kept(*row) for row in rows]

    def history(self, event: str) -> list[tuple[bytes, str]]:
        """(digest, county's receipt or "") of what came under this event id, oldest first."""
        return self._rows("SELECT digest, receipt FROM outbox WHERE event = ? ORDER BY n", (event,))

    def frames(self, event: str) -> list[bytes]:
        """What came under this event id, oldest first."""
        sql = "SELECT frame FROM outbox WHERE event = ? AND frame NOT NULL ORDER BY n"
        return [bytes(frame) for (frame,) in self._rows(sql, (event,))]

    def owed(self, device: str | None = None) -> list[tuple[int, str, str]]:
        """(n, device, receipt) of the county's receipts that were not passed on; of one device or of all."""
        sql = "SELECT n, device, receipt FROM outbox WHERE passed = 0 AND receipt != ''"
        return self._rows(f"{sql} AND device = ?", (device,)) if device else self._rows(sql)

    def _number(self, sql: str) -> int:
        return int(self._rows(sql)[0][0])

    def _rows(self, sql: str, parameters: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
        try:
            return list(self._db.execute(sql, parameters))
        except DAMAGE:
            suspicion(self._path).touch()
            raise


def _escalation(value: str) -> Escalation:
    fields = json.loads(value)
    return Escalation(
        Course.from_fields(fields["course"]),
        fields["opened"],
        {(step, target): (times, at) for step, target, times, at in fields["done"]},
        tuple((target, answer) for target, answer in fields["duty"]),
        fields["since"],
    )


def _kept(
    n: int,
    boot: str,
    at: int,
    event: str,
    device: str,
    user: str,
    frame: bytes | None,
    incident: str,
    what: str,
    subject: str,
) -> Kept:
    if frame is None:
        return Kept(n, boot, at, event, device, note=Note(n, 0, event, incident, what, subject))
    return Kept(n, boot, at, event, device, item=Item(n, 0, user, frame))
