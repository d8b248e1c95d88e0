"""A loudspeaker on the box itself: a program that plays a file, such as aplay."""

import os
import shutil
import signal
import subprocess
import tempfile
import threading
import time
from array import array
from collections.abc import Callable
from dataclasses import dataclass
from typing import IO

from heartlamp_gateway.outputs.speaker import sound
from heartlamp_gateway.outputs.speaker.kind import CHECK_S, CutOff, Unheard
from heartlamp_gateway.rules.languages import in_both

_LOOK_S = 0.05


@dataclass(frozen=True, slots=True)
class CommandSpeaker:
    """`command`: what plays, {file} stands for the WAV; `check_command`: ends with 0 while it would; () none.
    `timeout_s`: how much longer than the sound it may take."""

    command: tuple[str, ...]
    check_command: tuple[str, ...]
    timeout_s: float

    def play(self, samples: "array[int]", until: float, cut: threading.Event, begun: Callable[[], None]) -> None:
        with tempfile.NamedTemporaryFile(prefix="heartlamp-", suffix=".wav") as file, tempfile.TemporaryFile() as said:
            file.write(sound.to_wav(samples))
            file.flush()
            until = min(until, time.monotonic() + sound.seconds(samples) + self.timeout_s)
            try:
                playing = self._start(tuple(part.replace("{file}", file.name) for part in self.command), said)
            except OSError as wrong:
                raise Unheard(f"{self.command[0]} cannot be started: {wrong}", again=False) from None
            begun()
            try:
                while playing.poll() is None:
                    if cut.wait(_LOOK_S):
                        raise CutOff
                    if time.monotonic() >= until:
                        raise Unheard(f"{self.command[0]} did not end in time and was ended", again=True)
            finally:
                _end(playing)
            if playing.returncode:
                said.seek(0)
                words = said.read(2_000).decode(errors="replace").strip().splitlines()
                raise Unheard(
                    f"{self.command[0]} ended with {playing.returncode}: {' / '.join(words[-2:])}", again=True
                )

    def check(self) -> str:
        if shutil.which(self.command[0]) is None:
            return in_both(f"没有安装播放程序 {self.command[0]}", f"The player {self.command[0]} is not installed")
        if not self.check_command:
            return ""
        with tempfile.TemporaryFile() as said:
            try:
                asked = self._start(self.check_command, said)
            except OSError as wrong:
                return in_both(
                    f"检查程序 {self.check_command[0]} 启动不了",
                    f"Its check {self.check_command[0]} cannot be started: {wrong}",
                )
            try:
                code = asked.wait(min(self.timeout_s, CHECK_S))
            except subprocess.TimeoutExpired:
                within = f"{min(self.timeout_s, CHECK_S):g}"
                name = self.check_command[0]
                return in_both(
                    f"检查程序 {name} {within} 秒内没有结束", f"Its check {name} did not end within {within} s"
                )
            finally:
                _end(asked)
        if not code:
            return ""
        said_so = " ".join(self.check_command)
        return in_both(
            f"检查不通过（{said_so}），请检查声卡和音箱",
            f"Its check {said_so} ended with {code}: look at sound card and box",
        )

    @staticmethod
    def _start(command: tuple[str, ...], said: IO[bytes]) -> "subprocess.Popen[bytes]":
        """In a group of its own, so that what it starts ends with it."""
        return subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=said, stderr=subprocess.STDOUT, start_new_session=True
        )


def _end(process: "subprocess.Popen[bytes]") -> None:
    for what in (signal.SIGTERM, signal.SIGKILL):
        if process.poll() is not None:
            return
        try:
            os.killpg(process.pid, what)
            process.wait(1.0)
        except (ProcessLookupError, subprocess.TimeoutExpired):
            continue
