"""`heartlamp-server import`: an office's table, from the file to the rows and the report."""

import argparse
import getpass
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import TypeAlias

from heartlamp_server.area import tree_store
from heartlamp_server.area.importing import areas, columns, households, report, sheet, sites, store
from heartlamp_server.area.importing.columns import Cells, Head
from heartlamp_server.area.importing.report import Outcome
from heartlamp_server.area.seal import Sealer
from heartlamp_server.area.tree_store import Connection
from heartlamp_server.config import ConfigError

Connect: TypeAlias = Callable[[], AbstractAsyncContextManager[Connection]]

_SHOWN = 20  # refused rows that are told at the terminal; all stand in the table
_KINDS = {"areas": areas.COLUMNS, "sites": sites.COLUMNS, "households": households.COLUMNS}


async def take(args: argparse.Namespace, connect: Connect, seal: Sealer, retold: store.Retold) -> int:
    """0: every row was taken; 1: some were not, the rest is kept. Raises ConfigError, OSError."""
    began = time.monotonic()
    try:
        rows = list(sheet.read(args.file, args.sheet))
        head = columns.find_head(rows, _KINDS[args.kind])
    except sheet.NoSheet as why:
        raise ConfigError(f"{args.file}: {why}. Nothing was changed.") from why
    cells = [Cells(row, head) for row in rows if row[0] > head.row]
    if not cells:
        raise ConfigError(f"{args.file}: there is a head in row {head.row} and nothing below it. Nothing was changed.")
    if head.unknown:
        print(f"not used: the columns {', '.join(head.unknown)}", file=sys.stderr)
    async with connect() as conn:
        if args.kind == "areas":
            outcome = await _areas(conn, cells, args)
        elif args.kind == "sites":
            outcome = await _sites(conn, cells, args, retold)
        else:
            outcome = await _households(conn, cells, args, seal)
    _tell(args, outcome, len(cells), time.monotonic() - began)
    return _refused(args, head, cells, outcome)


async def _areas(conn: Connection, cells: list[Cells], args: argparse.Namespace) -> Outcome:
    async with conn.transaction():  # half a tree is none
        await tree_store.one_at_a_time(conn)
        tree, members = await tree_store.read(conn), await store.members(conn)
        today = await tree_store.today(conn)
        if args.since is not None and args.since > today:
            raise ConfigError(f"--since {args.since} is yet to come: import it on that day. Nothing was changed.")
        plan, outcome = areas.plan(cells, tree, members, today, args.since)
        if not args.dry_run:
            await store.write_areas(conn, plan, args.since or today)
    return outcome


async def _sites(conn: Connection, cells: list[Cells], args: argparse.Namespace, retold: store.Retold) -> Outcome:
    tree = await tree_store.read(conn)
    changed, outcome = sites.plan(cells, tree, await store.known_sites(conn))
    if not args.dry_run:
        await store.write_sites(conn, changed, tree, retold, Counter("written", len(changed)))
    return outcome


async def _households(conn: Connection, cells: list[Cells], args: argparse.Namespace, seal: Sealer) -> Outcome:
    named = households.named(cells)
    known = await store.known_households(conn, seal, named, Counter("read", len(named)))
    changed, outcome = households.plan(cells, known, await tree_store.today(conn))
    if not args.dry_run:
        count = Counter("written", len(changed))
        await store.write_households(conn, seal, changed, known, f"cli:{getpass.getuser()}", count)
    return outcome


class Counter:
    """Says how far it is, each second at most, where it takes longer than that."""

    def __init__(self, what: str, of: int) -> None:
        self._what, self._of, self._done, self._told = what, of, 0, time.monotonic()

    def __call__(self, more: int) -> None:
        self._done += more
        if time.monotonic() - self._told >= 1.0:
            self._told = time.monotonic()
            print(f"  {self._done} of {self._of} {self._what}", file=sys.stderr, flush=True)


def _tell(args: argparse.Namespace, outcome: Outcome, rows: int, seconds: float) -> None:
    for note in outcome.notes:
        print(note, file=sys.stderr)
    for refused in outcome.refused[:_SHOWN]:
        print(f"not taken: {refused.text()}", file=sys.stderr)
    if len(outcome.refused) > _SHOWN:
        print(f"… and {len(outcome.refused) - _SHOWN} more", file=sys.stderr)
    would = "would be " if args.dry_run else ""
    print(
        f"{rows} rows: {outcome.added} {would}added, {outcome.changed} {would}changed, {outcome.same} as they were, "
        f"{outcome.rows_refused()} not taken; {seconds:.1f} s" + ("; nothing was changed" if args.dry_run else "")
    )


def _refused(args: argparse.Namespace, head: Head, cells: Sequence[Cells], outcome: Outcome) -> int:
    if not outcome.refused:
        return 0
    file: Path = args.refused or _free(args.file)
    numbers = {refused.row for refused in outcome.refused}
    report.write(file, head.names, ((c.number, c.texts()) for c in cells if c.number in numbers), outcome.refused)
    print(f"The rows that were not taken stand in {file}: correct them there and import that file.", file=sys.stderr)
    return 1


def _free(file: Path) -> Path:
    """Beside the file. One that is there may be half corrected: it is left alone."""
    stem, number = file.name.partition(".")[0], 1
    while (free := file.with_name(f"{stem}.refused{number if number > 1 else ''}.csv")).exists():
        number += 1
    return free
