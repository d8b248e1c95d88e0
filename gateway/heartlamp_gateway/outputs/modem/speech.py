"""What a call says: recordings out of a folder, through the modem's sound card, again and again."""

import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path
from shutil import which

from heartlamp_gateway.outputs.adapter import Order
from heartlamp_gateway.outputs.speaker import words
from heartlamp_gateway.say import log

PLAYER = "aplay"
KEYS = "call-keys"
SILENTLY = "the call goes on in silence, the SMS says what it is"


def recorded(folder: Path) -> Callable[[Order], list[Path]]:
    """The files of one round; none where a drill could not say that it is one."""
    return lambda order: [folder / path for path in clips(order, lambda path: (folder / path).is_file())]


def clips(order: Order, there: Callable[[str], bool]) -> tuple[str, ...]:
    """`drill`, the place, what it is, as lamps and loudspeakers say them, and KEYS: those that are there, each in the
    dialect, else its language, else Chinese. Pure; `there(path)`: whether this file is."""
    finder = words.Finder(words.languages(order.lang), there)
    drill = finder.clip(words.DRILL) if order.drill else ()
    if order.drill and not drill:
        return ()  # it would be an alarm
    return (*drill, *finder.place(order.place), *finder.clip(words.happened(order.what)), *finder.clip(KEYS))


class Speaking:
    """One call's. `go_on()`, called every while, begins the next round when one is over."""

    def __init__(self, player: Sequence[str], files: list[Path]) -> None:
        self._player, self._files = player, files
        self._process: subprocess.Popen[bytes] | None = None

    def go_on(self) -> None:
        if not self._files or (self._process and self._process.poll() is None):
            return
        if self._process and self._process.returncode:
            log.error("voice: %s failed (%d); %s", self._player[0], self._process.returncode, SILENTLY)
            self._files = []
            return
        try:
            self._process = subprocess.Popen(
                [*self._player, *map(str, self._files)], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL
            )
        except OSError as wrong:
            log.error("voice: %s; %s", wrong, SILENTLY)
            self._files = []

    def stop(self) -> None:
        if self._process and self._process.poll() is None:
            self._process.kill()
        if self._process:
            self._process.wait()


def player_of(device: str) -> tuple[str, ...]:
    return (PLAYER, "-q", "-D", device)


def fault(player: Sequence[str], folder: Path) -> str:
    """ "" it can be tried."""
    if which(player[0]) is None:
        return f"没有 {player[0]}，电话只响不说：apt install alsa-utils。 No {player[0]}: calls ring and say nothing."
    if not any(folder.glob(f"*/{KEYS}.wav")):
        return (
            f"{folder} 里没有 call-keys.wav，电话只响不说。 No call-keys.wav in {folder}: calls ring and say nothing."
        )
    return ""
