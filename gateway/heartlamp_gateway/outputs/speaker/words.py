"""What a loudspeaker says of an alarm: where, and what; never who. Pure. docs/prompts.md lists the clips.

A clip is `<language or dialect>/<name>.wav` in the prompts' folder. What one language lacks comes from the next.
"""

from collections.abc import Callable
from dataclasses import dataclass

from heartlamp_gateway.outputs.speaker.places import numbers

DEFAULT = "zh"
DRILL, ATTENTION, NEIGHBOUR = "drill", "attention", "a-neighbour"
# What happened, and what is added where its clip exists.
_SAID = {
    "fire": ("fire", ("press-green",)),
    "flood": ("flood", ("press-green",)),
    "gas": ("gas", ("no-flames",)),
    "slope": ("slope", ("evacuate",)),
    "panic": ("calls-for-help", ("press-green",)),
    "test": ("test", ()),
}
_ZH = {
    "fire": "着火了，请附近的人快去帮忙。",
    "flood": "家里进水了，请附近的人快去帮忙。",
    "gas": "燃气泄漏，不要点火，不要开关电器。",
    "slope": "山坡在滑动，请马上撤离到安全的地方。",
    "panic": "有人求救，请附近的人去看看。",
    "test": "喇叭测试。",
}
_EN = {
    "fire": "There is a fire. If you are near, please help.",
    "flood": "There is water in the house. If you are near, please help.",
    "gas": "There is a gas leak. Light no flame, touch no switch.",
    "slope": "The slope is moving. Leave at once for a safe place.",
    "panic": "Somebody calls for help. If you are near, please go and see.",
    "test": "This is a test of the loudspeaker.",
}


@dataclass(frozen=True, slots=True)
class Clips:
    """Files relative to the prompts' folder: `first` once before, `again` each time, `last` once after."""

    first: tuple[str, ...]
    again: tuple[str, ...]
    last: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Sentence:
    """The same as text, and the language that it is in: "zh" or "en"."""

    first: str
    again: str
    last: str
    lang: str


def languages(lang: str) -> tuple[str, ...]:
    """Where to look, in order: "zh-wenzhou", its language "zh", the default."""
    return tuple(dict.fromkeys(one for one in (lang, lang.split("-")[0], DEFAULT) if _is_name(one)))


def happened(what: str) -> str:
    """The clip that says it."""
    return _SAID.get(what, _SAID["panic"])[0]


def clips(what: str, place: str, drill: bool, lang: str, there: Callable[[str], bool]) -> Clips | None:
    """`there(path)`: a good recording. None: not all that is needed was recorded."""
    return _clips(what, drill, lang, there, lambda finder: finder.place(place))


def vague(what: str, drill: bool, lang: str, there: Callable[[str], bool]) -> Clips | None:
    """The same of "a neighbour", for where nothing can say the place."""
    return _clips(what, drill, lang, there, lambda finder: finder.clip(NEIGHBOUR))


def broadcast(clip: str, drill: bool, lang: str, there: Callable[[str], bool]) -> Clips | None:
    """A recording of the village's own, by its name. None: there is none, or a drill could not say that it is one."""
    finder = Finder(languages(lang), there)
    said = finder.clip(clip) if _is_name(clip) else ()
    marked = finder.clip(DRILL) if drill else ()
    if not said or (drill and not marked):
        return None
    return Clips(marked, (*finder.clip(ATTENTION), *said), marked)


def drill_mark(lang: str) -> str:
    return "This is a drill." if lang.split("-")[0] == "en" else "演练，演练，这是演练。"


def sentence(what: str, place: str, drill: bool, lang: str) -> Sentence:
    """For a machine's voice."""
    if lang.split("-")[0] == "en":
        where = f"{place}. " if place else ""
        said = "This is a drill. " if drill else ""
        return Sentence(said, f"Attention please. {where}{_EN.get(what, _EN['panic'])}", said.strip(), "en")
    where = f"{place}，" if place else ""
    said = "演练，演练，这是演练。" if drill else ""
    return Sentence(said, f"请注意。{where}{_ZH.get(what, _ZH['panic'])}", said, "zh")


def _clips(
    what: str, drill: bool, lang: str, there: Callable[[str], bool], where: "Callable[[Finder], tuple[str, ...]]"
) -> Clips | None:
    finder = Finder(languages(lang), there)
    said, place = finder.clip(happened(what)), () if what == "test" else where(finder)
    marked = finder.clip(DRILL) if drill else ()
    if not said or (what != "test" and not place) or (drill and not marked):
        return None  # half an address is another house, and a drill that does not say so is an alarm
    more = tuple(path for name in _SAID.get(what, _SAID["panic"])[1] for path in finder.clip(name))
    return Clips(marked, (*finder.clip(ATTENTION), *place, *said, *more), marked)


class Finder:
    """Finds clips by name, in the first of `langs` that has them. `there(path)`: whether that file can be played."""

    def __init__(self, langs: tuple[str, ...], there: Callable[[str], bool]) -> None:
        self._langs = langs
        self._there = there

    def clip(self, *names: str) -> tuple[str, ...]:
        """The first of the names that the first language has which has any of them."""
        paths = (f"{lang}/{name}.wav" for lang in self._langs for name in names)
        return next(((path,) for path in paths if self._there(path)), ())

    def place(self, text: str) -> tuple[str, ...]:
        """By a clip of its own, or by its numbers; () where one is missing."""
        name = text.replace(" ", "").replace("\u3000", "")
        own = self.clip(f"places/{name}") if _is_name(name) else ()
        if own:
            return own
        out: list[str] = []
        for unit, number in numbers(text):
            said = self.clip(f"{unit}-{number}") or self._counted(unit, number)
            if not said:
                return ()
            out += said
        return tuple(out)

    def _counted(self, unit: str, number: int) -> tuple[str, ...]:
        counted, named = self._number(number), self.clip(unit, unit + "-of")
        if not counted or not named:
            return ()
        return named + counted if named[0].endswith("-of.wav") else counted + named

    def _number(self, number: int) -> tuple[str, ...]:
        """As one clip, as twenty-three, as 二十三, digit by digit: the first for which every clip is there."""
        tens, ones = divmod(number, 10)
        last = [ones] if ones else []
        ways = [[number]]
        if 10 < number < 100:
            ways += [[tens * 10, *last], [*([10] if tens == 1 else [tens, 10]), *last]]
        ways.append([int(c) for c in str(number)])
        for way in ways:
            found = [self.clip(str(n)) for n in way]
            if all(found):
                return tuple(path for one in found for path in one)
        return ()


def _is_name(text: str) -> bool:
    """May be one step of a path, whatever the village or the county sent."""
    return 0 < len(text) <= 48 and not any(c in '/\\.:*?"<>|' or ord(c) < 33 for c in text)
