"""A refusal is made for each request. One that is made once and raised often holds on to every request that it was
raised for, with what was typed in it, for as long as the server runs."""

import ast
from pathlib import Path

import heartlamp_server
import pytest

FILES = sorted(Path(heartlamp_server.__file__).parent.rglob("*.py"))
MAKERS = {"problem", "HTTPException", "Refusal"}


def kept_and_raised(source: str) -> set[str]:
    """Names that an exception is kept under, and that are raised as they are."""
    kept, raised = set(), set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Call):
            made = node.value.func
            if isinstance(made, ast.Name) and made.id in MAKERS:
                kept |= {target.id for target in node.targets if isinstance(target, ast.Name)}
        elif isinstance(node, ast.Raise) and node.exc is not None:
            raised |= {name.id for name in ast.walk(node.exc) if isinstance(name, ast.Name)}
    return kept & raised


@pytest.mark.parametrize("file", FILES, ids=lambda f: str(f.relative_to(FILES[0].parent)))
def test_no_refusal_is_kept_and_raised_again(file: Path) -> None:
    assert kept_and_raised(file.read_text(encoding="utf-8")) == set(), (
        "keep `partial(problem, …)`, and raise a call of it"
    )


def test_the_test_sees_it() -> None:
    assert kept_and_raised("unknown = problem(404, 'a', 'b')\ndef f():\n    raise unknown") == {"unknown"}
    assert kept_and_raised("unknown = partial(problem, 404)\ndef f():\n    raise unknown()") == set()
