"""The village's loudspeakers as one output: who speaks, in which order, and what is reported of it."""

import threading
import time
from array import array
from collections.abc import Callable
from dataclasses import dataclass, field

from heartlamp_gateway.outputs.adapter import Order, Report
from heartlamp_gateway.outputs.speaker import sound
from heartlamp_gateway.outputs.speaker.kind import CutOff, Kind, Unheard
from heartlamp_gateway.outputs.speaker.voice import CannotSay, Voice
from heartlamp_gateway.outputs.turns import Turns
from heartlamp_gateway.rules.loudness import Night, may_sound, urgency

AGAIN_S = 5.0  # a loudspeaker that was busy or away is asked again
SILENT_HOUR = "not at this hour: the lamps of the group call"


@dataclass(frozen=True, slots=True)
class Speaker:
    """`name`: as the plan's addresses and people call it; `groups`: the household groups that hear it, () all; `lang`:
    spoken where an order names none."""

    name: str
    groups: tuple[str, ...]
    lang: str
    kind: Kind
    turns: Turns = field(default_factory=Turns)


def chosen(speakers: tuple[Speaker, ...], order: Order) -> tuple[Speaker, ...]:
    """By name; else what is for the whole village comes from all of them, the rest from those of its group."""
    if order.address:
        return tuple(s for s in speakers if s.name == order.address)
    if urgency(order.what) > 1 or not order.group:
        return speakers
    return tuple(s for s in speakers if not s.groups or order.group in s.groups)


class Speakers:
    """An output's Adapter. May be asked by several threads at once: a fire cuts off a panic, which is said when the
    fire was."""

    channel = "speaker"

    def __init__(
        self,
        speakers: tuple[Speaker, ...],
        voice: Voice,
        night: Night,
        minute: Callable[[], int | None],
        deadline_s: float,
        again_s: float = AGAIN_S,
    ) -> None:
        """`minute`: of the village's day now, None where nobody knows. `deadline_s`: to wait, try and speak."""
        self.deadline_s = deadline_s
        self._speakers = speakers
        self._voice = voice
        self._night = night
        self._minute = minute
        self._again_s = again_s
        self._stopped = threading.Event()

    def perform(self, order: Order, report: Callable[[Report], None]) -> Report:
        if order.what == "silent":
            return Report("failed", "refused")
        if not may_sound(order.what, self._minute(), self._night, bool(order.drill)):
            return Report("done", SILENT_HOUR)
        speakers = chosen(self._speakers, order)
        if not speakers:
            return Report("failed", f"no loudspeaker {f'is called {order.address}' if order.address else 'serves'}")
        # The order's own time ends a little before the deadline, after which nobody would hear of the end.
        until = time.monotonic() + self.deadline_s - 5.0
        spoken: dict[str, array[int]] = {}
        try:
            for speaker in speakers:
                lang = order.lang or speaker.lang
                if lang not in spoken:
                    said = self._voice.say(order, lang)
                    spoken[lang] = said.samples
        except CannotSay as wrong:
            return Report("failed", str(wrong))
        works = [_Work(self, s, order, spoken[order.lang or s.lang], until, report) for s in speakers]
        threads = [threading.Thread(target=w.run, name=f"speaker {w.speaker.name}", daemon=True) for w in works]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(max(0.0, until + 4.0 - time.monotonic()))
        return _together(works)

    def say_on(
        self, speaker: Speaker, order: Order, samples: "array[int]", until: float, begun: Callable[[], None]
    ) -> None:
        """Waits for its turn, speaks, and begins anew after a cut or a fault. Raises Unheard when there is no time."""
        rank, why = urgency(order.what, bool(order.drill)), ""
        while True:
            turn = speaker.turns.take(rank, until)
            if turn is None:
                raise Unheard(
                    why or "never its turn: something more urgent is being said, or the box stops", again=False
                )
            pause = 0.0
            try:
                speaker.kind.play(samples, until, turn.cut, begun)
                return
            except CutOff:
                why = "cut off by something more urgent, or the box stops"
            except Unheard as wrong:
                if not wrong.again or time.monotonic() + self._again_s + sound.seconds(samples) > until:
                    raise
                why, pause = str(wrong), self._again_s
            finally:
                speaker.turns.give_back(turn)
            self._stopped.wait(pause)

    def health(self) -> str:
        found: list[str] = []
        threads = [threading.Thread(target=lambda s=s: found.append(_checked(s)), daemon=True) for s in self._speakers]
        for thread in threads:
            thread.start()
        langs = {speaker.lang for speaker in self._speakers}
        voices = {self._voice.health(lang) for lang in sorted(langs)}
        for thread in threads:
            thread.join(30.0)
        late = [f"{len(threads) - len(found)} loudspeakers did not say in 30 s how they are"] * (
            len(found) < len(threads)
        )
        return "; ".join(sorted(filter(None, {*found, *voices, *late})))

    def stop(self) -> bool:
        """Before the process ends. True: it is quiet, as far as a loudspeaker can be told to be."""
        self._stopped.set()
        for speaker in self._speakers:
            speaker.turns.close(0.0)
        quiet = [speaker.turns.close(2.0) for speaker in self._speakers]
        return all(quiet)


class _Work:
    """One order on one loudspeaker, in a thread of its own: one that hangs holds up no other."""

    def __init__(
        self,
        speakers: Speakers,
        speaker: Speaker,
        order: Order,
        samples: "array[int]",
        until: float,
        report: Callable[[Report], None],
    ) -> None:
        self.speaker = speaker
        self.wrong: str | None = "did not end in time"
        self._speakers = speakers
        self._order = order
        self._samples = samples
        self._until = until
        self._report = report

    def run(self) -> None:
        try:
            self._speakers.say_on(self.speaker, self._order, self._samples, self._until, self._begun)
            self.wrong = None
        except Unheard as wrong:
            self.wrong = str(wrong)
        except Exception as wrong:  # an adapter that breaks has failed; the others go on
            self.wrong = f"{type(wrong).__name__}: {wrong}"

    def _begun(self) -> None:
        self._report(Report("sent", self.speaker.name))


def _together(works: list[_Work]) -> Report:
    """Done where one was heard; what was not is said."""
    wrong = "; ".join(f"{w.speaker.name}: {w.wrong}" for w in works if w.wrong is not None)
    return Report("done" if any(w.wrong is None for w in works) else "failed", wrong)


def _checked(speaker: Speaker) -> str:
    try:
        wrong = speaker.kind.check()
    except Exception as broken:
        wrong = f"{type(broken).__name__}: {broken}"
    return f"{speaker.name}: {wrong}" if wrong else ""
