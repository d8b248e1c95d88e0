"""Joins modules that are always loaded together into one file: they share one table of names, and import nothing.

A group has a root, under whose name the joined file is loaded, and members, which are not there any more: every import
of one, wherever it stands, becomes one of the root. Where two top-level names would meet, one gets a number; the
root's own keep theirs, and so do those that a module outside of the group reaches through a module's name.

It does not follow scopes. A name that would have to be written otherwise must not be bound in any function, class or
comprehension of its module: then every place where it stands means the global. What is not so stops the build with a
reason, and somebody gives the local name another.
"""

import ast
import builtins
from collections.abc import Iterator, Mapping, Sequence

from heartlamp_tech.bundle import BundleError

Symbol = tuple[str, str]  # (dotted module, name in it), (dotted module, "") the module itself
_INNER = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Lambda
_IMPORT = ast.Import | ast.ImportFrom
_BINDS = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Assign | ast.AnnAssign
_COMPREHENSION = ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp


def join(texts: Mapping[str, str], groups: Mapping[str, Sequence[str]]) -> dict[str, str]:
    """`texts`: sources by path without suffix; `groups`: the members of each root, as such paths. Returns the same
    without the members. Raises BundleError."""
    modules = {dotted(path): Module(dotted(path), text, texts) for path, text in texts.items()}
    home = {dotted(path): dotted(root) for root, members in groups.items() for path in (root, *members)}
    plan = _Plan(modules, home)
    written = {}
    for path, text in texts.items():
        module = modules[dotted(path)]
        if path in groups:
            written[path] = plan.joined(module.name)
        elif module.name not in home:
            written[path] = plan.pointed(module) if any(name in home for name, _ in module.imports()) else text
    made = {dotted(path): Module(dotted(path), text, written) for path, text in written.items()}
    _no_circle(made)
    for module in made.values():
        for whole, name in module.imports():
            if name and whole in made and name not in made[whole].top:
                raise BundleError(f"{module.name} imports {name}, which {whole} does not have")
    return written


def dotted(path: str) -> str:
    return path.removesuffix("/__init__").replace("/", ".")


class Module:
    """`top`: what its top-level names stand for; `inner`: names bound anywhere else in it; `names`: all that stand in
    it; `reached`: (name of a module, symbol taken through it), more than there are where that name is a local one."""

    def __init__(self, name: str, text: str, paths: Mapping[str, str]) -> None:
        self.name = name
        self.tree = ast.parse(text)
        self._paths = paths
        self.top: dict[str, Symbol] = {}
        self.inner: set[str] = set()
        self._aliases = aliases = dict[str, set[str]]()
        for node in ast.walk(self.tree):
            if isinstance(node, _IMPORT):
                for alias in node.names:
                    module, whose = self.target(node, alias)
                    if not whose:
                        aliases.setdefault(alias.asname or alias.name, set()).add(module)
            if isinstance(node, _INNER | _COMPREHENSION):
                inside = [sub for child in ast.iter_child_nodes(node) for sub in ast.walk(child)]
                self.inner |= {name for sub in inside for name in _bound(sub)}
        for node in self.tree.body:
            if isinstance(node, _IMPORT):
                self.top |= {alias.asname or alias.name: self.target(node, alias) for alias in node.names}
            elif isinstance(node, _BINDS):
                bound = _bound(node) if isinstance(node, _INNER) else {n for t in _targets(node) for n in _bound(t)}
                self.top |= {n: (name, n) for n in sorted(bound)}
        self.names = {node.id for node in ast.walk(self.tree) if isinstance(node, ast.Name)}
        self.reached = {
            (node.value.id, (module, node.attr))
            for node in ast.walk(self.tree)
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name)
            for module in aliases.get(node.value.id, ())
        }

    def target(self, node: ast.Import | ast.ImportFrom, alias: ast.alias) -> Symbol:
        if isinstance(node, ast.Import):
            return alias.name, ""
        if node.level or alias.name == "*" or node.module is None:
            raise BundleError(f"{self.name}: an import that is relative, or of everything")
        whole = f"{node.module}.{alias.name}"
        path = whole.replace(".", "/")
        return (whole, "") if path in self._paths or f"{path}/__init__" in self._paths else (node.module, alias.name)

    def values(self) -> Iterator[tuple[str, str]]:
        """(name, module) where a module, or perhaps a local of its name, is used as a value."""
        lefts = {id(node.value) for node in ast.walk(self.tree) if isinstance(node, ast.Attribute)}
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load) and id(node) not in lefts:
                yield from ((node.id, module) for module in sorted(self._aliases.get(node.id, ())))

    def imports(self) -> Iterator[Symbol]:
        for node in ast.walk(self.tree):
            if isinstance(node, _IMPORT):
                yield from (self.target(node, alias) for alias in node.names)


def _targets(node: ast.AST) -> list[ast.expr]:
    return node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []


def _bound(node: ast.AST) -> set[str]:
    """Names that this very node binds, and a target's with all in it."""
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return {node.name}
    if isinstance(node, ast.Starred):
        return _bound(node.value)
    if isinstance(node, ast.Tuple | ast.List):
        return {name for part in node.elts for name in _bound(part)}
    if isinstance(node, ast.Name):
        return set() if isinstance(node.ctx, ast.Load) else {node.id}
    if isinstance(node, ast.arg):
        return {node.arg}
    if isinstance(node, ast.ExceptHandler):
        return {node.name} if node.name else set()
    if isinstance(node, _IMPORT):
        return {alias.asname or alias.name.partition(".")[0] for alias in node.names}
    return set(node.names) if isinstance(node, ast.Global | ast.Nonlocal) else set()


class _Plan:
    """`home`: the root of every joined module. `names`: how a group's file calls each symbol, by root."""

    def __init__(self, modules: Mapping[str, Module], home: Mapping[str, str]) -> None:
        self.modules, self.home = modules, home
        for module in modules.values():
            for node in ast.walk(module.tree):
                said = node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""
                if home.get(said, said) != said:
                    raise BundleError(f"{module.name} has the name of {said}, which is joined into {home[said]}")
            for name, whole in module.values():
                if home.get(whole, whole) != whole:
                    raise BundleError(f"{module.name}: {name}, a joined module, is more than the left of a dot")
        self.names = {root: self._named(root) for root in dict.fromkeys(home.values())}

    def symbol(self, symbol: Symbol) -> Symbol:
        """Where it is made, not where it was imported from."""
        while symbol[1] and symbol[0] in self.modules:
            top = self.modules[symbol[0]].top
            if symbol[1] not in top:
                raise BundleError(f"{symbol[0]} has no {symbol[1]}")
            if top[symbol[1]] == symbol:
                break
            symbol = top[symbol[1]]
        return symbol

    def _group(self, root: str) -> list[Module]:
        return [self.modules[name] for name, home in self.home.items() if home == root]

    def _reached(self, module: Module, root: str) -> list[Symbol]:
        """Of this group, through a module's name. From outside where that is a local name, too, so that what it means
        cannot be told from the text; all others are written anew."""
        found = set[Symbol]()
        for left, (whole, name) in module.reached:
            counts = self.home.get(module.name) == root or left in module.inner
            if counts and self.home.get(whole) == root and name in self.modules[whole].top:
                found.add(self.symbol((whole, name)))
        return sorted(found)

    def _named(self, root: str) -> dict[Symbol, str]:
        inside = self._group(root)
        uses: dict[Symbol, list[tuple[Module, str]]] = {}  # as what each module writes it; "": through a module
        for name, symbol in self.modules[root].top.items():
            if symbol == (root, name):
                uses[symbol] = []
        for module in self.modules.values():
            if module not in inside:
                uses |= {symbol: [] for symbol in self._reached(module, root)}
        pinned = set(uses)
        for module in inside:
            for name, symbol in module.top.items():
                uses.setdefault(self.symbol(symbol), []).append((module, name))
            for symbol in self._reached(module, root):
                uses.setdefault(symbol, []).append((module, ""))
        taken = {n for m in inside for n in m.names if n not in m.top and (n not in m.inner or n in dir(builtins))}
        every = taken | {n for m in inside for n in (*m.top, *m.inner)}
        chosen: dict[Symbol, str] = {}
        for symbol, written in uses.items():
            name = symbol[1] or written[0][1]
            if symbol[1] or self.home.get(symbol[0]) != root:  # a member itself needs no name
                if name in taken or any(n != name and name in module.inner for module, n in written):
                    if symbol in pinned:
                        raise BundleError(f"{symbol[0]}.{name} must keep its name, which another has in {root}")
                    name = next(n for n in (f"{name}_{k}" for k in range(1, 1000)) if n not in every)
                chosen[symbol] = name
                taken.add(name)
                every.add(name)
            for module, n in written:
                if n in module.inner and n != chosen.get(symbol):
                    raise BundleError(f"{module.name}: {n} stands for {symbol} and is a local name, too")
        return chosen

    def joined(self, root: str) -> str:
        """The text of a group's file."""
        names, body, imported = self.names[root], list[ast.stmt](), set[Symbol]()
        for module in self._in_order(root):
            rewrite = _Rewrite(module, self, root)
            for node in module.tree.body:
                if isinstance(node, _IMPORT):
                    for alias in node.names:
                        symbol = self.symbol(module.target(node, alias))
                        if symbol in names and self.home.get(symbol[0]) != root and symbol not in imported:
                            imported.add(symbol)
                            body.append(self.imported(symbol, names[symbol]))
                elif isinstance(node, _BINDS):
                    body.append(rewrite.visit(node))
                elif not _is_for_readers(node):
                    raise BundleError(f"{module.name}: a {type(node).__name__} at its top cannot be joined")
        return _source(ast.Module(body, []))

    def pointed(self, module: Module) -> str:
        """The text of a module outside of all groups."""
        return _source(_Rewrite(module, self, "").visit(module.tree))

    def imported(self, symbol: Symbol, local: str) -> ast.stmt:
        """The statement that binds it to this name, from the file where it is now."""
        module, name = symbol
        if module in self.home:
            name = name and self.names[self.home[module]][symbol]
            module = self.home[module]
        if not name and "." in module:
            module, _, name = module.rpartition(".")
        alias = ast.alias(name or module, None if local == (name or module) else local)
        return ast.ImportFrom(module, [alias], 0) if name else ast.Import([alias])

    def _in_order(self, root: str) -> list[Module]:
        """Each after those that it imports at its top."""
        order, under_way = list[Module](), list[str]()

        def visit(name: str) -> None:
            if self.home.get(name) != root or self.modules[name] in order:
                return
            if name in under_way:
                raise BundleError("import each other: " + ", ".join(under_way))
            under_way.append(name)
            for symbol in self.modules[name].top.values():
                if symbol[0] != name:
                    visit(symbol[0])
            under_way.pop()
            order.append(self.modules[name])

        for module in self._group(root):
            visit(module.name)
        return order


class _Rewrite(ast.NodeTransformer):
    """A module as a part of a group's file, or, root "", one outside: of that only the imports change."""

    def __init__(self, module: Module, plan: _Plan, root: str) -> None:
        self._module, self._plan, self._root = module, plan, root

    def _name(self, name: str) -> str:
        symbol = self._module.top.get(name)
        if not self._root or symbol is None:
            return name
        symbol = self._plan.symbol(symbol)
        if symbol not in self._plan.names[self._root]:
            raise BundleError(f"{self._module.name}: {name}, a joined module, is used as a value")
        return self._plan.names[self._root][symbol]

    def visit_Name(self, node: ast.Name) -> ast.AST:
        return ast.Name(self._name(node.id), node.ctx)

    def visit_Attribute(self, node: ast.Attribute) -> ast.AST:
        left = node.value.id if isinstance(node.value, ast.Name) else ""
        whole, what = self._module.top.get(left, ("", "?"))
        if what or whole not in self._plan.home or left in self._module.inner:
            return self.generic_visit(node)
        if not isinstance(node.ctx, ast.Load):
            raise BundleError(f"{self._module.name} writes to {whole}.{node.attr}")
        symbol = self._plan.symbol((whole, node.attr))
        root = self._plan.home.get(symbol[0], "")
        if root and root == self._root:
            return ast.Name(self._plan.names[root][symbol], node.ctx)
        if root != self._plan.home[whole]:
            raise BundleError(f"{self._module.name}: {whole}.{node.attr} is not made there")
        node.attr = self._plan.names[root][symbol]
        return self.generic_visit(node)

    def _definition(self, node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) -> ast.AST:
        if node in self._module.tree.body:
            node.name = self._name(node.name)
        return self.generic_visit(node)

    visit_FunctionDef = visit_AsyncFunctionDef = visit_ClassDef = _definition

    def _import(self, node: ast.Import | ast.ImportFrom) -> list[ast.stmt]:
        made: list[ast.stmt] = []
        for alias in node.names:
            symbol, local = self._module.target(node, alias), alias.asname or alias.name
            if symbol[0] not in self._plan.home:
                one = type(node)(**{**vars(node), "names": [alias]})
                made.append(one)
                continue
            symbol = self._plan.symbol(symbol)
            if self._plan.home.get(symbol[0]) != self._root:
                made.append(self._plan.imported(symbol, local))
            elif symbol[1]:
                value = ast.Name(self._plan.names[self._root][symbol], ast.Load())
                made.append(ast.Assign([ast.Name(local, ast.Store())], value))
            else:
                raise BundleError(f"{self._module.name} imports {symbol[0]} in a function, which is joined with it")
        return made

    visit_Import = visit_ImportFrom = _import


def _is_for_readers(node: ast.stmt) -> bool:
    """A text, or what only a type checker sees."""
    if isinstance(node, ast.If):
        return isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING" and not node.orelse
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def _source(tree: ast.Module) -> str:
    return ast.unparse(ast.fix_missing_locations(tree)) + "\n"


def _no_circle(modules: Mapping[str, Module]) -> None:
    """Raises BundleError where modules import each other at their tops: one would find the other half made."""
    done: set[str] = set()

    def visit(name: str, above: tuple[str, ...]) -> None:
        if name in above:
            raise BundleError("import each other: " + ", ".join(above[above.index(name) :]))
        if name in done or name not in modules:
            return
        for module in dict.fromkeys(symbol[0] for symbol in modules[name].top.values() if symbol[0] != name):
            visit(module, (*above, name))
        done.add(name)

    for name in modules:
        visit(name, ())
