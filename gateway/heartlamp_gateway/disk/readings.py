"""The file that may lose a row: heartbeats and readings. It is bounded in rows and bytes, thins what it holds before it
drops any, and leaves the disk to the alarms when that is full."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import apsw
from heartlamp_protocol.uplink import Item

from heartlamp_gateway.disk.opening import DAMAGE, TROUBLE, open_in_memory, open_store, suspicion
from heartlamp_gateway.rules import thinning
from heartlamp_gateway.rules.batch import Kept
from heartlamp_gateway.say import log

ROWS_MAX = 100_000  # about 40 MB; a village of 200 lamps for four hours at a reading every 30 s, ten times over
BYTES_MAX = 64_000_000
MEMORY_ROWS = 2_000  # while the disk is for alarms alone

Row = tuple[str, int, str, str, str, bytes]
"""boot, BOOTTIME ms, device, user, series (rules/thinning.py), frame"""

SCHEMA = """
CREATE TABLE IF NOT EXISTS reading(
  n INTEGER PRIMARY KEY, boot TEXT NOT NULL, at INTEGER NOT NULL, device TEXT NOT NULL, user TEXT NOT NULL,
  frame BLOB NOT NULL, series TEXT NOT NULL DEFAULT '');
"""
_THIN = f"""
DELETE FROM reading WHERE series != '' AND n NOT IN (SELECT max(n) FROM reading GROUP BY device, user, series, boot,
  CASE substr(series, 1, 1) WHEN '{thinning.READING}' THEN at / ? ELSE 0 END)
"""


class ReadingFile:
    """Used by two threads, under its own lock. `open()` before anything else. `short`: whether the disk is for alarms
    alone now."""

    def __init__(
        self,
        path: Path,
        vfs: str | None = None,
        rows_max: int = ROWS_MAX,
        bytes_max: int = BYTES_MAX,
        short: Callable[[], bool] = lambda: False,
    ) -> None:
        self._path, self._vfs, self._rows_max, self._bytes_max = path, vfs, rows_max, bytes_max
        self._short = short
        self._db: apsw.Connection
        self._lock = threading.Lock()
        self._rows = 0
        self._thin_at = 0
        self._off_disk = False
        self.dropped = self.thinned = 0

    def open(self) -> None:
        try:
            self._db = open_store(self._path, SCHEMA, "NORMAL", self._vfs)
            if "series" not in [row[1] for row in self._db.execute("PRAGMA table_info(reading)")]:
                self._db.execute("ALTER TABLE reading ADD COLUMN series TEXT NOT NULL DEFAULT ''")
        except TROUBLE as wrong:
            log.error("%s cannot be opened, readings are kept in memory until the next start: %s", self._path, wrong)
            self._db = open_in_memory(self._path, SCHEMA)
        self._db.wal_autocheckpoint(1000)
        self._db.pragma("journal_size_limit", 4_000_000)
        self._db.pragma("max_page_count", self._bytes_max // int(self._db.pragma("page_size")))
        self._rows = self._count()
        self._thin_at = 0

    def close(self) -> None:
        """Lets nothing in any more."""
        self._lock.acquire()
        self._db.close()

    def add(self, rows: list[Row]) -> None:
        """What the disk does not take is counted and gone."""
        with self._lock:
            self._follow()
            try:
                try:
                    self._insert(rows)
                except apsw.FullError:  # the bound in bytes, or the disk itself
                    with self._transaction():
                        self._drop_oldest(max(len(rows), self._rows // 10))
                    self._insert(rows)
                if self._rows >= max(self._thin_at, 1):
                    self._thin()
                if self._rows > self._most():
                    with self._transaction():
                        self._drop_oldest(self._rows - self._most() * 9 // 10)
            except TROUBLE as wrong:
                self._rows = self._count()
                self._lost(len(rows), str(wrong))
            except DAMAGE:
                suspicion(self._path).touch()
                raise

    def follow(self) -> None:
        """Leaves the disk to alarms, or comes back to it, also while nobody sends a reading or asks for one."""
        with self._lock:
            self._follow()

    def oldest(self, most: int, after: int = 0) -> list[Kept]:
        """`after`: that row, which is on its way."""
        with self._lock:
            self._follow()
            sql = "SELECT n, boot, at, device, user, frame FROM reading WHERE n > ? ORDER BY n LIMIT ?"
            rows = self._db.execute(sql, (after, most))
            return [
                Kept(n, boot, at, "", device, item=Item(n, 0, user, frame)) for n, boot, at, device, user, frame in rows
            ]

    def remove(self, ns: list[int]) -> None:
        with self._lock:
            try:
                with self._transaction():
                    for n in ns:
                        self._db.execute("DELETE FROM reading WHERE n = ?", (n,))
                        self._rows -= self._db.changes()  # it may have been thinned out while it was on its way
            except TROUBLE as wrong:
                log.warning("readings cannot be removed now, they will go up twice: %s", wrong)

    @property
    def waiting(self) -> int:
        """Rows that the county does not have."""
        return self._rows

    def __len__(self) -> int:
        return self._rows

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        """apsw's own asks for a ROLLBACK where a full disk has already made SQLite do it, and hides the reason."""
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
            self._db.execute("COMMIT")
        except BaseException:
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")
            raise

    def _most(self) -> int:
        return min(MEMORY_ROWS, self._rows_max) if self._off_disk else self._rows_max

    def _count(self) -> int:
        return next(int(rows) for (rows,) in self._db.execute("SELECT count(*) FROM reading"))

    def _insert(self, rows: list[Row]) -> None:
        with self._transaction():
            self._db.executemany(
                "INSERT INTO reading(boot, at, device, user, series, frame) VALUES(?, ?, ?, ?, ?, ?)", rows
            )
        self._rows += len(rows)

    def _thin(self) -> None:
        most = self._most()
        bucket = thinning.bucket_ms(self._rows, most)
        if bucket:
            with self._transaction():
                self._db.execute(_THIN, (bucket,))
                gone = self._db.changes()
            self._rows -= gone
            self.thinned += gone
            log.info("%d readings wait; %d were given up for newer ones of the same kind", self._rows, gone)
        # Not again before it has grown: it goes through all of it.
        self._thin_at = self._rows + max(1, most // 20) if bucket else most // 5

    def _drop_oldest(self, many: int) -> None:
        self._db.execute("DELETE FROM reading WHERE n IN (SELECT n FROM reading ORDER BY n LIMIT ?)", (many,))
        gone = self._db.changes()
        self._rows -= gone
        self._lost(gone, "the file has reached its bound")

    def _lost(self, many: int, why: str) -> None:
        if self.dropped == 0 or self.dropped // 10_000 != (self.dropped + many) // 10_000:
            log.warning("%d readings lost so far, alarms are not touched: %s", self.dropped + many, why)
        self.dropped += many

    def _follow(self) -> None:
        """Off the disk while that is for alarms alone, with the newest rows; back on it with them afterwards."""
        short = self._short()
        if short == self._off_disk:
            return
        newest = list(
            self._db.execute(
                "SELECT n, boot, at, device, user, series, frame FROM reading ORDER BY n DESC LIMIT ?", (MEMORY_ROWS,)
            )
        )
        self._db.close()
        lost = self._rows - len(newest)
        if short:
            for end in ("", "-wal", "-shm"):
                self._path.with_name(self._path.name + end).unlink(missing_ok=True)
            self._db = apsw.Connection(":memory:")
            self._db.execute(SCHEMA)
            if lost > 0:
                self._lost(lost, "the disk is full")
        else:
            self.open()
        with self._transaction():
            self._db.executemany(
                "INSERT OR IGNORE INTO reading(n, boot, at, device, user, series, frame) VALUES(?, ?, ?, ?, ?, ?, ?)",
                newest,
            )
        self._rows, self._thin_at, self._off_disk = len(newest), 0, short
