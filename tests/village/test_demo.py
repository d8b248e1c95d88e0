"""The demo as a program: one at a time, and an end at any moment that leaves nothing behind."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.village.lock import Lock, Taken
from tests.village.rig import ROOT

pytestmark = [pytest.mark.xdist_group("village"), pytest.mark.timeout(120)]


@contextmanager
def demo(folder: Path) -> Iterator["subprocess.Popen[str]"]:
    """As `make demo` starts it: leader of the group that a terminal's Ctrl-C reaches."""
    code = (
        "import sys; from pathlib import Path; from tests.village.demo import main; sys.exit(main(Path(sys.argv[1])))"
    )
    child = subprocess.Popen(
        [sys.executable, "-c", code, str(folder)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        process_group=0,
    )
    yield child
    child.kill()
    child.wait()


def read_until(child: "subprocess.Popen[str]", words: str) -> None:
    assert child.stdout
    assert any(words in line for line in child.stdout), f"it ended before it said {words!r}"


def living(folder: Path) -> list[str]:
    """The command lines of the processes that speak of this folder or stand in it."""
    found = []
    for process in Path("/proc").iterdir():
        try:
            line = (process / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
            if str(folder) in line or os.readlink(process / "cwd").startswith(str(folder)):
                found.append(line)
        except OSError:
            continue  # no process, or one that has just ended
    return found


@pytest.mark.parametrize("moment", ["the county", "the villages", "devices", "Heart-Lamp is up"])
def test_ctrl_c_at_any_moment_ends_it_quietly_and_whole(tmp_path: Path, moment: str) -> None:
    folder = tmp_path / "demo"
    with demo(folder) as child:
        read_until(child, moment)
        os.killpg(child.pid, signal.SIGINT)
        said, _ = child.communicate(timeout=60)
    assert "ending every process of the demo" in said
    assert "Traceback" not in said
    assert "Heart-Lamp is up" not in said
    assert child.returncode == 0, said
    assert living(folder) == []


def test_a_second_demo_says_where_the_first_is_and_touches_nothing(tmp_path: Path) -> None:
    folder = tmp_path / "demo"
    folder.mkdir()
    (folder / "of-the-first").touch()
    lock = Lock(tmp_path / "demo.lock")
    with lock.hold():
        lock.tell("http://127.0.0.1:4711")
        with demo(folder) as second:
            said, _ = second.communicate(timeout=30)
        assert second.returncode == 1
        assert f"process {os.getpid()}" in said
        assert "http://127.0.0.1:4711" in said
        assert (folder / "of-the-first").exists()
        with pytest.raises(Taken), lock.hold():
            pass
    with lock.hold():
        pass  # free again
