"""Joining files and folding constants changes nothing that a program does; what would is refused."""

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest
from heartlamp_tech import boards, compiling
from heartlamp_tech.bundle import BundleError
from heartlamp_tech.compiling import GROUPS, laid_out
from heartlamp_tech.constants import fold
from heartlamp_tech.join import join

from tests.firmware.conftest import MICROPYTHON, REPO

# A program with everything that could go wrong. `app/main` is the root, `app/late` and `app/near` stay outside.
PROGRAM = {
    "app/__init__": "",
    "app/limits": """
MOST = 2**10 - 24  # a comment
WORD = "worth %d"
DEEP = MOST * 2
SHAPES = (MOST, WORD)
""",
    "app/codec": """
import json
from app.limits import MOST, WORD as SAID

class Refused(ValueError):
    MOST = 5  # a class's own
    def loads(self): return "a method"

class Worse(Refused):
    def __init__(self, *words, **more):
        super().__init__(*words)
        self.more = more

_count = 0
_table = {"read": 1, "write": lambda write: write + 1}

def count():
    global _count
    _count += 1
    return _count

def read(data, most=MOST, *, strict=False):
    def inner(json):
        nonlocal data
        data = json
        return [SAID % data for SAID_less in (1, 2) if SAID_less]
    try:
        return json.loads(data) if strict else inner(data)
    except ValueError as error:
        raise Refused(str(type(error).__name__))

def write(value, sep=SAID):
    return f"{value}/{MOST}/{sep % 3!r}/{_table['write'](value)}"

def later():
    from app.limits import MOST as there
    return there
""",
    "app/other": """
from app import codec
from app.codec import Refused, Worse as Bad, read as take

_left = 100

def read(data):  # and this
    total = [codec.read(x) for x in (data, data)]
    return total, take("[1]", strict=True)

def count():
    global _left
    _left -= 1
    return _left, codec.count()

class Part(Bad):
    NAME = "other"
    def dumps(self, sum_1=codec.write):
        return sum_1(2), self.NAME, isinstance(self, codec.Refused)

def sum(values):  # hides a builtin here, and nowhere else
    return "mine"

def decorated(f):
    def inside(*args, **kwargs):
        return f(*args, **kwargs) + 1
    return inside

@decorated
def twice(x): return x * 2
""",
    "app/third": """
from app import other as codec
from app.limits import MOST
_count = "third"
total = sum([1, 2, 3])
def read(a, b=lambda: _count): return a, b(), total, codec.sum([1]), MOST, [json for json in "ab"]
first, (second, *rest) = 1, (2, 3, 4)
""",
    "app/main": """
import sys
from app import codec, limits, other, third
from app.codec import Refused
from app.third import first, second as two

def run():
    print(codec.read(7), codec.write(1), codec.later(), codec.count(), codec.count())
    print(other.read(3), other.count(), other.Part("a", b=2).more, other.Part().dumps(), other.twice(4))
    print(third.read(0), first, two, third.rest, sum([1, 1]), limits.SHAPES, limits.DEEP)
    try:
        codec.read("x", strict=True)
    except Refused as error:
        print(error, error.loads(), error.MOST)
    print(sys.implementation.name and "here", _late().say(), getattr(__import__("app.near", None, None, ("x",)), "x"))

def _late():
    from app import late
    from app.codec import Refused as R
    return late if issubclass(R, ValueError) else None
""",
    "app/late": """
from app import codec as c, limits
from app.other import read, Part as _Part
def say(read=read):
    return c.write(9), read(1), _Part.NAME, limits.MOST, c.Refused.MOST
""",
    "app/near": "from app import other\nx = other.sum([3])\n",
}
GROUP = {"app/main": ("app/codec", "app/limits", "app/other", "app/third")}


def said(program: dict[str, str], folder: Path, runtime: str) -> str:
    for name, text in program.items():
        path = folder / f"{name}.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    command = [sys.executable] if runtime == "CPython" else [str(MICROPYTHON)]
    paths = {"PYTHONPATH": str(folder), "MICROPYPATH": str(folder)}
    script = "from app import main; main.run()"
    done = subprocess.run([*command, "-c", script], env=os.environ | paths, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("runtime", ["CPython", "MicroPython"])
@pytest.mark.parametrize("way", ["joined", "folded", "folded and joined"])
def test_a_program_says_the_same_when_it_is_joined(runtime: str, way: str, tmp_path: Path) -> None:
    program = dict(PROGRAM)
    if "folded" in way:
        program = fold(program)
    if "joined" in way:
        program = join(program, GROUP)
        assert not set(GROUP["app/main"]) & set(program)
    before = said(PROGRAM, tmp_path / "before", runtime)
    assert before.count("\n") == 5
    assert said(program, tmp_path / "after", runtime) == before


def refusal(changed: dict[str, str]) -> str:
    texts = {"app/one": "def say(): return 1\n", "app/main": "from app import one\ndef run(): return one.say()\n"}
    with pytest.raises(BundleError) as refused:
        join(texts | changed, {"app/main": ("app/one",)})
    return str(refused.value)


def test_what_cannot_be_joined_safely_is_refused_with_its_reason() -> None:
    main = "from app import one\n"
    assert "left of a dot" in refusal({"app/main": main + "def run(): return print(one)\n"})
    assert "left of a dot" in refusal({"app/far": main + "def run(): return print(one)\n"})
    assert "writes to app.one.say" in refusal({"app/main": main + "def run(): one.say = 2\n"})
    assert "writes to app.one.say" in refusal({"app/far": main + "def run(): one.say = 2\n"})
    assert "is a local name, too" in refusal({"app/main": main + "def run(one): return one.say()\n"})
    counting = "def say():\n    global n\n    n += 1\n"
    assert "is a local name, too" in refusal({"app/one": "n = 1\n" + counting, "app/main": main + "n = 2\n"})
    assert "has no shout" in refusal({"app/main": main + "def run(): return one.shout()\n"})
    assert "of everything" in refusal({"app/main": "from app.one import *\n"})
    assert "relative" in refusal({"app/main": "from . import one\n"})
    assert "a If at its top" in refusal({"app/one": "if 1:\n    def say(): pass\n"})
    assert "a For at its top" in refusal({"app/one": "for say in (1,): pass\n"})
    assert "in a function, which is joined with it" in refusal({"app/main": "def run():\n    from app import one\n"})
    assert "has the name of app.one" in refusal({"app/far": "__import__('app.one')\n"})
    assert "import each other" in refusal({"app/one": "from app import main\ndef say(): return main.run()\n"})
    far = {"app/far": "from app.one import say\n", "app/main": "from app import far, one\n"}
    assert "import each other" in refusal(far)
    near = {"app/near": "A = 1\n", "app/far": "from app.near import B\n"}
    assert "imports B, which app.near does not have" in refusal(near)
    assert "must keep its name" in refusal(
        {"app/one": "def say(): pass\n", "app/far": "def f():\n    from app import one\n    one.say()\n"}
        | {"app/main": main + "def run(say): return one.say()\n"}
    )


def test_a_constant_stays_where_it_may_be_looked_up_some_other_way() -> None:
    folded = fold(
        {
            "app/limits": "A = 1\nB = 2\nC = 3\nD = 4\nE = 5\nF = 6\nG = 'g'\nH = 8\nF += 1\n",
            "app/one": "from app import limits as x\nfrom app.limits import A, B, C\ndef f(B): return A, B, x.E, x.F\n",
            "app/two": "def f(x):\n    from app.limits import D\n    return x.H, D, getattr(x, 'G')\n",
        }
    )
    left = dict.fromkeys(line.partition(" ")[0] for line in folded["app/limits"].splitlines())
    assert list(left) == ["B", "D", "F", "G", "H"]
    assert "return (1, B, 5, x.F)" in folded["app/one"]


@pytest.fixture(scope="module")
def built() -> dict[str, str]:
    made = compiling.board_sources(boards.read_all(REPO / "hardware/boards"))
    modules, start = laid_out(compiling.sources(REPO) | made, compiling.start_sources(REPO))
    return modules | start


def test_what_is_built_has_no_name_that_nobody_defines(built: dict[str, str], tmp_path: Path) -> None:
    for name, text in built.items():
        tree = ast.parse(text)
        for node in ast.walk(tree):
            if isinstance(node, ast.arg):
                node.annotation = None  # for readers of the sources
            elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                node.returns = None
        (tmp_path / f"{name.replace('/', '.')}.py").write_text(ast.unparse(tree))
    command = [
        sys.executable,
        "-m",
        "ruff",
        "check",
        "--isolated",
        "--select",
        "F811,F821,F822,F823,PLE",
        str(tmp_path),
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_function_and_class_of_the_sources_is_in_what_is_built(built: dict[str, str]) -> None:
    def count(texts: dict[str, str]) -> int:
        return sum(text.count("def ") + text.count("class ") for text in map(str, texts.values()))

    sources = compiling.sources(REPO) | compiling.start_sources(REPO)
    plain = {name: ast.unparse(ast.parse(text)) for name, text in sources.items()}
    assert count(plain) == count(built)
    assert not {member for members in GROUPS.values() for member in members} & set(built)


@pytest.mark.prove
def test_the_same_sources_are_joined_to_the_same_bytes() -> None:
    """Also where Python orders its sets another way."""
    script = (
        "from heartlamp_tech import compiling; import hashlib; from pathlib import Path; "
        f"r = Path({str(REPO)!r}); t = compiling.laid_out(compiling.sources(r), compiling.start_sources(r)); "
        "print(hashlib.sha256(repr(t).encode()).hexdigest())"
    )
    said = {
        subprocess.run(
            [sys.executable, "-c", script], env=os.environ | {"PYTHONHASHSEED": seed}, capture_output=True, check=True
        ).stdout
        for seed in ("1", "2", "3")
    }
    assert len(said) == 1
