"""The tree of areas in memory: one node each, and how to find it. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True)
class Node:
    """An area as it is now. `valid_from`: since when it is so; `ended`: from when it is no more, None: it is."""

    id: int
    parent: int | None
    level: str
    police: bool
    name: str
    code: str
    valid_from: date
    ended: date | None = None


class Tree:
    """Of what is there now: what ended is known by its id alone."""

    def __init__(self, nodes: Iterable[Node]) -> None:
        self.nodes: dict[int, Node] = {}
        self._by_code: dict[str, int] = {}
        self._by_name: dict[tuple[int | None, str, bool, str], int] = {}
        self._below: dict[int | None, set[int]] = {}
        for node in nodes:
            self.put(node)

    def put(self, node: Node) -> None:
        """Adds it, or takes it for what is known under its id."""
        before = self.nodes.get(node.id)
        if before is not None and before.ended is None:
            self._by_name.pop((before.parent, before.level, before.police, before.name), None)
            self._below.get(before.parent, set()).discard(before.id)
            if self._by_code.get(before.code) == before.id:
                del self._by_code[before.code]
        self.nodes[node.id] = node
        if node.ended is None:
            self._by_name[node.parent, node.level, node.police, node.name] = node.id
            self._below.setdefault(node.parent, set()).add(node.id)
            if node.code:
                self._by_code[node.code] = node.id

    def by_code(self, code: str) -> Node | None:
        return self.nodes.get(self._by_code.get(code, 0))

    def by_name(self, parent: int | None, level: str, police: bool, name: str) -> Node | None:
        return self.nodes.get(self._by_name.get((parent, level, police, name), 0))

    def children(self, parent: int | None) -> list[Node]:
        """Those that are there, by id."""
        return [self.nodes[id] for id in sorted(self._below.get(parent, ()))]

    def path(self, id: int | None) -> list[Node]:
        """From the topmost down to the area itself."""
        path: list[Node] = []
        while id is not None:
            path.append(self.nodes[id])
            id = self.nodes[id].parent
        return path[::-1]

    def within(self, id: int, above: int | None) -> bool:
        """Whether the one is the other, or below it."""
        return any(node.id == above for node in self.path(id))
