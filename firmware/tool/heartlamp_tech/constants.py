"""Writes constants where they are used, and leaves out those that nobody looks up any more.

A constant is an upper-case name that its module binds once, at its top, to a whole number or a text. It stays where
it was as well, where it may be looked up some other way: by a local name, as an attribute of anything that is not
plainly its module, or by a text that is its name.
"""

import ast
from collections.abc import Mapping

from heartlamp_tech.join import Module, Symbol, dotted

Value = int | str


def fold(texts: Mapping[str, str]) -> dict[str, str]:
    """`texts`: sources by path without suffix."""
    modules = {path: Module(dotted(path), text, texts) for path, text in texts.items()}
    values: dict[Symbol, Value] = {}
    while True:  # one may be made of others
        before = len(values)
        for module in modules.values():
            values |= _found(module, values)
        if len(values) == before:
            break
    folds = {path: _Fold(module, values) for path, module in modules.items()}
    for each in folds.values():
        each.run()
    kept = {symbol for symbol in values for each in folds.values() if symbol in each.kept or symbol[1] in each.names}
    return {path: each.text(set(values) - kept) or texts[path] for path, each in folds.items()}


def _found(module: Module, values: Mapping[Symbol, Value]) -> dict[Symbol, Value]:
    """Constants of this module, as far as `values` are known."""
    found, seen = dict[Symbol, Value](), list[str]()
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
            seen.append(node.id)
    for statement in module.tree.body:
        match statement:
            case ast.Assign([ast.Name(name)], value) if name.isupper() and name not in module.inner:
                known = _value(module, value, values)
                if known is not None and seen.count(name) == 1 and module.top[name] == (module.name, name):
                    found[module.name, name] = known
    return found


def _value(module: Module, node: ast.expr, values: Mapping[Symbol, Value]) -> Value | None:
    match node:
        case ast.Constant(int() | str() as value) if not isinstance(value, bool):
            return value
        case ast.UnaryOp(ast.USub(), ast.Constant(int() as value)) if not isinstance(value, bool):
            return -value
        case ast.Name() | ast.Attribute():
            symbol = _symbol(module, node)
            return values.get(symbol) if symbol else None
        case ast.BinOp(left, ast.Add() | ast.Sub() | ast.Mult() | ast.FloorDiv() | ast.Pow() as way, right):
            a, b = _value(module, left, values), _value(module, right, values)
            if isinstance(a, int) and isinstance(b, int) and 0 <= b < 2**31:
                match way:
                    case ast.Add():
                        return a + b
                    case ast.Sub():
                        return a - b
                    case ast.Mult():
                        return a * b
                    case ast.FloorDiv():
                        return a // b if b else None
                    case ast.Pow():
                        return int(a**b) if b < 64 else None
    return None


def _symbol(module: Module, node: ast.expr) -> Symbol | None:
    """What this surely means: a name, or an attribute of a module, that no local name hides."""
    match node:
        case ast.Name(name) if name not in module.inner:
            return module.top.get(name)
        case ast.Attribute(ast.Name(left), name) if left not in module.inner:
            whole, what = module.top.get(left, ("", "?"))
            return None if what else (whole, name)
    return None


class _Fold(ast.NodeTransformer):
    """`kept`: constants that something in this module still looks up; `names`: attributes and texts that may be one."""

    def __init__(self, module: Module, values: Mapping[Symbol, Value]) -> None:
        self._module, self._values = module, values
        self._changed = False
        self.kept: set[Symbol] = set()
        self.names: set[str] = set()

    def run(self) -> None:
        for node in self._module.tree.body:
            if isinstance(node, ast.ImportFrom):
                self.kept |= {self._module.target(node, alias) for alias in node.names if self._hidden(alias)}
            elif not isinstance(node, ast.Import):
                self.visit(node)

    def text(self, gone: "set[Symbol]") -> str:
        """ "" where nothing changed. `gone`: constants that nobody looks up."""
        module, body = self._module, list[ast.stmt]()
        for node in module.tree.body:
            match node:
                case ast.Assign([ast.Name(name)]) if (module.name, name) in gone:
                    self._changed = True
                    continue
                case ast.ImportFrom():
                    left = [a for a in node.names if module.target(node, a) not in self._values or self._hidden(a)]
                    if len(left) < len(node.names):
                        self._changed, node.names = True, left
                    if not left:
                        continue
            body.append(node)
        module.tree.body = body
        return ast.unparse(ast.fix_missing_locations(module.tree)) + "\n" if self._changed else ""

    def _hidden(self, alias: ast.alias) -> bool:
        return (alias.asname or alias.name) in self._module.inner

    def _either(self, node: ast.Name | ast.Attribute) -> ast.AST:
        symbol = _symbol(self._module, node)
        if symbol is not None and symbol in self._values and isinstance(node.ctx, ast.Load):
            self._changed = True
            return ast.Constant(self._values[symbol])
        if isinstance(node, ast.Attribute):
            self.names.add(node.attr)
        return self.generic_visit(node)

    visit_Name = visit_Attribute = _either

    def visit_Constant(self, node: ast.Constant) -> ast.AST:
        if isinstance(node.value, str):
            self.names.add(node.value)
        return node

    def visit_ImportFrom(self, node: ast.ImportFrom) -> ast.AST:
        """In a function."""
        self.kept |= {self._module.target(node, alias) for alias in node.names}
        return node
