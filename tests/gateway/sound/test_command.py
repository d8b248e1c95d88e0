"""A loudspeaker on the box itself."""

import sys
import threading
import time
from pathlib import Path

import pytest
from heartlamp_gateway.outputs.speaker import sound
from heartlamp_gateway.outputs.speaker.by_command import CommandSpeaker
from heartlamp_gateway.outputs.speaker.kind import CutOff, Unheard

from tests.gateway.sound.http_speaker import took
from tests.gateway.sound.orders import ramp

SHORT = ramp(200)


def python(code: str, *more: str) -> CommandSpeaker:
    return CommandSpeaker((sys.executable, "-c", code, *more), (), 5.0)


def play(it: CommandSpeaker, cut: threading.Event | None = None, within_s: float = 30.0) -> None:
    it.play(SHORT, time.monotonic() + within_s, cut or threading.Event(), lambda: None)


def test_it_is_given_the_file_and_the_file_is_gone_afterwards(tmp_path: Path) -> None:
    code = "import shutil, sys; shutil.copy(sys.argv[1], sys.argv[2]); print(sys.argv[1], file=open(sys.argv[3], 'w'))"
    play(python(code, "{file}", str(tmp_path / "heard.wav"), str(tmp_path / "name")))
    assert (tmp_path / "heard.wav").read_bytes() == sound.to_wav(SHORT)
    assert not Path((tmp_path / "name").read_text().strip()).exists()


def test_one_that_fails_is_told_in_its_own_words() -> None:
    with pytest.raises(Unheard, match="ended with 3: no sound card") as wrong:
        play(python("import sys; print('no sound card', file=sys.stderr); sys.exit(3)"))
    assert wrong.value.again


def test_one_that_is_not_installed_is_named() -> None:
    it = CommandSpeaker(("no-such-player", "{file}"), (), 5.0)
    with pytest.raises(Unheard, match="no-such-player cannot be started") as wrong:
        play(it)
    assert not wrong.value.again
    assert it.check() == "没有安装播放程序 no-such-player。 The player no-such-player is not installed."


def test_one_that_never_ends_is_ended_with_all_that_it_started(tmp_path: Path) -> None:
    code = f"""
import subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
open({str(tmp_path / "pid")!r}, "w").write(str(child.pid))
time.sleep(60)
"""
    start = time.monotonic()
    with pytest.raises(Unheard, match="did not end in time"):
        play(python(code), within_s=1.5)
    assert took(start) < 10.0
    child = int((tmp_path / "pid").read_text())
    ended = time.monotonic() + 5
    while _runs(child) and time.monotonic() < ended:
        time.sleep(0.02)
    assert not _runs(child)


def test_a_cut_ends_it_at_once() -> None:
    cut = threading.Event()
    threading.Timer(0.3, cut.set).start()
    start = time.monotonic()
    with pytest.raises(CutOff):
        play(python("import time; time.sleep(60)"), cut)
    assert took(start) < 10.0


def test_it_is_really_asked_whether_it_would() -> None:
    def asked(code: str) -> str:
        return CommandSpeaker((sys.executable,), (sys.executable, "-c", code), 0.5).check()

    assert asked("") == ""
    assert asked("raise SystemExit(1)").endswith("ended with 1: look at sound card and box.")
    assert asked("import time; time.sleep(60)").endswith("did not end within 0.5 s.")


def _runs(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False
