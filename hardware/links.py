"""Which link fits which village: a path loss with walls, hops, and what a month costs. Pure but for links.toml.

loss = free space at 1 m + 10 x exponent x log10(m) + walls x dB. A plan, no proof: coverage is proven by a press.
"""

import tomllib
from dataclasses import dataclass
from math import log10
from pathlib import Path

from hardware.power import STATES

HERE = Path(__file__).parent
MOST_HOPS = 4  # docs/protocol.md: a packet by radio lives four hops


@dataclass(frozen=True)
class Radio:
    """dBm, dB, dBi, MHz by links.toml's names."""

    frequency_mhz: float
    device_dbm: float
    device_dbi: float
    point_dbm: float
    espnow_dbm: float
    wifi_dbm: float
    margin_db: float
    wall_db: float
    exponent: float
    hop_lost_s: float


@dataclass(frozen=True)
class Site:
    """A household as the planner sees it. `point_m`, `neighbour_m`: to the nearest access point and lamp, None: none is
    near; walls between them; `gateway_hops`: of radio to a lamp that has another link, None: nobody knows;
    `powered`: whether broadband's router survives a power cut; `signal`: a mobile network is there."""

    point_m: float | None
    point_walls: int
    neighbour_m: float | None
    neighbour_walls: int
    gateway_hops: int | None
    broadband: bool
    powered: bool
    signal: bool


def load() -> tuple[Radio, dict[str, tuple[float, float]]]:
    """Radio, and each link's (low, high) CNY a month. Raises ValueError for a figure without a source."""
    read = tomllib.loads((HERE / "links.toml").read_text("utf-8"))
    for name, field in read["radio"].items():
        if field["state"] not in STATES or len(field["source"]) < 10:
            raise ValueError(f"links.toml, radio.{name}: say where it comes from")
    monthly = {name: (field["low"], field["high"]) for name, field in read["monthly"].items()}
    return Radio(**{name: field["value"] for name, field in read["radio"].items()}), monthly


def loss_db(radio: Radio, metres: float, walls: int) -> float:
    at_one_metre = 20 * log10(radio.frequency_mhz) - 27.55
    return at_one_metre + 10 * radio.exponent * log10(max(1.0, metres)) + walls * radio.wall_db


def reach_m(radio: Radio, needed_dbm: float, walls: int) -> float:
    """How far two devices hear each other, the weaker way counting, with the margin kept."""
    budget = radio.device_dbm + 2 * radio.device_dbi - needed_dbm - radio.margin_db
    left = budget - loss_db(radio, 1, walls)
    return float(10 ** (left / (10 * radio.exponent))) if left > 0 else 0.0


def fits(radio: Radio, site: Site) -> list[tuple[str, str]]:
    """(link, why) in the order in which a site should have them; two are enough. Empty: not covered, and to be
    listed as that."""
    found = []
    if site.point_m is not None and site.point_m <= reach_m(radio, radio.wifi_dbm, site.point_walls):
        found.append(("lan", f"the access point on its UPS is {site.point_m:g} m off behind {site.point_walls} walls"))
    near = site.neighbour_m is not None and site.neighbour_m <= reach_m(radio, radio.espnow_dbm, site.neighbour_walls)
    if near and site.gateway_hops is not None and site.gateway_hops <= MOST_HOPS:
        found.append(("relay", f"{site.gateway_hops} hops of at most {MOST_HOPS} to a lamp with a link of its own"))
    if site.signal:
        found.append(("cat1", "a mobile network is there; it stands as long as the mast's battery does"))
    if site.broadband:
        why = "with router and modem on a UPS" if site.powered else "second path only: it goes with the mains"
        found.insert(len(found) if not site.powered else min(1, len(found)), ("broadband", why))
    return found


VILLAGES = {
    "dense old village, houses wall to wall": Site(18, 2, 12, 2, 2, False, False, True),
    "new village in rows along a road": Site(40, 1, 20, 1, 2, True, False, True),
    "scattered farms, 150 m apart, in sight": Site(None, 0, 150, 2, 3, False, False, True),
    "a single farm behind a ridge": Site(None, 0, 900, 3, None, False, False, True),
    "mountain hamlet without a mobile signal": Site(None, 0, 30, 2, 4, False, False, False),
    "a single house without signal or line": Site(None, 0, None, 0, None, False, False, False),
    "nursing home with its own router on a UPS": Site(15, 2, 30, 3, 2, True, True, True),
}


def table() -> str:
    """Reach, and what fits, as Markdown."""
    radio, monthly = load()
    rows = ["# Links", "", "| walls between | Wi-Fi to an access point | ESP-NOW, lamp to lamp |", "|---|---|---|"]
    for walls in range(5):
        wifi, now = (reach_m(radio, needed, walls) for needed in (radio.wifi_dbm, radio.espnow_dbm))
        rows.append(f"| {walls} | {wifi:.0f} m | {now:.0f} m |")
    rows += ["", "| a household in | first, then | a month, CNY |", "|---|---|---|"]
    for name, site in VILLAGES.items():
        found = fits(radio, site)
        links = " → ".join(link for link, _ in found[:2]) or "**not covered**"
        low, high = (sum(monthly[link][i] for link, _ in found[:2]) for i in (0, 1))
        rows.append(f"| {name} | {links} | {f'{low:g}–{high:g}' if found else '–'} |")
    rows += ["", f"Four hops of radio take some {MOST_HOPS * radio.hop_lost_s:.1f} s."]
    return "\n".join(rows) + "\n"
