"""Hand-over to 110, 119, 120: what is read out, what they answered, and case numbers that come back by file."""

import csv
import io
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Annotated, Any, Literal

from cryptography.exceptions import InvalidTag
from fastapi import APIRouter, Depends, Query
from pydantic import AwareDatetime, BaseModel, Field

from heartlamp_server import plain
from heartlamp_server.area import household_store
from heartlamp_server.area.household import Household
from heartlamp_server.audit import store as audit
from heartlamp_server.database.feed import Done
from heartlamp_server.database.pool import Database
from heartlamp_server.device.vault import Vault
from heartlamp_server.incident import acts, change, handover, script, store
from heartlamp_server.incident.card import card
from heartlamp_server.incident.forms import Card
from heartlamp_server.incident.model import Change, Incident, Refused
from heartlamp_server.incident.script import Script
from heartlamp_server.problems import Problem, problem
from heartlamp_server.responder.gate import Gate
from heartlamp_server.responder.scope import Scope, may

Service = Literal["110", "119", "120"]
ROWS_MAX = 500


class Handing(BaseModel):
    """`case`, `again`: the number, and as it was read back; `officer`: who took it or which desk; `at`: when; `words`:
    why not, or what became of it; `there`: they were at the site."""

    act: Literal["offer", "taken", "declined", "ended"]
    service: Service
    case: str = Field("", max_length=60)
    again: str = Field("", max_length=60)
    officer: str = Field("", max_length=60)
    at: AwareDatetime | None = None
    words: str = Field("", max_length=500)
    there: bool = False


class ScriptView(BaseModel):
    """`zh`, `en`: line by line, to be read out. The rest is the same as data."""

    now: datetime
    service: Service
    what: str
    silent: bool
    path: list[str]
    name: str
    address: str
    landmark: str
    latitude: float | None
    longitude: float | None
    since: datetime
    since_known: bool
    presses: int
    key_holder: str
    dog: str
    stairs: str
    hazards: str
    hidden: bool
    callback: str
    zh: list[str]
    en: list[str]


class Numbers(BaseModel):
    """`text`: CSV with the columns incident (警情), service (单位), case (接警编号), officer (接警人), at (时间)."""

    text: str = Field(max_length=60_000)


class RowSaid(BaseModel):
    """`line`: from 1, the heading; `error`: "" where it was taken."""

    line: int
    incident: str
    error: str


class NumbersSaid(BaseModel):
    taken: int
    rows: list[RowSaid]


def router(
    database: Database,
    vault: Vault,
    gate: Gate,
    epoch: Callable[[], str],
    wake: Callable[[Done], None],
    callback: str,
) -> APIRouter:
    """`wake`: called after each commit; `callback`: the centre's number."""
    routes = APIRouter()
    hands = gate.require("incident.handover")
    unknown = partial(problem, 404, "没有这起警情 · no such incident", "请刷新列表 · reload the list")
    moved = partial(problem, 409, "警情刚刚有变化 · it changed at this moment", "请重试 · try again")
    not_yours = partial(problem, 403, "移交由值班员操作 · operators hand over", "请告诉值班员 · tell the operator")

    @routes.post("/incidents/{id}/handover", responses={n: {"model": Problem} for n in (403, 404, 409)})
    async def hand(id: str, said: Handing, scope: Annotated[Scope, Depends(hands)]) -> Card:
        """Notes an offer, the case number that came back, a refusal, or the outcome."""

        def doing(incident: Incident, now: datetime) -> Change:
            by = scope.person.display
            match said.act:
                case "offer":
                    return handover.offer(incident, said.service, by, now)
                case "taken":
                    officer = plain.name(said.officer)
                    return handover.take(
                        incident, said.service, said.case, said.again, officer, "read_back", by, now, said.at
                    )
                case "declined":
                    return handover.decline(incident, said.service, plain.lines(said.words), by, now)
                case "ended":
                    return handover.end(incident, said.service, plain.lines(said.words), said.there, by, now)

        async with database.connection() as conn, conn.transaction():
            locked = await store.lock_together(conn, [id])
            if locked is None:
                raise moved()
            found, following, now = locked
            incident = found.get(id)
            spot = await store.for_person(conn, incident, scope) if incident else None
            if incident is None or spot is None:
                raise unknown()
            needed = "incident.answer_for" if said.act == "offer" else "incident.handover"
            police = not may(scope, "incident.answer_for", spot)
            if not may(scope, needed, spot) or (police and said.service != "110"):
                raise not_yours()
            try:
                after, entry = doing(incident, now)
            except Refused as why:
                raise problem(409, str(why), why.do) from why
            entry = replace(entry, detail=entry.detail | {"operator": scope.person.name})
            others, lines = acts.with_it(following, after, now)
            await audit.record(
                conn, scope.person.name, "incident.handover", id, incident.site, act=said.act, service=said.service
            )
            done = await change.keep(conn, vault, epoch(), [after, *others], [entry, *lines])
        wake(done)
        return Card(**card(after))

    @routes.get("/incidents/{id}/script", responses={404: {"model": Problem}})
    async def read_out(
        id: str, scope: Annotated[Scope, Depends(hands)], service: Annotated[Service, Query()] = "110"
    ) -> ScriptView:
        """What to read out on the telephone; the look at it is written down."""
        async with database.connection() as conn:
            found = await store.read(conn, id, scope)
            if found is None:
                raise unknown()
            incident, now = found
            await audit.look(conn, scope.person.name, "look.script", id, incident.site)
            row = await (
                await conn.execute("SELECT kind, latitude, longitude FROM site WHERE id = %s", (incident.site,))
            ).fetchone()
            assert row is not None
            known, hidden = Household(), False
            try:
                known = (await household_store.read(conn, vault, [incident.site])).get(incident.site, known)
            except InvalidTag:
                hidden = True
        point = (row[1], row[2]) if row[1] is not None else None
        kind = "elsewhere" if incident.place.get("elsewhere") else row[0]
        needs = known.needs
        told = Script(incident, service, now, kind, point, needs, hidden, callback)
        zh, en = script.lines(told)
        return ScriptView(
            now=now,
            service=service,
            what=incident.what,
            silent=incident.what == "silent",
            path=incident.place["path"],
            name=incident.place["name"],
            address=incident.place["address"],
            landmark=incident.place["landmark"],
            latitude=point[0] if point else None,
            longitude=point[1] if point else None,
            since=incident.observed_at or incident.opened_at,
            since_known=incident.observed_at is not None,
            presses=incident.presses,
            key_holder=needs.key_holder,
            dog=needs.dog,
            stairs=needs.stairs,
            hazards=needs.hazards,
            hidden=hidden,
            callback=callback,
            zh=list(zh),
            en=list(en),
        )

    @routes.post("/handovers/import", responses={422: {"model": Problem}})
    async def take_numbers(given: Numbers, scope: Annotated[Scope, Depends(hands)]) -> NumbersSaid:
        """Case numbers by file: each row for itself, with a reason where it is refused."""
        rows = read_rows(given.text)
        if isinstance(rows, str):
            raise problem(422, rows, "请按模板更正 · correct it")
        told = []
        for line, row in rows:
            error = await _one(scope, row)
            told.append(RowSaid(line=line, incident=row["incident"][:60], error=error))
        return NumbersSaid(taken=sum(not r.error for r in told), rows=told)

    async def _one(scope: Scope, row: dict[str, str]) -> str:
        """ "" where it was taken, else why not."""
        try:
            at = datetime.fromisoformat(row["at"]) if row["at"] else None
        except ValueError:
            return "时间格式不对 · the time is none: 2026-01-31T08:00:00+08:00"
        if at is not None and at.tzinfo is None:
            return "时间没有时区 · the time has no zone: 2026-01-31T08:00:00+08:00"
        async with database.connection() as conn, conn.transaction():
            locked = await store.lock_together(conn, [row["incident"]])
            if locked is None:
                return "警情刚刚有变化，请重试 · it changed at this moment, try again"
            found, following, now = locked
            incident = found.get(row["incident"])
            spot = await store.for_person(conn, incident, scope) if incident else None
            if incident is None or spot is None:
                return "没有这起警情 · no such incident"
            if not may(scope, "incident.answer_for", spot) and row["service"] != "110":
                return "移交由值班员操作 · operators hand over"
            try:
                after, entry = handover.take(
                    incident, row["service"], row["case"], "", plain.name(row["officer"])[:60], "file",
                    scope.person.display, now, at,
                )  # fmt: skip
            except Refused as why:
                return str(why)
            if after == incident:
                return ""
            entry = replace(entry, detail=entry.detail | {"operator": scope.person.name})
            others, lines = acts.with_it(following, after, now)
            await audit.record(
                conn, scope.person.name, "incident.handover", incident.id, incident.site, act="file",
                service=row["service"],
            )  # fmt: skip
            done = await change.keep(conn, vault, epoch(), [after, *others], [entry, *lines])
        wake(done)
        return ""

    return routes


_COLUMNS = {
    "incident": ("incident", "警情", "警情编号"),
    "service": ("service", "单位", "移交单位"),
    "case": ("case", "接警编号", "编号"),
    "officer": ("officer", "接警人", "接警席"),
    "at": ("at", "时间", "接警时间"),
}
_NEEDED = ("incident", "service", "case")


def read_rows(text: str) -> list[tuple[int, dict[str, str]]] | str:
    """(line, its fields) of a CSV file, or why it is none."""
    reader = csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline=""))
    try:
        table: list[tuple[int, list[str]]] = [
            (reader.line_num, [plain.name(c) for c in r]) for r in reader if any(c.strip() for c in r)
        ]
    except csv.Error as wrong:
        return f"不是 CSV：{wrong} · not a CSV file: {wrong}"
    if not table:
        return "文件是空的 · the file is empty"
    heads = {name: _column(table[0][1], words) for name, words in _COLUMNS.items()}
    if missing := [n for n in _NEEDED if heads[n] is None]:
        return f"缺少列：{'、'.join(_COLUMNS[n][1] for n in missing)} · columns are missing: {', '.join(missing)}"
    if len(table) > ROWS_MAX + 1:
        return f"最多 {ROWS_MAX} 行 · at most {ROWS_MAX} rows"
    return [(line, {name: _cell(row, at) for name, at in heads.items()}) for line, row in table[1:]]


def _column(head: list[str], words: tuple[str, ...]) -> int | None:
    lower: list[Any] = [h.lower() for h in head]
    return next((lower.index(w) for w in words if w in lower), None)


def _cell(row: list[str], at: int | None) -> str:
    return row[at] if at is not None and at < len(row) else ""
