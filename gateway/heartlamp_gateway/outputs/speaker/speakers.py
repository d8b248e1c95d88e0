"""The village's loudspeakers as one output: who speaks, in which order, and what is reported of it."""

import threading
import time
from array import array
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from heartlamp_gateway.outputs.adapter import Order, Report
from heartlamp_gateway.outputs.speaker import sound
from heartlamp_gateway.outputs.speaker.kind import CutOff, Kind, Unheard
from heartlamp_gateway.outputs.speaker.voice import CannotSay, Voice
from heartlamp_gateway.outputs.turns import Turn, Turns
from heartlamp_gateway.rules.languages import in_both, listed
from heartlamp_gateway.rules.loudness import Night, may_sound, urgency
from heartlamp_gateway.say import log

HEALTH_S = 6.0  # of one look at all of them
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


def chosen(speakers: tuple[Speaker, ...], order: Order) -> tuple[Speaker, ...]:
    """By name; else what is for the whole village comes from all of them, the rest from those of its group."""
    if order.address:
        return tuple(s for s in speakers if s.name == order.address)
    if urgency(order.what) > 1 or not order.group:
        return speakers
    return tuple(s for s in speakers if not s.groups or order.group in s.groups)


class Speakers:
    """An output's Adapter, and Lines. `at_once`: an order may be given while another is under way, in a thread of its
    own; a fire cuts off a panic, which is said when the fire was. What is as urgent is said in the order in which it
    was lined up, however long each takes to be put into words."""

    channel = "speaker"
    at_once = True

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
        self._turns = {speaker.name: Turns() for speaker in speakers}
        self._places: dict[str, dict[str, Turn]] = {}  # of orders that were lined up: by key, by loudspeaker's name
        self._stopped = threading.Event()
        self._troubles: dict[str, str] = {}

    def line_up(self, order: Order) -> None:
        rank = urgency(order.what, bool(order.drill))
        self._places[order.key] = {s.name: self._turns[s.name].stand(rank) for s in chosen(self._speakers, order)}

    def perform(self, order: Order, report: Callable[[Report], None]) -> Report:
        if order.key not in self._places:
            self.line_up(order)
        places = self._places.pop(order.key)
        try:
            return self._perform(order, report, places)
        finally:  # of those that nobody was sent to
            for name, turn in places.items():
                self._turns[name].give_back(turn)

    def _perform(self, order: Order, report: Callable[[Report], None], places: dict[str, Turn]) -> Report:
        """Takes out of `places` what it uses."""
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
        works = [_Work(self, s, places.pop(s.name), spoken[order.lang or s.lang], until, report) for s in speakers]
        threads = [threading.Thread(target=w.run, name=f"speaker {w.speaker.name}", daemon=True) for w in works]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(max(0.0, until + 4.0 - time.monotonic()))
        return _together(works)

    def say_on(
        self, speaker: Speaker, turn: Turn, samples: "array[int]", until: float, begun: Callable[[], None]
    ) -> None:
        """Waits for its turn, speaks, and begins anew after a cut or a fault. Raises Unheard when there is no time."""
        why, turns = "", self._turns[speaker.name]
        while True:
            if not turns.wait(turn, until):
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
                turns.give_back(turn)
            self._stopped.wait(pause)
            turn = turns.stand(turn.urgency, first=not pause)  # who was cut off goes on before those who waited

    def health(self) -> str:
        """Only where no loudspeaker would work: one that is broken must not silence the others. `troubles()` has it."""
        found = {
            speaker.name: in_both("没有及时回答", "It did not say in time how it is") for speaker in self._speakers
        }
        found |= {f"voice {lang}": "" for lang in {speaker.lang for speaker in self._speakers}}
        lock = threading.Lock()

        def look(name: str, check: Callable[[], str]) -> None:
            try:
                said = check()
            except Exception as broken:
                said = in_both("检查时出错", f"{type(broken).__name__}: {broken}")
            with lock:
                found[name] = said

        checks = [(s.name, s.kind.check) for s in self._speakers]
        checks += [(f"voice {s.lang}", partial(self._voice.health, s.lang)) for s in self._speakers]
        threads = [threading.Thread(target=look, args=check, daemon=True) for check in dict(checks).items()]
        for thread in threads:
            thread.start()
        end = time.monotonic() + HEALTH_S
        for thread in threads:
            thread.join(max(0.0, end - time.monotonic()))
        with lock:
            now = {name: said for name, said in found.items() if said}
        if now != self._troubles:
            log.warning("loudspeakers: %s", listed(now)[1] or "all work")
        self._troubles = now
        if not all(speaker.name in now for speaker in self._speakers):
            return ""
        zh, en = listed(now)
        return in_both(f"一个都不响：{zh}", f"None of them works: {en}")

    def troubles(self) -> dict[str, str]:
        """What the last look found, by loudspeaker's name; "voice zh": nothing can say where, in that language."""
        return dict(self._troubles)

    def stop(self) -> bool:
        """Before the process ends. True: it is quiet, as far as a loudspeaker can be told to be."""
        self._stopped.set()
        for turns in self._turns.values():
            turns.close(0.0)
        quiet = [turns.close(2.0) for turns in self._turns.values()]
        return all(quiet)

    def off(self) -> None:
        """At the start of the process: a loudspeaker ends by itself."""


class _Work:
    """One order on one loudspeaker, in a thread of its own: one that hangs holds up no other."""

    def __init__(
        self,
        speakers: Speakers,
        speaker: Speaker,
        turn: Turn,
        samples: "array[int]",
        until: float,
        report: Callable[[Report], None],
    ) -> None:
        self.speaker = speaker
        self._turn = turn
        self.wrong: str | None = "did not end in time"
        self._told = False
        self._speakers = speakers
        self._samples = samples
        self._until = until
        self._report = report

    def run(self) -> None:
        try:
            self._speakers.say_on(self.speaker, self._turn, self._samples, self._until, self._begun)
            self.wrong = None
        except Unheard as wrong:
            self.wrong = str(wrong)
        except Exception as wrong:  # an adapter that breaks has failed; the others go on
            self.wrong = f"{type(wrong).__name__}: {wrong}"

    def _begun(self) -> None:
        if not self._told:  # once, however often it is tried
            self._told = True
            self._report(Report("sent", self.speaker.name))


def _together(works: list[_Work]) -> Report:
    """Done where one was heard; what was not is said."""
    wrong = "; ".join(f"{w.speaker.name}: {w.wrong}" for w in works if w.wrong is not None)
    return Report("done" if any(w.wrong is None for w in works) else "failed", wrong)
