"""What a device is started with, as `heartlamp-server enrol` writes it into a file, for a claim."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg
from heartlamp_protocol.device.kinds import LAMPS
from heartlamp_protocol.device.mac import pair_key
from heartlamp_protocol.uplink import gateway_of_one

from heartlamp_server.area import radio
from heartlamp_server.config import Config
from heartlamp_server.device.vault import Vault
from heartlamp_server.provisioning import store
from heartlamp_server.provisioning.model import Claim, links


@dataclass(frozen=True, slots=True)
class Broker:
    """`gateway`: its id, "" where the village has none."""

    gateway: str
    name: str
    host: str
    port: int


@dataclass(frozen=True, slots=True)
class Paper:
    """What every device is told of its county. `update_key`: the file of the key by which devices trust updates, None:
    server.toml names none."""

    ca: Path
    url: str
    name: str
    update_key: Path | None
    link: str


def paper(config: Config) -> Paper:
    return Paper(
        config.ca,
        config.url,
        config.name(),
        config.update_key,
        str(config.notification.get("link", "")).rstrip("/"),
    )


async def settings(
    conn: psycopg.AsyncConnection[Any], vault: Vault, told: Paper, claim: Claim, broker: Broker, token: str
) -> dict[str, Any]:
    """The device's configuration whole, its root secret included. `token`: by which it comes by itself, "" not."""
    root = vault.unseal(claim.device, claim.kv, claim.sealed)
    url = urlsplit(told.url)
    county = {"host": url.hostname or "", "port": url.port or 443, "server_name": told.name}
    village = {"host": broker.host, "port": broker.port, "server_name": broker.name}
    fields: dict[str, Any] = {
        "dev": claim.device,
        "kind": claim.kind,
        "kv": claim.kv,
        "root": root.hex(),
        **(county if token else village),
        "ca": told.ca.read_text(),
        "links": links(claim.kind, claim.through, not token),
    }
    if token:
        fields["wan"] = {**county, "gateway": gateway_of_one(claim.device), "token": token}
    down = await _carried(conn, vault, claim) if claim.kind in LAMPS else {}
    if down or claim.through:
        fields["radio"] = {"channel": radio.CHANNEL, "up": list(claim.through), "down": down}
    if told.update_key is not None:
        fields["update_key"] = _modulus(told.update_key)
    return fields


def _modulus(file: Path) -> str:
    from heartlamp_server.firmware.model import KEY_HEX, read_key

    return f"{read_key(file.read_text()):0{KEY_HEX}x}"


async def _carried(conn: psycopg.AsyncConnection[Any], vault: Vault, claim: Claim) -> dict[str, Any]:
    """Whom this lamp may carry: those whose way leads through it, with the key of that hop."""
    down = {}
    for device, kind, site, version, sealed in await store.carried(conn, claim.device):
        key = pair_key(vault.unseal(device, version, sealed), version, claim.device).hex()
        down[device] = {"key": key, "own": int(site == claim.site), "lamp": int(kind in LAMPS)}
    return down
