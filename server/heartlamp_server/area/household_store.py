"""Households as rows. Whatever a person could be known by is sealed: the rows alone say nothing."""

import json
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, TypeAlias

import psycopg

from heartlamp_server.area.erase import HELD
from heartlamp_server.area.household import Consent, Contact, Household, Needs
from heartlamp_server.area.seal import Sealer

Connection: TypeAlias = psycopg.AsyncConnection[Any]

# No device's id has a space, so no seal of a household's fits a device's, and none fits two rows.
_CONTACT, _NEEDS, _CONSENT = "contact {}", "needs {}", "consent {}"
_CONSENT_KINDS = ("camera", "data", "voice")


async def read(conn: Connection, seal: Sealer, sites: Sequence[str]) -> dict[str, Household]:
    """Only those of whom something is kept. Raises cryptography's InvalidTag where the key file is another."""
    cursor = await conn.execute(
        "SELECT h.site, h.needs, "
        "coalesce((SELECT json_agg(json_build_array(c.rank, encode(c.sealed, 'hex')) ORDER BY c.rank) "
        "FROM contact c WHERE c.site = h.site), '[]'), "
        "coalesce((SELECT json_agg(json_build_array(c.kind, c.given_on, c.how, encode(c.evidence, 'hex'), "
        "c.withdrawn_on) ORDER BY c.id) FROM consent c WHERE c.site = h.site), '[]') "
        "FROM household h WHERE h.site = ANY(%s)",
        (list(sites),),
    )
    found = {}
    for site, needs, contacts, consents in await cursor.fetchall():
        found[site] = Household(
            tuple(_contact(seal, site, row) for row in contacts),
            _needs(seal, site, needs),
            tuple(_consent(seal, site, row) for row in consents),
        )
    return found


async def write(conn: Connection, seal: Sealer, households: Mapping[str, tuple[Household, Household]], by: str) -> None:
    """`households`: site -> (as it was read, as it shall be); `by`: who says so. Contacts and needs are written anew;
    consents are only added, or end. Call in a transaction."""
    sites = sorted(households)
    await conn.execute(
        "INSERT INTO household (site, needs, changed_by) "
        "SELECT * FROM unnest(%s::text[], %s::bytea[]) AS n (site, needs), (SELECT %s::text) AS b (by) "
        "ON CONFLICT (site) DO UPDATE SET needs = EXCLUDED.needs, changed_at = now(), changed_by = EXCLUDED.changed_by",
        (sites, [_seal_needs(seal, site, households[site][1].needs) for site in sites], by),
    )
    await conn.execute("DELETE FROM contact WHERE site = ANY(%s)", (sites,))
    contacts = [
        (site, rank, _seal(seal, _CONTACT, site, rank, [c.role, c.number, c.language]))
        for site in sites
        for rank, c in enumerate(households[site][1].contacts, 1)
    ]
    if contacts:
        await conn.execute(
            "INSERT INTO contact (site, rank, sealed) SELECT * FROM unnest(%s::text[], %s::int[], %s::bytea[])",
            [list(column) for column in zip(*contacts, strict=True)],
        )
    fresh, ended = [], []
    for site in sites:
        before, after = households[site]
        known = {c.kind for c in before.consents if c.withdrawn_on is None}
        for c in after.consents:
            if c.withdrawn_on is None and c.kind not in known:
                evidence = _seal(seal, _CONSENT, site, _number(c.kind), c.evidence)
                fresh.append((site, c.kind, c.given_on, c.how, evidence, by))
            elif c.withdrawn_on is not None and c.kind in known and c not in before.consents:
                ended.append((c.withdrawn_on, site, c.kind))
    if ended:
        async with conn.cursor() as cursor:
            await cursor.executemany(
                "UPDATE consent SET withdrawn_on = %s WHERE site = %s AND kind = %s AND withdrawn_on IS NULL", ended
            )
    if fresh:
        await conn.execute(
            "INSERT INTO consent (site, kind, given_on, how, evidence, recorded_by) "
            "SELECT * FROM unnest(%s::text[], %s::text[], %s::date[], %s::text[], %s::bytea[], %s::text[]) "
            "ON CONFLICT (site, kind) WHERE withdrawn_on IS NULL DO NOTHING",  # of two at once the first stands
            [list(column) for column in zip(*fresh, strict=True)],
        )


async def erase(conn: Connection, site: str, by: str) -> None:
    """Blanks what is personal, keeps ids and figures. In a transaction."""
    for held in HELD:
        for statement in held.erase:
            await conn.execute(statement, {"site": site})
    await conn.execute("UPDATE household SET erased_at = now(), erased_by = %s WHERE site = %s", (by, site))


def _seal(seal: Sealer, of: str, site: str, number: int, value: object) -> bytes:
    return seal.seal(of.format(site), number, json.dumps(value, ensure_ascii=False).encode())


def _open(seal: Sealer, of: str, site: str, number: int, sealed: bytes) -> Any:
    return json.loads(seal.unseal(of.format(site), number, sealed))


def _seal_needs(seal: Sealer, site: str, needs: Needs) -> bytes | None:
    if needs == Needs():
        return None
    return _seal(seal, _NEEDS, site, 0, [needs.key_holder, needs.dog, needs.stairs, needs.hazards])


def _needs(seal: Sealer, site: str, sealed: bytes | None) -> Needs:
    return Needs(*_open(seal, _NEEDS, site, 0, bytes(sealed))) if sealed is not None else Needs()


def _contact(seal: Sealer, site: str, row: Sequence[Any]) -> Contact:
    rank, sealed = row
    return Contact(*_open(seal, _CONTACT, site, rank, bytes.fromhex(sealed)))


def _consent(seal: Sealer, site: str, row: Sequence[Any]) -> Consent:
    kind, given, how, sealed, withdrawn = row
    evidence = "" if sealed is None else _open(seal, _CONSENT, site, _number(kind), bytes.fromhex(sealed))
    ended = None if withdrawn is None else date.fromisoformat(withdrawn)
    return Consent(kind, date.fromisoformat(given), how, evidence, ended)


def _number(kind: str) -> int:
    return _CONSENT_KINDS.index(kind)
