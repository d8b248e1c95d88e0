"""A day in a village that is cut off: who presses what and when, and by the plan's own words what must follow. Pure.

Times are ms; a deed's since the day began, a due step's since its incident was opened.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass, field

from heartlamp_protocol.escalation.plan import DAY_MIN, Plan, Policy, Reach, Step, Target

from tests.village.plan import House, Village

SECOND, MINUTE, HOUR = 1_000, 60_000, 3_600_000
DAY = 24 * HOUR
LAPSE = 5 * MINUTE
HEAD = "13800000007"
LOUD = {"button": "panic", "smoke": "fire", "flood": "flood", "gas": "gas"}
MAINS = ("lamp", "smoke", "flood", "gas")
_MORE = {1: "lamp", 2: "lamp", 3: "smoke", 9: "lamp", 10: "lamp", 11: "flood", 18: "gas"}
_SILENT = (4, 12, 20, 22)


def house(number: int) -> House:
    kinds = ("button", *((_MORE[number],) if number in _MORE else ()), *(("silent",) if number in _SILENT else ()))
    return House("day", ("一组", "二组", "三组")[(number - 1) // 8], number, kinds)


VILLAGE = Village("day", "柳树湾村", "990101100203", tuple(house(n) for n in range(1, 25)))


def _target(id: str, name: str, *reaches: tuple[str, str]) -> Target:
    return Target(id, name, "zh", tuple(Reach(*reach) for reach in reaches))


TARGETS = (
    _target("siren", "村口警报", ("siren", "")),  # this box has none: that must hold up nobody
    _target("horn", "大喇叭", ("speaker", "")),
    _target("head", "户长", ("sms", HEAD)),
    _target("grid", "网格员", ("sms", "13800000001")),
    _target("office", "村委会", ("sms", "13800000002")),
    _target("town", "镇综治中心", ("sms", "13800000003")),
    _target("county", "县值班室", ("sms", "13800000004")),
)
STEPS = (
    Step(1, "village", 0, "accepted", ("siren", "horn", "head", "grid"), again_ms=20 * SECOND, times=3),
    Step(2, "village", MINUTE, "accepted", ("office",)),
    Step(3, "county", 3 * MINUTE, "coming", ("town",)),
    Step(4, "county", 5 * MINUTE, "arrived", ("county",), again_ms=10 * MINUTE, times=4),
)
PLAN = Plan(1, 480, TARGETS, (Policy("all", (), (), 0, DAY_MIN, LAPSE, STEPS),))
LAST = 60 * MINUTE  # after which nothing is due of an incident any more, whatever was answered

Call = tuple[str, str]
"""site, what: an open incident, for nobody closes any in a day without the county"""


@dataclass(frozen=True, slots=True, order=True)
class Deed:
    """`do`: "press", "cancel", a green key's "coming", "arrived" or "withdrawn", or "duty": the head of the household
    group writes back that they go. `call`: of which incident."""

    at: int
    do: str
    device: str
    call: Call


def script(dice: random.Random, alarms: int) -> list[Deed]:
    """A day with so many alarms, of which some open an incident and some are pressed again; with answers and cancels.
    House 3 presses by mistake, takes it back, and an hour later has a fire."""
    openers = [
        (h.device(kind), (h.site, what)) for h in VILLAGE.houses for kind, what in LOUD.items() if kind in h.kinds
    ]
    silent = [(h.device("silent"), (h.site, "silent")) for h in VILLAGE.houses if "silent" in h.kinds]
    if alarms < 2 * (len(openers) + len(silent)) * 3 // 4:
        fixed = [o for o in openers if o[1][0] == "day-3" or o[1][0] == "day-1"]
        others = [o for o in openers if o not in fixed]
        openers, silent = fixed + dice.sample(others, max(1, alarms // 2 - 3)), silent[:1]
    opened = {call: dice.randrange(2 * MINUTE, DAY - LAST - 20 * MINUTE) for _, call in openers + silent}
    opened["day-3", "panic"] = dice.randrange(2 * MINUTE, DAY // 2)
    opened["day-3", "fire"] = opened["day-3", "panic"] + HOUR
    deeds = [Deed(opened[call], "press", device, call) for device, call in openers + silent]
    deeds.append(Deed(opened["day-3", "panic"] + 31 * SECOND, "cancel", "buttonday3", ("day-3", "panic")))
    for device, call in [*silent, *_some(dice, openers, alarms)][: alarms - len(openers) - len(silent)]:
        if call == ("day-1", "panic"):
            device = "lampday1"  # the house's other key
        deeds.append(Deed(dice.randrange(opened[call] + 10 * SECOND, DAY - LAST), "press", device, call))
    loud = sorted(at for call, at in opened.items() if call[1] != "silent")
    for _, call in openers:
        at = opened[call]
        alone = min((other for other in loud if other > at), default=DAY) - at
        lamps = [h.device("lamp") for h in VILLAGE.houses if "lamp" in h.kinds and h.site != call[0]]
        # In seconds of their own of each 20, so that nothing is said at the moment when something is due.
        duty = dice.choice((0, 1, 2, 3, 6, 9)) * 20 * SECOND + dice.randrange(5_000, 7_000)
        coming = dice.choice((0, 1, 3, 5, 8, 14)) * 20 * SECOND + dice.randrange(9_000, 11_000)
        if dice.random() < 0.4 and alone > duty + 10 * SECOND:  # a message back is of the newest call
            deeds.append(Deed(at + duty, "duty", "", call))
        if dice.random() < 0.4:
            lamp = dice.choice(lamps)
            deeds.append(Deed(at + coming, "coming", lamp, call))
            later = at + coming - coming % (20 * SECOND) + dice.randrange(2, 12) * 20 * SECOND
            end = dice.choice(("arrived", "withdrawn", ""))
            if end:
                deeds.append(Deed(later + {"arrived": 14, "withdrawn": 17}[end] * SECOND, end, lamp, call))
    return sorted(deeds)


def _some(dice: random.Random, openers: list[tuple[str, Call]], many: int) -> list[tuple[str, Call]]:
    return [o for o in openers if o[1] == ("day-1", "panic")] + [dice.choice(openers) for _ in range(many)]


@dataclass
class Course:
    """What is known of an incident while it is played. `opened`: BOOTTIME of the village; `said`: (since opening, who,
    what), in order; who is "duty" or a lamp."""

    incident: str
    opened: int
    said: list[tuple[int, str, str]] = field(default_factory=list)

    def due(self) -> list[tuple[int, str]]:
        """(since opening, "step/target/channel/time") of all that is to be done, by what was said so far."""
        found = []
        for step in STEPS:
            stands = self._stands(step.until)
            for who in step.targets:
                at = step.at_ms
                for time in range(step.times):
                    at = _free(at, stands)
                    if at >= DAY:
                        break
                    target = next(t for t in TARGETS if t.id == who)
                    found += [(at, f"{step.n}/{who}/{reach.channel}/{time}") for reach in target.reaches]
                    at += step.again_ms
        return sorted(found)

    def _stands(self, milestone: str) -> list[tuple[int, int]]:
        """(from, until) in which it is reached: who says that they come lapses, who arrived stays."""
        found = []
        for n, (at, who, word) in enumerate(self.said):
            later = [(t, w) for t, of, w in self.said[n + 1 :] if of == who]
            ends = later[0][0] if later else DAY
            if word == "coming" and milestone in ("coming", "accepted" if who == "duty" else "coming"):
                found.append((at, min(ends, at + LAPSE)))
            if word == "arrived" and milestone in ("coming", "arrived"):
                found.append((at, ends))
        return found


def _free(at: int, stands: Sequence[tuple[int, int]]) -> int:
    """The first moment from `at` on in none of them."""
    while True:
        later = [until for since, until in stands if since <= at < until]
        if not later:
            return at
        at = max(later)
