"""A month that somebody stands for: when it may be locked, and how a correction differs. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from heartlamp_server.figures.definition import FIGURES, Value

_DAY = timedelta(days=1)


class Refused(Exception):
    """Why not: (Chinese · English, what helps)."""

    def __init__(self, why: str, do: str) -> None:
        super().__init__(why)
        self.do = do


@dataclass(frozen=True, slots=True)
class Difference:
    """Of one figure between two versions; None: that version did not have it."""

    name: str
    before: Value | None
    after: Value | None


def next_version(area: int, month: date, today: date, reason: str, held: Sequence[tuple[int, int]]) -> int:
    """`held`: (area, version) of every lock that holds this area and month, newest first. Raises Refused."""
    if today < (month.replace(day=28) + 4 * _DAY).replace(day=1):
        raise Refused("本月还没有结束 · the month is not over", "请在月末之后锁定 · lock it when it is")
    if held and held[0][0] != area:
        raise Refused(
            "该月已由上级区域锁定 · this month was locked with an area above",
            "请在上级区域更正 · correct it there",
        )
    own = [version for of, version in held if of == area]
    if own and not reason.strip():
        raise Refused(
            "该月已锁定；更正须说明原因 · the month is locked: a correction needs a reason", "请填写原因 · give it"
        )
    return max(own, default=0) + 1


def differences(before: Mapping[str, Value], after: Mapping[str, Value]) -> list[Difference]:
    """In the order of reports."""
    names = [name for name in FIGURES if name in before or name in after]
    names += sorted((before.keys() | after.keys()) - FIGURES.keys())
    found = [Difference(name, before.get(name), after.get(name)) for name in names]
    return [d for d in found if d.before != d.after]
