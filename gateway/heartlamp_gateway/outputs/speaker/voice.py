"""Speaks an order: recorded prompts where they say all of it, else espeak-ng, else what is left."""

import shutil
import subprocess
from array import array
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from heartlamp_gateway.outputs.adapter import Order
from heartlamp_gateway.outputs.speaker import sound, words
from heartlamp_gateway.rules.languages import in_both
from heartlamp_gateway.rules.loudness import BROADCAST
from heartlamp_gateway.say import log

ESPEAK = "espeak-ng"
ESPEAK_S = 4.0  # it needs 0.03 s for a sentence; one that hangs must not keep the tone from sounding
_VOICES = {"zh": "cmn", "zh-yue": "yue", "zh-hk": "yue", "yue": "yue", "en": "en"}
_SPEEDS = {"zh": "200", "en": "140"}  # as espeak-ng counts; three syllables a second, because a village has echoes
_PAUSE_MS, _GAP_MS = 900, 60  # between two times, between two clips


class CannotSay(RuntimeError):
    """Nothing that may be played can be made of it, and why."""


@dataclass(frozen=True, slots=True)
class Said:
    """`samples`: as of sound.py. `how`: "recorded", "espeak-ng", "a neighbour", "tone"."""

    samples: "array[int]"
    how: str


class Voice:
    """`prompts`: the folder of docs/prompts.md. `repeats`: how often it is said, as far as `most_s` allows. `tone`:
    before each time; None: ours."""

    def __init__(
        self, prompts: Path, repeats: int, most_s: float, espeak: str = ESPEAK, tone: "array[int] | None" = None
    ) -> None:
        self._prompts = prompts
        self._repeats = repeats
        self._most_s = most_s
        self._espeak = espeak
        self._tone = tone

    def say(self, order: Order, lang: str) -> Said:
        """Raises CannotSay. Nothing of the order is heard but what, where, and that it is a drill."""
        drill, read = bool(order.drill), _Recordings(self._prompts)
        if order.what == BROADCAST:
            return self._broadcast(order, lang, read)
        recorded = words.clips(order.what, order.place, drill, lang, read.is_good)
        if recorded is not None:
            return Said(self._joined(*map(read.joined, (recorded.first, recorded.again, recorded.last))), "recorded")
        spoken = self._sentence(order, drill, lang)
        if spoken is not None:
            return Said(self._joined(*spoken), ESPEAK)
        recorded = words.vague(order.what, drill, lang, read.is_good)
        if recorded is not None:
            said = self._joined(*map(read.joined, (recorded.first, recorded.again, recorded.last)))
            return Said(said, "a neighbour")
        if drill:
            raise CannotSay(
                "a drill that cannot say it is one is not played: record the clip drill, or install espeak-ng"
            )
        nothing: array[int] = array("h")
        return Said(self._joined(nothing, nothing, nothing), "tone")

    def _broadcast(self, order: Order, lang: str, read: "_Recordings") -> Said:
        recorded = words.broadcast(order.clip, bool(order.drill), lang, read.is_good)
        if recorded is not None:
            said = [read.joined(paths) for paths in (recorded.first, recorded.again, recorded.last)]
            return Said(self._joined(said[0], said[1], said[2], repeats=order.times), "recorded")
        marked = words.drill_mark(lang) if order.drill else ""
        dialect = lang if words.languages(lang) else words.DEFAULT
        spoken = self._spoken(order.text, _base(dialect), dialect) if order.text else None
        mark = self._spoken(marked, _base(dialect), dialect) if marked else array("h")
        if spoken is None or mark is None:
            why = "install espeak-ng"
            if order.clip and not order.text:
                why = f"there is no recording {order.clip!r}" + (", or none of drill" if order.drill else "")
            raise CannotSay(f"the broadcast cannot be said: {why}")
        return Said(self._joined(mark, spoken, mark, repeats=order.times), ESPEAK)

    def health(self, lang: str) -> str:
        """Tries what a fire in group 1, house 1 would sound like."""
        order = Order("", "speaker", "", "", "fire", "1组 1号", "", "", lang)
        said = self.say(order, lang)
        if said.how in ("recorded", ESPEAK):
            return ""
        return in_both(
            "说不出地点，请录好提示音，或安装 espeak-ng",
            "Loudspeakers cannot say where: record the prompts, or install espeak-ng",
        )

    def _joined(
        self, first: "array[int]", again: "array[int]", last: "array[int]", *, repeats: int = 0
    ) -> "array[int]":
        once = (sound.attention() if self._tone is None else self._tone) + again + sound.silence(_PAUSE_MS)
        room = self._most_s - sound.seconds(first) - sound.seconds(last)
        times = max(1, min(repeats or self._repeats, int(room / sound.seconds(once))))
        return first + once * times + last

    def _sentence(self, order: Order, drill: bool, lang: str) -> "tuple[array[int], array[int], array[int]] | None":
        """first, again, last; None: there is no espeak-ng that could."""
        text = words.sentence(order.what, order.place, drill, lang)
        again = self._spoken(text.again, text.lang, lang)
        if again is None or not drill:
            return None if again is None else (array("h"), again, array("h"))
        first, last = self._spoken(text.first, text.lang, lang), self._spoken(text.last, text.lang, lang)
        return None if first is None or last is None else (first, again, last)

    def _spoken(self, text: str, lang: str, dialect: str) -> "array[int] | None":
        program = shutil.which(self._espeak)
        if program is None:
            return None
        for voice in dict.fromkeys((_VOICES.get(dialect, _VOICES[lang]), _VOICES[lang])):
            command = [program, "-v", voice, "-s", _SPEEDS[lang], "--stdout", "--stdin"]
            try:
                done = subprocess.run(command, input=text.encode(), capture_output=True, timeout=ESPEAK_S, check=True)
                return sound.read_wav(_with_length(done.stdout), any_rate=True)
            except subprocess.TimeoutExpired:
                log.error("espeak-ng did not end within %g s", ESPEAK_S)
                return None
            except (OSError, subprocess.SubprocessError, sound.SoundError) as wrong:
                log.error("espeak-ng did not speak (%s): %s", voice, wrong)
        return None


def _base(lang: str) -> str:
    return "en" if lang.split("-")[0] == "en" else "zh"


class _Recordings:
    """What the folder has, read once for one announcement."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._read: dict[str, array[int] | None] = {}

    def is_good(self, path: str) -> bool:
        if path not in self._read:
            self._read[path] = self._wav(path)
        return self._read[path] is not None

    def joined(self, paths: tuple[str, ...]) -> "array[int]":
        out: array[int] = array("h")
        for path in paths:
            out += (self._read[path] or array("h")) + sound.silence(_GAP_MS)
        return out

    def _wav(self, path: str) -> "array[int] | None":
        try:
            return sound.read_wav((self._folder / path).read_bytes())
        except FileNotFoundError:
            return None
        except (OSError, sound.SoundError) as wrong:
            log.warning("the recording %s is left out: %s", path, wrong)
            return None


def _with_length(wav: bytes) -> bytes:
    """On a pipe espeak-ng writes lengths that it cannot know; here they are known."""
    if wav[:4] != b"RIFF" or len(wav) < 44:
        return wav
    size = partial(int.to_bytes, length=4, byteorder="little")
    return wav[:4] + size(len(wav) - 8) + wav[8:40] + size(len(wav) - 44) + wav[44:]
