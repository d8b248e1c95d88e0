"""What a responder's phone sends, as often as it takes: acts on incidents, and photos."""

from collections.abc import Callable
from functools import partial
from hashlib import sha256
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Path, Request, Response
from pydantic import BaseModel, Field

from heartlamp_server import plain
from heartlamp_server.audit import store as audit
from heartlamp_server.database.feed import Done
from heartlamp_server.database.pool import Database
from heartlamp_server.device.vault import Vault
from heartlamp_server.incident import acts, change
from heartlamp_server.incident import store as incidents
from heartlamp_server.incident.handover import to_police
from heartlamp_server.jpeg import NoPicture, bare
from heartlamp_server.matter import store as matters
from heartlamp_server.matter.who import sees as sees_matter
from heartlamp_server.phone import store
from heartlamp_server.phone.model import Act, age, take
from heartlamp_server.problems import Problem, problem
from heartlamp_server.responder.gate import Gate
from heartlamp_server.responder.scope import Scope, may, sees
from heartlamp_server.responder.within import area_spot, site_spots

PHOTO_MAX = 400_000  # bytes; a phone sends 1280 px at most
ActId = Annotated[str, Path(pattern="^[a-z0-9]{24,40}$")]
Clock = Annotated[int, Field(ge=0, le=2**53)]


class PhoneAct(BaseModel):
    """`words`: what was done, or a note. `made_ms`, `sent_ms`: the phone's clock when it was tapped and now, null: it
    was set back since; `ticks_ms`: how long ago by a clock that nobody sets, null: the page was started anew since."""

    incident: str = Field(max_length=60)
    act: Literal["coming", "arrived", "handled", "cannot", "withdrawn"]
    words: str = Field("", max_length=300)
    made_ms: Clock
    sent_ms: Clock | None = None
    ticks_ms: Clock | None = None


class Acted(BaseModel):
    """`state`: "noted": it is a line of the timeline and changed nothing, because of `why`."""

    state: Literal["taken", "noted"]
    why: str


class PhotoKept(BaseModel):
    """`photo`: as a matter's report names it."""

    photo: str


def router(
    database: Database, vault: Vault, gate: Gate, epoch: Callable[[], str], wake: Callable[[Done], None]
) -> APIRouter:
    """`wake`: called after each commit."""
    routes = APIRouter()
    answers = gate.require("incident.answer")
    unknown = partial(problem, 404, "没有这起警情 · no such incident", "请刷新列表 · reload the list")
    moved = partial(problem, 409, "警情刚刚有变化 · it changed at this moment", "请重试 · try again")
    clash = partial(problem, 422, "同一编号，内容不同 · another act under the same id", "请重新操作 · do it anew")
    no_photo = partial(problem, 404, "没有这张照片 · no such photo", "请刷新 · reload")

    @routes.put("/acts/{id}", responses={n: {"model": Problem} for n in (404, 409, 422)})
    async def act(id: ActId, said: PhoneAct, scope: Annotated[Scope, Depends(answers)]) -> Acted:
        """Done once however often it is sent; `id` is made on the phone. Again with other words: 422."""
        asked = sha256(f"{said.incident}\n{said.act}\n{said.words}\n{said.made_ms}".encode()).digest()
        words = plain.lines(said.words)
        async with database.connection() as conn, conn.transaction():
            if await (await conn.execute("SELECT FROM incident WHERE id = %s", (said.incident,))).fetchone() is None:
                raise unknown()
            before = await store.begin(conn, id, scope.person.name, said.incident, asked)
            if before is not None:
                if (before.person, before.asked) != (scope.person.name, asked):
                    raise clash()
                return Acted(state=before.state, why=before.why)  # type: ignore[arg-type]
            locked = await incidents.lock_together(conn, [said.incident])
            if locked is None:
                raise moved()
            found, following, now = locked
            incident = found[said.incident]
            spot = (await site_spots(conn, [incident.site]))[incident.site]
            # Who saw it while it was open may have said this then: what is over takes it as a line of the timeline.
            if not sees(scope, spot, incident.what == "silent", False, to_police(incident)) or not may(
                scope, "incident.answer", spot
            ):
                raise unknown()
            taken = take(
                incident,
                Act(incident.id, said.act, words, age(said.made_ms, said.sent_ms, said.ticks_ms)),
                scope.person.name,
                scope.person.display,
                now,
            )
            after, entry = taken.change
            others, lines = acts.with_it([f for f in following if f.merged_into == after.id], after, now)
            await audit.record(
                conn, scope.person.name, "incident.answer", after.id, after.site, answer=said.act, state=taken.state
            )
            await store.done(conn, id, taken.state, taken.why)
            done = await change.keep(conn, vault, epoch(), [after, *others], [entry, *lines])
        wake(done)
        return Acted(state=taken.state, why=taken.why)  # type: ignore[arg-type]

    @routes.put("/matter-photos/{id}", responses={n: {"model": Problem} for n in (409, 413, 422)})
    async def keep_photo(
        id: ActId, request: Request, scope: Annotated[Scope, Depends(gate.require("matter.answer"))]
    ) -> PhotoKept:
        """A JPEG of at most 400,000 bytes and 8192 pixels a side, kept without where and by what it was taken."""
        data = await request.body()
        if len(data) > PHOTO_MAX:
            raise problem(413, "照片太大 · the photo is too large", "请重新拍照 · take another one")
        try:
            clean = bare(data)
        except NoPicture as why:
            raise problem(422, str(why), "请重新拍照 · take another one") from why
        async with database.connection() as conn, conn.transaction():
            if not await store.keep_photo(conn, vault, id, scope.person.name, clean):
                raise problem(409, "今天的照片太多 · too many photos today", "请用文字说明 · say it in words")
        return PhotoKept(photo=f"photo:{id}")

    @routes.get(
        "/matter-photos/{id}",
        response_class=Response,
        responses={200: {"content": {"image/jpeg": {}}}, 404: {"model": Problem}},
    )
    async def see_photo(id: ActId, scope: Annotated[Scope, Depends(gate.require("matter.see"))]) -> Response:
        """For who took it, and who sees the matter that it is of; each look is written down."""
        async with database.connection() as conn, conn.transaction():
            found = await store.photo(conn, vault, id)
            if found is None or not (found[0] == scope.person.name or await _of_my_matters(conn, scope, id)):
                raise no_photo()
            await audit.look(conn, scope.person.name, "look.picture", id)
        return Response(found[1], media_type="image/jpeg", headers={"Content-Disposition": "inline"})

    return routes


async def _of_my_matters(conn: store.Connection, scope: Scope, id: str) -> bool:
    for number in await store.matters_with(conn, id):
        matter: Any = await matters.read_one(conn, number)
        if matter is not None and sees_matter(scope, await area_spot(conn, matter.report.area), matter):
            return True
    return False
