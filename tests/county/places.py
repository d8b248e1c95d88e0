"""Areas, sites, devices and gateways of the county, as rows."""

import asyncio
import hashlib
from collections.abc import Iterator
from datetime import date, timedelta
from random import Random
from typing import Any

import psycopg
from heartlamp_protocol.device.kinds import BATTERY_MS, heartbeat_ms
from heartlamp_protocol.device.mac import mqtt_password
from heartlamp_protocol.passwords import mosquitto_hash
from heartlamp_server.area import household_store
from heartlamp_server.area.household import Consent, Contact, Household, Needs
from heartlamp_server.device.vault import Vault

from tests.county.bulk import Connection, bar, copy
from tests.county.size import (
    CITY,
    COUNTY,
    GROUPS,
    Site,
    Size,
    address,
    gateway,
    group_name,
    landmark,
    township_name,
    township_of,
    village_name,
)

SICK = 0.03
"""Of all devices: not heard of for hours to weeks."""


_AT_ONCE = 500


class Areas:
    """Numbers of the areas: the county is 2."""

    CITY, COUNTY = 1, 2

    def __init__(self, size: Size) -> None:
        self._size = size

    def township(self, n: int) -> int:
        return 2 + n

    def village(self, n: int) -> int:
        return 2 + self._size.townships + (n - 1) * (GROUPS + 4) + 1

    def group(self, village: int, n: int) -> int:
        """0: the village itself."""
        return self.village(village) + n

    def grid(self, village: int, half: int) -> int:
        return self.village(village) + GROUPS + half

    def police(self, village: int) -> int:
        return self.village(village) + GROUPS + 3

    def above(self, site: Site, day: date) -> tuple[int, ...]:
        """All that it lies in, from the nearest to the city, then its grids once the county has them."""
        village = self.village(site.village)
        own = (self.group(site.village, site.group),) if site.group else ()
        chain = (*own, village, self.township(township_of(site.village)), self.COUNTY, self.CITY)
        begun = day >= (self._size.now - timedelta(days=self._size.days)).date()
        half = self.grid(site.village, 1 if site.group <= 10 else 2)
        return (*chain, half, self.police(site.village)) if site.group and begun else chain

    def rows(self) -> Iterator[tuple[Any, ...]]:
        """(id, parent, level, code, name, police)."""
        yield 1, None, "city", CITY, "第九十九市", False
        yield 2, 1, "county", COUNTY, "第一县", False
        for t in range(1, self._size.townships + 1):
            yield self.township(t), 2, "township", f"{COUNTY}{t:03}", township_name(t), False
        for v in range(1, self._size.villages + 1):
            t, id = township_of(v), self.village(v)
            code = f"{COUNTY}{t:03}{(v - 1) % 10 + 1:03}"
            yield id, self.township(t), "village", code, village_name(v), False
            for g in range(1, GROUPS + 1):
                yield self.group(v, g), id, "group", f"{code}{g:03}", group_name(g), False
            for half in (1, 2):
                yield self.grid(v, half), id, "grid", f"{code}9{half:02}", f"网格{half}", False
            yield self.police(v), id, "grid", "", f"警格{v}", True


def fill(conn: Connection, size: Size, vault: Vault) -> None:
    areas, since = Areas(size), (size.now - timedelta(days=size.days)).date()
    columns = ("id", "parent", "level", "code", "name", "police", "valid_from")
    copy(conn, "area", columns, ((*row, since) for row in areas.rows()))
    conn.execute("SELECT setval(pg_get_serial_sequence('area', 'id'), (SELECT max(id) FROM area))")
    members = [
        (grid, areas.group(v, g), police, since)
        for v in range(1, size.villages + 1)
        for g in range(1, GROUPS + 1)
        for grid, police in ((areas.grid(v, 1 if g <= 10 else 2), False), (areas.police(v), True))
    ]
    copy(conn, "grid_member", ("grid", "household_group", "police", "valid_from"), members)
    _gateways(conn, size, areas)
    sites = ((*_of_site(size, areas, site), since) for site in size.sites)
    of_sites = ("id", "area", "kind", "name", "address", "landmark", "latitude", "longitude", "valid_from")
    copy(conn, "site", of_sites, sites)
    _devices(conn, size, vault)
    _households(conn, size, vault)


def _of_site(size: Size, areas: Areas, site: Site) -> tuple[Any, ...]:
    # In the Badain Jaran desert, where nobody lives.
    rng = Random(f"{size.seed} {site.id}")
    latitude, longitude = 40 + site.village % 15 * 0.03, 101 + site.village // 15 * 0.04
    at = round(latitude + rng.random() * 0.02, 6), round(longitude + rng.random() * 0.02, 6)
    return (site.id, areas.group(site.village, site.group), site.kind, site.name, address(site), landmark(site), *at)


def _gateways(conn: Connection, size: Size, areas: Areas) -> None:
    numbers = range(1, size.villages + 1)
    rows = [(gateway(v), areas.village(v), f"{gateway(v)}.heartlamp", "192.0.2.1", 8883, size.now) for v in numbers]
    copy(conn, "gateway", ("id", "village", "broker_name", "broker_host", "broker_port", "last_seen"), rows)
    tokens = [(hashlib.sha256(size.token(gateway(v)).encode()).digest(), gateway(v)) for v in numbers]
    copy(conn, "gateway_token", ("hash", "gateway"), tokens)


def _devices(conn: Connection, size: Size, vault: Vault) -> None:
    every = [(site, device) for site in size.sites for device in site.devices]

    def devices() -> Iterator[tuple[Any, ...]]:
        rng = Random(f"{size.seed} devices")
        for n, (site, device) in enumerate(every):
            bar("devices", n, 2 * len(every))
            beat = timedelta(milliseconds=heartbeat_ms(device.kind))
            sick = rng.random() < SICK
            ago = beat * rng.random() if not sick else timedelta(hours=11) + timedelta(hours=rng.random() ** 2 * 500)
            online = None if beat == timedelta(milliseconds=BATTERY_MS) else not sick
            through = [site.lamp().id] if device.kind == "button" else []
            yield device.id, device.kind, site.id, size.now - ago, online, through

    def keys() -> Iterator[tuple[Any, ...]]:
        for n, (_, device) in enumerate(every):
            bar("devices", len(every) + n, 2 * len(every))
            root = size.root(device.id)
            hashed = mosquitto_hash(mqtt_password(root, 1), size.secret("salt", device.id)[:12])
            yield device.id, 1, vault.seal(device.id, 1, root), hashed

    copy(conn, "device", ("id", "kind", "site", "last_seen", "online", "through"), devices())
    copy(conn, "device_key", ("device", "version", "secret", "mqtt_hash"), keys())
    bar("devices", 2 * len(every), 2 * len(every))


def number(n: int) -> str:
    """Of a telephone, of a range that no operator has given out."""
    return f"+861540{n:07}"


def _households(conn: Connection, size: Size, vault: Vault) -> None:
    homes = [site for site in size.sites if site.kind == "household"]
    day = (size.now - timedelta(days=size.days)).date()
    kept: list[tuple[str, Household]] = []
    for n, site in enumerate(homes):
        if n % 20 == 7:
            continue  # did not consent to anything
        rng = Random(f"{size.seed} {site.id} household")
        contacts = tuple(
            Contact(role, number(n * 2 + k), "zh") for k, role in enumerate(("儿子", "女儿")[: 1 + rng.randrange(2)])
        )
        needs = Needs(*(word if rng.random() < 0.3 else "" for word in ("户组长", "有狗", "二楼", "煤气罐在厨房")))
        consents = tuple(
            Consent(kind, day, "witness", f"网格员{site.village}-1号")
            for kind in ("data", "voice", "camera")
            if kind == "data" or rng.random() < 0.3
        )
        kept.append((site.id, Household(contacts, needs, consents)))

    async def write() -> None:
        async with await psycopg.AsyncConnection.connect(conn.info.dsn, autocommit=True) as mine:
            for begin in range(0, len(kept), _AT_ONCE):
                bar("households", begin, len(kept))
                piece = {id: (Household(), after) for id, after in kept[begin : begin + _AT_ONCE]}
                async with mine.transaction():
                    await household_store.write(mine, vault, piece, "seed")

    asyncio.run(write())
    bar("households", len(kept), len(kept))
