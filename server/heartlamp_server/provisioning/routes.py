"""Claims: what is to be installed, and for which sites this technician has the papers."""

from collections.abc import Callable
from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query

from heartlamp_server.audit import store as audit
from heartlamp_server.database.pool import Database
from heartlamp_server.device.vault import Vault
from heartlamp_server.problems import Problem, problem
from heartlamp_server.provisioning import store
from heartlamp_server.provisioning.forms import (
    ClaimAsks,
    ClaimId,
    ClaimRefused,
    ClaimRow,
    Claims,
    ClaimsMade,
    InstallDevice,
    Installing,
    InstallSite,
    LastVisit,
)
from heartlamp_server.provisioning.making import Making, Wanted
from heartlamp_server.provisioning.model import Claim, state, wanted
from heartlamp_server.provisioning.refusals import refusal
from heartlamp_server.provisioning.settings import Paper
from heartlamp_server.responder.gate import Gate
from heartlamp_server.responder.scope import Scope, Spot, may, reach
from heartlamp_server.responder.within import Where, site_spots

NO_CLAIM = partial(problem, 404, "没有这次认领 · no such claim", "请重新认领 · claim again")


def router(database: Database, gate: Gate, vault: Vault, told: Callable[[], Paper]) -> APIRouter:
    """`told`: read when it is needed."""
    routes = APIRouter()
    Installs = Annotated[Scope, Depends(gate.require("device.change"))]
    refusals: dict[int | str, dict[str, Any]] = {404: {"model": Problem}}

    @routes.get("/installing")
    async def installing(scope: Installs, village: Annotated[int | None, Query(ge=1, le=2**62)] = None) -> Installing:
        """Sites of one's areas, how each stands, and what it has yet to be given."""
        where = Where()
        inside = where.inside(reach(scope, "device.change"), "s.area", "s.id")
        async with database.connection() as conn:
            rows = await store.installing(conn, inside, where.values, village)
        return Installing(sites=[_site(row) for row in rows])

    @routes.post("/claims", status_code=201, responses=refusals)
    async def claim(given: ClaimAsks, scope: Installs) -> ClaimsMade:
        """One device for each site, once, for 18 hours. Good rows are done, each other one says why it is not; where no
        site of them is known, 404."""
        made, refused = [], []
        async with database.connection() as conn, conn.transaction():
            asked = [one.site for one in given.sites]
            spots = await site_spots(conn, asked)
            mine = [site for site in asked if site in spots and may(scope, "device.change", spots[site])]
            if not mine:
                raise problem(404, "没有这个点位 · no such site", "请核对点位编号 · check the site's id")
            await store.end_expired(conn, mine)
            making = Making(vault, told(), scope.person.name, await store.places(conn, mine), given.offline)
            order = sorted(range(len(given.sites)), key=lambda n: given.sites[n].kind not in ("lamp", "camera"))
            for n in order:  # lamps first: they carry the others
                one = given.sites[n]
                got = await making.claim(conn, Wanted(one.site, one.kind, one.board, given.village))
                if isinstance(got, Claim):
                    await audit.record(conn, scope.person.name, "claim.make", got.id, got.site, device=got.device)
                else:
                    what, do = refusal(got)
                    refused.append((n, ClaimRefused(row=n, site=one.site, code=got.code, error=what, do=do)))
            made = await making.views(conn)
            if given.offline and made:
                await store.tell_village(conn, [one.site for one in made])
        return ClaimsMade(claims=made, refused=[one for _, one in sorted(refused, key=lambda r: r[0])])

    @routes.get("/claims")
    async def list_claims(scope: Installs, limit: Annotated[int, Query(ge=1, le=500)] = 100) -> Claims:
        """Claims of one's areas, newest first; nothing of them is a secret."""
        where = Where()
        inside = where.inside(reach(scope, "device.change"), "s.area", "s.id")
        async with database.connection() as conn:
            now = await store.now(conn)
            rows = await store.page(conn, inside, where.values, limit)
        views = []
        for id, site, name, device, kind, offline, by, made_at, not_after, used, ended, why in rows:
            over = why if ended else "used" if used else "expired" if now >= not_after else "open"
            views.append(
                ClaimRow(
                    id=id, site=site, site_name=name, device=device, kind=kind, offline=offline, by=by,
                    made_at=made_at, not_after=not_after, state=over,
                )
            )  # fmt: skip
        return Claims(now=now, claims=views)

    @routes.post("/claims/{id}/end", status_code=204, responses=refusals)
    async def end_claim(id: ClaimId, scope: Installs) -> None:
        """Gives a claim up that was not used: it was lost with its laptop, or nobody goes there."""
        async with database.connection() as conn, conn.transaction():
            found = await seen_claim(conn, scope, id)
            if found.over(await store.now(conn)) == "used":
                raise problem(409, "设备已启用 · its device is in use", "请吊销设备 · revoke the device")
            await audit.record(conn, scope.person.name, "claim.end", id, found.site, device=found.device)
            await kill(conn, found, "given up")

    return routes


async def seen_claim(conn: store.Connection, scope: Scope, id: str) -> Claim:
    """Locked, with its site. Raises 404."""
    found = await store.one(conn, id)
    spot = (await site_spots(conn, [found.site])).get(found.site) if found else None
    if found is None or not may(scope, "device.change", spot or Spot()):
        raise NO_CLAIM()
    await conn.execute("SELECT id FROM site WHERE id = %s FOR NO KEY UPDATE", (found.site,))
    locked = await store.one(conn, id, lock=True)
    assert locked is not None
    return locked


async def kill(conn: store.Connection, claim: Claim, why: str) -> None:
    """The claim's key lives no more, if it ever did."""
    from heartlamp_server.device.revoke import revoke_device

    await store.end(conn, claim.id, why)
    if claim.used_at is not None or claim.offline:
        await revoke_device(conn, claim.device)


def _site(row: store.Row) -> InstallSite:
    kinds = [kind for _, kind in row.devices]
    return InstallSite(
        site=row.site,
        name=row.name,
        group=row.group,
        village=row.village,
        village_name=row.village_name,
        address=row.address,
        landmark=row.landmark,
        state=state(row.claimed, kinds, row.outcome or ""),  # type: ignore[arg-type]
        wanted=wanted(kinds),
        devices=[InstallDevice(device=id, kind=kind) for id, kind in row.devices],
        last_visit=LastVisit(outcome=row.outcome, at=row.at, note=row.note or "") if row.outcome and row.at else None,  # type: ignore[arg-type]
    )
