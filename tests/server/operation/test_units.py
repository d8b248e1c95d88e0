"""The units are what systemd takes, and what they start is a command that there is."""

import re
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest
from heartlamp_server.__main__ import _parser

UNITS = Path(__file__).parents[3] / "server" / "packaging"


@pytest.mark.parametrize("unit", sorted(p.name for p in UNITS.glob("*.service")))
def test_what_a_unit_starts_is_a_command_of_ours(unit: str) -> None:
    started = re.findall(
        r"^ExecStart=/opt/heartlamp-server/bin/heartlamp-server (.*)$", (UNITS / unit).read_text(), re.M
    )
    assert started
    for words in started:
        assert _parser().parse_args(shlex.split(words)).do


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="there is no systemd here")
@pytest.mark.parametrize("unit", sorted(p.name for p in UNITS.iterdir()))
def test_systemd_understands_it(unit: str, tmp_path: Path) -> None:
    text = (UNITS / unit).read_text().replace("/opt/heartlamp-server/bin/heartlamp-server", "/bin/true")
    for name in (p.name for p in UNITS.iterdir()):
        (tmp_path / name).write_text(
            (UNITS / name).read_text().replace("/opt/heartlamp-server/bin/heartlamp-server", "/bin/true")
        )
    (tmp_path / unit).write_text(text)
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", str(tmp_path / unit)], capture_output=True, text=True, check=False
    )
    ours = [line for line in done.stderr.splitlines() if "heartlamp" in line]
    assert not ours
    assert done.returncode == 0, done.stderr
