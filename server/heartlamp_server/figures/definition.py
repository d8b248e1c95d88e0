"""Every figure, written once: its name, its unit, how it is computed in words, and the function that computes it. Pure.
docs/figures.md is drawn from FIGURES, and a test holds it there."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from math import ceil
from typing import TypeAlias

from heartlamp_server.figures.fact import Fact, Flags, Times

FEW = 5
"""In a household group or a grid, what is said of fewer than this is said of a house that neighbours can name."""
SMALL = ("group", "grid")


@dataclass(frozen=True, slots=True)
class Spread:
    """Of durations in milliseconds. `of`: how many there are."""

    of: int = 0
    p50: int | None = None
    p90: int | None = None


@dataclass(frozen=True, slots=True)
class Around:
    """What figures know besides incidents, each a sum over the area. `heard_of` samples of devices, `heard` of them
    there; `sites`, `unproven`: at the end of the period; `drilled`: sites with a drill in it; matters raised in it, and
    what became of their limits; SIM cards, what they cost (fen) and moved (megabytes) in it."""

    heard_of: int = 0
    heard: int = 0
    sites: int = 0
    unproven: int = 0
    drilled: int = 0
    matters: int = 0
    report_in: int = 0
    report_in_in_time: int = 0
    done: int = 0
    done_in_time: int = 0
    matters_closed: int = 0
    verified_by_another: int = 0
    cards: int = 0
    cards_fen: int = 0
    cards_megabytes: int = 0


NOTHING = Around()
TIMES = tuple(f.name for f in fields(Times))


@dataclass(frozen=True, slots=True)
class Facts:
    """Of one area and period. `cells`: (flags, how many incidents have exactly these); `times`: by names of Times, of
    those that are counted."""

    cells: Sequence[tuple[Flags, int]] = ()
    times: Mapping[str, Spread] = field(default_factory=dict)
    around: Around = field(default_factory=Around)


@dataclass(frozen=True, slots=True)
class Value:
    """`value`: a count, a share's part, milliseconds or fen, None where there is none or it is not said; `of`: the
    denominator, what it is counted among, None where it is among nothing; `few`: not said, for it would be of FEW."""

    value: int | None
    of: int | None = None
    few: bool = False


@dataclass(frozen=True, slots=True)
class Figure:
    """`unit`: count, share (value / of), ms, fen or MB; `house`: it could tell of one house where there are few."""

    zh: str
    en: str
    unit: str
    how_zh: str
    how_en: str
    compute: Callable[[Facts], Value]
    house: bool = True


Test: TypeAlias = Callable[[Flags], bool]


def percentile(values: Iterable[int], share: float) -> int | None:
    """The smallest value that at least `share` of all are not above: a value that was measured, none between two."""
    ordered = sorted(values)
    return ordered[max(0, ceil(share * len(ordered)) - 1)] if ordered else None


def spread(values: Iterable[int]) -> Spread:
    found = list(values)
    return Spread(len(found), percentile(found, 0.5), percentile(found, 0.9))


def facts_of(facts: Iterable[Fact], around: Around = NOTHING) -> Facts:
    """Out of single ones, as the database does it for a million."""
    found = list(facts)
    cells = Counter(f.flags for f in found)
    own = [f.times for f in found if counted(f.flags)]
    times = {name: spread(v for t in own if (v := getattr(t, name)) is not None) for name in TIMES}
    return Facts(list(cells.items()), times, around)


def counted(flags: Flags) -> bool:
    """Drills are no alarms, and what was made one with another incident is counted as that one."""
    return not flags.drill and not flags.merged


def values(facts: Facts, level: str = "") -> dict[str, Value]:
    """Every figure by name. `level`: of the area; in SMALL ones what would be of a few houses is not said."""
    found = {name: figure.compute(facts) for name, figure in FIGURES.items()}
    if level not in SMALL:
        return found
    return {name: _kept_back(FIGURES[name], value) for name, value in found.items()}


def _kept_back(figure: Figure, value: Value) -> Value:
    if figure.house and value.of is not None and 0 < value.of < FEW:
        return Value(None, None, True)
    return value


# --- what they are made of ------------------------------------------------------------------------------------------


def _count(facts: Facts, test: Test) -> int:
    return sum(many for flags, many in facts.cells if counted(flags) and test(flags))


def _every(flags: Flags) -> bool:
    return True


def _is_ended(flags: Flags) -> bool:
    return bool(flags.ended)


def _part(part: Test, of: Test = _every) -> Callable[[Facts], Value]:
    return lambda facts: Value(_count(facts, lambda f: of(f) and part(f)), _count(facts, of))


def _share(zh: str, en: str, how_zh: str, how_en: str, part: Test, of: Test = _every, house: bool = True) -> Figure:
    return Figure(zh, en, "share", how_zh, how_en, _part(part, of), house)


def _what(what: str, zh: str, en: str) -> Figure:
    zh_how, en_how = f"求助种类为{zh}的警情数；分母为警情数", f"incidents whose kind is {en}, among alarms"
    return Figure(zh, en, "count", zh_how, en_how, _part(lambda f: f.what == what), False)


_SHORTER = {"p50": "半数", "p90": "九成"}


def _time(name: str, which: str, zh: str, en: str) -> dict[str, Figure]:
    def of(share: str) -> Callable[[Facts], Value]:
        def compute(facts: Facts) -> Value:
            found = facts.times.get(name, Spread())
            return Value(getattr(found, share), found.of)

        return compute

    word = {"p50": "half of them took at most this", "p90": "nine of ten took at most this"}
    return {
        f"{name}.{share}": Figure(
            f"{zh}时长 {share.upper()}",
            f"{en}, {share.upper()}",
            "ms",
            f"从按下到{which.partition(' · ')[0]}的时长，{_SHORTER[share]}不超过此值（实测值）；分母为有此记录的警情数",
            f"from the press to {which.partition(' · ')[2]}: {word_en}; a measured value, among those that have it",
            of(share),
        )
        for share, word_en in word.items()
    }


def _around(part: str, of: str) -> Callable[[Facts], Value]:
    return lambda facts: Value(getattr(facts.around, part), getattr(facts.around, of) if of else None)


def _other(unit: str, zh: str, en: str, how_zh: str, how_en: str, part: str, of: str = "") -> Figure:
    return Figure(zh, en, unit, how_zh, how_en, _around(part, of), house=False)


def _said(said: str, zh: str, en: str, how_zh: str, how_en: str) -> Figure:
    zh_how, en_how = f"{how_zh}；分母为已了结的警情数", f"{how_en}, among ended ones"
    return _share(zh, en, zh_how, en_how, lambda f: f.said == said, _is_ended)


FIGURES: Mapping[str, Figure] = {
    "alarms": Figure(
        "警情数", "alarms", "count",
        "时段内按下的求助；不含演练，不含已并入其他警情的",
        "calls whose first press is in the period; no drills, none that was merged into another",
        lambda facts: Value(_count(facts, _every)), False,
    ),
    "alarms.panic": _what("panic", "求助", "help"),
    "alarms.fire": _what("fire", "火警", "fire"),
    "alarms.gas": _what("gas", "燃气", "gas"),
    "alarms.flood": _what("flood", "水浸", "flood"),
    "alarms.slope": _what("slope", "山体位移", "landslide"),
    "alarms.silent": _what("silent", "静默求助", "silent alarm"),
    "merged": Figure(
        "并案数", "merged", "count", "并入其他警情的求助；分母为警情数加并案数",
        "calls that were made one with another, among alarms and these",
        lambda facts: Value(
            sum(n for f, n in facts.cells if f.merged and not f.drill), sum(n for f, n in facts.cells if not f.drill)
        ), False,
    ),
    "completed": _share(
        "办结率", "completed", "已办结或定为误报的；分母为警情数", "closed, or declared false, among alarms", _is_ended,
        house=False,
    ),
    "on_time": _share(
        "及时率", "on time",
        "自证实响铃起 1 分钟内受理、3 分钟内有人赶来、5 分钟内到场，三项都做到的；分母为有证实响铃的警情数",
        "accepted within 1 minute of the proven ring, somebody coming within 3 and there within 5, all three; "
        "among alarms with a proven ring",
        lambda f: f.accept_in_time and f.coming_in_time and f.arrive_in_time, lambda f: f.rung,
    ),
    "on_time.accept": _share(
        "受理及时率", "accepted on time", "自证实响铃起 1 分钟内受理的；分母同及时率",
        "accepted within 1 minute of the proven ring, among the same", lambda f: f.accept_in_time, lambda f: f.rung,
    ),
    "on_time.coming": _share(
        "出动及时率", "coming on time", "自证实响铃起 3 分钟内有人赶来的；分母同及时率",
        "somebody coming within 3 minutes of it, among the same", lambda f: f.coming_in_time, lambda f: f.rung,
    ),
    "on_time.arrive": _share(
        "到场及时率", "arrived on time", "自证实响铃起 5 分钟内到场的；分母同及时率",
        "somebody there within 5 minutes of it, among the same", lambda f: f.arrive_in_time, lambda f: f.rung,
    ),
    "unrung": _share(
        "无证实响铃", "no proven ring", "没有任何一次响铃得到证实的；分母为警情数",
        "no ring at any person is proven, among alarms", lambda f: not f.rung,
    ),
    **_time("accept", "值守人员受理 · somebody on duty taking it", "受理", "time to accept"),
    **_time("dispatch", "有人被派出或赶来 · somebody being sent or coming", "出动", "time to dispatch"),
    **_time("arrive", "有人到场 · somebody being there", "到场", "time to arrive"),
    **_time("close", "了结 · its last end", "办结", "time to close"),
    "arrived": _share(
        "到场率", "arrived", "有人到场的；分母为警情数", "somebody was there, among alarms", lambda f: bool(f.arrived)
    ),
    "arrived.proven": _share(
        "到场有据", "arrival proven", "到场由现场心灯的按键证实的；分母为有人到场的",
        'proven by the key "I am here" of a lamp at the site, among arrivals',
        lambda f: f.arrived == "proven", lambda f: bool(f.arrived),
    ),
    "arrived.claimed": _share(
        "到场自述", "arrival claimed", "到场只由人员自述的；分母为有人到场的", "only told, among arrivals",
        lambda f: f.arrived == "claimed", lambda f: bool(f.arrived),
    ),
    "closed_unarrived": _share(
        "未到场办结", "closed without arrival", "办结时无人到场的；分母为办结的警情数（不含误报）",
        "closed while nobody had been there, among closed ones (false ones are not)",
        lambda f: not f.arrived, lambda f: f.ended == "closed",
    ),
    "reopened": _share(
        "重新打开", "reopened", "办结后重新打开的，或办结后 30 分钟内同一户同一种又按下的；分母为警情数",
        "opened again after an end, or pressed again by the same house for the same within 30 minutes of it, "
        "among alarms",
        lambda f: f.reopened,
    ),
    "cancelled": _share(
        "住户表示按错", "cancelled by the household", "住户自己表示按错的（不终止呼叫）；分母为警情数",
        "the household said that it was a mistake (which ends nothing), among alarms", lambda f: f.cancelled,
    ),
    "false": _share(
        "误报率", "false", "定为误报的；分母为已了结的警情数", "declared false, among ended ones",
        lambda f: f.ended == "false", _is_ended,
    ),
    "false.seen": _share(
        "误报：已见到人", "false, seen", "有人见到本人后定为误报的；分母为误报数",
        "somebody saw them, among false ones",
        lambda f: f.seen == "arrived", lambda f: f.ended == "false",
    ),
    "false.spoken": _share(
        "误报：已通话", "false, spoken to", "与本人通话后定为误报的；分母为误报数",
        "somebody spoke to them, among false ones", lambda f: f.seen == "spoke_to", lambda f: f.ended == "false",
    ),
    "false.other": _share(
        "误报：他人确认", "false, confirmed by another", "由记录人以外的人确认的；分母为误报数",
        "confirmed by another person than who wrote it down, among false ones",
        lambda f: f.other, lambda f: f.ended == "false",
    ),
    "said.satisfied": _said("satisfied", "满意", "satisfied", "评四分或五分的", "four or five marks"),
    "said.unsatisfied": _said("unsatisfied", "不满意", "not satisfied", "评一至三分的", "one to three marks"),
    "said.words": _said("words", "只留言", "words only", "只说了话、没有打分的", "words without marks"),
    "said.silent": _said(
        "silent", "未评价", "silent", "没有评价或没有联系上的（不算满意）",
        "not asked, not reached or silent: not satisfied",
    ),
    "online": _other(
        "share", "设备在线率", "devices online", "每小时查一次，当时有音讯的设备次数；分母为应有音讯的设备次数",
        "devices that were heard of in time, once each hour; among all devices at those hours", "heard", "heard_of",
    ),
    "unproven": _other(
        "share", "无可靠链路的点位", "sites without a proven link", "时段末没有一台设备按时有音讯的点位；分母为点位数",
        "no device of the site was heard of in time, at the end of the period; among sites", "unproven", "sites",
    ),
    "drilled": _other(
        "share", "演练覆盖率", "drill coverage", "时段内做过演练的点位；分母为点位数",
        "sites with a drill in the period, among sites", "drilled", "sites",
    ),
    "matters": _other("count", "吹哨事项", "matters", "时段内上报的事项数", "matters raised in the period", "matters"),
    "matters.reported": _other(
        "share", "按时报到", "reported in on time", "按时报到的；分母为已报到的次数",
        "departments that reported in on time, among those that did", "report_in_in_time", "report_in",
    ),
    "matters.done": _other(
        "share", "按时办结", "done on time", "按时办结的；分母为已办结的次数", "done on time, among those done",
        "done_in_time", "done",
    ),
    "matters.another": _other(
        "share", "他人核验销号", "closed by another", "由办理人以外的人核验的；分母为已销号的事项数",
        "verified by another person than who did it, among closed matters", "verified_by_another", "matters_closed",
    ),
    "cards": _other(
        "count", "流量卡数", "SIM cards", "登记的村用流量卡数", "cards of villages that are written down", "cards"
    ),
    "cards.cost": _other(
        "fen", "流量卡费用", "cost of SIM cards", "时段内各月登记的费用之和；分母为卡数",
        "what was written down for the months in the period, among cards", "cards_fen", "cards",
    ),
    "cards.megabytes": _other(
        "MB", "流量", "megabytes", "时段内各月登记的流量之和；分母为卡数",
        "what was written down for the months in the period, among cards", "cards_megabytes", "cards",
    ),
}  # fmt: skip
"""Name -> figure, in the order of reports."""
