"""The console knows every reason for which the Python code refuses or doubts something, and has words for it."""

import ast
import json
import re
from collections.abc import Iterator
from pathlib import Path

from tests.console.browse import ROOT

KNOWN = ROOT / "server/console/src/testing/reasons.json"
FILES = (
    "protocol/heartlamp_protocol/inbound.py",
    "protocol/heartlamp_protocol/fields.py",
    "protocol/heartlamp_protocol/device/frame.py",
    "gateway/heartlamp_gateway/rules/ingest.py",
    "gateway/heartlamp_gateway/from_devices.py",
    "server/heartlamp_server/alarm/model.py",
    "server/heartlamp_server/ingest",
)
BY_SQL = {  # the quarantine's own query says these
    "answer to an incident that is not known here: {}",
    "still to an incident that is not known here: {}",
    "cancels, but this site has no incident",
    "another body under the id {}",
}
NOT_SHOWN = {
    "takes the place of an unverified one",  # verdict received
    "not a signed statement",  # said by devices to themselves
    "statement of {} bytes, at most {} are allowed",
    "{} is missing, not a text, or longer than {} characters",  # of a whole request, which is answered with 400
    "epoch is not 16 hex characters",
    "{} is not an event id",
    "{} must be a list of objects",
    "{} must be a list of event ids",
    "{} is not base64",
    "{}; {} of {} bytes go up",  # the gateway's frame around a reason
    "",
}
CALLS = {
    "FrameError": 0,
    "Judgement": 1,
    "_aside": 2,
    "_notice": 2,
    "unreadable": 3,
    "_refused": 1,
}  # which argument is the reason


def template(node: ast.expr) -> str | None:
    """A text with {} for what it fills in; None where this is no text."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(str(p.value) if isinstance(p, ast.Constant) else "{}" for p in node.values)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mod) and isinstance(node.left, ast.Constant):
        return re.sub("%[ds]", "{}", str(node.left.value))
    if isinstance(node, ast.BoolOp):
        return template(node.values[-1])
    return None


def expressions(tree: ast.AST) -> Iterator[ast.expr]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            at = CALLS.get(name, 99)
            if at < len(node.args):
                yield node.args[at]
        elif isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "reason":
            yield node.value
        elif isinstance(node, ast.FunctionDef) and node.name == "fault":
            yield from (r.value for r in ast.walk(node) if isinstance(r, ast.Return) and r.value)


def said(path: Path) -> Iterator[tuple[str, str]]:
    for file in sorted(path.rglob("*.py")) if path.is_dir() else [path]:
        for node in expressions(ast.parse(file.read_text(encoding="utf-8"))):
            reason = template(node)
            if reason is not None and reason not in NOT_SHOWN:
                yield reason, file.name


def test_the_console_knows_every_reason() -> None:
    found = dict(pair for name in FILES for pair in said(ROOT / name))
    assert len(found) >= 25, "the reasons are said in another way now; look where"
    known = set(json.loads(KNOWN.read_text("utf-8")))
    assert known <= found.keys() | BY_SQL, f"nothing says these any more: {known - found.keys() - BY_SQL}"
    unknown = {reason: file for reason, file in found.items() if reason not in known}
    assert not unknown, f"add them to {KNOWN.relative_to(ROOT)}, and a pattern and words beside the others: {unknown}"
