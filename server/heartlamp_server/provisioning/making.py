"""Makes claims, one after the other, in a transaction that holds their sites."""

import hashlib
import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from heartlamp_protocol.device.kinds import KINDS, LAMPS, heartbeat_ms
from heartlamp_protocol.device.mac import mqtt_password
from heartlamp_protocol.passwords import mosquitto_hash

from heartlamp_server.device.store import token_hash
from heartlamp_server.device.vault import Vault
from heartlamp_server.house import store as houses
from heartlamp_server.provisioning import store
from heartlamp_server.provisioning.forms import ClaimMade, SiteLabel
from heartlamp_server.provisioning.model import VALID, Claim, fresh_device
from heartlamp_server.provisioning.settings import Broker, Paper, settings

Code = Literal["unknown_site", "wrong_village", "already_claimed", "no_gateway", "bad_kind"]


@dataclass(frozen=True, slots=True)
class Wanted:
    """`village`: in which it must lie, None any; `replaces`: the device that ends with its use, "" none."""

    site: str
    kind: str
    board: str
    village: int | None = None
    replaces: str = ""


@dataclass(frozen=True, slots=True)
class No:
    """`zh`, `en`: what is added to the code's words; `claim`: the one that is in the way."""

    code: Code
    zh: str = ""
    en: str = ""
    claim: str = ""


class Making:
    """`places`: the sites that this person may claim; `by`: an account."""

    def __init__(
        self, vault: Vault, told: Paper, by: str, places: Mapping[str, store.Place], offline: bool = False
    ) -> None:
        self._vault, self._told, self._by, self._places, self._offline = vault, told, by, places, offline
        self._made: list[tuple[Claim, str, str]] = []  # with its secret, and its token or ""
        self._lamps = {site: place.lamps for site, place in places.items()}

    async def claim(self, conn: store.Connection, wanted: Wanted) -> Claim | No:
        place = self._places.get(wanted.site)
        if place is None:
            return No("unknown_site")
        if wanted.village is not None and wanted.village != place.village:
            return No("wrong_village", f"：{place.village_name}", f": {place.village_name}")
        if wanted.kind not in KINDS:
            return No("bad_kind", f"：{wanted.kind}", f": {wanted.kind}")
        if not place.gateway and (self._offline or heartbeat_ms(wanted.kind) > heartbeat_ms("lamp")):
            return No("no_gateway")
        if (there := await store.open_claim(conn, wanted.site, wanted.kind)) is not None:
            id, by, until = there
            return No(
                "already_claimed",
                f"：{by}，{until:%m-%d %H:%M} UTC 前（{id}）",
                f": {by}, until {until:%m-%d %H:%M} UTC ({id})",
                id,
            )
        claim, secret, token = await self._fresh(conn, wanted, place)
        await store.add(conn, claim)
        if claim.offline:
            await store.enliven(conn, claim)
        self._made.append((claim, secret, token))
        if claim.kind in LAMPS:
            self._lamps[claim.site] = [*self._lamps[claim.site], claim.device]
        return claim

    async def _fresh(self, conn: store.Connection, wanted: Wanted, place: store.Place) -> tuple[Claim, str, str]:
        device, root, secret = fresh_device(wanted.kind), os.urandom(32), secrets.token_hex(16)
        token = "" if place.gateway else secrets.token_hex(32)
        through = () if wanted.kind in LAMPS or token else self._lamps[wanted.site][:8]
        now = await store.now(conn)
        claim = Claim(
            id=secrets.token_hex(8),
            secret=hashlib.sha256(secret.encode()).digest(),
            site=wanted.site,
            device=device,
            kind=wanted.kind,
            board=wanted.board,
            kv=1,
            sealed=self._vault.seal(device, 1, root),
            mqtt_hash=mosquitto_hash(mqtt_password(root, 1), os.urandom(12)),
            token=token_hash(token) if token else None,
            through=tuple(through),
            offline=self._offline,
            replaces=wanted.replaces,
            made_by=self._by,
            made_at=now,
            not_after=now + VALID,
            used_at=None,
            ended_at=None,
            ended_why="",
        )
        return claim, secret, token

    async def views(self, conn: store.Connection) -> list[ClaimMade]:
        """With their secrets: to be told once. After the last claim, because a lamp must know whom it carries."""
        return [await self._view(conn, *made) for made in self._made]

    async def _view(self, conn: store.Connection, claim: Claim, secret: str, token: str) -> ClaimMade:
        place = self._places[claim.site]
        broker = Broker(place.gateway, place.broker_name, place.broker_host, place.broker_port)
        code = await houses.code_of(conn, claim.site) or await houses.new_code(conn, claim.site, self._by)
        return ClaimMade(
            id=claim.id,
            secret=secret,
            site=claim.site,
            site_name=place.name,
            village=place.village,
            village_name=place.village_name,
            device=claim.device,
            kind=claim.kind,
            not_after=int(claim.not_after.timestamp()),
            offline=claim.offline,
            replaces=claim.replaces,
            beside=await store.of_kind(conn, claim.site, claim.kind, (claim.device, claim.replaces)),
            settings=await settings(conn, self._vault, self._told, claim, broker, token),
            label=SiteLabel(
                url=f"{self._told.link}/h/{code}",
                lines=[place.name, place.village_name, "扫码报修 · scan to report a fault"],
            ),
        )
