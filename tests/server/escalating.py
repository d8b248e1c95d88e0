"""`python -m tests.server.escalating DATABASE`: one worker of the county's escalation, as a process that can be killed.
Calls go into the table `called`, in the transaction of the look."""

import asyncio
import sys
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

import psycopg
from heartlamp_protocol.escalation.decide import Course, Due
from heartlamp_server.database.pool import Database
from heartlamp_server.device.vault import Vault
from heartlamp_server.escalation import worker
from heartlamp_server.escalation.worker import Around, Callees, Escalation, Village
from heartlamp_server.incident.model import Incident

from tests.server.test_policy import course_for

FAST = 0.02
"""Of the policy's seconds: a minute is 1.2 s."""


def quick(course: Course) -> Course:
    """The default policy, in a hurry."""
    steps = tuple(
        replace(s, at_ms=round(s.at_ms * FAST), again_ms=round(s.again_ms * FAST), times=s.times or 3)
        for s in course.policy.steps
    )
    return replace(course, policy=replace(course.policy, steps=steps))


COURSE = quick(course_for("g1"))
Connection = psycopg.AsyncConnection[Any]


async def _villages(conn: Connection, incidents: Sequence[Incident]) -> dict[str, Village]:
    return {incident.id: Village(0, 0, "") for incident in incidents}


async def _courses(
    conn: Connection, incidents: Sequence[tuple[Incident, Village]], now: datetime
) -> list[Course | None]:
    return [COURSE for _ in incidents]


def _away(incident: Incident, village: Village) -> int:
    return 10_000_000  # the village is gone: everything is the county's to do


async def _callees(conn: Connection, courses: Sequence[Course]) -> Callees:
    return Callees()


async def _call(
    conn: Connection,
    incident: Incident,
    village: Village,
    course: Course,
    due: Due,
    callees: Callees,
    time: int,
    now: datetime,
) -> None:
    await conn.execute(
        "INSERT INTO called (incident, step, target, time) VALUES (%s, %s, %s, %s)",
        (incident.id, due.step, due.target.id, time),
    )


AROUND = Around(_villages, _courses, _away, _callees, _call, lambda done: None)


async def nothing(conn: Connection) -> None:
    pass


async def main(address: str) -> None:
    database = Database(address)
    await database.open(nothing, nothing)
    worker.LOOK_S = 0.05
    print("ready", flush=True)
    await Escalation(database, Vault(bytes(32)), lambda: "epoch", AROUND).run()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
