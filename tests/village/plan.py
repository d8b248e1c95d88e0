"""The county that demo, drill, tests and benchmarks play in: two villages, thirteen households. Pure data.

The division codes begin with 99, which no real province has.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class House:
    """`kinds`: the devices it has; a device's id is its kind's first letters, the village's letter, and the house's
    number. `radio`: of those that have no line, kind -> the lamps that carry them; `links`: kind -> its ways out, where
    they are others than the village's network alone."""

    village: str
    group: str
    number: int
    kinds: tuple[str, ...]
    radio: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    links: Mapping[str, list[str]] = field(default_factory=dict)

    @property
    def site(self) -> str:
        return f"{self.village}-{self.number}"

    @property
    def name(self) -> str:
        return f"{self.group} {self.number}号"

    def device(self, kind: str) -> str:
        return f"{kind}{self.village}{self.number}"

    def listed(self, kind: str) -> dict[str, Any]:
        """Its device of this kind, as `enrol` reads it."""
        listed: dict[str, Any] = {"id": self.device(kind), "kind": kind}
        if kind in self.radio:
            listed |= {"through": list(self.radio[kind]), "links": ["relay"]}
        if kind in self.links:
            listed["links"] = self.links[kind]
        return listed


@dataclass(frozen=True)
class Village:
    """`id` is part of every device id below it."""

    id: str
    name: str
    code: str
    houses: tuple[House, ...]

    @property
    def gateway(self) -> str:
        return f"gw{self.id}"


def _houses(village: str, group: str, count: int, extra: dict[int, str]) -> tuple[House, ...]:
    return tuple(
        House(village, group, n, ("button", "lamp", *((extra[n],) if n in extra else ()))) for n in range(1, count + 1)
    )


TOWNSHIP = "柳河镇"
VILLAGES = (
    Village("liu", "柳树湾村", "990101100201", _houses("liu", "三组", 7, {4: "smoke"})),
    Village("shi", "石桥村", "990101100202", _houses("shi", "一组", 6, {2: "flood"})),
)


def enrolment(villages: tuple[Village, ...], brokers: dict[str, int]) -> dict[str, Any]:
    """The file for `heartlamp-server enrol`. `brokers`: village id -> port of its Mosquitto on 127.0.0.1."""
    return {
        "county": {"name": "庆丰县", "code": "990101"},
        "villages": [
            {
                "code": v.code,
                "name": v.name,
                "township": TOWNSHIP,
                "gateway": v.gateway,
                "broker": {"host": "127.0.0.1", "port": brokers[v.id], "name": f"{v.gateway}.heartlamp"},
                "groups": [
                    {
                        "name": group,
                        "sites": [
                            {
                                "id": h.site,
                                "name": h.name,
                                "address": f"{TOWNSHIP}{v.name}{h.name}",
                                "landmark": "",
                                "devices": [h.listed(k) for k in h.kinds],
                            }
                            for h in v.houses
                            if h.group == group
                        ],
                    }
                    for group in dict.fromkeys(h.group for h in v.houses)
                ],
            }
            for v in villages
        ],
    }
