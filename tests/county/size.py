"""How large the county is, and what everything in it is called: by numbers, so that a name tells its place. Pure."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property

from heartlamp_protocol.device.names import event_id

COUNTY, CITY = "990101", "9901"  # codes that no place has
GROUPS, HOUSES = 20, 7
VILLAGES_OF_A_TOWNSHIP = 10
ZH = "〇一二三四五六七八九十"
MORE = (
    ("post", ("lamp", "lamp")),
    ("nursing", ("lamp", "button", "smoke")),
    ("school", ("lamp", "smoke")),
)
"""What a village has beside its houses, (kind of site, its devices)."""
IN_HOUSES = ("silent", "smoke", "gas", "flood", "smoke", "gas", "silent", "flood", "smoke", "gas", "silent", "silent")
"""What single houses have beside a lamp and a button: house 3, 14, 25, …"""


@dataclass(frozen=True)
class Device:
    id: str
    kind: str


@dataclass(frozen=True)
class Site:
    """`group`: of its village, from 1; 0: the village itself."""

    id: str
    kind: str
    name: str
    village: int
    group: int
    devices: tuple[Device, ...]

    def lamp(self) -> Device:
        return self.devices[0]


@dataclass(frozen=True)
class Size:
    """`now`: when the county is as it is; `alarms`: over the `days` before it; `readings_days`: of hours that are
    rolled up. `seed`: two counties with the same six are the same, but for what is sealed."""

    now: datetime
    villages: int = 200
    alarms: int = 1_000_000
    days: int = 730
    readings_days: int = 30
    seed: int = 1

    @property
    def townships(self) -> int:
        return -(-self.villages // VILLAGES_OF_A_TOWNSHIP)

    @cached_property
    def sites(self) -> tuple[Site, ...]:
        return tuple(site for v in range(1, self.villages + 1) for site in _village(v))

    @cached_property
    def of_group(self) -> dict[tuple[int, int], tuple[Site, ...]]:
        found: dict[tuple[int, int], list[Site]] = {}
        for site in self.sites:
            found.setdefault((site.village, site.group), []).append(site)
        return {place: tuple(those) for place, those in found.items()}

    def alarms_of(self, day: int) -> int:
        """`day`: from 0."""
        return self.alarms * (day + 1) // self.days - self.alarms * day // self.days

    def begins(self, day: int) -> datetime:
        return self.now - timedelta(days=self.days - day)

    def secret(self, *words: object) -> bytes:
        """32 bytes that nobody guesses who does not know that the county is a made one."""
        return hashlib.sha256(" ".join(map(str, (self.seed, *words))).encode()).digest()

    def root(self, device: str) -> bytes:
        return self.secret("root", device)

    def token(self, gateway: str) -> str:
        return self.secret("token", gateway).hex()

    def event(self, owner: str, n: int) -> str:
        return event_id(owner, self.secret("event", owner, n)[:8])


def gateway(village: int) -> str:
    return f"gw{village:04}"


def township_of(village: int) -> int:
    return (village - 1) // VILLAGES_OF_A_TOWNSHIP + 1


def township_name(n: int) -> str:
    return f"第{n}乡"


def village_name(n: int) -> str:
    return f"第{n}村"


def group_name(n: int) -> str:
    return f"{ZH[n] if n <= 10 else '十' + ZH[n - 10] if n < 20 else '二十'}组"


def path(site: Site) -> list[str]:
    """Names from the city down."""
    above = ["第九十九市", "第一县", township_name(township_of(site.village)), village_name(site.village)]
    return [*above, group_name(site.group)] if site.group else above


def place(site: Site) -> dict[str, object]:
    """As an incident keeps it."""
    return {"name": site.name, "address": address(site), "landmark": landmark(site), "path": path(site)}


def address(site: Site) -> str:
    return f"{village_name(site.village)}{site.name}"


def landmark(site: Site) -> str:
    return f"{site.group}号水塔旁" if site.group else "村口"


def _village(v: int) -> Iterator[Site]:
    number = 0
    for group in range(1, GROUPS + 1):
        for house in range(1, HOUSES + 1):
            number += 1
            kinds = ["lamp", "button"]
            if number % 11 == 3 and number // 11 < len(IN_HOUSES):
                kinds.append(IN_HOUSES[number // 11])
            yield _site(v, number, "household", f"{group_name(group)} {house}号", group, kinds)
    for name, (kind, kinds_of_it) in zip(("报警点", "养老院", "学校"), MORE, strict=True):
        number += 1
        kinds = [*kinds_of_it, "slope"] if kind == "post" else list(kinds_of_it)
        yield _site(v, number, kind, name, 0, kinds)


def _site(v: int, number: int, kind: str, name: str, group: int, kinds: list[str]) -> Site:
    devices = tuple(Device(f"{k[:6]}{v:04}{number:03}{'x' * kinds[:n].count(k)}", k) for n, k in enumerate(kinds))
    return Site(f"s{v:04}{number:03}", kind, name, v, group, devices)
