"""Whether a chain is what it was, and if not, where it first is not, and what was done to it. Pure: of rows as they
come, several times where something is wrong, never all in memory."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Literal, TypeAlias

from heartlamp_server.audit.key import signed_by
from heartlamp_server.audit.model import NOWHERE, Head, Row, link, signed_words

Kind: TypeAlias = Literal["changed", "deleted", "inserted", "reordered", "truncated", "rewritten"]

_EVERY = 1000  # rows between two words of progress
_RENUMBERED_MOST = 1000


@dataclass(frozen=True, slots=True)
class Link:
    """A row as it is kept: `n` and `hash` are what its keeper says. `row` None: the chain has a place for it, but it is
    gone. `signed_at`, `signature`: where a head was signed after it."""

    n: int
    hash: bytes
    row: Row | None
    signed_at: datetime | None = None
    signature: bytes | None = None


Source: TypeAlias = Callable[[], Iterator[Link]]
"""The rows in the order they are kept in; each call begins anew."""


@dataclass(frozen=True, slots=True)
class Wrong:
    """`n`: the first row that is wrong; `proven`: rows up to this one are as the county signed them."""

    kind: Kind
    n: int
    why: str
    proven: int = 0


@dataclass(frozen=True, slots=True)
class Whole:
    """`printed`: the row after which the printed head stands, None where none was given."""

    head: Head
    printed: int | None = None


def verify(
    source: Source,
    public: str,
    printed: tuple[int | None, bytes] | None = None,
    progress: Callable[[int], None] = lambda done: None,
    cut: Callable[[], str] = lambda: "",
) -> Whole | Wrong:
    """`public`: 64 hex digits of the key that heads are signed with; `printed`: (n or None, hash) of a head that is
    known from elsewhere; `progress`: called with how many rows are done; `cut`: asked at the end, why the source is
    known to end too early, or ""."""
    before = head = NOWHERE
    proven, doubted, printed_at, signed = 0, 0, None, True
    for position, here in enumerate(source()):
        n = head.n + 1
        if here.row is None or here.n != n or link(head.hash, n, here.row) != here.hash:
            if doubted:
                kind: Kind = "changed" if doubted == head.n == proven + 1 else "rewritten"
                return Wrong(kind, proven + 1, f"the head after row {doubted} is not the one that was signed", proven)
            return _what_was_done(source, position, before, head, proven)
        before, head = head, Head(n, here.hash)
        signed = here.signature is not None
        if here.signature is not None:
            if here.signed_at is None or not signed_by(public, here.signature, signed_words(head, here.signed_at)):
                doubted = doubted or n
            elif doubted:
                return Wrong("changed", doubted, "not the row, but the date or the signature of the head after it", n)
            else:
                proven = n
        if printed is not None and printed[0] == n and printed[1] != here.hash:
            return Wrong("rewritten", proven + 1, f"the chain is whole, but row {n} is not the printed one", proven)
        if printed is not None and printed[1] == here.hash:
            printed_at = n
        if n % _EVERY == 0:
            progress(n)
    progress(head.n)
    if doubted:
        why = f"the chain is whole, but its head after row {doubted} is not signed by the county: it was made anew"
        return Wrong("rewritten", proven + 1, why, proven)
    if why := _why_truncated(head, printed, printed_at, signed) or cut():
        return Wrong("truncated", head.n + 1, why, proven)
    return Whole(head, printed_at)


def _why_truncated(head: Head, printed: tuple[int | None, bytes] | None, printed_at: int | None, signed: bool) -> str:
    if printed is not None and printed_at is None:
        if printed[0] is not None:
            return f"rows {head.n + 1} to {printed[0]} were there when the head was printed"
        return "the printed head is of no row of this chain: its end was cut off before that row, or it was made anew"
    return "" if signed else f"the county signs where it stops, and has not signed after row {head.n}"


def _what_was_done(source: Source, position: int, before: Head, head: Head, proven: int) -> Wrong:
    """`position`: of the first row that does not follow `head`; `before`: the head before that one."""
    n = head.n + 1
    here, *rest = islice(source(), position, position + 2)
    after = rest[0] if rest else None
    for away, one in enumerate(islice(source(), position, None)):
        fitting = link(head.hash, n, one.row) if one.row is not None else b""
        if fitting not in (one.hash, here.hash):
            continue
        if away == 0:
            return Wrong("changed", n, f"it is called number {here.n}; all else of it is right", proven)
        if here.row is not None and _stands_later(source, position, away, Head(n, fitting), here):
            return Wrong("reordered", n, f"the row that belongs here stands {away} further on", proven)
        return Wrong("inserted", n, f"the row that belongs here stands {away} further on, and this one nowhere", proven)
    if here.row is not None and head.n > proven and link(before.hash, head.n, here.row) == here.hash:
        return Wrong("inserted", head.n, "it was given a hash of its own; the row after it goes on from before", proven)
    if here.row is None:
        return Wrong("deleted", n, "the chain has its place, the row is gone", proven)
    if here.n > n:
        return Wrong("deleted", n, f"rows {n} to {here.n - 1} are missing", proven)
    if after is not None and after.row is not None and link(here.hash, n + 1, after.row) != after.hash:
        for many in range(1, _RENUMBERED_MOST + 1):
            if link(here.hash, n + many + 1, after.row) == after.hash:
                return Wrong("deleted", n, f"{many} rows are missing, and what follows was numbered anew", proven)
    why = "it does not give its hash"
    if proven < head.n != 0:
        why += f"; or row {head.n} was changed together with its hash: no head was signed between the two"
    return Wrong("changed", n, why, proven)


def _stands_later(source: Source, position: int, away: int, head: Head, here: Link) -> bool:
    """Whether the row `here` has a place of its own further on; `away`: from it to the row that belongs here, which
    makes `head`."""
    assert here.row is not None
    for steps, one in enumerate(islice(source(), position, None)):
        if steps and one.row == here.row:
            return False  # it is a copy of one that stands where it belongs
        if link(head.hash, head.n + 1, here.row) in (here.hash, one.hash):
            return True
        if steps in (0, away):
            continue
        if one.row is None or link(head.hash, head.n + 1, one.row) != one.hash:
            return False
        head = Head(head.n + 1, one.hash)
    return link(head.hash, head.n + 1, here.row) == here.hash
