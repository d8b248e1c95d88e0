"""A ground plan, read strictly from GeoJSON: a reason for each feature that cannot be taken, and then nothing is. Pure.

Points are (longitude, latitude) in WGS-84 degrees, kept to seven digits: a centimetre."""

import math
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any

from heartlamp_server import plain

Point = tuple[float, float]

KINDS = {
    "house": ("住户", "house", ("Polygon", "Point")),
    "road": ("道路", "road", ("LineString",)),
    "water": ("水面、河沟", "water", ("Polygon", "LineString")),
    "landmark": ("地标", "landmark", ("Point",)),
    "muster": ("集合点", "muster point", ("Point",)),
}
"""kind -> (Chinese, English, the geometries it may have)."""
FEATURES_MAX = 3000
POINTS_MAX = 30_000
OF_ONE_MAX = 2000
NAME_MAX = 40
ACROSS_MAX_KM = 40.0
"""A village is smaller: what is wider holds a point that is elsewhere."""


@dataclass(frozen=True, slots=True)
class Feature:
    """`kind`: of KINDS; `name`: of a landmark, else mostly ""; `site`: whose house, "" of nobody who is entered;
    `shape`: Point, LineString or Polygon, whose ring is closed."""

    kind: str
    name: str
    site: str
    shape: str
    points: tuple[Point, ...]


@dataclass(frozen=True, slots=True)
class Wrong:
    """`feature`: which one, counted from 1, 0 the plan as a whole."""

    feature: int
    zh: str
    en: str

    def __str__(self) -> str:
        said = f"{self.zh} · {self.en}"
        return f"第 {self.feature} 个要素 · feature {self.feature}: {said}" if self.feature else said


class _Bad(Exception):
    """(Chinese, English)."""


def read(document: Any, sites: Collection[str]) -> tuple[tuple[Feature, ...], list[Wrong]]:
    """`document`: parsed JSON; `sites`: ids of the village's. Where anything is wrong, no features."""
    try:
        rows = _rows(document)
    except _Bad as bad:
        return (), [Wrong(0, *bad.args)]
    found: list[Feature] = []
    wrong: list[Wrong] = []
    taken: dict[str, int] = {}
    for number, row in enumerate(rows, 1):
        try:
            feature = _feature(row)
            if feature.site and feature.site not in sites:
                raise _Bad(f"本村没有点位 {feature.site}", f"the village has no site {feature.site}")
            if feature.site and feature.site in taken:
                first = taken[feature.site]
                raise _Bad(f"点位 {feature.site} 已在第 {first} 个要素", f"site {feature.site} is feature {first} too")
            taken |= {feature.site: number} if feature.site else {}
            found.append(feature)
        except _Bad as bad:
            wrong.append(Wrong(number, *bad.args))
    wrong += [] if wrong else _whole(found)
    return (() if wrong else tuple(found)), wrong


def write(features: Collection[Feature]) -> dict[str, Any]:
    """GeoJSON that `read` takes."""
    return {"type": "FeatureCollection", "features": [_geojson(f) for f in features]}


def middle(feature: Feature) -> Point:
    """Of its bounds: good enough to stand in front of a house."""
    west, south, east, north = _bounds([feature])
    return round((west + east) / 2, 7), round((south + north) / 2, 7)


def _geojson(feature: Feature) -> dict[str, Any]:
    points: Any = [list(p) for p in feature.points]
    shaped = {"Point": points[0], "LineString": points, "Polygon": [points]}[feature.shape]
    named = {"kind": feature.kind, "name": feature.name, "site": feature.site}
    return {
        "type": "Feature",
        "properties": {k: v for k, v in named.items() if v},
        "geometry": {"type": feature.shape, "coordinates": shaped},
    }


def _rows(document: Any) -> list[Any]:
    if not isinstance(document, dict) or document.get("type") != "FeatureCollection":
        raise _Bad("不是 GeoJSON 的 FeatureCollection", "not a FeatureCollection of GeoJSON")
    rows = document.get("features")
    if not isinstance(rows, list):
        raise _Bad("没有 features 列表", "it has no list of features")
    if len(rows) > FEATURES_MAX:
        raise _Bad(f"要素超过 {FEATURES_MAX} 个", f"more than {FEATURES_MAX} features")
    if "crs" in document and "CRS84" not in str(document["crs"]) and "4326" not in str(document["crs"]):
        raise _Bad("坐标系不是 WGS-84，请先转换", "its coordinates are not WGS-84: convert them first")
    return rows


def _feature(row: Any) -> Feature:
    properties, geometry = (row.get("properties"), row.get("geometry")) if isinstance(row, dict) else (None, None)
    if not isinstance(properties, dict) or not isinstance(geometry, dict):
        raise _Bad("缺少 properties 或 geometry", "properties or geometry is missing")
    kind, shape = properties.get("kind"), geometry.get("type")
    if not isinstance(kind, str) or kind not in KINDS:
        raise _Bad(f"kind 须为 {'、'.join(KINDS)} 之一", f"kind must be one of {', '.join(KINDS)}")
    zh, en, shapes = KINDS[kind]
    if shape not in shapes:
        raise _Bad(f"{zh}须为 {' 或 '.join(shapes)}", f"a {en} must be a {' or '.join(shapes)}")
    name, site = _text(properties, "name"), _text(properties, "site")
    if kind == "landmark" and not name:
        raise _Bad("地标没有名称", "a landmark without a name")
    if site and kind != "house":
        raise _Bad("只有住户可以有点位编号", "only a house has a site")
    return Feature(kind, name, site, str(shape), _points(str(shape), geometry.get("coordinates")))


def _text(properties: dict[str, Any], name: str) -> str:
    value = properties.get(name, "")
    if value is None:
        return ""
    if not isinstance(value, str) or len(value) > 4 * NAME_MAX:
        raise _Bad(f"{name} 不是文字，或太长", f"{name} is no text, or too long")
    text = plain.name(value)
    if len(text) > (NAME_MAX if name == "name" else 64):
        raise _Bad(f"{name} 太长", f"{name} is too long")
    return text


def _points(shape: str, given: Any) -> tuple[Point, ...]:
    if shape == "Point":
        return (_point(given),)
    if shape == "Polygon":
        if not isinstance(given, list) or len(given) != 1:
            raise _Bad("面须恰有一圈边界", "a polygon must have exactly one ring")
        given = given[0]
    if not isinstance(given, list) or len(given) > OF_ONE_MAX:
        raise _Bad(f"坐标不是列表，或超过 {OF_ONE_MAX} 个点", f"no list of coordinates, or more than {OF_ONE_MAX}")
    points = tuple(map(_point, given))
    least = 4 if shape == "Polygon" else 2
    if len(points) < least or len(set(points)) < least - (shape == "Polygon"):
        raise _Bad("点太少，成不了形", "too few points for its shape")
    if shape == "Polygon" and points[0] != points[-1]:
        raise _Bad("边界没有闭合", "its ring is not closed")
    return points


def _point(given: Any) -> Point:
    if not isinstance(given, list) or len(given) < 2 or not all(_is_number(v) for v in given[:2]):
        raise _Bad("坐标须为 [经度, 纬度]", "a coordinate must be [longitude, latitude]")
    longitude, latitude = float(given[0]), float(given[1])
    if not -180 <= longitude <= 180 or not -90 <= latitude <= 90:
        raise _Bad("坐标超出范围；经度要在前", "out of range: longitude comes first")
    return round(longitude, 7), round(latitude, 7)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _whole(features: list[Feature]) -> list[Wrong]:
    if not features:
        return []
    if sum(len(f.points) for f in features) > POINTS_MAX:
        return [Wrong(0, f"总共超过 {POINTS_MAX} 个点", f"more than {POINTS_MAX} points in all")]
    west, south, east, north = _bounds(features)
    across = 111.2 * math.hypot(north - south, (east - west) * math.cos(math.radians((south + north) / 2)))
    if across > ACROSS_MAX_KM:
        zh = f"图幅跨 {across:.0f} 公里，一个村没有这么大：有的点不在本村"
        return [Wrong(0, zh, f"it is {across:.0f} km across: some point is not in the village")]
    return []


def _bounds(features: list[Feature]) -> tuple[float, float, float, float]:
    def each(axis: int) -> Iterator[float]:
        return (p[axis] for f in features for p in f.points)

    return min(each(0)), min(each(1)), max(each(0)), max(each(1))
