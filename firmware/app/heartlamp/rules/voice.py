"""Which recorded clips say what the lamp shows. docs/prompts.md lists them, with the words to record.

A clip is `<language or dialect>/<name>.wav`. What one language lacks comes from the next; where a sentence exists in
none, nothing is said and the tones stand alone. Places are said by their numbers, or by a clip of their own; a person
is named only where the village recorded the name.
"""

from heartlamp.rules.places import split

TYPE_CHECKING = False  # MicroPython has no typing
if TYPE_CHECKING:
    from collections.abc import Callable

DEFAULT = "zh"
NEAR_MOST = 3  # neighbours' calls said one after the other
_ANSWERED = {"accepted": "accepted", "coming": "is-coming", "arrived": "has-arrived"}
_WHATS = ("fire", "gas", "flood")  # each has a clip of its name


def languages(lang: str) -> "list[str]":
    """Where to look, in order: "zh-wenzhou", its language "zh", the default."""
    wanted = [lang, lang.split("-")[0], DEFAULT]
    return [one for i, one in enumerate(wanted) if _is_name(one) and one not in wanted[:i]]


def words(picture: "dict[str, object]") -> "list[tuple[str, str]]":
    """What a picture says, the subject first as in "group 3, house 7 · calls for help": ("clip", name), ("place", a
    site's name), ("who", who comes). A neighbour's drill says first that it is one, or nothing."""
    meaning, answer = picture["meaning"], str(picture["answer"])
    if meaning == "shout":
        return [("clip", "shout")]
    if meaning in ("near", "drill"):
        return _near(picture["calls"], meaning)
    if meaning not in ("told", "coming"):
        return []
    if answer in _ANSWERED:
        return [("who", str(picture["who"])), ("clip", _ANSWERED[answer])]
    return [("clip", "calling-next" if answer == "unanswered" else "told")]


def files(said: "list[tuple[str, str]]", langs: "list[str]", there: "Callable[[str], bool]") -> "list[str]":
    """The files that say it, to be played one after the other; [] where they cannot. `there(path)`: it exists."""
    finder = _Finder(langs, there)
    out: "list[str]" = []
    for kind, text in said:
        found = finder.clip(text) if kind == "clip" else finder.place(text) if kind == "place" else finder.who(text)
        if not found:
            return []
        out += found
    return out


def _near(calls: object, role: object) -> "list[tuple[str, str]]":
    said = [("clip", "drill")] if role == "drill" else []
    assert isinstance(calls, list)
    left = NEAR_MOST
    for call in calls:
        if not left or call["role"] != role or call["answer"] in ("arrived", "closed"):
            continue
        left -= 1
        said += [("place", call["place"]), ("clip", call["what"] if call["what"] in _WHATS else "calls-for-help")]
        if call["answer"] == "coming":
            said += [("who", call["who"]), ("clip", "is-coming")]
    return said + [("clip", "press-green")]


class _Finder:
    def __init__(self, langs: "list[str]", there: "Callable[[str], bool]") -> None:
        self._langs = langs
        self._there = there

    def clip(self, *names: str) -> "list[str]":
        """The first of the names that the first language has which has any of them."""
        for lang in self._langs:
            for name in names:
                path = "%s/%s.wav" % (lang, name)
                if self._there(path):
                    return [path]
        return []

    def place(self, text: str) -> "list[str]":
        return self._own("places", text) or self._numbers(split(text)[0]) or self.clip("a-neighbour")

    def who(self, text: str) -> "list[str]":
        """Numbers only where the text is nothing but a place: a person's name may hold one."""
        parts, whole = split(text)
        found = self._own("names", text) or self._own("places", text) or (self._numbers(parts) if whole else [])
        return found or self.clip("somebody")

    def _own(self, folder: str, text: str) -> "list[str]":
        name = "".join([c for c in text if c not in " \u3000"])
        return self.clip(folder + "/" + name) if _is_name(name) else []

    def _numbers(self, parts: "list[tuple[str, int]]") -> "list[str]":
        out: "list[str]" = []
        for unit, number in parts:
            said = self.clip("%s-%d" % (unit, number)) or self._counted(unit, number)
            if not said:
                return []  # half an address is another house
            out += said
        return out

    def _counted(self, unit: str, number: int) -> "list[str]":
        """三 组, or "group" three: whichever of `group` (said after the number) and `group-of` (before it) there is."""
        counted, named = self._number(number), self.clip(unit, unit + "-of")
        if not counted or not named:
            return []
        return named + counted if named[0][-7:] == "-of.wav" else counted + named

    def _number(self, number: int) -> "list[str]":
        """As one clip, as twenty-three, as 二十三, digit by digit: the first for which every clip is there."""
        tens, ones = number // 10, number % 10
        last = [ones] if ones else []
        ways = [[number]]
        if 10 < number < 100:
            ways += [[tens * 10] + last, ([10] if tens == 1 else [tens, 10]) + last]
        ways.append([int(c) for c in str(number)])
        for way in ways:
            found = [self.clip(str(n)) for n in way]
            if [] not in found:
                return [f[0] for f in found]
        return []


def _is_name(text: str) -> bool:
    """May be one step of a path, whatever the village or the county sent."""
    return 0 < len(text) <= 48 and not [c for c in text if c in '/\\.:*?"<>|' or ord(c) < 33]
