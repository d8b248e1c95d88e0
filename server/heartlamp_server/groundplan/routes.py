"""Ground plans for screens: what is drawn of a village with the sites that one may see there, and a new version."""

from dataclasses import asdict, replace
from datetime import datetime
from functools import partial
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Path, Query
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field

from heartlamp_server.area.views import SiteKind
from heartlamp_server.audit import store as audit
from heartlamp_server.database.pool import Database
from heartlamp_server.groundplan import store
from heartlamp_server.groundplan.model import read
from heartlamp_server.problems import Problem, problem
from heartlamp_server.responder.gate import Gate
from heartlamp_server.responder.scope import Scope, may
from heartlamp_server.responder.within import area_spot

PROBLEMS_SHOWN = 50
Village = Annotated[int, Path(ge=1, le=2**62)]


class DrawnFeature(BaseModel):
    """`points`: [longitude, latitude] in WGS-84; a Polygon's ring is closed. `site`: "" of a house that one does not
    see, or that nobody is entered for."""

    kind: Literal["house", "road", "water", "landmark", "muster"]
    name: str
    site: str
    shape: Literal["Point", "LineString", "Polygon"]
    points: list[tuple[float, float]]


class PlanSite(BaseModel):
    """`group`: its household group's name; `lamps`: ids of its lamps."""

    id: str
    kind: SiteKind
    name: str
    landmark: str
    latitude: float | None
    longitude: float | None
    group: str
    lamps: list[str]


class PlanVersion(BaseModel):
    version: int
    made_by: str
    made_at: datetime
    houses: int


class GroundPlan(BaseModel):
    """`version` 0: nothing is drawn yet; `change`: whether the one who asks may draw it; `versions`: newest first."""

    village: int
    name: str
    version: int
    features: list[DrawnFeature]
    sites: list[PlanSite]
    versions: list[PlanVersion]
    change: bool


class NewGroundPlan(BaseModel):
    """`plan`: a FeatureCollection of GeoJSON in WGS-84; `after`: the version that it was drawn over, 0 none."""

    plan: dict[str, Any]
    after: int = Field(ge=0, le=2**31 - 1)


class GroundPlanMade(BaseModel):
    version: int


class WrongFeature(BaseModel):
    """`feature`: counted from 1, 0 the plan as a whole."""

    feature: int
    zh: str
    en: str


class GroundPlanRefused(Problem):
    problems: list[WrongFeature]


def router(database: Database, gate: Gate) -> APIRouter:
    routes = APIRouter()
    see, change = gate.require("area.see"), gate.require("area.change")
    unknown = partial(problem, 404, "没有这个村 · no such village", "请重新选择 · choose again")

    @routes.get("/ground-plans/{village}", responses={404: {"model": Problem}})
    async def show(
        village: Village,
        scope: Annotated[Scope, Depends(see)],
        version: Annotated[int | None, Query(ge=1, le=2**31 - 1)] = None,
    ) -> GroundPlan:
        """Who sees a house of the village sees its roads and landmarks too, and of the other houses their shapes."""
        async with database.connection() as conn:
            spot, name = await area_spot(conn, village), await store.village(conn, village)
            sites = await store.sites(conn, village, scope) if name else []
            if name is None or not (sites or may(scope, "area.see", spot)):
                raise unknown()
            number, features = await store.read(conn, village, version)
            versions = await store.versions(conn, village)
        if version is not None and not number:
            raise problem(404, "没有这一版 · no such version", "请看最新一版 · look at the newest one")
        seen = {site.id for site in sites}
        shown = [f if f.site in seen else replace(f, site="") for f in features]
        return GroundPlan(
            village=village,
            name=name,
            version=number,
            features=[DrawnFeature(**asdict(f)) for f in shown],
            sites=[PlanSite(**asdict(s)) for s in sites],
            versions=[PlanVersion(**asdict(v)) for v in versions],
            change=may(scope, "area.change", spot),
        )

    @routes.post(
        "/ground-plans/{village}",
        response_model=GroundPlanMade,
        responses={404: {"model": Problem}, 409: {"model": Problem}, 422: {"model": GroundPlanRefused}},
    )
    async def draw(village: Village, given: NewGroundPlan, scope: Annotated[Scope, Depends(change)]) -> Any:
        """A new version, or a reason for each feature that cannot be taken."""
        async with database.connection() as conn, conn.transaction():
            spot, name = await area_spot(conn, village), await store.village(conn, village)
            if name is None or not may(scope, "area.change", spot):
                raise unknown()
            features, wrong = read(given.plan, await store.every_site(conn, village))
            if wrong:
                return _refused(GroundPlanRefused(
                    error=f"有 {len(wrong)} 处不对，没有改动 · {len(wrong)} things are wrong, nothing was changed",
                    do="请更正后再保存 · correct them and save again",
                    problems=[WrongFeature(**asdict(w)) for w in wrong[:PROBLEMS_SHOWN]],
                ))  # fmt: skip
            await audit.record(conn, scope.person.name, "groundplan.change", str(village), features=len(features))
            made = await store.keep(conn, village, features, scope.person.name, given.after)
            if not made:
                raise problem(
                    409,
                    "别人刚保存了新的一版 · somebody has just saved another version",
                    "请打开最新一版，再改一次 · open the newest one, and draw it there",
                )
        return GroundPlanMade(version=made)

    return routes


def _refused(said: GroundPlanRefused) -> JSONResponse:
    return JSONResponse(said.model_dump(), 422)
