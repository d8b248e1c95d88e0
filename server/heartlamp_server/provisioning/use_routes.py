"""What is done with one claim: it is used, its device is watched and drilled, and what became of the visit is kept; by
who has the claim's secret and may install at its site."""

import hashlib
import hmac
import json
from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Depends

from heartlamp_server import plain
from heartlamp_server.area import household_store
from heartlamp_server.area.household import Consent, Household
from heartlamp_server.audit import store as audit
from heartlamp_server.database.pool import Database
from heartlamp_server.device.revoke import revoke_device
from heartlamp_server.device.vault import Vault
from heartlamp_server.incident.announcing import announce
from heartlamp_server.incident.model import Refused
from heartlamp_server.problems import problem
from heartlamp_server.provisioning import store
from heartlamp_server.provisioning.forms import (
    ClaimDrill,
    ClaimEvent,
    ClaimEvents,
    ClaimId,
    ClaimSecret,
    ClaimUse,
    ClaimUsed,
    ConsentGiven,
    UseProblem,
    VisitKept,
    VisitResult,
)
from heartlamp_server.provisioning.model import Claim, proven, state
from heartlamp_server.provisioning.routes import kill, seen_claim
from heartlamp_server.responder.gate import Gate
from heartlamp_server.responder.scope import Scope

_WHY = {
    "expired": ("认领已过期", "the claim is over", "请重新认领 · claim again"),
    "revoked": ("认领已作废", "the claim was given up or its device revoked", "请重新认领 · claim again"),
    "used": ("认领已被使用", "the claim was used already", "请重新认领 · claim again"),
    "in_call": (
        "这一户的求助还没有办结，再按就是真警情",
        "a call of this house goes on, and a press would be one, too",
        "办结后再试 · try again when it is closed",
    ),
    "not_used": ("设备还没有启用", "its device was not brought to life", "请先启用 · use the claim first"),
    "wrong_device": (
        "设备没有证明持有这次认领的密钥",
        "the device did not prove that it holds this claim's root secret",
        "请重新写入设置 · write the claim's settings to it again",
    ),
}


def refused(code: str) -> Exception:
    from fastapi import HTTPException

    zh, en, do = _WHY[code]
    return HTTPException(409, {"error": f"{zh} · {en}", "do": do, "code": code})


WRONG_SECRET = partial(
    problem, 403, "认领口令不对 · the claim's secret is wrong", "请用认领时的文件 · use the file it came with"
)


def router(database: Database, gate: Gate, vault: Vault) -> APIRouter:
    routes = APIRouter()
    Installs = Annotated[Scope, Depends(gate.require("device.change"))]
    refusals: dict[int | str, dict[str, Any]] = {n: {"model": UseProblem} for n in (403, 404, 409)}

    @routes.post("/claims/{id}/use", responses=refusals)
    async def use_claim(id: ClaimId, given: ClaimUse, scope: Installs) -> ClaimUsed:
        """The device proved that it holds the root secret: from now on it is believed, and its village's gateway lets
        it in. Said again, the same. The device that it replaces ends now."""
        async with database.connection() as conn, conn.transaction():
            claim = await _held(conn, scope, id, given.secret)
            if (over := claim.over(await store.now(conn))) not in ("", "used"):
                raise refused(over)
            sealed = claim.sealed or await store.sealed_root(conn, claim)
            if not sealed or not proven(vault.unseal(claim.device, claim.kv, sealed), claim.kv, claim.id, given.proof):
                raise refused("wrong_device")
            if claim.used_at is None:
                await audit.record(conn, scope.person.name, "claim.use", id, claim.site, device=claim.device)
                await store.enliven(conn, claim)
                await store.used(conn, claim, given.board, given.version, given.chip)
                if not claim.offline:
                    await store.tell_village(conn, [claim.site])
                if claim.replaces:
                    await revoke_device(conn, claim.replaces)
            elif not await store.live(conn, claim.device):
                raise refused("revoked")
        return ClaimUsed(device=claim.device, kv=claim.kv)

    @routes.get("/claims/{id}/events", responses=refusals)
    async def claim_events(id: ClaimId, scope: Installs) -> ClaimEvents:
        """What the county has of the device since the claim: for its self-test."""
        async with database.connection() as conn, conn.transaction():
            claim = await seen_claim(conn, scope, id)
            seen, rows = await store.events(conn, claim)
        return ClaimEvents(
            last_seen=seen,
            events=[
                ClaimEvent(
                    event=event,
                    kind=kind,
                    what=what,
                    drill=drill,
                    heard_at=heard,
                    received_at=received,
                    at_console=shown,
                )
                for event, kind, what, drill, heard, received, shown in rows
            ],
        )

    @routes.post("/claims/{id}/drill", responses=refusals)
    async def drill_claim(id: ClaimId, given: ClaimSecret, scope: Installs) -> ClaimDrill:
        """Announces a drill of the device's site: 120 s, one press. Everybody is called as for a real one."""
        async with database.connection() as conn, conn.transaction():
            claim = await _held(conn, scope, id, given.secret)
            if claim.used_at is None and not claim.offline:
                raise refused("not_used")
            try:
                number = await announce(conn, claim.site, scope.person.name)
            except Refused as why:
                raise refused("in_call") from why
            row = await (await conn.execute("SELECT until FROM drill WHERE id = %s", (number,))).fetchone()
            assert row is not None
        return ClaimDrill(until=row[0])

    @routes.post("/claims/{id}/result", responses=refusals)
    async def visit_result(id: ClaimId, given: VisitResult, scope: Installs) -> VisitKept:
        """What became of the visit, kept once however often it is sent. Any outcome but `done` ends the claim and its
        key; `done` of an offline claim makes its device stay."""
        async with database.connection() as conn, conn.transaction():
            claim = await _held(conn, scope, id, given.secret)
            now = await store.now(conn)
            visit = given.id.lower().replace("-", "")
            if (known := await store.visit_claim(conn, visit)) not in (None, claim.id):
                raise problem(409, "这个编号属于另一次上门 · this id is another visit's", "换一个编号 · make a new one")
            over = claim.over(now)
            if given.outcome == "done" and not known and over == "" and not claim.offline:
                raise refused("not_used")
            said = given.consent
            row = {
                "id": visit,
                "site": claim.site,
                "claim": claim.id,
                "device": claim.device,
                "outcome": given.outcome,
                "tests": [test.model_dump() for test in given.tests],
                "mains_off": given.mains_off.model_dump() if given.mains_off else None,
                "consent": _consent(said) if said else None,
                "evidence": _evidence(vault, visit, said) if said else None,
                "note": plain.lines(given.note),
                "board": given.board,
                "version": given.version,
                "by": scope.person.name,
                "at": min(given.at, now),
            }
            if await store.keep_visit(conn, row):
                await audit.record(
                    conn, scope.person.name, "claim.visit", id, claim.site, device=claim.device, outcome=given.outcome
                )
                if given.outcome != "done":
                    await kill(conn, claim, given.outcome)
                elif over == "":
                    await store.used(conn, claim, given.board, given.version, "")
                    if claim.replaces:
                        await revoke_device(conn, claim.replaces)
                if said and said.given:
                    await _enter(conn, vault, claim.site, said, scope.person.name)
            stands = state(*await store.stands(conn, claim.site))
            live = await store.live(conn, claim.device)
        return VisitKept(id=given.id, state=stands, live=live)  # type: ignore[arg-type]

    return routes


async def _held(conn: store.Connection, scope: Scope, id: str, secret: str) -> Claim:
    """Raises 404, or 403 where the secret is another's."""
    claim = await seen_claim(conn, scope, id)
    if not hmac.compare_digest(hashlib.sha256(secret.encode()).digest(), claim.secret):
        raise WRONG_SECRET()
    return claim


def _how(said: ConsentGiven) -> str:
    return "recording" if said.voice else "witness"


def _consent(said: ConsentGiven) -> dict[str, Any]:
    return {"given": said.given, "language": said.language, "how": _how(said)}


def _evidence(vault: Vault, visit: str, said: ConsentGiven) -> bytes | None:
    words = said.voice or said.witness
    return vault.seal(f"visit {visit}", 0, json.dumps(words, ensure_ascii=False).encode()) if words else None


async def _enter(conn: store.Connection, vault: Vault, site: str, said: ConsentGiven, by: str) -> None:
    """The household's consent, beside what it gave before."""
    before = (await household_store.read(conn, vault, [site])).get(site, Household())
    if before.allows("data"):
        return
    today = await (await conn.execute("SELECT (now() AT TIME ZONE 'Asia/Shanghai')::date")).fetchone()
    assert today is not None
    given = Consent("data", today[0], _how(said), said.voice or said.witness)
    after = Household(before.contacts, before.needs, (*before.consents, given))
    await household_store.write(conn, vault, {site: (before, after)}, by)
