"""A table of sites: households, public alarm posts, nursing homes, schools. Pure."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from heartlamp_protocol.registry import SITE_ID_MAX

from heartlamp_server.area.importing.columns import Cells, Column, choice, division, number, text
from heartlamp_server.area.importing.report import Outcome
from heartlamp_server.area.tree import Node, Tree

KINDS = {
    "household": ("住户", "农户", "家庭", "居民户"),
    "post": ("公共报警点", "报警柱", "公共报警柱", "公共场所"),
    "nursing": ("养老院", "敬老院", "幸福院", "养老机构"),
    "school": ("学校", "小学", "幼儿园", "教学点"),
}
COLUMNS = (
    Column("id", ("点位编号", "编号", "户编号", "site", "site id", "id"), needed=True),
    Column("kind", ("类型", "点位类型", "kind", "type")),
    Column("area", ("区划代码", "所属区划代码", "户组代码", "村代码", "area", "area code"), needed=True),
    Column("group", ("户组", "组", "村民小组", "group")),
    Column("name", ("名称", "点位名称", "门牌", "name"), needed=True),
    Column("address", ("地址", "详细地址", "address")),
    Column("landmark", ("地标", "附近标志", "参照物", "landmark")),
    Column("latitude", ("纬度", "latitude", "lat")),
    Column("longitude", ("经度", "longitude", "lon", "lng")),
)
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_KIND = choice(KINDS, "household")
_LATITUDE, _LONGITUDE = number(3.0, 54.0), number(73.0, 136.0)  # of China, so that two in each other's place are seen


@dataclass(frozen=True, slots=True)
class Site:
    """`area`: id; `latitude`, `longitude`: WGS-84, degrees, both or neither."""

    id: str
    kind: str
    area: int
    name: str
    address: str
    landmark: str
    latitude: float | None
    longitude: float | None


def plan(rows: Iterable[Cells], tree: Tree, known: Mapping[str, Site]) -> tuple[list[Site], Outcome]:
    """What is new or differs. `known`: the sites that are there."""
    outcome = Outcome()
    seen: dict[str, tuple[int, Site]] = {}
    changed = []
    for cells in rows:
        site = _read(cells, tree, known)
        if site is not None and site.id in seen and seen[site.id][1] != site:
            before = seen[site.id][0]
            cells.refuse(
                "id",
                f"第 {before} 行已用此编号 · row {before} has this id",
                "每个点位一个编号 · give each site its own",
            )
        if site is None or cells.refused:
            outcome.refused += cells.refused
        elif site.id in seen or known.get(site.id) == site:
            outcome.same += 1
            seen.setdefault(site.id, (cells.number, site))
        else:
            seen[site.id] = cells.number, site
            changed.append(site)
            outcome.added, outcome.changed = (
                outcome.added + (site.id not in known),
                outcome.changed + (site.id in known),
            )
    return changed, outcome


def _read(cells: Cells, tree: Tree, known: Mapping[str, Site]) -> Site | None:
    id = cells.get("id", text(SITE_ID_MAX, needed=True), "")
    if id and not _ID.fullmatch(id):
        cells.refuse(
            "id",
            "编号只能用字母、数字和 . _ - · an id is of letters, digits and . _ -",
            "例如 村代码-组-户号 · such as village code, group and house with - between",
        )
    kind = cells.get("kind", _KIND, "")
    area = _area(cells, tree, kind)
    latitude, longitude = cells.get("latitude", _LATITUDE, None), cells.get("longitude", _LONGITUDE, None)
    if not cells.refused and (latitude is None) != (longitude is None):
        cells.refuse(
            "latitude",
            "经度和纬度只有一个 · one of latitude and longitude is missing",
            "都填或都不填 · give both or none",
        )
    name, address = cells.get("name", text(100, needed=True), ""), cells.get("address", text(200), "")
    landmark = cells.get("landmark", text(200), "")
    if area is None or cells.refused:
        return None
    before = known.get(id)
    if before is not None and before.area != area.id:
        there = " ".join(node.name for node in tree.path(before.area))
        cells.refuse(
            "area",
            f"该点位现属 {there} · this site is in {there}",
            "搬迁请在指挥台“点位调整”，写明日期 · move it at the console, with a date",
        )
        return None
    if before is not None and latitude is None:
        latitude, longitude = before.latitude, before.longitude  # a table without points forgets none
    return Site(id, kind, area.id, name, address, landmark, latitude, longitude)


def _area(cells: Cells, tree: Tree, kind: str) -> Node | None:
    digits, group = cells.get("area", division, ""), cells.get("group", text(60), "")
    if cells.refused:
        return None
    area = tree.by_code(digits) if digits else None
    if area is None:
        cells.refuse(
            "area",
            "没有这个代码的区域 · no area has this code" if digits else "没有区划代码 · its area is missing",
            "核对代码，或先导入区域 · check the code, or import areas first",
        )
        return None
    if group and area.level == "village":
        found = tree.by_name(area.id, "group", False, group)
        if found is None:
            cells.refuse(
                "group", f"{area.name}没有这个户组 · {area.name} has no such group", "先导入户组 · import it first"
            )
        return found
    if area.level == "group" or (area.level == "village" and kind != "household"):
        return area
    if area.level == "village":
        why = "住户要属于一个户组 · a household is in a household group"
        cells.refuse(
            "group" if "group" in cells.fields() else "area", why, "填写户组或户组代码 · give the group or its code"
        )
    else:
        cells.refuse(
            "area",
            f"这是{area.name}的代码，不是村或户组 · this is the code of {area.name}, no village or group",
            "填写户组代码 · give the group's code",
        )
    return None
