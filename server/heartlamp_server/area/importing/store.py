"""Writes what a table changed, in short pieces: an alarm of a house waits for as long as its row is locked."""

from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date
from itertools import islice
from typing import TypeVar

from cryptography.exceptions import InvalidTag

from heartlamp_server.area import household_store, tree_store
from heartlamp_server.area.household import Household
from heartlamp_server.area.importing.areas import Member, Plan
from heartlamp_server.area.importing.households import Known
from heartlamp_server.area.importing.sites import Site
from heartlamp_server.area.seal import Sealer
from heartlamp_server.area.tree import Tree
from heartlamp_server.area.tree_store import Connection
from heartlamp_server.audit import store as audit

PIECE = 500

Retold = Callable[[Connection, Sequence[int]], Awaitable[None]]
"""Called in the transaction with the areas whose list of sites changed: their gateways shall fetch it anew."""
Progress = Callable[[int], None]
"""Called with how many more rows are written."""

T = TypeVar("T")


def pieces(many: Iterable[T]) -> Iterator[list[T]]:
    rest = iter(many)
    while piece := list(islice(rest, PIECE)):
        yield piece


async def write_areas(conn: Connection, plan: Plan, day: date) -> None:
    """Call in a transaction. `day`: from when who is in which grid."""
    fresh = await tree_store.write(conn, plan.nodes)
    for m in plan.members:
        group, grid = fresh.get(m.group, m.group), fresh.get(m.grid, m.grid)
        await tree_store.join_grid(conn, group, grid, m.police, day)


async def members(conn: Connection) -> frozenset[Member]:
    return frozenset(Member(*row) for row in await tree_store.members(conn))


async def known_sites(conn: Connection) -> dict[str, Site]:
    cursor = await conn.execute("SELECT id, kind, area, name, address, landmark, latitude, longitude FROM site")
    return {row[0]: Site(*row) for row in await cursor.fetchall()}


async def write_sites(conn: Connection, sites: Sequence[Site], tree: Tree, retold: Retold, progress: Progress) -> None:
    """Village by village. Locks in the order sites, gateways."""
    by_place = sorted(sites, key=lambda site: (_village(tree, site.area), site.id))
    for piece in pieces(by_place):
        piece.sort(key=lambda site: site.id)
        async with conn.transaction():
            await conn.execute(_WRITE, [list(column) for column in zip(*map(_columns, piece), strict=True)])
            await retold(conn, sorted({_village(tree, site.area) for site in piece}))
        progress(len(piece))


_WRITE = """
INSERT INTO site (id, kind, area, name, address, landmark, latitude, longitude)
SELECT * FROM unnest(%s::text[], %s::text[], %s::bigint[], %s::text[], %s::text[], %s::text[],
    %s::float8[], %s::float8[])
ON CONFLICT (id) DO UPDATE SET kind = EXCLUDED.kind, name = EXCLUDED.name, address = EXCLUDED.address,
    landmark = EXCLUDED.landmark, latitude = EXCLUDED.latitude, longitude = EXCLUDED.longitude
"""


def _columns(site: Site) -> tuple[object, ...]:
    return site.id, site.kind, site.area, site.name, site.address, site.landmark, site.latitude, site.longitude


def _village(tree: Tree, area: int) -> int:
    node = tree.nodes[area]
    return node.parent if node.level == "group" and node.parent is not None else area


async def known_households(
    conn: Connection, seal: Sealer, sites: Sequence[str], progress: Progress
) -> dict[str, Known]:
    """Those of the sites that there are, and what is kept of them."""
    cursor = await conn.execute("SELECT id, kind FROM site WHERE id = ANY(%s) ORDER BY id", (list(sites),))
    known: dict[str, Known] = {}
    for piece in pieces(await cursor.fetchall()):
        households = await _unsealed(conn, seal, [id for id, _ in piece])
        known |= {id: Known(kind, households.get(id, Household())) for id, kind in piece}
        progress(len(piece))
    return known


async def _unsealed(conn: Connection, seal: Sealer, sites: list[str]) -> dict[str, Household | None]:
    """None: it cannot be. One household that somebody tampered with spoils no other's."""
    try:
        return dict(await household_store.read(conn, seal, sites))
    except InvalidTag:
        if len(sites) == 1:
            return {sites[0]: None}
    half = len(sites) // 2
    return await _unsealed(conn, seal, sites[:half]) | await _unsealed(conn, seal, sites[half:])


async def write_households(
    conn: Connection,
    seal: Sealer,
    changed: Mapping[str, Household],
    known: Mapping[str, Known],
    by: str,
    progress: Progress,
) -> None:
    """`by`: an account, or who the operating system says; each household's change is a row of the audit log."""
    for piece in pieces(sorted(changed)):
        async with conn.transaction():
            for site in piece:
                await audit.record(conn, by, "household.change", site, site)
            pairs = {site: (known[site].household or Household(), changed[site]) for site in piece}
            await household_store.write(conn, seal, pairs, by)
        progress(len(piece))
