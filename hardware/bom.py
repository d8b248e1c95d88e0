"""What a device, a household and a village cost: sums over the parts lists. Pure but for reading them.

Every price is a range in yuan, and says what it rests on: "estimate <year-month>" or "quote <dealer> <date>". A sum of
ranges is a range. Work, shipping, tax, certification and the monthly lines are not in it.
"""

import csv
import io
import re
import tomllib
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent
DEVICES = ("button", "lamp", "sensor", "camera", "gateway", "access-point")
COLUMNS = ["ref", "qty", "part", "number", "sources", "low_cny", "high_cny", "basis"]
BASIS = re.compile(r"(estimate|quote [\w.-]+) 20\d\d-\d\d")


@dataclass(frozen=True)
class Cost:
    """CNY, from `low` to `high`."""

    low: float = 0.0
    high: float = 0.0

    def __add__(self, other: "Cost") -> "Cost":
        return Cost(self.low + other.low, self.high + other.high)

    def times(self, n: int) -> "Cost":
        return Cost(self.low * n, self.high * n)

    def __str__(self) -> str:
        return f"{self.low:,.0f}–{self.high:,.0f}"


@dataclass(frozen=True)
class Line:
    """One part. `cost`: of one; `sources`: dealers."""

    ref: str
    qty: int
    part: str
    number: str
    sources: tuple[str, ...]
    cost: Cost
    basis: str


def read(device: str, text: str) -> list[Line]:
    """The parts list of this CSV. Raises ValueError with file and line for whoever keeps it."""
    rows = list(csv.reader(io.StringIO(text)))
    if not rows or rows[0] != COLUMNS:
        raise ValueError(f"hardware/{device}/bom.csv: the first line must be {','.join(COLUMNS)}")
    lines = []
    for number, row in enumerate(rows[1:], 2):
        where = f"hardware/{device}/bom.csv, line {number}"
        if len(row) != len(COLUMNS):
            raise ValueError(f"{where}: {len(COLUMNS)} fields belong here, there are {len(row)}")
        field = dict(zip(COLUMNS, row, strict=True))
        sources = tuple(s.strip() for s in field["sources"].split(";") if s.strip())
        if len(sources) < 2:
            raise ValueError(f"{where}: two dealers at least, or one sold-out part stops a village")
        cost = Cost(float(field["low_cny"]), float(field["high_cny"]))
        if not 0 < cost.low <= cost.high:
            raise ValueError(f"{where}: a price is a range, low before high")
        if not BASIS.match(field["basis"]):
            raise ValueError(f"{where}: say in `basis` whether it is an estimate or a quote, and of which month")
        lines.append(
            Line(field["ref"], int(field["qty"]), field["part"], field["number"], sources, cost, field["basis"])
        )
    return lines


def total(lines: list[Line]) -> Cost:
    return sum((line.cost.times(line.qty) for line in lines), Cost())


def read_all() -> dict[str, list[Line]]:
    return {device: read(device, (HERE / device / "bom.csv").read_text("utf-8")) for device in DEVICES}


@dataclass(frozen=True)
class Village:
    """How many devices: of each household, and of the village beside them."""

    households: int
    household: dict[str, int]
    village: dict[str, int]


def village(text: str) -> Village:
    read = tomllib.loads(text)
    return Village(read["households"], read["household"], read["village"])


def load_village() -> Village:
    return village((HERE / "village.toml").read_text("utf-8"))


def household_cost(devices: dict[str, Cost], v: Village) -> Cost:
    return sum((devices[name].times(n) for name, n in v.household.items()), Cost())


def village_cost(devices: dict[str, Cost], v: Village) -> Cost:
    shared = sum((devices[name].times(n) for name, n in v.village.items()), Cost())
    return household_cost(devices, v).times(v.households) + shared


def table(lists: dict[str, list[Line]], v: Village) -> str:
    """The sums as Markdown."""
    costs = {device: total(lines) for device, lines in lists.items()}
    rows = ["# Cost of the parts, CNY", "", "| | parts | low–high |", "|---|---|---|"]
    rows += [f"| {device} | {sum(x.qty for x in lists[device])} | {cost} |" for device, cost in costs.items()]
    inside = " + ".join(f"{n} {name}" for name, n in v.household.items())
    beside = " + ".join(f"{n} {name}" for name, n in v.village.items())
    rows.append(f"| **a household** ({inside}) | | **{household_cost(costs, v)}** |")
    rows.append(f"| **a village** of {v.households} households + {beside} | | **{village_cost(costs, v)}** |")
    rows.append(f"| the same, for each household | | {_each(village_cost(costs, v), v.households)} |")
    kinds = sorted({line.basis for lines in lists.values() for line in lines})
    rows += ["", f"Prices rest on: {'; '.join(kinds)}. Not in it: work, shipping, tax, certification, monthly lines."]
    return "\n".join(rows) + "\n"


def _each(cost: Cost, n: int) -> Cost:
    return Cost(cost.low / n, cost.high / n)
