"""gateway.toml as it is read. What a box cannot do without is refused elsewhere; a part that is written wrongly is left
out, and a word that nobody knows is passed over: either is said loudly, and keeps no village from calling for help."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import SplitResult

ENCODING = "utf-8-sig"  # some editors put a mark of three bytes before what they write
Part = TypeVar("Part")
Read = Callable[[dict[str, Any], Path], Part]


@dataclass(frozen=True, slots=True)
class Flaw:
    """What of the file is not understood, in words. `lost`: a part does not run for it."""

    zh: str
    en: str
    lost: bool


class SettingsFile:
    """`here`: the file's folder, to which its paths are relative. `flaws`: grows as it is read."""

    def __init__(self, fields: dict[str, Any], here: Path) -> None:
        self.fields, self.here = fields, here
        self.flaws: list[Flaw] = []

    def tables(self, known: Collection[str]) -> None:
        """What stands at the top and is none of these is said."""
        for name in sorted(self.fields.keys() - set(known)):
            mark = ("[[", "]]") if isinstance(self.fields[name], list) else ("[", "]")
            is_table = isinstance(self.fields[name], dict | list)
            shown = name.join(mark) if is_table else f"`{name}`"
            zh_lost, en_lost = (
                ("，其中内容都没有生效", ": nothing of it is done") if is_table else ("，已忽略", ": it is ignored")
            )
            zh, en = _meant(name, known)
            self.flaws.append(Flaw(f"没有 {shown}{zh}{zh_lost}。", f"there is no {shown}{en}{en_lost}", is_table))

    def part(self, name: str, known: Collection[str] | None, read: Read[Part]) -> Part | None:
        """What `read`, which raises ValueError, makes of a table; None where it is missing or wrong. `known`: its
        keys, where others may be passed over; None: `read` sees to them."""
        table = self.fields.get(name)
        if table is None:
            return None
        if not isinstance(table, dict):
            self.wrong(f"[{name}]", f"it must be a table, with one pair of brackets: [{name}]")
            return None
        return self.read(f"[{name}]", table, known, read)

    def read(
        self, shown: str, table: Mapping[str, Any], known: Collection[str] | None, read: Read[Part]
    ) -> Part | None:
        """As `part`, of a table that is at hand. `shown`: how it is called."""
        if known is not None:
            for key in sorted(table.keys() - set(known)):
                zh, en = _meant(key, known)
                self.flaws.append(
                    Flaw(f"{shown} 里没有 `{key}`{zh}，已忽略。", f"{shown} has no `{key}`{en}: it is ignored", False)
                )
            table = {key: value for key, value in table.items() if key in known}
        try:
            return read(dict(table), self.here)
        except ValueError as wrong:
            self.wrong(shown, str(wrong))
            return None

    def wrong(self, shown: str, why: str) -> None:
        """The part is left out."""
        why = why.removeprefix(f"{shown}: ")
        self.flaws.append(Flaw(f"{shown} 填写有误，这部分没有生效。", f"{shown}: {why}; this part is left out", True))


def has_port(url: SplitResult) -> bool:
    """A usable one, or none."""
    try:
        return url.port != 0
    except ValueError:
        return False


def _meant(name: str, known: Collection[str]) -> tuple[str, str]:
    from difflib import get_close_matches  # lazily: few files have a flaw

    near = get_close_matches(name.lower(), known, 1)
    return (f"（是不是 `{near[0]}`？）", f" (did you mean `{near[0]}`?)") if near else ("", "")
