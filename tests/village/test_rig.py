"""The rig's own patience: a command of the server that hangs is named, and ends."""

import fcntl
import os
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.village import rig as rigs
from tests.village.rig import Rig

pytestmark = pytest.mark.timeout(60)
HUNG = r"`heartlamp-server \w+` hung and was killed"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Where another process creates the database for ever, as the server's commands see it."""
    monkeypatch.setattr(rigs, "CLI_SECONDS", 10)
    # Whatever ran before in this process may have left a Ctrl-C with a handler of its own.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    with (tmp_path / "postgres.lock").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        yield tmp_path
    signal.signal(signal.SIGINT, before)
    assert commands(tmp_path) == []


def commands(folder: Path) -> list[bytes]:
    """Command lines that name the folder."""
    found = []
    for file in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            found.append(file.read_bytes())
        except OSError:
            continue  # it has just ended
    return [line for line in found if os.fsencode(folder) in line]


def test_a_command_that_hangs_is_named(folder: Path) -> None:
    with pytest.raises(TimeoutError, match=HUNG):
        Rig(folder).start()


def test_after_ctrl_c_a_command_that_hangs_is_waited_for_only_so_long(folder: Path) -> None:
    said: list[str] = []

    def press_ctrl_c() -> None:
        while not any(b"migrate" in line for line in commands(folder)):
            time.sleep(0.05)
        os.kill(os.getpid(), signal.SIGINT)

    threading.Thread(target=press_ctrl_c, daemon=True).start()
    with pytest.raises(KeyboardInterrupt):
        Rig(folder, say=said.append).start()
    assert "`heartlamp-server migrate` hung and was killed after 10 s" in said
