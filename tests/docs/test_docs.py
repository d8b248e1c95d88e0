"""Documentation that cannot lag: what it names must exist."""

import re
import subprocess
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
DOCS = sorted(
    [
        *ROOT.glob("*.md"),
        *ROOT.glob("docs/**/*.md"),
        *ROOT.glob("*/README.md"),
        *ROOT.glob("firmware/**/*.md"),
        *ROOT.glob("hardware/**/*.md"),
    ]
)
DOCS = [d for d in DOCS if "node_modules" not in d.parts]


@cache
def tracked() -> tuple[Path, ...]:
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return tuple(ROOT / name for name in listed.splitlines() if (ROOT / name).is_file())


@cache
def identifiers() -> frozenset[str]:
    """Every word in the source and in the village that the commands play in, and every folder's name."""
    words: set[str] = set()
    for path in tracked():
        parts = path.relative_to(ROOT).parts
        if path.suffix in (".py", ".ts", ".vue") and (parts[0] != "tests" or parts[1] == "village"):
            words.update(re.findall(r"[A-Za-z_][A-Za-z0-9_]*", path.read_text()))
            words.update((*parts[:-1], path.stem))
    return frozenset(words)


def glossary() -> list[list[str]]:
    """Rows of the table."""
    rows = (ROOT / "docs/glossary.md").read_text().splitlines()
    return [[c.strip() for c in r.strip("|").split("|")] for r in rows if r.startswith("| ")][1:]


@pytest.mark.parametrize("row", glossary(), ids=lambda r: r[0])
def test_a_term_of_the_glossary_is_in_the_code(row: list[str]) -> None:
    term, chinese, meaning, code = row
    assert meaning
    assert re.search(r"[\u4e00-\u9fff]", chinese), f"{term} has no Chinese"
    for name in re.findall(r"`([^`]+)`", code):
        assert name in identifiers(), f"the glossary says that {term} is {name} in the code, which has no such name"


def test_every_concept_of_the_server_is_in_the_glossary() -> None:
    text = (ROOT / "docs/glossary.md").read_text()
    concepts = {p.parent.name for p in (ROOT / "server/heartlamp_server").glob("*/model.py")}
    assert concepts
    assert {c for c in concepts if f"`{c}`" not in text} == set()


@pytest.mark.parametrize("page", DOCS, ids=lambda p: str(p.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#\s]+)[^)]*\)", page.read_text()):
        if not target.startswith(("http:", "https:")):
            assert (page.parent / target).exists(), f"{page.name} links to {target}, which is not there"


@pytest.mark.parametrize("page", DOCS, ids=lambda p: str(p.relative_to(ROOT)))
def test_make_targets_that_are_named_exist(page: Path) -> None:
    targets = set(re.findall(r"^([a-z][a-z-]*):", (ROOT / "Makefile").read_text(), re.M))
    named = set(re.findall(r"`make ([a-z-]+)`|^\s*make ([a-z-]+)", page.read_text(), re.M))
    assert {a or b for a, b in named} <= targets


@pytest.mark.parametrize("page", DOCS, ids=lambda p: str(p.relative_to(ROOT)))
def test_paths_that_are_named_exist(page: Path) -> None:
    roots = {p.name for p in ROOT.iterdir() if p.is_dir() and not p.name.startswith(".")} - {"build"}
    for path in re.findall(r"`([a-z][\w.-]*/[\w./-]+)`", page.read_text()):
        if path.split("/")[0] in roots and "*" not in path:
            assert (ROOT / path).exists(), f"{page.name} names {path}, which is not there"


def test_every_test_that_a_page_names_exists() -> None:
    """As `path::name`; a page of faults that names none would promise what nobody tries."""
    named: dict[str, int] = {}
    for page in DOCS:
        for path, name in re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", page.read_text()):
            named[page.name] = named.get(page.name, 0) + 1
            text = (ROOT / path).read_text() if (ROOT / path).exists() else ""
            assert f"def {name}(" in text, f"{page.name} names {path}::{name}, which is not there"
    assert named["faults.md"] > 20


def test_the_repository_is_ours_alone() -> None:
    """No third-party folder, and no generated file that a build makes."""
    strangers = {"vendor", "third_party", "node_modules", "dist", "static"}
    assert [str(p) for p in tracked() if strangers & set(p.relative_to(ROOT).parts)] == []


def test_both_readmes_show_the_same_commands() -> None:
    def commands(name: str) -> list[str]:
        return re.findall(r"^ *(make \w+)", (ROOT / name).read_text(), re.M)

    assert commands("README.md")
    assert commands("README.md") == commands("README.zh-CN.md")
