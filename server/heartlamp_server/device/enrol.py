"""Enrolment: the area tree, sites, devices and gateways of a county file into the store, and for each gateway and
device the folder or file that it is started with. Running it again changes nothing that is already right."""

import json
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
from heartlamp_protocol.device.kinds import LAMPS
from heartlamp_protocol.device.mac import mqtt_password, pair_key
from heartlamp_protocol.passwords import mosquitto_hash

from heartlamp_server.area.model import County, Device, Site, Village
from heartlamp_server.certificates import make_server
from heartlamp_server.device import of_one, store
from heartlamp_server.device.invite import joined
from heartlamp_server.device.vault import Vault


@dataclass(frozen=True, slots=True)
class Folder:
    """Where the files go, and what they say of the county: where it is, and the name in its certificate. `update_key`:
    hex, by which devices trust updates; "" none."""

    out: Path
    ca: Path
    ca_key: Path
    county_url: str
    county_name: str
    update_key: str = ""


@dataclass(slots=True)
class Outcome:
    devices: int = 0
    gateways: int = 0
    problems: list[str] = field(default_factory=list)


async def enrol(conn: psycopg.AsyncConnection[Any], county: County, vault: Vault, folder: Folder) -> Outcome:
    """Each village is a transaction; within it each site and device is on its own."""
    outcome = Outcome(problems=list(county.problems))
    for village in county.villages:
        async with conn.transaction():
            changed = await _village(conn, county, village, vault, folder, outcome)
            if changed and village.gateway:
                await store.bump_registry(conn, village.gateway)
    return outcome


async def _village(
    conn: psycopg.AsyncConnection[Any], county: County, village: Village, vault: Vault, folder: Folder, outcome: Outcome
) -> bool:
    top = await _county(conn, county)
    township = await _area(conn, top, "township", village.township, "")
    area = await _area(conn, township, "village", village.name, village.code)
    if village.gateway:
        try:
            await _gateway(conn, area, village, folder)
            outcome.gateways += 1
        except ValueError as error:
            outcome.problems.append(str(error))
    changed = False
    taken: list[Device] = []
    for site in village.sites:
        group = await _area(conn, area, "group", site.group, "")
        changed |= await _site(conn, group, site, taken, outcome)
    for device in taken:  # when all are known: a lamp's file has the keys of those whom it carries
        version, root = await _root(conn, device.id, vault)
        radio = await _radio(conn, area, device, village, vault)
        fields = _device_fields(device, version, root, radio, village, folder)
        await _write_device(conn, device, fields, folder, outcome)
        outcome.devices += 1
    return changed


async def _county(conn: psycopg.AsyncConnection[Any], county: County) -> int:
    """By its code, where it has one: a table of division codes puts the county below its city, and perhaps under a
    longer name. A second county beside it would have villages of its own, with nobody of the first one's in charge."""
    cursor = await conn.execute(
        "SELECT id FROM area WHERE level = 'county' AND code = %s AND code <> '' AND valid_to IS NULL ORDER BY id",
        (county.code,),
    )
    row = await cursor.fetchone()
    return int(row[0]) if row else await _area(conn, None, "county", county.name, county.code)


async def _area(conn: psycopg.AsyncConnection[Any], parent: int | None, level: str, name: str, code: str) -> int:
    cursor = await conn.execute(
        "INSERT INTO area (parent, level, name, code) VALUES (%s, %s, %s, %s) "
        "ON CONFLICT (parent, level, name, police) WHERE valid_to IS NULL "
        "DO UPDATE SET code = coalesce(nullif(EXCLUDED.code, ''), area.code) RETURNING id",
        (parent, level, name, code),
    )
    row = await cursor.fetchone()
    assert row is not None
    return int(row[0])


async def _gateway(conn: psycopg.AsyncConnection[Any], area: int, village: Village, folder: Folder) -> None:
    """Raises ValueError where the id is another village's."""
    cursor = await conn.execute(
        "INSERT INTO gateway (id, village) VALUES (%s, %s) ON CONFLICT (id) DO UPDATE SET id = EXCLUDED.id "
        "RETURNING village, revoked_at IS NOT NULL",
        (village.gateway, area),
    )
    row = await cursor.fetchone()
    if row != (area, False):
        raise ValueError(f"gateway {village.gateway} was revoked, or is another village's: choose another id")
    if village.broker is not None:
        await conn.execute(
            "UPDATE gateway SET broker_name = %s, broker_host = %s, broker_port = %s WHERE id = %s",
            (village.broker.name, village.broker.host, village.broker.port, village.gateway),
        )
    if await joined(conn, village.gateway):
        return  # by a code: its token and its key are its own, and a folder with others would only be in the way
    place = folder.out / "gateways" / village.gateway
    place.mkdir(parents=True, exist_ok=True)
    (place / "ca.pem").write_bytes(folder.ca.read_bytes())
    await _token(conn, village.gateway, place / "token")
    if village.broker is None:
        raise ValueError(f"village {village.name} has a gateway but no broker: its gateway.toml was not written")
    if not (place / "broker.crt").exists():
        names = list(dict.fromkeys([village.broker.name, village.broker.host]))
        make_server(folder.ca, folder.ca_key, place / "broker.crt", place / "broker.key", names)
    (place / "gateway.toml").write_text(_gateway_toml(village, place.absolute(), folder.county_url))


async def _token(conn: psycopg.AsyncConnection[Any], gateway: str, file: Path) -> None:
    before = _written(file)
    token = await store.token_in_force(conn, gateway, before)
    if token != before:
        write_secret(file, token + "\n")


def _written(file: Path) -> str:
    return file.read_text(encoding="ascii", errors="replace").strip() if file.exists() else ""


def _gateway_toml(village: Village, place: Path, county_url: str) -> str:
    assert village.broker is not None
    fields = {
        "id": village.gateway,
        "name": village.name,
        "county_url": county_url,
        "county_ca": str(place / "ca.pem"),
        "token_file": str(place / "token"),
        "data_dir": str(place / "data"),
    }
    broker = {
        "host": village.broker.host,
        "cert": str(place / "broker.crt"),
        "key": str(place / "broker.key"),
        "ca": str(place / "ca.pem"),
        "name": village.broker.name,
    }
    # A JSON string is a TOML string.
    lines = [f"{name} = {json.dumps(value, ensure_ascii=False)}" for name, value in fields.items()]
    lines += ["", "[broker]", f"port = {village.broker.port}"]
    lines += [f"{name} = {json.dumps(value, ensure_ascii=False)}" for name, value in broker.items()]
    return "\n".join(lines) + "\n"


async def _site(
    conn: psycopg.AsyncConnection[Any],
    group: int,
    site: Site,
    taken: list[Device],
    outcome: Outcome,
) -> bool:
    """True: the registry changed. `taken`: is given the site's devices that are enrolled."""
    row = await (
        await conn.execute("SELECT area, name, address, landmark FROM site WHERE id = %s", (site.id,))
    ).fetchone()
    changed = row != (group, site.name, site.address, site.landmark)
    if row is not None and row[0] != group:
        outcome.problems.append(f"site {site.id} ({site.name}) is already in another household group: left there")
        return False
    await conn.execute(
        "INSERT INTO site (id, area, name, address, landmark) VALUES (%s, %s, %s, %s, %s) ON CONFLICT (id) "
        "DO UPDATE SET name = EXCLUDED.name, address = EXCLUDED.address, landmark = EXCLUDED.landmark",
        (site.id, group, site.name, site.address, site.landmark),
    )
    for device in site.devices:
        cursor = await conn.execute("SELECT site, kind, revoked_at, through FROM device WHERE id = %s", (device.id,))
        known = await cursor.fetchone()
        if known is not None and (known[0], known[1]) != (site.id, device.kind):
            outcome.problems.append(f"device {device.id} is already a {known[1]} at {known[0]}: left there")
            continue
        if known is not None and known[2] is not None:
            outcome.problems.append(f"device {device.id} was revoked: give the hardware a new id")
            continue
        if known is None or tuple(known[3]) != device.through:
            changed = True
            await conn.execute(
                "INSERT INTO device (id, kind, site, through) VALUES (%s, %s, %s, %s) "
                "ON CONFLICT (id) DO UPDATE SET through = EXCLUDED.through",
                (device.id, device.kind, site.id, list(device.through)),
            )
        taken.append(device)
    return changed


async def _radio(
    conn: psycopg.AsyncConnection[Any], village_area: int, device: Device, village: Village, vault: Vault
) -> dict[str, Any] | None:
    """What the device must know of the radio: who may carry it, and whom it may carry, with the key of that hop. None:
    nobody. A revoked device carries nothing and is not carried."""
    cursor = await conn.execute(
        "SELECT d.id, d.site = own.site, d.kind "
        "FROM device d JOIN site s ON s.id = d.site JOIN area a ON a.id = s.area, device own "
        "WHERE own.id = %s AND own.id = ANY(d.through) AND d.revoked_at IS NULL AND a.parent = %s "
        "ORDER BY d.id",
        (device.id, village_area),
    )
    down = {}
    for child, own, kind in await cursor.fetchall():
        version, root = await _root(conn, child, vault)
        key = pair_key(root, version, device.id).hex()
        down[child] = {"key": key, "own": int(own), "lamp": int(kind in LAMPS)}
    cursor = await conn.execute(
        "SELECT id FROM device WHERE id = ANY(%s) AND revoked_at IS NULL", (list(device.through),)
    )
    there = {row[0] for row in await cursor.fetchall()}
    up = [lamp for lamp in device.through if lamp in there]
    return {"channel": village.radio_channel, "up": up, "down": down} if up or down else None


async def _root(conn: psycopg.AsyncConnection[Any], device: str, vault: Vault) -> tuple[int, bytes]:
    """(key version, root secret): the newest known, else a new one."""
    cursor = await conn.execute(
        "SELECT version, secret FROM device_key WHERE device = %s AND revoked_at IS NULL ORDER BY version DESC LIMIT 1",
        (device,),
    )
    row = await cursor.fetchone()
    if row is not None:
        return row[0], vault.unseal(device, row[0], bytes(row[1]))
    root = os.urandom(32)
    hashed = mosquitto_hash(mqtt_password(root, 1), os.urandom(12))
    await conn.execute(
        "INSERT INTO device_key (device, version, secret, mqtt_hash) VALUES (%s, 1, %s, %s)",
        (device, vault.seal(device, 1, root), hashed),
    )
    return 1, root


def _device_fields(
    device: Device, version: int, root: bytes, radio: dict[str, Any] | None, village: Village, folder: Folder
) -> dict[str, Any]:
    broker = village.broker
    fields: dict[str, Any] = {
        "dev": device.id,
        "kind": device.kind,
        "kv": version,
        "root": root.hex(),
        "host": broker.host if broker else "",
        "port": broker.port if broker else 0,
        "server_name": broker.name if broker else "",
        "ca": folder.ca.read_text(),
        "links": device.links,
    }
    if radio is not None:
        fields["radio"] = radio
    if folder.update_key:
        fields["update_key"] = folder.update_key
    return fields


async def _write_device(
    conn: psycopg.AsyncConnection[Any], device: Device, fields: dict[str, Any], folder: Folder, outcome: Outcome
) -> None:
    file = folder.out / "devices" / f"{device.id}.json"
    if device.wan:
        try:
            fields |= await of_one.enrol(conn, device.id, file, folder.county_url, folder.county_name)
            if not fields["host"]:  # without a broker the line to the county is the only one
                fields["links"] = [link for link in device.links if link != "lan"]
                fields |= {name: fields["wan"][name] for name in ("host", "port", "server_name")}
        except ValueError as error:
            fields["links"] = [link for link in device.links if link != "wan"] or ["lan"]
            outcome.problems.append(str(error))
    file.parent.mkdir(parents=True, exist_ok=True)
    write_secret(file, json.dumps(fields, ensure_ascii=False, indent=1) + "\n")


def write_secret(file: Path, text: str) -> None:
    """Readable by its owner alone."""
    file.touch(mode=0o600)
    file.chmod(0o600)
    file.write_text(text)
