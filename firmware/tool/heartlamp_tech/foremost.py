"""Puts the names that a file uses most often first in its table of names.

Bytecode refers to a name by its place in that table, in one byte as long as the place is below 128, else in two; names
come in the order in which the compiler meets them, those of the top level before all others. So a line at the top
mentions the ones used most, and is never executed. It costs two bytes a name: what only a large file gets back.
"""

import ast
import builtins
from collections import Counter
from collections.abc import Iterator
from symtable import symtable

MOST = 112  # of the 128, so that what comes before them fits, too


def foremost(text: str) -> str:
    """The same program; the very same text where it has too few names to gain by it."""
    top = set(symtable(text, "", "exec").get_identifiers()).union(dir(builtins))
    counts = Counter(_names(ast.parse(text), top))
    if len(counts) < 128:
        return text
    first = sorted(counts, key=lambda name: (-counts[name], name))[:MOST]
    return "_ = 0\n_ and _." + ".".join(first) + "\n" + text


def _names(tree: ast.Module, top: set[str]) -> Iterator[str]:
    """Each name as often as bytecode refers to it. Local variables have none there."""
    for node in ast.walk(tree):
        match node:
            case ast.Attribute(attr=name) | ast.keyword(arg=str(name)) | ast.arg(arg=name):
                yield name
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                yield name
            case ast.Name(id=name) if name in top:
                yield name
