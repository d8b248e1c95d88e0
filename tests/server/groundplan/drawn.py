"""A village that is drawn: GeoJSON as a surveyor's program writes it, of a place that is nowhere in particular."""

from typing import Any

WEST, SOUTH = 120.5, 28.1


def feature(kind: str, shape: str, coordinates: Any, **named: str) -> dict[str, Any]:
    return {
        "type": "Feature",
        "properties": {"kind": kind, **named},
        "geometry": {"type": shape, "coordinates": coordinates},
    }


def at(east_m: float, north_m: float) -> list[float]:
    return [round(WEST + east_m / 98_100, 7), round(SOUTH + north_m / 111_200, 7)]


def house(site: str, east: float, north: float, wide: float = 14, deep: float = 10) -> dict[str, Any]:
    corners = [(0, 0), (wide, 0), (wide, deep), (0, deep), (0, 0)]
    named = {"site": site} if site else {}
    return feature("house", "Polygon", [[at(east + x, north + y) for x, y in corners]], **named)


def village(sites: list[str]) -> dict[str, Any]:
    """Houses along a road beside a stream, with a well, a school and where people gather."""
    rows = [house(site, 20 + (n // 2) * 26, 60 if n % 2 else 20) for n, site in enumerate(sites)]
    length = 60 + (len(sites) // 2) * 26
    around = [
        feature("road", "LineString", [at(0, 45), at(length / 2, 47), at(length, 44)]),
        feature("water", "LineString", [at(0, 4), at(length / 2, 10), at(length, 2)], name="小溪"),
        feature("water", "Polygon", [[at(-30, 70), at(-8, 72), at(-10, 92), at(-32, 88), at(-30, 70)]], name="水塘"),
        feature("landmark", "Point", at(8, 52), name="老井"),
        feature("landmark", "Point", at(length - 10, 92), name="村小学"),
        feature("muster", "Point", at(length / 2, 100), name="晒谷场"),
    ]
    return {"type": "FeatureCollection", "features": rows + around}
