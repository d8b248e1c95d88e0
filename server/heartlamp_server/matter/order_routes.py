"""Orders for volunteers: 点单 by a grid worker or an operator for the household, 派单, 接单, done, confirmed."""

from datetime import datetime, timedelta
from functools import partial
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query
from pydantic import AwareDatetime, BaseModel, Field

from heartlamp_server import plain
from heartlamp_server.database.pool import Database
from heartlamp_server.matter import order as rule
from heartlamp_server.matter import order_store, store
from heartlamp_server.matter.forms import Id, Text
from heartlamp_server.matter.life import SAID, Refused
from heartlamp_server.matter.order import ACTS, TABLE, Order, OrderLine, Step
from heartlamp_server.matter.routes import NOWHERE, refused
from heartlamp_server.problems import Problem, problem
from heartlamp_server.responder.gate import Gate
from heartlamp_server.responder.scope import Scope, Spot
from heartlamp_server.responder.store import displays
from heartlamp_server.responder.within import area_spots, site_spots

_HATS = {"operator": "centre", "commander": "centre", "grid_worker": "field", "volunteer": "volunteer"}
WANTED_WITHIN = timedelta(days=366)
UNKNOWN = partial(problem, 404, "没有这个订单 · no such order", "请刷新列表 · reload the list")


class OrderForm(BaseModel):
    """`service`: of the catalogue; `wanted_by`: until when, null whenever."""

    model_config = {"extra": "forbid"}

    service: Annotated[str, Field(max_length=10)]
    site: Annotated[str, Field(min_length=1, max_length=64)]
    words: Text = ""
    wanted_by: AwareDatetime | None = None


class OrderStep(BaseModel):
    """`act`, and what docs/matters.md says that it needs; `to`: volunteers' names for an offer, none: all there."""

    model_config = {"extra": "forbid"}

    act: Literal["note", "offer", "take", "give_back", "done", "not_done", "confirm", "cancel"]
    words: Text = ""
    why: Text = ""
    said: Literal["", "satisfied", "not_satisfied", "not_reached"] = ""
    to: Annotated[list[Annotated[str, Field(min_length=1, max_length=64)]], Field(max_length=50)] = Field([])


class OrderView(BaseModel):
    """`site`, `house`, `words`: "" for a volunteer who has not taken it up: until then it is told what and about where,
    not for whom; `late`: wanted by now, and not done."""

    id: int
    service: str
    name_zh: str
    name_en: str
    stage: Literal["ordered", "offered", "taken", "done", "confirmed", "cancelled"]
    area: int
    area_name: str
    site: str
    house: str
    words: str
    wanted_by: datetime | None
    late: bool
    ordered_at: datetime
    taken_by: str
    said: str


class Orders(BaseModel):
    now: datetime
    orders: list[OrderView]


class OrderLineView(BaseModel):
    at: datetime
    act: str
    text_zh: str
    text_en: str
    by: str


class OrderTold(BaseModel):
    """`acts`: what the one who asks may do with it now."""

    now: datetime
    order: OrderView
    timeline: list[OrderLineView]
    acts: list[str]


def router(database: Database, gate: Gate) -> APIRouter:
    routes = APIRouter()
    see, answer = gate.require("order.see"), gate.require("order.answer")
    refusals: dict[int | str, dict[str, Any]] = {n: {"model": Problem} for n in (404, 409, 422)}

    @routes.get("/orders")
    async def list_orders(
        scope: Annotated[Scope, Depends(see)],
        state: Literal["open", "ended"] = "open",
        limit: Annotated[int, Query(ge=1, le=500)] = 100,
    ) -> Orders:
        """Orders for volunteers that one may see."""
        async with database.connection() as conn:
            found = await order_store.orders(conn, scope, state == "open", limit)
            now = await store.now(conn)
            return Orders(now=now, orders=await _views(conn, scope, found, now))

    @routes.get("/orders/{id}", responses={404: {"model": Problem}})
    async def one_order(id: Id, scope: Annotated[Scope, Depends(see)]) -> OrderTold:
        """One order with its timeline, and what one may do."""
        async with database.connection() as conn:
            found, worn = await _mine(conn, scope, await order_store.read_one(conn, id))
            lines, now = await order_store.timeline(conn, id), await store.now(conn)
            shown = await displays(conn, sorted({line.by for line in lines}))
            views = await _views(conn, scope, [found], now)
        whole = bool(views[0].site)
        return OrderTold(
            now=now,
            order=views[0],
            timeline=[_line(line, shown) for line in lines] if whole else [],
            acts=[act for act, one in TABLE.items() if found.stage in one.stages and worn & set(one.by)],
        )

    @routes.post("/orders", responses=refusals)
    async def add_order(given: OrderForm, scope: Annotated[Scope, Depends(answer)]) -> OrderView:
        """Writes down what a household orders."""
        async with database.connection() as conn, conn.transaction():
            spot = (await site_spots(conn, [given.site])).get(given.site, Spot())
            if not spot.areas or not _hats(scope, spot) & {"field", "centre"}:
                raise NOWHERE()
            service = (await store.catalogue(conn)).services.get(given.service)
            if service is None:
                raise problem(422, "没有这项服务 · no such service", "请从目录中选择 · choose one of the catalogue")
            now, area = await store.now(conn), await _area_of(conn, given.site)
            if given.wanted_by is not None and not now < given.wanted_by < now + WANTED_WITHIN:
                raise problem(
                    422,
                    f"时间须在今后 {WANTED_WITHIN.days} 天内 · wanted within the next {WANTED_WITHIN.days} days",
                    "请更正 · correct it",
                )
            order = Order(
                id=await order_store.fresh_id(conn),
                service=service,
                site=given.site,
                area=area,
                words=plain.lines(given.words),
                ordered_by=scope.person.name,
                ordered_at=now,
                wanted_by=given.wanted_by,
            )
            await order_store.save(conn, order, OrderLine(now, "order", scope.person.name))
            return (await _views(conn, scope, [order], now))[0]

    @routes.post("/orders/{id}/act", responses=refusals)
    async def do(id: Id, given: OrderStep, scope: Annotated[Scope, Depends(answer)]) -> OrderView:
        """Takes an order further; which act at which stage: docs/matters.md."""
        async with database.connection() as conn, conn.transaction():
            found = await order_store.lock(conn, id)
            if found is not None and given.act == "take" and found.taken_by not in ("", scope.person.name):
                # Who comes second no longer sees it, and is told why all the same.
                spot = (await area_spots(conn, [found.area]))[found.area]
                if "volunteer" in _hats(scope, spot) and _offered_to(found, scope):
                    raise refused(Refused("已有人先接单", "somebody was first", "请看其他订单 · look at the others"))
            order, worn = await _mine(conn, scope, found)
            to = tuple(dict.fromkeys(given.to))
            if strangers := set(to) - await order_store.volunteers(conn, order.area, to):
                raise problem(
                    422,
                    f"不是这里的志愿者 · no volunteers here: {', '.join(sorted(strangers))}",
                    "请从志愿者中选择 · choose among the volunteers",
                )
            now = await store.now(conn)
            words, why = plain.lines(given.words), plain.lines(given.why)
            try:
                order, line = rule.act(order, Step(given.act, scope.person.name, worn, words, why, given.said, to), now)
            except Refused as no:
                raise refused(no) from no
            await order_store.save(conn, order, line)
            return (await _views(conn, scope, [order], now))[0]

    return routes


def _hats(scope: Scope, spot: Spot) -> frozenset[str]:
    return frozenset(_HATS[g.role] for g in scope.grants if g.role in _HATS and g.covers(spot))


def _offered_to(order: Order, scope: Scope) -> bool:
    return not order.offered_to or scope.person.name in order.offered_to


async def _mine(conn: order_store.Connection, scope: Scope, order: Order | None) -> tuple[Order, frozenset[str]]:
    """Raises 404: there is none, or none for this person. The same as `order_store.seen` says in SQL."""
    if order is None:
        raise UNKNOWN()
    worn = _hats(scope, (await area_spots(conn, [order.area]))[order.area])
    own = order.taken_by == scope.person.name or (order.stage == rule.OFFERED and _offered_to(order, scope))
    if not (worn & {"field", "centre"} or ("volunteer" in worn and own)):
        raise UNKNOWN()
    return order, worn


async def _views(conn: order_store.Connection, scope: Scope, orders: list[Order], now: datetime) -> list[OrderView]:
    spots = await area_spots(conn, sorted({order.area for order in orders}))
    cursor = await conn.execute(
        "SELECT s.id, s.name, a.name FROM site s JOIN area a ON a.id = s.area WHERE s.id = ANY(%s)",
        ([order.site for order in orders],),
    )
    places = {id: (house, area) for id, house, area in await cursor.fetchall()}
    shown = await displays(conn, sorted({order.taken_by for order in orders}))
    found = []
    for order in orders:
        house, area_name = places[order.site]
        whole = bool(_hats(scope, spots[order.area]) & {"field", "centre"}) or order.taken_by == scope.person.name
        found.append(
            OrderView(
                id=order.id,
                service=order.service.code,
                name_zh=order.service.zh,
                name_en=order.service.en,
                stage=order.stage,  # type: ignore[arg-type]
                area=order.area,
                area_name=area_name,
                site=order.site if whole else "",
                house=house if whole else "",
                words=order.words if whole else "",
                wanted_by=order.wanted_by,
                late=order.is_late(now),
                ordered_at=order.ordered_at,
                taken_by=shown.get(order.taken_by, order.taken_by),
                said=order.said,
            )
        )
    return found


async def _area_of(conn: order_store.Connection, site: str) -> int:
    row = await (await conn.execute("SELECT area FROM site WHERE id = %s", (site,))).fetchone()
    assert row is not None
    return int(row[0])


def _line(line: OrderLine, shown: dict[str, str]) -> OrderLineView:
    zh, en = ACTS[line.act]
    if line.detail.get("said") in SAID:
        zh, en = f"{zh}：{SAID[line.detail['said']][0]}", f"{en}: {SAID[line.detail['said']][1]}"
    for key in ("words", "why"):
        if line.detail.get(key):
            zh, en = f"{zh}：{line.detail[key]}", f"{en}: {line.detail[key]}"
    return OrderLineView(at=line.at, act=line.act, text_zh=zh, text_en=en, by=shown.get(line.by, line.by))
