"""People, their roles and numbers, as rows."""

import logging
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import psycopg
from cryptography.exceptions import InvalidTag

from heartlamp_server.responder.model import Person
from heartlamp_server.responder.scope import Grant
from heartlamp_server.seal import Seal

log = logging.getLogger("heartlamp")

Connection = psycopg.AsyncConnection[Any]

PROVEN = timedelta(days=30)
"""A step may call a number that answered a test call within this time."""

IN_FORCE = "r.valid_from <= now() AND (r.valid_to IS NULL OR r.valid_to > now())"
"""SQL: the role `r` counts now."""
_ABOVE = """CASE WHEN NOT EXISTS (
        SELECT FROM area t WHERE t.parent IS NULL AND t.id <> a.id AND (t.id IS DISTINCT FROM a.parent
            OR EXISTS (SELECT FROM area c WHERE c.parent = t.id AND c.id <> a.id))
    ) THEN to_jsonb(array_remove(ARRAY[a.parent], NULL)) END"""
"""SQL: `Grant.above` of the area `a`: it is the only top one, or the only one below that. A quarter of a millisecond;
to collect the five thousand areas of a county takes twelve."""
GRANTS = f"""(SELECT coalesce(jsonb_agg(jsonb_build_array(r.role, r.area, coalesce(a.level, ''), coalesce(r.site, ''),
    r.unit, CASE WHEN r.area IS NOT NULL THEN {_ABOVE} END) ORDER BY r.id), '[]')
    FROM person_role r LEFT JOIN area a ON a.id = r.area WHERE r.person = p.name AND {IN_FORCE})"""
"""SQL: the roles of the person `p` that are in force, for `to_grants`."""


def to_grants(rows: Sequence[Sequence[Any]]) -> tuple[Grant, ...]:
    return tuple(
        Grant(role, area, level, site, unit, None if above is None else tuple(above))
        for role, area, level, site, unit, above in rows
    )


@dataclass(frozen=True, slots=True)
class Role:
    """A role as it was given. `area` None: everywhere, but for `family`, which has a `site`; `over`: it was ended."""

    id: int
    grant: Grant
    area_name: str
    valid_from: datetime
    valid_to: datetime | None
    given_by: str
    over: bool


@dataclass(frozen=True, slots=True)
class Known:
    """`account`: whether this person can sign in; `second`: whether the second factor is set up."""

    person: Person
    languages: list[str]
    account: bool
    second: bool
    disabled: bool
    roles: list[Role]


async def add_person(conn: Connection, person: Person, hashed: str | None, languages: Sequence[str] = ()) -> bool:
    """`hashed` None: somebody who is called and never signs in. False: the name is known; nothing was changed."""
    cursor = await conn.execute(
        "INSERT INTO person (name, display, password, languages) VALUES (%s, %s, %s, %s) "
        "ON CONFLICT (name) DO NOTHING RETURNING name",
        (person.name, person.display, hashed, list(languages)),
    )
    return await cursor.fetchone() is not None


async def set_password(conn: Connection, name: str, hashed: str, but: int = 0) -> bool:
    """Ends the person's sessions, `but` the one of this number, and forgets the browsers. False: nobody is called
    so."""
    async with conn.transaction():
        cursor = await conn.execute("UPDATE person SET password = %s WHERE name = %s RETURNING name", (hashed, name))
        if await cursor.fetchone() is None:
            return False
        await conn.execute("DELETE FROM session WHERE person = %s AND id <> %s", (name, but))
        await conn.execute("DELETE FROM known_browser WHERE person = %s", (name,))
    return True


async def rename(conn: Connection, person: Person, languages: Sequence[str]) -> bool:
    cursor = await conn.execute(
        "UPDATE person SET display = %s, languages = %s WHERE name = %s RETURNING name",
        (person.display, list(languages), person.name),
    )
    return await cursor.fetchone() is not None


async def disable(conn: Connection, name: str, disabled: bool) -> bool:
    """Ends every session of who is disabled. False: nobody of that name."""
    async with conn.transaction():
        cursor = await conn.execute(
            "UPDATE person SET disabled_at = CASE WHEN %s THEN coalesce(disabled_at, now()) END WHERE name = %s "
            "RETURNING name",
            (disabled, name),
        )
        if await cursor.fetchone() is None:
            return False
        if disabled:
            await conn.execute("DELETE FROM session WHERE person = %s", (name,))
    return True


async def give_role(
    conn: Connection,
    name: str,
    grant: Grant,
    given_by: str,
    valid_from: datetime | None = None,
    valid_to: datetime | None = None,
) -> int:
    """Its number. Raises psycopg's ForeignKeyViolation and CheckViolation."""
    cursor = await conn.execute(
        "INSERT INTO person_role (person, role, area, site, unit, valid_from, valid_to, given_by) "
        "VALUES (%s, %s, %s, nullif(%s, ''), %s, coalesce(%s, now()), %s, %s) RETURNING id",
        (name, grant.role, grant.area, grant.site, grant.unit, valid_from, valid_to, given_by),
    )
    row = await cursor.fetchone()
    assert row is not None
    return int(row[0])


async def end_role(conn: Connection, name: str, role: int) -> bool:
    """From now on; one that had not begun never does. False: there is no such role in force or to come."""
    cursor = await conn.execute(
        "UPDATE person_role SET valid_to = greatest(valid_from, now()) "
        "WHERE id = %s AND person = %s AND (valid_to IS NULL OR valid_to > now()) RETURNING id",
        (role, name),
    )
    return await cursor.fetchone() is not None


_PEOPLE = """
SELECT p.name, p.display, p.languages, p.password IS NOT NULL, p.totp_at IS NOT NULL, p.disabled_at IS NOT NULL,
    (SELECT coalesce(jsonb_agg(jsonb_build_array(r.id, r.role, r.area, coalesce(a.level, ''), coalesce(r.site, ''),
        r.unit, coalesce(a.name, s.name, ''), r.valid_from, r.valid_to, r.given_by,
        coalesce(r.valid_to <= now(), false)) ORDER BY r.id), '[]')
     FROM person_role r LEFT JOIN area a ON a.id = r.area LEFT JOIN site s ON s.id = r.site WHERE r.person = p.name)
FROM person p
"""


async def known(conn: Connection, name: str) -> Known | None:
    row = await (await conn.execute(f"{_PEOPLE} WHERE p.name = %s", (name,))).fetchone()
    return _known(row) if row else None


async def people(conn: Connection, inside: str, values: Mapping[str, Any], after: str, limit: int) -> list[Known]:
    """By name, those after `after` with a role that lies where `inside` says: SQL over `r.area` and `r.site`."""
    cursor = await conn.execute(
        # The page's names first, and once: else each person is asked about one by one.
        f"WITH theirs AS MATERIALIZED (SELECT DISTINCT r.person FROM person_role r LEFT JOIN site rs ON rs.id = r.site "
        f"WHERE r.person > %(after)s AND {IN_FORCE} AND {inside} ORDER BY 1 LIMIT %(limit)s) "
        f"{_PEOPLE} WHERE p.name IN (SELECT person FROM theirs) ORDER BY p.name",
        {**values, "after": after, "limit": limit},
    )
    return [_known(row) for row in await cursor.fetchall()]


def _known(row: Sequence[Any]) -> Known:
    name, display, languages, account, second, disabled, roles = row
    return Known(Person(name, display), languages, account, second, disabled, [_role(r) for r in roles])


def _role(row: Sequence[Any]) -> Role:
    id, role, area, level, site, unit, area_name, valid_from, valid_to, given_by, over = row
    ends = datetime.fromisoformat(valid_to) if valid_to else None
    grant = Grant(role, area, level, site, unit)
    return Role(id, grant, area_name, datetime.fromisoformat(valid_from), ends, given_by, over)


# --- numbers ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Number:
    """`answered_at`: when it last answered a test call; `proven`: that was within PROVEN."""

    id: int
    number: str
    answered_at: datetime | None
    proven: bool


async def numbers(conn: Connection, seal: Seal, names: Sequence[str]) -> dict[str, list[Number]]:
    """person -> numbers in the order of calling. For who sends the call, and for who may see them."""
    cursor = await conn.execute(
        "SELECT person, id, sealed, answered_at, coalesce(answered_at > now() - %s, false) FROM person_number "
        "WHERE person = ANY(%s) ORDER BY person, rank",
        (PROVEN, list(names)),
    )
    found: dict[str, list[Number]] = {name: [] for name in names}
    for person, id, sealed, answered_at, proven in await cursor.fetchall():
        try:
            number = seal.unseal(_about(person), bytes(sealed))
        except InvalidTag:  # one that cannot be read keeps nobody else from being called
            log.error("number %s of %s was sealed by another secret.key and is left out; enter it again", id, person)
            continue
        found[person].append(Number(id, number, answered_at, proven))
    return found


async def set_numbers(conn: Connection, seal: Seal, name: str, wanted: Sequence[str]) -> None:
    """All of a person's numbers in E.164, in the order of calling. One that stays keeps its answered test call."""
    async with conn.transaction():
        await conn.execute("SELECT FROM person WHERE name = %s FOR UPDATE", (name,))
        before = {n.number: n.answered_at for n in (await numbers(conn, seal, [name]))[name]}
        await conn.execute("DELETE FROM person_number WHERE person = %s", (name,))
        for rank, number in enumerate(dict.fromkeys(wanted), 1):
            await conn.execute(
                "INSERT INTO person_number (person, rank, sealed, answered_at) VALUES (%s, %s, %s, %s)",
                (name, rank, seal.seal(_about(name), number), before.get(number)),
            )


async def answered_test_call(conn: Connection, seal: Seal, name: str, number: str, at: datetime) -> bool:
    """A person answered a test call at this number. False: it is no number of that person (any more)."""
    found = next((n for n in (await numbers(conn, seal, [name]))[name] if n.number == number), None)
    if found is None:
        return False
    await conn.execute("UPDATE person_number SET answered_at = greatest(answered_at, %s) WHERE id = %s", (at, found.id))
    return True


def _about(person: str) -> str:
    return f"number of {person}"


# --- whom a household chose ---------------------------------------------------------------------------------------


async def family(conn: Connection, site: str) -> list[tuple[int, Person, list[str]]]:
    """(number of the role, person, languages) of whom the household chose, in the order of choosing."""
    cursor = await conn.execute(
        "SELECT r.id, p.name, p.display, p.languages FROM person_role r JOIN person p ON p.name = r.person "
        f"WHERE r.site = %s AND p.disabled_at IS NULL AND {IN_FORCE} ORDER BY r.id",
        (site,),
    )
    return [(id, Person(name, display), languages) for id, name, display, languages in await cursor.fetchall()]


async def families(conn: Connection, sites: Sequence[str]) -> dict[str, list[str]]:
    """site -> names, as `family` has them."""
    cursor = await conn.execute(
        "SELECT r.site, p.name FROM person_role r JOIN person p ON p.name = r.person "
        f"WHERE r.site = ANY(%s) AND p.disabled_at IS NULL AND {IN_FORCE} ORDER BY r.id",
        (list(sites),),
    )
    found: dict[str, list[str]] = {}
    for site, name in await cursor.fetchall():
        found.setdefault(site, []).append(name)
    return found


def fresh_name() -> str:
    """Of somebody who never signs in, and whom nobody calls by it."""
    return f"p{secrets.token_hex(6)}"


async def displays(conn: Connection, names: Sequence[str]) -> dict[str, str]:
    cursor = await conn.execute("SELECT name, display FROM person WHERE name = ANY(%s)", (list(names),))
    return dict(await cursor.fetchall())


async def holders(conn: Connection, area: int, role: str) -> list[Person]:
    """Who has this role in exactly this area now."""
    cursor = await conn.execute(
        "SELECT DISTINCT p.name, p.display FROM person_role r JOIN person p ON p.name = r.person "
        f"WHERE r.area = %s AND r.role = %s AND p.disabled_at IS NULL AND {IN_FORCE} ORDER BY p.name",
        (area, role),
    )
    return [Person(*row) for row in await cursor.fetchall()]
