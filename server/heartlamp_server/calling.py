"""Brings together what calling people takes: policies, duties, numbers and rosters for the engine of escalation, ways
to people for the outbox, answers of people for incidents, and plans for villages."""

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import psycopg
from heartlamp_protocol.escalation.decide import PERSONAL, Course, Due
from heartlamp_protocol.escalation.plan import Plan

from heartlamp_server.area.store import HEARD_BY
from heartlamp_server.audit import store as audit
from heartlamp_server.config import Config
from heartlamp_server.database import store as database_store
from heartlamp_server.database.again import again
from heartlamp_server.database.feed import Done
from heartlamp_server.database.pool import Database
from heartlamp_server.device.vault import Vault, read_key
from heartlamp_server.escalation import duties, policies
from heartlamp_server.escalation import store as plans
from heartlamp_server.escalation.choose import Call, courses_at
from heartlamp_server.escalation.compile import village_plan
from heartlamp_server.escalation.duties import target_id
from heartlamp_server.escalation.policy import MACHINES
from heartlamp_server.escalation.worker import Around, Callees, Village
from heartlamp_server.incident import acts, change
from heartlamp_server.incident import store as incidents
from heartlamp_server.incident.model import Entry, Incident, Refused, answer
from heartlamp_server.notification import store as outbox
from heartlamp_server.notification import timeline
from heartlamp_server.notification.handover import Hooks
from heartlamp_server.notification.model import Answered, Key, NotTold, Said, Trait, Wanted, Way, of_a_drill
from heartlamp_server.responder import session
from heartlamp_server.responder import store as people
from heartlamp_server.responder.presence import STAFFING
from heartlamp_server.responder.scope import IN_THE_VILLAGE
from heartlamp_server.seal import Seal

log = logging.getLogger("heartlamp.calling")

Connection = psycopg.AsyncConnection[Any]

UTC_OFFSET_MIN = 480
AWAY_MS = 24 * 3600 * 1000
"""Of a village that calls nobody by itself: then all of it is the county's."""
OF_USE = timedelta(minutes=15)
"""So long a call is worth making that could not be made at once."""
EVERY_S = 60.0
PAUSE_S = 0.1


@dataclass(frozen=True, slots=True)
class Channels:
    """What is set up: `kinds`: name -> as server.toml has it; `traits`; `addresses`: of chats and webhooks, which name
    whom they reach."""

    kinds: Mapping[str, str]
    traits: Mapping[str, Trait]
    addresses: Mapping[str, frozenset[str]]

    def __bool__(self) -> bool:
        return bool(self.kinds)


_OF_SITES = f"""
SELECT s.id, s.area, v.id, v.name,
    (SELECT coalesce(jsonb_agg(jsonb_build_array(g.id, g.plan_version, g.plan IS NOT NULL,
        extract(epoch FROM clock_timestamp() - g.last_seen) * 1000)), '[]')
     FROM gateway g WHERE {HEARD_BY} AND g.device IS NULL AND g.revoked_at IS NULL)
FROM site s JOIN area a ON a.id = s.area
    JOIN area v ON v.id = CASE a.level WHEN 'group' THEN a.parent ELSE a.id END WHERE s.id = ANY(%s)
"""


class Calling:
    """`online`: the gateways whose streams are open; `channels`: asked for when somebody is to be called, because
    providers' SDKs are slow to load."""

    def __init__(self, seal: Seal, channels: Callable[[], Channels], online: Callable[[], set[str]]) -> None:
        self._seal, self._channels, self._online = seal, channels, online

    def around(self, wake: Callable[[Done], None]) -> Around:
        return Around(
            self.villages, self.courses, self.away_ms, self.callees, self.call, wake, self.cannot, self.over, self.anew
        )

    async def villages(self, conn: Connection, incidents: Sequence[Incident]) -> dict[str, Village]:
        rows = await (await conn.execute(_OF_SITES, ([i.site for i in incidents],))).fetchall()
        online = self._online()
        of = {
            site: Village(
                group, id, name, tuple((g, v, planned, 0 if g in online else age) for g, v, planned, age in gws)
            )
            for site, group, id, name, gws in rows
        }
        return {incident.id: of[incident.site] for incident in incidents}

    async def courses(
        self, conn: Connection, incidents: Sequence[tuple[Incident, Village]], now: datetime
    ) -> list[Course | None]:
        if not incidents:
            return []
        places = await duties.places(conn, sorted({village.group for _, village in incidents}))
        calls = [
            Call(replace(places[village.group], site=incident.site), incident.what, village.plan_version)
            for incident, village in incidents
        ]
        return await courses_at(conn, self._seal, calls, now)

    def away_ms(self, incident: Incident, village: Village) -> int:
        """A village without a plan does nothing by itself, however well it is heard."""
        heard = [AWAY_MS if age is None else round(age) for _, _, planned, age in village.gateways if planned]
        return AWAY_MS if incident.what == "silent" else max(0, min(heard, default=AWAY_MS))

    async def callees(self, conn: Connection, courses: Sequence[Course]) -> Callees:
        """Mute are operators and commanders who are at no screen now."""
        persons = {t.id for c in courses for t in c.targets if any(r.channel in PERSONAL for r in t.reaches)}
        behind = await duties.behind(conn, persons)
        cursor = await conn.execute(
            "SELECT DISTINCT r.person FROM person_role r WHERE r.role = ANY(%s) AND r.person = ANY(%s) "
            f"AND {people.IN_FORCE}",
            (sorted(STAFFING), [one.name for one in behind.values()]),
        )
        desks = {target_id(row[0]) for row in await cursor.fetchall()}
        there = {target_id(p.name) for found in (await session.staffed(conn)).values() for p in found}
        names = [one.name for one in behind.values()] if self._channels() else []
        numbers = await people.numbers(conn, self._seal, names)
        return Callees(
            frozenset((desks - there) | (persons - behind.keys())),
            {id: (one, [n.number for n in numbers.get(one.name, ())]) for id, one in behind.items()},
        )

    def cannot(self, incident: Incident) -> frozenset[str]:
        """Who told the county so; what was told to the village its notes say."""
        return frozenset(
            target_id(r.key.removeprefix("person:"))
            for r in incident.responders
            if r.answer == "cannot" and r.key.startswith("person:")
        )

    async def over(self, conn: Connection, incident: Incident, steps: frozenset[int], now: datetime) -> None:
        """These steps have what they were for: nobody is called for them any more."""
        await outbox.withdraw(conn, incident.id, sorted(steps), "已有人应答 · somebody answered", now)

    async def anew(self, conn: Connection, incident: Incident, now: datetime) -> None:
        """It is no drill: nobody is to hear any more that it is one."""
        await outbox.withdraw(conn, incident.id, None, "不是演练 · it is no drill", now)

    async def call(
        self,
        conn: Connection,
        incident: Incident,
        village: Village,
        course: Course,
        due: Due,
        callees: Callees,
        time: int,
        now: datetime,
    ) -> None:
        """Sirens and loudspeakers are the village's: of those the county asks nothing."""
        channels = self._channels()
        if not any(r.channel in PERSONAL for r in due.reaches) or not channels:
            return
        found, numbers = callees.behind.get(due.target.id, (None, ()))
        wanted = Wanted(
            incident.id,
            course.version,
            due.step,
            due.target.id,
            "silent" if incident.what == "silent" else "alarm",
            {
                "village": village.name,
                "place": incident.place["name"],
                "landmark": incident.place["landmark"],
                "what": incident.what,
            },
            ways_to(found, numbers, channels, [g[0] for g in village.gateways]) if found else (),
            time,
            due.target.lang,
            village.id,
            silent_for="chosen" if incident.what == "silent" else "",
            not_after=now + OF_USE,
            drill=incident.drill,
        )
        try:
            await outbox.ask(conn, wanted, channels.traits, now)
        except NotTold as why:
            log.error("%s: %s is not told: %s", incident.id, due.target.id, why)
            key = Key(incident.id, course.version, due.step, due.target.id, "", time, incident.drill)
            await outbox.say(conn, [(str(key), "failed", {"why": str(why)})], now)


def ways_to(person: duties.Called, numbers: Sequence[str], channels: Channels, gateways: list[str]) -> tuple[Way, ...]:
    """A telephone before a text, the first number before the second, a notice in the console beside them."""
    found = []
    for name, kind in channels.kinds.items():
        text = kind.endswith("-sms")
        if kind.endswith("-voice") or text:
            after = len(numbers) if text else 0
            for rank, number in enumerate(numbers, after):
                through = [f"{number}@{g}" for g in gateways] if kind.startswith("village-") else [number]
                found += [Way(name, address, rank) for address in through]
        elif person.name in channels.addresses.get(name, ()):
            found.append(Way(name, person.name))
    if person.account:
        found.append(Way("app", person.name))
    return tuple(found)


# --- what people answer ----------------------------------------------------------------------------------------------


def hooks(config: Config) -> Hooks:
    """For the process that sends messages."""
    key = read_key(config.key_file)
    vault, seal = Vault(key), Seal(key)

    async def said(conn: Connection, told: Said) -> None:
        target = told.key.split("/")[3]
        person = (await duties.behind(conn, [target])).get(target)
        await timeline.said(conn, told, person.display if person else "")

    async def answered(conn: Connection, said: Answered) -> None:
        incident = said.key.partition("/")[0]
        person = (await duties.behind(conn, [said.target])).get(said.target)
        locked = await incidents.lock_together(conn, [incident])
        if locked is None:
            raise RuntimeError(f"{incident} changed at this moment")  # it is handed over again
        found, following, now = locked
        if person is None or incident not in found:
            return
        before = found[incident]
        detail = {"proof": said.proof}
        try:
            if of_a_drill(said.key) and not before.drill:
                raise Refused("这是对演练的回答，警情已改为真警情", "it answers the drill, and this is none any more")
            after, entry = answer(
                before, f"person:{person.name}", person.display, said.said, now
            )  # nobody at a desk typed it: the centre goes on ringing
        except Refused as why:
            kept = {"who": person.display, "answer": said.said, "reason": str(why), **detail}
            await incidents.save(conn, [], [Entry(incident, now, "answer_kept", kept)])
            return
        entry = replace(entry, detail=entry.detail | detail)
        epoch = await database_store.epoch(conn)
        others, lines = acts.with_it(following, after, now)
        await change.keep(conn, vault, epoch, [after, *others], [entry, *lines])

    async def proven(conn: Connection, channel: str, address: str, at: datetime) -> None:
        """Only a call does: who answers a message was awake, and a push wakes nobody."""
        if not str(config.notification.get(channel, {}).get("kind", "")).endswith("-voice"):
            return
        number = address.partition("@")[0]
        cursor = await conn.execute("SELECT DISTINCT person FROM person_number")
        names = [row[0] for row in await cursor.fetchall()]
        for name, numbers in (await people.numbers(conn, seal, names)).items():
            if any(n.number == number for n in numbers):
                await people.answered_test_call(conn, seal, name, number, at)

    async def trouble(conn: Connection, channel: str, why: str) -> None:
        await audit.record(conn, "", "channel.fault", channel)

    return Hooks(said, answered, proven, trouble)


# --- what villages are handed -----------------------------------------------------------------------------------------

_VILLAGES = """
SELECT g.id, g.village, ARRAY(SELECT id FROM area a WHERE a.parent = g.village AND a.level = 'group'
    AND a.valid_to IS NULL OR a.id = g.village OR g.village = ANY(a.also) ORDER BY id)
FROM gateway g WHERE g.device IS NULL AND g.revoked_at IS NULL AND g.village IS NOT NULL ORDER BY g.id
"""
_CLOSED = """
SELECT DISTINCT n.incident FROM notification n JOIN incident i ON i.id = n.incident
WHERE n.state = 'queued' AND i.closed_at IS NOT NULL
"""


class Plans:
    """Keeps villages' plans what policies and duties make of them, and takes back calls for what is over."""

    def __init__(self, database: Database, seal: Seal) -> None:
        self._database, self._seal = database, seal

    async def run(self) -> None:
        """For ever."""
        await again(
            EVERY_S,
            self.look,
            log,
            "villages' plans wait",
            "villages' plans could not be renewed; those that they have hold",
        )

    async def look(self) -> None:
        await self.take_back()
        await self.renew(PAUSE_S)

    async def take_back(self) -> None:
        async with self._database.connection() as conn:
            for (incident,) in await (await conn.execute(_CLOSED)).fetchall():
                async with conn.transaction():
                    await outbox.withdraw(conn, incident, None, "警情已办结 · it is closed", await outbox.now(conn))

    async def renew(self, pause_s: float = 0) -> list[str]:
        """The gateways that were handed a new plan. `pause_s`: after each, for alarms that come meanwhile."""
        handed = []
        async with self._database.connection() as conn:
            villages = await (await conn.execute(_VILLAGES)).fetchall()
        for gateway, village, groups in villages:
            async with self._database.connection() as conn:
                made = await self.made(conn, village, groups, await outbox.now(conn))
                version, kept = await plans.as_kept(conn, gateway)
                if made is not None and replace(made, version=version).to_json() != kept:
                    async with conn.transaction():
                        handed_over = await plans.keep(conn, gateway, made)
                    log.info("%s is handed plan %s", gateway, handed_over)
                    handed.append(gateway)
            await asyncio.sleep(pause_s)
        return handed

    async def made(self, conn: Connection, village: int, groups: list[int], now: datetime) -> Plan | None:
        """None: nobody ever wrote a policy for it, and nobody has a duty there."""
        of = await duties.places(conn, [*groups, village])
        places, chain = [of[group] for group in groups], of[village].chain
        own = await policies.that_hold(conn, tuple(dict.fromkeys(a for p in places for a in (*p.chain, *chain))))
        found = [*own, policies.DEFAULT]
        duty = (await duties.duties(conn, self._seal, found, places, now)).at()
        in_the_village = any(
            duty(whom, p.group)
            for policy in found
            for step in policy.steps
            for whom in step.whom
            if whom.level in IN_THE_VILLAGE and whom.role not in MACHINES
            for p in places
        )
        if not own and not in_the_village and not await policies.ever_spoke(conn, chain):
            return None
        return village_plan(found, [p.group for p in places], duty, UTC_OFFSET_MIN)


def open_channels_of(config: Config, opened: Any) -> Channels:
    """`opened`: what settings.open_channels gave."""
    kinds = {
        name: str(fields.get("kind", ""))
        for name, fields in config.notification.items()
        if isinstance(fields, dict) and name in opened.channels
    }
    addresses = {name: frozenset(getattr(opened.channels[name], "addresses", ())) for name in kinds}
    return Channels(kinds, opened.traits(), addresses)
