"""Re-zoning: what a decision about an area does to the tree. Pure. Nothing that was is lost: what changes begins a new
version on its day, and incidents keep the path that they opened with."""

from dataclasses import asdict, dataclass, field, replace
from datetime import date
from typing import Any

from heartlamp_server import plain
from heartlamp_server.area import code
from heartlamp_server.area.tree import Node, Tree

NAME_MAX = 60


class Refused(Exception):
    """Why it cannot be, "中文 · English". `do`: what helps."""

    def __init__(self, why: str, do: str) -> None:
        super().__init__(why)
        self.do = do


@dataclass(frozen=True, slots=True)
class Decision:
    """From `day` on the area is called `name`, has `code`, is in `parent`; None: as it was. Or it becomes part of
    `into`, or is no more (`ends`)."""

    area: int
    day: date
    name: str | None = None
    code: str | None = None
    parent: int | None = None
    into: int | None = None
    ends: bool = False

    def to_json(self) -> dict[str, Any]:
        return asdict(self) | {"day": self.day.isoformat()}

    @staticmethod
    def from_json(fields: dict[str, Any]) -> "Decision":
        return Decision(**fields | {"day": date.fromisoformat(fields["day"])})


@dataclass(slots=True)
class Effects:
    """`nodes`: new versions, parents first. `merged`: area -> what it became part of, its gateways too. `sites`,
    `members`: (from, to) area whose sites, or grid whose groups, move. `also`: household group -> villages whose
    gateways hear it besides its own village's, for its devices know no other until a technician comes. `leaves`:
    (household group, whether police) that are in a grid no more. `touched`: villages and groups of which a gateway must
    hear anew. `notes`: what followed without being asked, "中文 · English"."""

    nodes: list[Node] = field(default_factory=list)
    merged: dict[int, int] = field(default_factory=dict)
    sites: list[tuple[int, int]] = field(default_factory=list)
    members: list[tuple[int, int]] = field(default_factory=list)
    also: dict[int, tuple[int, ...]] = field(default_factory=dict)
    leaves: list[tuple[int, bool]] = field(default_factory=list)
    touched: set[int] = field(default_factory=set)
    notes: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Facts:
    """Of the area that is decided about. `also`: as Effects has it, for the groups concerned; `grids`: (grid, whether
    police) of the group; `occupied`: it has sites, or a gateway."""

    also: dict[int, tuple[int, ...]] = field(default_factory=dict)
    grids: tuple[tuple[int, bool], ...] = ()
    occupied: bool = False


def create(tree: Tree, level: str, police: bool, parent: int | None, name: str, digits: str, day: date) -> Node:
    """A new area; its id is -1 until it is written. Raises Refused."""
    if level not in code.LEVELS or (police and level != "grid"):
        raise Refused("没有这个级别 · no such level", f"one of {', '.join(code.LEVELS)}")
    node = Node(-1, parent, level, police, _named(name), code.clean(digits), day)
    _fits(tree, node)
    return node


def decide(tree: Tree, decision: Decision, facts: Facts) -> Effects:
    """`tree`: as it is on the decision's day; it is left as it shall be. Raises Refused, and then it is
    neither: read it anew."""
    before = _alive(tree, decision.area)
    if decision.day < before.valid_from:
        raise Refused(
            f"{before.name}自 {before.valid_from} 起如此，不能从更早的日期改 · {before.name} is so since "
            f"{before.valid_from}: it cannot be changed from an earlier day",
            "换一个日期 · choose another day",
        )
    says = [decision.into is not None, decision.ends, (decision.name, decision.code, decision.parent) != (None,) * 3]
    if says.count(True) > 1:
        raise Refused(
            "修改、并入、撤销，一次只能做一样 · it can be changed, become part of another or end: one at a time",
            "分开提交 · say them one by one",
        )
    if decision.into is not None:
        return _merge(tree, before, _alive(tree, decision.into), decision.day, facts)
    if decision.ends:
        return _end(tree, before, decision.day, facts)
    return _change(tree, before, decision, facts)


def _change(tree: Tree, before: Node, decision: Decision, facts: Facts) -> Effects:
    effects = Effects()
    parent = before.parent if decision.parent is None else _alive(tree, decision.parent).id
    if before.level == "grid" and parent != before.parent:
        raise Refused(
            "网格不能换上级 · a grid stays where it is", "新建网格，再移入户组 · make a new one and move its groups"
        )
    name = before.name if decision.name is None else _named(decision.name)
    digits = before.code if decision.code is None else code.clean(decision.code)
    after = replace(before, parent=parent, name=name, code=digits, valid_from=decision.day)
    if after == replace(before, valid_from=decision.day):
        raise Refused("没有变化 · nothing would change", "请核对 · check it")
    _fits(tree, after)
    _put(tree, after, effects)
    _recode(tree, before.code, after, effects)
    if before.level == "group":
        effects.touched |= {before.id}
        if parent != before.parent:
            _moved_group(tree, before, after, facts, effects)
    if before.level == "village":
        effects.touched |= {before.id}
    return effects


def _moved_group(tree: Tree, before: Node, after: Node, facts: Facts, effects: Effects) -> None:
    """Its devices know the old village's gateway and no other: it goes on hearing them, until a technician has given
    them the new one's address."""
    assert before.parent is not None
    assert after.parent is not None
    heard = dict.fromkeys((*facts.also.get(after.id, ()), before.parent))
    effects.also[after.id] = tuple(village for village in heard if village != after.parent)
    effects.touched |= {before.parent, after.parent}
    effects.leaves += [(after.id, police) for grid, police in facts.grids if not _over(tree, grid, after.parent)]
    effects.notes.append(
        f"{after.name}的设备仍由原村网关接收；重新开通到新村网关后，登记“已改接” · the old "
        f"village's gateway still hears {after.name}; provision its devices for the new one, then say they are rewired"
    )


def _over(tree: Tree, grid: int, village: int) -> bool:
    """Whether a grid may have groups of this village."""
    return grid in tree.nodes and tree.within(village, tree.nodes[grid].parent)


def _merge(tree: Tree, gone: Node, into: Node, day: date, facts: Facts) -> Effects:
    if gone.id == into.id or gone.level != into.level or gone.police is not into.police:
        raise Refused(
            "只能并入另一个同级区域 · it can only become part of another area of its level", "核对两者 · check both"
        )
    if day < into.valid_from:
        raise Refused(
            f"{into.name}自 {into.valid_from} 起才有 · {into.name} is so only since {into.valid_from}",
            "换一个日期 · choose another day",
        )
    effects = Effects(merged={gone.id: into.id})
    for child in tree.children(gone.id):
        if day < child.valid_from:
            raise Refused(
                f"{child.name}在 {child.valid_from} 改过 · {child.name} was changed on {child.valid_from}",
                "换一个日期 · choose another day",
            )
        name, digits = child.name, _swapped(child.code, gone.code, into.code)
        if tree.by_name(into.id, child.level, child.police, name) is not None:
            name = _free(tree, into.id, child, f"{gone.name}{name}")
            zh = f"{into.name}已有“{child.name}”，改称“{name}”"
            effects.notes.append(f"{zh} · {into.name} has a {child.name}: this one is now {name}")
        if digits and ((there := tree.by_code(digits)) is not None and there.id != child.id):
            effects.notes.append(f"{name}的代码待定 · {name} has no code until it is given a new one")
            digits = ""
        moved = replace(child, parent=into.id, name=name, code=digits, valid_from=day)
        _put(tree, moved, effects)
        _recode(tree, child.code, moved, effects)
    effects.sites.append((gone.id, into.id))
    effects.touched |= {gone.id, into.id}
    if gone.level == "grid":
        effects.members.append((gone.id, into.id))
    elif gone.level == "group":
        heard = (*facts.also.get(into.id, ()), *facts.also.get(gone.id, ()), gone.parent or 0)
        effects.also[into.id] = tuple(village for village in dict.fromkeys(heard) if village not in (into.parent, 0))
        effects.leaves += [(gone.id, police) for _, police in facts.grids]
        effects.touched |= {gone.parent or 0, into.parent or 0}
    _put(tree, replace(gone, ended=day), effects)
    return effects


def _end(tree: Tree, gone: Node, day: date, facts: Facts) -> Effects:
    if tree.children(gone.id) or facts.occupied:
        raise Refused(
            f"{gone.name}里还有下级、点位或网关 · {gone.name} still has areas, sites or a gateway",
            "先移走，或并入另一个区域 · move them first, or let it become part of another area",
        )
    effects = Effects(leaves=[(gone.id, police) for _, police in facts.grids])
    if gone.level == "grid":
        effects.members.append((gone.id, 0))
    _put(tree, replace(gone, ended=day), effects)
    return effects


def _put(tree: Tree, node: Node, effects: Effects) -> None:
    tree.put(node)
    effects.nodes.append(node)


def _recode(tree: Tree, old: str, above: Node, effects: Effects) -> None:
    """What is below has codes that begin with the area's: they follow it, and wait with it where it has none yet."""
    if not old or old == above.code:
        return
    for child in tree.children(above.id):
        digits = _swapped(child.code, old, above.code)
        if digits != child.code and tree.by_code(digits) is None:
            moved = replace(child, code=digits, valid_from=max(above.valid_from, child.valid_from))
            _put(tree, moved, effects)
            _recode(tree, child.code, moved, effects)


def _swapped(digits: str, old: str, new: str) -> str:
    if not digits or not old or not digits.startswith(old):
        return digits
    return new + digits.removeprefix(old) if new else ""


def _free(tree: Tree, parent: int, node: Node, name: str) -> str:
    number, free = 2, name[:NAME_MAX]
    while tree.by_name(parent, node.level, node.police, free) is not None:
        number, free = number + 1, f"{name[: NAME_MAX - 4]}（{number}）"
    return free


def _alive(tree: Tree, id: int) -> Node:
    node = tree.nodes.get(id)
    if node is None or node.ended is not None:
        raise Refused("没有这个区域，或已撤并 · no such area, or it is no more", "请刷新 · reload")
    return node


def _named(name: str) -> str:
    said = plain.name(name)
    if not said or len(said) > NAME_MAX:
        raise Refused(
            f"名称为空或超过 {NAME_MAX} 字 · the name is empty or longer than {NAME_MAX}", "请更正 · correct it"
        )
    return said


def _fits(tree: Tree, node: Node) -> None:
    """Raises Refused where there is no place for it."""
    above = tree.nodes.get(node.parent) if node.parent is not None else None
    if above is not None and above.level not in code.parents(node.level, node.police):
        zh = f"{code.CHINESE[node.level]}不能直接属于{code.CHINESE[above.level]}"
        raise Refused(f"{zh} · a {node.level} is in no {above.level}", "核对上级 · check where it shall be")
    if above is None and (node.parent is not None or node.level not in ("city", "county")):
        raise Refused("没有这个上级 · there is no such area to be in", "请刷新 · reload")
    if why := code.wrong(node.code, node.level, above.code if above else ""):
        raise Refused(why, "给出新代码；还没有的，留空 · give its new code, or an empty one until there is one")
    same = tree.by_name(node.parent, node.level, node.police, node.name)
    if same is not None and same.id != node.id:
        raise Refused(
            f"这里已有“{node.name}” · there is a {node.name} here already", "换一个名称 · choose another name"
        )
    taken = tree.by_code(node.code) if node.code else None
    if taken is not None and taken.id != node.id:
        raise Refused(f"代码 {node.code} 是{taken.name}的 · {taken.name} has this code", "核对代码 · check the code")
