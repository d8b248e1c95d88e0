"""A table of areas: what each row means for the tree that is there. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date

from heartlamp_server.area import code
from heartlamp_server.area.importing.columns import Cells, Column, choice, division, text
from heartlamp_server.area.importing.report import Outcome
from heartlamp_server.area.tree import Node, Tree

COLUMNS = (
    Column("code", ("区划代码", "统计用区划代码", "行政区划代码", "代码", "编码", "code", "division code")),
    Column("name", ("名称", "区划名称", "单位名称", "name"), needed=True),
    Column("level", ("级别", "层级", "类型", "level")),
    Column("parent", ("上级代码", "上级区划代码", "父级代码", "parent", "parent code")),
    Column("grid", ("所属网格代码", "所属网格", "网格代码", "grid", "grid code")),
    Column("police", ("所属警格代码", "所属警格", "警格代码", "police grid", "police grid code")),
)
_LEVEL = choice(
    {
        "city": ("市", "地级市", "市级"),
        "county": ("县", "区", "县级", "区县", "县级市", "旗"),
        "township": ("乡镇", "乡", "镇", "街道", "乡级"),
        "village": ("村", "社区", "行政村", "居委会", "村委会", "村级"),
        "grid": ("网格",),
        "police": ("警格",),
        "group": ("户组", "组", "村民小组", "联户", "十户联防"),
    }
)

OFFICIAL = "按民政部门的代码填写，列设为“文本”· give the official code, in a column of text"


@dataclass(frozen=True, slots=True)
class Member:
    """That a household group is one of a grid's."""

    group: int
    grid: int
    police: bool


@dataclass(frozen=True, slots=True)
class Plan:
    """`nodes`: to be written, parents first; an id below 0 is new, and others refer to it so; `members`: the same."""

    nodes: tuple[Node, ...]
    members: tuple[Member, ...]


@dataclass(frozen=True, slots=True)
class _Wanted:
    cells: Cells
    level: str
    police: bool
    name: str
    code: str
    parent: str
    grids: tuple[tuple[str, bool], ...]


def plan(
    rows: Iterable[Cells], tree: Tree, members: frozenset[Member], today: date, since: date | None
) -> tuple[Plan, Outcome]:
    """`members`: as they are now; `since`: from when what differs holds and what was is kept; None: what was had been
    wrong. The tree is changed as it goes."""
    outcome = Outcome()
    written: dict[int, Node] = {}
    wanted = [w for cells in rows if (w := _read(cells, outcome)) is not None]
    wanted.sort(key=lambda w: code.LEVELS.index(w.level))  # parents first; rows keep their order
    first: dict[int, _Wanted] = {}
    for row in wanted:
        node = _place(row, tree, today, since)
        if node is None:
            outcome.refused += row.cells.refused
            continue
        if (before := first.setdefault(node.id, row)) is not row:
            if (before.name, before.code, before.level) != (row.name, row.code, row.level):
                row.cells.refuse(
                    "code" if row.code else "name",
                    f"与第 {before.cells.number} 行是同一区域，内容不同 · row {before.cells.number} says it otherwise",
                    "只留一行 · keep one of them",
                )
                outcome.refused += row.cells.refused
            else:
                outcome.same += 1
            continue
        known = tree.nodes.get(node.id)
        if known == node:
            outcome.same += 1
            continue
        outcome.added, outcome.changed = outcome.added + (known is None), outcome.changed + (known is not None)
        tree.put(node)
        written[node.id] = node
    joined = [m for id, row in first.items() for m in _members(id, row, tree, outcome) if m not in members]
    return Plan(tuple(written.values()), tuple(joined)), outcome


def _read(cells: Cells, outcome: Outcome) -> _Wanted | None:
    name = cells.get("name", text(60, needed=True), "")
    digits = cells.get("code", division, "")
    said = cells.get("level", _LEVEL, "")
    level = "grid" if said == "police" else said or code.level_of(digits) or ""
    grids = (cells.get("grid", division, ""), False), (cells.get("police", division, ""), True)
    parent = cells.get("parent", division, "")
    if not level and not cells.refused:
        cells.refuse(
            "code" if digits else "level",
            "看不出级别 · its level cannot be told",
            "填写级别，或核对代码位数（市 4、县 6、乡镇 9、村 12）· give the level, or check the code's digits",
        )
    if cells.refused:
        outcome.refused += cells.refused
        return None
    return _Wanted(cells, level, said == "police", name, digits, parent, tuple(g for g in grids if g[0]))


def _place(row: _Wanted, tree: Tree, today: date, since: date | None) -> Node | None:
    """The node as the row wants it. None: why not stands in the row."""
    if why := code.unreadable(row.code):  # before anything is looked up by its first digits
        row.cells.refuse("code", why, OFFICIAL)
        return None
    above = row.parent or row.code[: _above(row.level)]
    parent = tree.by_code(above) if above else None
    if parent is None and (row.parent or row.level not in ("city", "county")):
        told = (
            f"没有代码为 {above} 的上级 · no area {above} to be in"
            if above
            else "不知道在哪个上级 · of what, is not said"
        )
        row.cells.refuse(
            "parent" if row.parent or not row.code else "code",
            told,
            "先导入上级，或填写上级代码 · import that area first, or give the parent's code",
        )
        return None
    if parent is not None and parent.level not in code.parents(row.level, row.police):
        zh = f"{code.CHINESE[row.level]}不能直接属于{code.CHINESE[parent.level]}"
        row.cells.refuse(
            "parent" if row.parent else "code",
            f"{zh} · a {row.level} is in no {parent.level}",
            "核对级别和代码 · check level and codes",
        )
        return None
    if why := code.wrong(row.code, row.level, parent.code if parent else ""):
        row.cells.refuse("code", why, OFFICIAL)
        return None
    here = parent.id if parent else None
    named = tree.by_name(here, row.level, row.police, row.name)
    known = tree.by_code(row.code) if row.code else named
    if known is None and named is not None and not named.code:
        known = named  # it was without a code until now
    if known is not None and known.level != row.level:
        row.cells.refuse(
            "code",
            f"这个代码已是“{known.name}” · {known.name} has this code",
            "核对代码 · check the code",
        )
        return None
    if named is not None and (known is None or known.id != named.id):
        zh = f"同级已有“{row.name}”，代码 {named.code or '无'}"
        row.cells.refuse(
            "name",
            f"{zh} · there is one of this name with code {named.code or 'none'}",
            "核对名称和代码；改了代码的，用调整区划 · check both; where its code was changed, re-zone it",
        )
        return None
    if known is None:
        return Node(-row.cells.number, here, row.level, row.police, row.name, row.code, since or today)
    wants = replace(known, name=row.name, code=row.code or known.code, parent=here)
    if wants == known or since is None or since == known.valid_from:
        return wants
    if since < known.valid_from:
        row.cells.refuse(
            "name",
            f"{known.valid_from} 起已是“{known.name}” · it is {known.name} since {known.valid_from}",
            "日期不能早于此 · give a later day",
        )
        return None
    return replace(wants, valid_from=since)


def _above(level: str) -> int:
    """How many digits of a code are its parent's."""
    return code.DIGITS[code.PARENTS[level][0]] if code.PARENTS[level] else 0


def _members(id: int, row: _Wanted, tree: Tree, outcome: Outcome) -> list[Member]:
    found = []
    for digits, police in row.grids:
        grid = tree.by_code(digits)
        field = "police" if police else "grid"
        if row.level != "group":
            row.cells.refuse(field, "只有户组属于网格 · only household groups are in grids", "留空 · leave it empty")
        elif grid is None or grid.level != "grid" or grid.police is not police:
            row.cells.refuse(field, "没有这个网格 · no such grid", "先导入网格 · import the grid first")
        elif not tree.within(id, grid.parent):
            row.cells.refuse(
                field, "网格不在同一个村或乡镇 · the grid is of another place", "核对代码 · check the code"
            )
        else:
            found.append(Member(id, grid.id, police))
    outcome.refused += row.cells.refused
    return found
