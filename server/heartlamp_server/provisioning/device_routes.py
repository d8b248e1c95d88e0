"""A device that is there: what it shall set, another key, another one in its place, or its end."""

from collections.abc import Callable
from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path

from heartlamp_server.audit import store as audit
from heartlamp_server.database.pool import Database
from heartlamp_server.device.revoke import revoke_device
from heartlamp_server.device.vault import Vault
from heartlamp_server.problems import Problem, problem
from heartlamp_server.provisioning import store, wanted
from heartlamp_server.provisioning.forms import (
    ClaimMade,
    DesiredAsk,
    DeviceDesired,
    DeviceEnded,
    DeviceRotated,
    ReplaceAsk,
    RevokeAsk,
)
from heartlamp_server.provisioning.making import Making, No, Wanted
from heartlamp_server.provisioning.refusals import refusal
from heartlamp_server.provisioning.settings import Paper
from heartlamp_server.responder.gate import Gate
from heartlamp_server.responder.scope import Scope, may
from heartlamp_server.responder.within import device_spot

DeviceId = Annotated[str, Path(pattern="^[a-z][a-z0-9]{3,19}$")]
NO_DEVICE = partial(problem, 404, "没有这台设备 · no such device", "请核对编号，或刷新 · check its id, or reload")


def router(database: Database, gate: Gate, vault: Vault, told: Callable[[], Paper]) -> APIRouter:
    routes = APIRouter()
    Installs = Annotated[Scope, Depends(gate.require("device.change"))]
    refusals: dict[int | str, dict[str, Any]] = {n: {"model": Problem} for n in (404, 409)}

    @routes.post("/devices/{id}/replace", status_code=201, responses=refusals)
    async def replace_device(id: DeviceId, given: ReplaceAsk, scope: Installs) -> ClaimMade:
        """A claim for the same site and kind. The old device goes on until the new one is used, and ends then."""
        async with database.connection() as conn, conn.transaction():
            kind, site = await _seen(conn, scope, id)
            await store.end_expired(conn, [site])
            making = Making(vault, told(), scope.person.name, await store.places(conn, [site]))
            got = await making.claim(conn, Wanted(site, kind, given.board, None, id))
            if isinstance(got, No):
                what, do = refusal(got)
                raise problem(409, f"{what.zh} · {what.en}", f"{do.zh} · {do.en}")
            await audit.record(conn, scope.person.name, "device.replace", id, site, device=got.device)
            [made] = await making.views(conn)
        return made

    @routes.post("/devices/{id}/rotate", responses=refusals)
    async def rotate_device(id: DeviceId, scope: Installs) -> DeviceRotated:
        """The next key of the same root. The old and the new name are let in and believed until the first use of the
        new one; then the old one ends, and the connection under it. The device is told by network, in the answer to its
        next heartbeat. Said again before that, the same."""
        async with database.connection() as conn, conn.transaction():
            _, site = await _seen(conn, scope, id)
            if await store.by_radio(conn, id):
                raise problem(
                    409,
                    "无线转发的设备不能换密钥 · what goes or carries by radio shares keys with its neighbours",
                    "请更换设备 · replace it",
                )
            kv, used, fresh = await store.rotate(conn, vault, id)
            await store.desire(conn, id, {})
            if fresh:
                await audit.record(conn, scope.person.name, "device.rotate", id, site, kv=kv)
                await store.tell_village(conn, [site])
        return DeviceRotated(device=id, kv=kv, used=used)

    @routes.put("/devices/{id}/desired", responses=refusals | {422: {"model": Problem}})
    async def desire_settings(id: DeviceId, given: DesiredAsk, scope: Installs) -> DeviceDesired:
        """What shall be set on the device. It is told in the answer to each heartbeat, until it says that it has it or
        will not have it; one that is offline, when it comes."""
        async with database.connection() as conn, conn.transaction():
            kind, site = await _seen(conn, scope, id)
            try:
                wanted.check(kind, given.settings)
            except wanted.Wrong as wrong:
                raise problem(
                    422, f"{wrong.zh} · {wrong.en}", "请更正；什么都没有改 · correct it; nothing was changed"
                ) from None
            desired, version = await store.desire(conn, id, given.settings)
            names = ",".join(sorted(given.settings))
            await audit.record(conn, scope.person.name, "device.desire", id, site, settings=names, version=version)
        return DeviceDesired(device=id, desired=desired, version=version)

    @routes.post("/devices/{id}/revoke", responses=refusals)
    async def end_device(id: DeviceId, given: RevokeAsk, scope: Installs) -> DeviceEnded:
        """Nothing that it says is believed from now on, and its village's gateway ends its connection."""
        async with database.connection() as conn, conn.transaction():
            _, site = await _seen(conn, scope, id)
            await audit.record(conn, scope.person.name, "device.revoke", id, site, reason=given.reason)
            await revoke_device(conn, id)
            found = await store.device(conn, id)
        assert found is not None
        assert found[2] is not None
        return DeviceEnded(device=id, revoked_at=found[2])

    return routes


async def _seen(conn: store.Connection, scope: Scope, id: str) -> tuple[str, str]:
    """(kind, site) of a device that is in use; its site is locked. Raises 404, or 409 where it was revoked."""
    if not may(scope, "device.change", await device_spot(conn, id)):
        raise NO_DEVICE()
    await conn.execute(
        "SELECT id FROM site WHERE id = (SELECT site FROM device WHERE id = %s) FOR NO KEY UPDATE", (id,)
    )
    found = await store.device(conn, id)
    if found is None:
        raise NO_DEVICE()
    if found[2] is not None:
        raise problem(409, "设备已吊销 · the device was revoked", "请另行认领 · claim anew")
    return found[0], found[1]
