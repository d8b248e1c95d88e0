"""The gateway goes onto a small machine alone: nothing of the server comes with it."""

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.gateway.rig.little import LITTLE
from tests.gateway.rig.village import Rig

HOUSE = Path(__file__).parents[2]
UV = HOUSE / ".tools" / "uv" / "bin" / "uv"
EXTRAS = ("jeepney", "gpiod")  # what only a box with a modem or a siren needs
FOREIGN = ("fastapi", "sqlalchemy", "psycopg", "uvicorn", "alembic", "pydantic", "cryptography", "heartlamp_server")


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The bin folder of an environment with the two built packages and what they declare, and nothing else."""
    uv = str(UV) if UV.exists() else shutil.which("uv")
    assert uv, "uv is not there: run make once"
    folder = tmp_path_factory.mktemp("alone")
    env = {k: v for k, v in os.environ.items() if k not in ("VIRTUAL_ENV", "PYTHONPATH", "UV_PROJECT_ENVIRONMENT")}

    def do(*arguments: str) -> None:
        done = subprocess.run([uv, *arguments], cwd=folder, env=env, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr

    for part in ("protocol", "gateway"):
        do("build", "--wheel", "--out-dir", str(folder / "wheels"), str(HOUSE / part))
    do("venv", str(folder / "venv"))
    wheels = sorted(str(wheel) for wheel in (folder / "wheels").glob("*.whl"))
    assert len(wheels) == 2
    do("pip", "install", "--python", str(folder / "venv"), *wheels)
    return folder / "venv" / "bin"


def run(command: list[str], folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, cwd=folder, env={"PATH": "/usr/bin:/bin"}, capture_output=True, text=True)


def test_it_brings_nothing_of_the_server(alone: Path, tmp_path: Path) -> None:
    program = (
        "import importlib.util, json, pkgutil, sys, heartlamp_gateway as g\n"
        "for m in pkgutil.walk_packages(g.__path__, g.__name__ + '.'):\n"
        "    try:\n"
        "        if not m.name.endswith('__main__'): __import__(m.name)\n"
        "    except ModuleNotFoundError as lacks:\n"
        f"        if lacks.name not in {EXTRAS!r}: raise\n"
        f"names = {FOREIGN!r}\n"
        "print(json.dumps([[n for n in names if importlib.util.find_spec(n)],\n"
        "  sorted({m.split('.')[0] for m in sys.modules} - set(sys.stdlib_module_names))]))"
    )
    done = run([str(alone / "python"), "-c", program], tmp_path)
    assert done.returncode == 0, done.stderr
    installed, imported = json.loads(done.stdout)
    assert installed == []
    # Debian's Python brings a sitecustomize of its own into every environment.
    named = {name for name in imported if not name.startswith("_")} - {"sitecustomize", "usercustomize"}
    assert named == {"apsw", "heartlamp_gateway", "heartlamp_protocol", "paho"}


def test_it_starts_there_and_writes_the_brokers_files(alone: Path, tmp_path: Path) -> None:
    config = tmp_path / "gateway.toml"
    config.write_text(LITTLE)
    done = run([str(alone / "heartlamp-gateway"), "broker-files", "--config", str(config)], tmp_path)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "data").stat().st_mode & 0o077 == 0, "nobody else may enter, whichever command came first"
    assert "listener 8883 127.0.0.1" in Path(done.stdout.strip()).read_text()
    passwords = (tmp_path / "data" / "broker" / "passwords").read_text()
    assert [line.split(":")[0] for line in passwords.splitlines()] == [
        "gateway-alarms",
        "gateway-doctor",
        "gateway-files",
        "gateway-telemetry",
    ]


def test_a_press_goes_through_it(alone: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    rig = Rig(tmp_path_factory.mktemp("v"), (str(alone / "heartlamp-gateway"), "run", "--config"))
    try:
        button = rig.start().device("butt7")
        button.is_received(button.press())
    finally:
        rig.close()


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "`id` is missing"),
        ('id = "Gateway 1"', "`id` must be"),
        ("id = ", "is not TOML"),
        ('id = "gwliu1"\ncounty_url = "http://127.0.0.1"', "must be https"),
    ],
)
def test_a_bad_configuration_is_explained(alone: Path, tmp_path: Path, text: str, reason: str) -> None:
    config = tmp_path / "gateway.toml"
    config.write_text(text)
    done = run([str(alone / "heartlamp-gateway"), "run", "--config", str(config)], tmp_path)
    assert done.returncode == 1
    assert reason in done.stderr
    assert "Traceback" not in done.stderr


def test_a_thread_that_fails_ends_the_whole_gateway_loudly(alone: Path, tmp_path: Path) -> None:
    program = (
        "import threading\nfrom heartlamp_gateway.say import thread\n"
        "thread('uplink', lambda: 1 / 0).start()\nthreading.Event().wait(20)\n"
    )
    done = run([str(alone / "python"), "-c", program], tmp_path)
    assert done.returncode == 1
    assert "ZeroDivisionError" in done.stderr
    assert "uplink ended unexpectedly" in done.stderr
