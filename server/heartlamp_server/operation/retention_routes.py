"""How long what is kept, for everybody who is signed in; and what of it the county's administrator changes."""

from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, Field

from heartlamp_server import plain
from heartlamp_server.audit import store as audit
from heartlamp_server.config import Config
from heartlamp_server.database import kept_days
from heartlamp_server.database.kept_days import BOUNDS, Bounds, Connection, Rule
from heartlamp_server.database.pool import Database
from heartlamp_server.operation.retention import COURSE_DAYS, NOTE_DAYS, older
from heartlamp_server.problems import Problem, problem
from heartlamp_server.responder.gate import Gate
from heartlamp_server.responder.scope import Scope, reach


class KeptFor(BaseModel):
    """`what`: docs/retention.md says what each is; `days` null: always; `least`, `most`: between which they can be
    changed, null not at all; `next_days`: those that hold from `next_from` on, null where nothing waits; `set_by`: who
    set them on the page and `why`, "" they are those of server.toml."""

    what: str
    days: int | None
    least: int | None
    most: int | None
    next_days: int | None
    next_from: datetime | None
    set_by: str
    set_at: datetime | None
    why: str


class RetentionView(BaseModel):
    """`ran_at`: when the job last deleted what is older; `took`: rows of each, then."""

    kept: list[KeptFor]
    ran_at: datetime | None
    took: dict[str, int]


class Going(BaseModel):
    """What other days would come to. `rows`: so many more than without it would be deleted once they hold, null where
    that cannot be counted; `from_at`: when they would hold from."""

    rows: int | None
    from_at: datetime


class DaysAsked(BaseModel):
    days: int = Field(ge=1, le=100_000)
    why: str = Field(max_length=300)


What = Literal["pictures", "words", "households", "readings"]
_FIXED: tuple[tuple[str, int | None], ...] = (
    ("messages", 90),
    ("notes", NOTE_DAYS),
    ("courses", COURSE_DAYS),
    ("quarantine", 90),
    ("browsers", 180),
    ("steps", None),
    ("audit", None),
)


def router(database: Database, gate: Gate, config: Config) -> APIRouter:
    routes = APIRouter()
    given: dict[What, int] = {
        "pictures": config.picture_days,
        "words": config.retention.words_days,
        "households": config.retention.household_days,
        "readings": config.telemetry.days,
    }
    Changes = Annotated[Scope, Depends(gate.require("retention.change"))]

    @routes.get("/retention")
    async def what_is_kept_how_long(scope: Annotated[Scope, Depends(gate.require("self"))]) -> RetentionView:
        """The days that are set, and what the job last took."""
        async with database.connection() as conn:
            return await _view(conn, given)

    @routes.get("/retention/{what}/going", responses={403: {"model": Problem}, 409: {"model": Problem}})
    async def what_would_go(what: What, days: Annotated[int, Query(ge=1, le=100_000)], scope: Changes) -> Going:
        """How much more would be deleted if this were kept so many days, and from when on. Changes nothing."""
        _whole_county(scope)
        _within(BOUNDS[what], days)
        async with database.connection() as conn:
            before = await kept_days.days(conn, what, given[what])
            _, now = await kept_days.rules(conn)
            holds = kept_days.holds_from(days, before, now)
            if what == "readings" and config.telemetry.influx is not None:
                return Going(rows=None if days < before else 0, from_at=holds)
            # What is so old when they begin to hold is a day younger now.
            grace = kept_days.GRACE.days
            more = 0
            if days < before:
                more = await older(conn, what, days - grace) - await older(conn, what, before - grace)
        return Going(rows=max(more, 0), from_at=holds)

    @routes.post("/retention/{what}", responses={403: {"model": Problem}, 409: {"model": Problem}})
    async def change_days(what: What, asked: DaysAsked, scope: Changes) -> RetentionView:
        """Keeps it so many days from now on, with a reason; fewer than before from a day later on, until which it can
        be taken back by setting the days of before."""
        _whole_county(scope)
        _within(BOUNDS[what], asked.days)
        why = plain.lines(asked.why)
        if not why:
            raise problem(409, "没有写原因 · no reason is given", "请写明原因 · say why")
        async with database.connection() as conn, conn.transaction():
            before = await kept_days.change(conn, what, asked.days, given[what], scope.person.name, why)
            await audit.record(conn, scope.person.name, "retention.change", what, "", days=asked.days, before=before)
            return await _view(conn, given)

    return routes


async def _view(conn: Connection, given: dict[What, int]) -> RetentionView:
    rules, now = await kept_days.rules(conn)
    cursor = await conn.execute("SELECT at, detail FROM audit WHERE what = 'retention.run' ORDER BY id DESC LIMIT 1")
    row = await cursor.fetchone()
    took = {name: many for name, many in row[1].items() if isinstance(many, int)} if row else {}
    kept = [_kept_for(what, days, rules.get(what), now) for what, days in given.items()]
    kept += [_kept_for(what, days, None, now) for what, days in _FIXED]
    return RetentionView(kept=kept, ran_at=row[0] if row else None, took=took)


def _kept_for(what: str, days: int | None, rule: Rule | None, now: datetime) -> KeptFor:
    bounds = BOUNDS.get(what)
    waits = rule is not None and rule.at(now) != rule.days
    return KeptFor(
        what=what,
        days=rule.at(now) if rule else days,
        least=bounds.least if bounds else None,
        most=bounds.most if bounds else None,
        next_days=rule.days if rule and waits else None,
        next_from=rule.holds_from if rule and waits else None,
        set_by=rule.display if rule else "",
        set_at=rule.set_at if rule else None,
        why=rule.why if rule else "",
    )


def _whole_county(scope: Scope) -> None:
    if not reach(scope, "retention.change").everywhere:
        raise problem(403, "保存期限由县级管理员更改 · the days are the county's", "请联系县级管理员 · ask there")


def _within(bounds: Bounds, days: int) -> None:
    if not bounds.least <= days <= bounds.most:
        raise problem(
            409,
            f"只能设为 {bounds.least} 到 {bounds.most} 天 · from {bounds.least} to {bounds.most} days",
            "请改一个天数，什么都没有改 · give another number; nothing was changed",
        )
