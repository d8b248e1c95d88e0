"""The file that may lose a row: heartbeats and readings. It never grows past its bound and never touches alarms."""

import threading
from pathlib import Path

import apsw
from heartlamp_protocol.uplink import Item

from heartlamp_gateway.disk.opening import DAMAGE, TROUBLE, open_in_memory, open_store, suspicion
from heartlamp_gateway.rules.batch import Kept
from heartlamp_gateway.say import log

ROWS_MAX = 100_000  # about 40 MB; a village of 200 lamps for four hours at a reading every 30 s, ten times over

SCHEMA = """
CREATE TABLE IF NOT EXISTS reading(
  n INTEGER PRIMARY KEY, boot TEXT NOT NULL, at INTEGER NOT NULL, device TEXT NOT NULL, user TEXT NOT NULL,
  frame BLOB NOT NULL);
"""


class ReadingFile:
    """Used by two threads, under its own lock. `open()` before anything else."""

    def __init__(self, path: Path, vfs: str | None = None, rows_max: int = ROWS_MAX) -> None:
        self._path, self._vfs, self._rows_max = path, vfs, rows_max
        self._db: apsw.Connection
        self._lock = threading.Lock()
        self._rows = 0
        self.dropped = 0

    def open(self) -> None:
        try:
            self._db = open_store(self._path, SCHEMA, "NORMAL", self._vfs)
        except TROUBLE as wrong:
            log.error("%s cannot be opened, readings are kept in memory until the next start: %s", self._path, wrong)
            self._db = open_in_memory(self._path, SCHEMA)
        self._db.wal_autocheckpoint(1000)
        self._rows = next(int(rows) for (rows,) in self._db.execute("SELECT count(*) FROM reading"))

    def close(self) -> None:
        """Lets nothing in any more."""
        self._lock.acquire()
        self._db.close()

    def add(self, rows: list[tuple[str, int, str, str, bytes]]) -> None:
        """(boot, BOOTTIME ms, device, user, frame). What the disk does not take is counted and gone."""
        with self._lock:
            try:
                with self._db:
                    self._db.executemany(
                        "INSERT INTO reading(boot, at, device, user, frame) VALUES(?, ?, ?, ?, ?)", rows
                    )
                    self._rows += len(rows)
                    if self._rows > self._rows_max:
                        self._drop_oldest()
            except TROUBLE as wrong:
                self._lost(len(rows), str(wrong))
            except DAMAGE:
                suspicion(self._path).touch()
                raise

    def oldest(self, most: int) -> list[Kept]:
        with self._lock:
            rows = self._db.execute("SELECT n, boot, at, device, user, frame FROM reading ORDER BY n LIMIT ?", (most,))
            return [
                Kept(n, boot, at, "", device, item=Item(n, 0, user, frame)) for n, boot, at, device, user, frame in rows
            ]

    def remove(self, ns: list[int]) -> None:
        with self._lock:
            try:
                with self._db:
                    self._db.executemany("DELETE FROM reading WHERE n = ?", [(n,) for n in ns])
                    self._rows -= len(ns)
            except TROUBLE as wrong:
                log.warning("readings cannot be removed now, they will go up twice: %s", wrong)

    def __len__(self) -> int:
        return self._rows

    def _drop_oldest(self) -> None:
        over = self._rows - self._rows_max * 9 // 10
        self._db.execute("DELETE FROM reading WHERE n IN (SELECT n FROM reading ORDER BY n LIMIT ?)", (over,))
        self._rows -= over
        self._lost(over, "the file has reached its bound")

    def _lost(self, many: int, why: str) -> None:
        if self.dropped == 0 or self.dropped // 10_000 != (self.dropped + many) // 10_000:
            log.warning("%d readings lost so far, alarms are not touched: %s", self.dropped + many, why)
        self.dropped += many
