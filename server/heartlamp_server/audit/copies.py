"""The chain as it is read for verification: out of the database, or out of a file that was exported from it.

A file has a line of JSON for each row, after a first line that says what it is, and before a last one that says how
many there are:

    {"format":"heartlamp audit 1","key":"…64 hex digits: heads are signed with it…"}
    {"n":1,"hash":"…","row":{"about":…,"at":…,"detail":{…},"site":…,"what":…,"who":…}}
    {"n":2,"hash":"…","row":{…},"head":{"at":"…","signature":"…"}}        (where the county signed)
    {"rows":2}
"""

import json
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import IO, Any

import psycopg

from heartlamp_server.audit.model import NOWHERE, Head, Row, canonical, fields, moment
from heartlamp_server.audit.verify import Link

FORMAT = "heartlamp audit 1"

# What no date of Python's can be is no date that we wrote: it comes as NULL, as does what is gone.
_CHAIN = """
SELECT s.seq, s.hash, a.id IS NOT NULL,
    CASE WHEN a.at BETWEEN '0001-01-02' AND '9999-12-30' THEN a.at END, a.who, a.what, a.about, a.site, a.detail,
    CASE WHEN h.at BETWEEN '0001-01-02' AND '9999-12-30' THEN h.at END, h.signature
FROM audit_seal s LEFT JOIN audit a ON a.id = s.entry LEFT JOIN audit_head h ON h.seq = s.seq ORDER BY s.seq
"""


class InDatabase:
    """Of one snapshot: open it in a transaction that is REPEATABLE READ. `rows`: how many the chain has."""

    def __init__(self, conn: psycopg.Connection[Any]) -> None:
        self._conn, self._read = conn, 0
        self.rows = int(self._one("SELECT count(*) FROM audit_seal"))
        self.waiting = int(self._one("SELECT count(*) FROM audit_waiting w JOIN audit a ON a.id = w.entry"))

    def links(self) -> Iterator[Link]:
        self._read += 1  # several may be open
        with self._conn.cursor(f"chain{self._read}") as cursor:
            cursor.itersize = 5000
            for seq, hash, there, at, who, what, about, site, detail, signed_at, signature in cursor.execute(_CHAIN):
                row = (_UNREADABLE if at is None else Row(at, who, what, about, site, detail)) if there else None
                yield Link(seq, bytes(hash), row, signed_at, None if signature is None else bytes(signature))

    def outside(self) -> int | None:
        """The id of a row that is neither in the chain nor waits for it: the county writes none."""
        id: int | None = self._one(
            "SELECT min(id) FROM audit a WHERE NOT EXISTS (SELECT FROM audit_seal s WHERE s.entry = a.id) "
            "AND NOT EXISTS (SELECT FROM audit_waiting w WHERE w.entry = a.id)"
        )
        return id

    def last(self) -> Head:
        row = self._conn.execute("SELECT seq, hash FROM audit_seal ORDER BY seq DESC LIMIT 1").fetchone()
        return Head(row[0], bytes(row[1])) if row else NOWHERE

    def cut(self) -> str:
        """Why the chain is known to end too early, or ""."""
        signed = self._one("SELECT max(seq) FROM audit_head WHERE seq > (SELECT coalesce(max(seq), 0) FROM audit_seal)")
        return f"a head was signed after row {signed}, which is not there" if signed else ""

    def _one(self, query: str) -> Any:
        row = self._conn.execute(query).fetchone()
        return row[0] if row else None


class InFile:
    """`key`: of the file's first line, "" where it has none. Raises ValueError for a file that is something else."""

    def __init__(self, file: Path) -> None:
        self._file = file
        with file.open("rb") as lines:
            first = _json(lines.readline())
        if first.get("format") != FORMAT:
            raise ValueError(f"{file} is no export of the audit log: its first line does not say {FORMAT!r}")
        self.key = str(first.get("key", ""))
        self.rows: int | None = None
        self._there = 0
        with file.open("rb") as lines:
            lines.seek(max(0, file.stat().st_size - 200))
            last = _json(lines.read().splitlines()[-1])
        if type(last.get("rows")) is int:
            self.rows = last["rows"]

    def links(self) -> Iterator[Link]:
        n = self._there = 0
        with self._file.open("rb") as lines:
            lines.readline()
            for line in lines:
                found = _json(line)
                if "rows" not in found:
                    n = self._there = n + 1
                    one = _link(found, n)
                    yield (
                        one if _encoded(one) == line else Link(n, bytes(32), _UNREADABLE)
                    )  # there is one way to write it

    def cut(self) -> str:
        """After `links` was read to its end."""
        there = self._there
        if self.rows is None:
            return "the file has no last line: it was cut off"
        return f"the file says that it has {self.rows} rows, it has {there}" if there != self.rows else ""


def write(file: IO[bytes], key: str, links: Iterator[Link]) -> int:
    """How many rows."""
    file.write(canonical({"format": FORMAT, "key": key}) + b"\n")
    many = 0
    for one in links:
        many += 1
        file.write(_encoded(one))
    file.write(canonical({"rows": many}) + b"\n")
    return many


def _encoded(one: Link) -> bytes:
    told: dict[str, Any] = {"n": one.n, "hash": one.hash.hex(), "row": fields(one.row) if one.row else None}
    if one.signature is not None and one.signed_at is not None:
        told["head"] = {"at": moment(one.signed_at), "signature": one.signature.hex()}
    return canonical(told) + b"\n"


_UNREADABLE = Row(datetime.fromisoformat("0001-01-02T00:00:00+00:00"), "", "", "", "", {})
"""Stands for what cannot be read: it gives no hash that the county wrote."""


def _link(told: dict[str, Any], n: int) -> Link:
    try:
        row = told["row"]
        head = told.get("head", {})
        return Link(
            told["n"],
            bytes.fromhex(told["hash"]),
            None
            if row is None
            else Row(
                datetime.fromisoformat(row["at"]),
                row["who"],
                row["what"],
                row["about"],
                row["site"],
                row["detail"],
            ),
            datetime.fromisoformat(head["at"]) if head else None,
            bytes.fromhex(head["signature"]) if head else None,
        )
    except (KeyError, ValueError, TypeError, AttributeError):
        return Link(n, bytes(32), _UNREADABLE)


def _json(line: bytes) -> dict[str, Any]:
    try:
        found = json.loads(line)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
