"""The demo as a program: one at a time, and an end at any moment that leaves nothing behind."""

import contextlib
import fcntl
import os
import signal
import subprocess
import sys
import termios
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.village.leftovers import end_postgres
from tests.village.lock import Lock, Taken
from tests.village.rig import ROOT

pytestmark = pytest.mark.timeout(120)


CODE = "import sys; from pathlib import Path; from tests.village.demo import main; sys.exit(main(Path(sys.argv[1])))"


@contextmanager
def demo(folder: Path) -> Iterator["subprocess.Popen[str]"]:
    """As `make demo` starts it: leader of the group that a terminal's Ctrl-C reaches. However the story ends, nothing
    of it is left running."""
    child = subprocess.Popen(
        [sys.executable, "-c", CODE, str(folder)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        process_group=0,
    )
    try:
        yield child
    finally:
        end_whole(child, folder)


def end_whole(child: "subprocess.Popen[str]", folder: Path) -> None:
    """The demo, its process group, and what speaks of its folder: that is the story's own."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(child.pid, signal.SIGKILL)
    child.wait()
    if child.stdout:
        child.stdout.close()
    end_postgres(folder)
    give_up = time.monotonic() + 20
    while left := living(folder):
        assert time.monotonic() < give_up, left
        for pid in left:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        time.sleep(0.05)  # they are nobody's children here, so nobody is told of their end


def read_until(child: "subprocess.Popen[str]", words: str) -> None:
    assert child.stdout
    assert any(words in line for line in child.stdout), f"it ended before it said {words!r}"


def living(folder: Path) -> dict[int, str]:
    """Process id -> command line of those that speak of this folder or stand in it."""
    found = {}
    for process in Path("/proc").iterdir():
        try:
            line = (process / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
            if process.name.isdigit() and (str(folder) in line or os.readlink(process / "cwd").startswith(str(folder))):
                found[int(process.name)] = line
        except OSError:
            continue  # no process, or one that has just ended
    return found


@pytest.mark.prove
@pytest.mark.parametrize("moment", ["the county", "the villages", "devices", "is up"])
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
    assert living(folder) == {}


def test_ctrl_c_while_the_last_demos_folder_is_removed_is_quiet_too(tmp_path: Path) -> None:
    folder = tmp_path / "demo"
    folder.mkdir()
    for n in range(20_000):
        (folder / str(n)).touch()
    with demo(folder) as child:
        read_until(child, "removing what the last demo kept")
        os.killpg(child.pid, signal.SIGINT)
        said, _ = child.communicate(timeout=60)
    assert "Traceback" not in said
    assert child.returncode == 0, said


@pytest.mark.prove
def test_a_closed_terminal_ends_it_whole(tmp_path: Path) -> None:
    folder = tmp_path / "demo"
    ours, its = os.openpty()
    child = subprocess.Popen(
        [sys.executable, "-c", CODE, str(folder)],
        cwd=ROOT,
        stdin=its,
        stdout=its,
        stderr=its,
        text=True,
        start_new_session=True,
        preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
    )
    os.close(its)
    try:
        with open(ours, errors="replace") as terminal:
            assert any("Heart-Lamp is up" in line for line in terminal)
        assert child.wait(timeout=60) == 0
        assert living(folder) == {}
    finally:
        end_whole(child, folder)


@pytest.mark.prove
def test_the_next_demo_ends_what_a_killed_one_left(tmp_path: Path) -> None:
    folder = tmp_path / "demo"
    with demo(folder) as first:
        read_until(first, "Heart-Lamp is up")
        postmaster = int((folder / "postgres/postmaster.pid").read_text().split()[0])
        first.kill()
        first.wait()
        assert postmaster in living(folder), "a kill -9 of the demo does not reach it"
        with demo(folder) as second:
            read_until(second, f"ending the PostgreSQL that a killed demo left (process {postmaster})")
            read_until(second, "Heart-Lamp is up")
            assert postmaster not in living(folder)
            os.killpg(second.pid, signal.SIGINT)
            second.communicate(timeout=60)
        assert living(folder) == {}


def test_a_process_that_has_got_the_number_of_a_dead_postmaster_lives_on(tmp_path: Path) -> None:
    (tmp_path / "postgres").mkdir()
    stranger = subprocess.Popen(["sleep", "60"], cwd="/")
    try:
        (tmp_path / "postgres/postmaster.pid").write_text(f"{stranger.pid}\n{tmp_path / 'postgres'}\n")
        end_postgres(tmp_path)
        with pytest.raises(subprocess.TimeoutExpired):
            stranger.wait(0.3)
    finally:
        stranger.kill()
        stranger.wait()


@pytest.mark.prove
def test_a_story_that_fails_leaves_nothing_running(tmp_path: Path) -> None:
    folder = tmp_path / "demo"

    def story() -> None:
        with demo(folder) as child:
            read_until(child, "Heart-Lamp is up")
            raise AssertionError("as planned")

    with pytest.raises(AssertionError, match="as planned"):
        story()
    assert living(folder) == {}


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
