"""What is told to whom by which way, and what became of it. Pure: `now` is an argument of every rule."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from heartlamp_protocol.escalation.plan import DRILL

STATES = ("queued", "sent", "delivered", "rang", "answered", "seen", "failed", "expired")
"""queued: we have it on disk · sent: the provider took it · delivered, rang: it proved so · answered: somebody took up
the call, or a machine did · seen: a person opened it · failed: this way did not do · expired: too late, not wanted."""
PROOFS = ("delivered", "rang", "answered", "seen")
ANSWERS = ("coming", "cannot")
DIGITS = {"1": "coming", "2": "cannot"}
"""Keys in a call, and replies to a message. Any other key, or none, is no answer: a voicemail takes up calls too."""

NEXT = timedelta(seconds=12)
"""After which the next way is tried beside one that has not said `sent`: with a worker's second within the 15 s."""
PROOF = timedelta(seconds=45)
"""The same for one that was sent and proves nothing: what a telephone rings, and a provider takes to say so."""
ASKS = ("alarm", "drill", "silent", "silent_drill")
"""Kinds of text that ask whether a person can go."""
FLOOD = timedelta(seconds=60)
"""In which one person gets one text from one village; what comes more is counted in the next."""
LEASE = timedelta(seconds=20)
"""How long a worker that took a row may be silent; then another one takes it. More than any channel's deadline."""
BACKOFF_MOST = 60.0
ATTEMPTS_MOST = 30
"""After about half an hour a way is given up. It also ends what nobody could write down the end of: no fault of ours
shall ring at a person for ever."""
SILENT_FOR = ("police", "chosen")
WORDS = ("village", "place", "landmark", "what", "who", "device", "label")
"""All that a text may be told: where and what; never who lives there, how they are, or what was noted of them."""


@dataclass(frozen=True, slots=True)
class Key:
    """What makes two messages the same one. `version`, `step`: of the plan; `time`: how often that step has called this
    target before; `drill`: it is one's, and no real call has its name. As text it is the name that village's orders
    have too."""

    incident: str
    version: int
    step: int
    target: str
    channel: str
    time: int = 0
    drill: bool = False

    def __str__(self) -> str:
        return (
            f"{self.incident}/{self.version}{DRILL * self.drill}/{self.step}/{self.target}/{self.channel}/{self.time}"
        )


@dataclass(frozen=True, slots=True)
class Way:
    """`channel`: as server.toml names it; those of one `rank` are tried at the same time, the next rank where all of
    the one before failed or hang."""

    channel: str
    address: str
    rank: int = 0


def of_a_drill(key: str) -> bool:
    """Of a Key's text."""
    return key.split("/")[1].endswith(DRILL)


class NotTold(ValueError):
    """What may not be told, and why."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """One target of one step, once. `kind`: one of texts.KINDS; `fields`: of WORDS; `village`: its area, for which one
    text counts many; `silent_for`: for a silent alarm, why this person may know of it: one of SILENT_FOR; `not_after`:
    when it is of no use any more, None never."""

    incident: str
    version: int
    step: int
    target: str
    kind: str
    fields: Mapping[str, str]
    ways: tuple[Way, ...]
    time: int = 0
    lang: str = "zh"
    village: int | None = None
    urgent: bool = True
    drill: bool = False
    silent_for: str = ""
    not_after: datetime | None = None


@dataclass(frozen=True, slots=True)
class Trait:
    """Of a channel. `wakes`: a telephone that rings; a push never is one. `merges`: many may become one text; a call is
    never merged away. `proves`: it says later whether it arrived. `by_village`: somebody in the village may learn."""

    wakes: bool = False
    merges: bool = True
    proves: bool = False
    by_village: bool = False


@dataclass(frozen=True, slots=True)
class Row:
    """One message by one way. `ask`: all ways of one Wanted have the same; `due_at`: None while a way before it does;
    `attempts`: how often it was begun."""

    id: int
    key: str
    ask: str
    channel: str
    address: str
    rank: int
    kind: str
    fields: Mapping[str, str]
    lang: str = "zh"
    target: str = ""
    incident: str = ""
    village: int | None = None
    urgent: bool = True
    drill: bool = False
    silent: bool = False
    not_after: datetime | None = None
    state: str = "queued"
    due_at: datetime | None = None
    attempts: int = 0


@dataclass(frozen=True, slots=True)
class Said:
    """For the incident's timeline: what became of a message. `detail`: channel, the end of the address, why, count."""

    key: str
    state: str
    at: datetime
    detail: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Answered:
    """What a person said to it: one of ANSWERS. `proof`: how we know, for people."""

    key: str
    target: str
    said: str
    at: datetime
    proof: str


def ways(wanted: Wanted, traits: Mapping[str, Trait]) -> tuple[Way, ...]:
    """In the order in which they are tried, ranks from 0: the person's own order, but what rings first where it is
    urgent. A channel that is not set up stays, at the end: it fails there for all to see. Raises NotTold."""
    if unknown := sorted(wanted.fields.keys() - set(WORDS)):
        raise NotTold(f"no text may be told {', '.join(unknown)}")
    found = wanted.ways
    if wanted.kind == "silent":
        if wanted.silent_for not in SILENT_FOR:
            raise NotTold("of a silent alarm only police and persons chosen beforehand are told")
        found = tuple(w for w in found if w.channel in traits and not traits[w.channel].by_village)
    if not found:
        raise NotTold(f"there is no way to {wanted.target}")

    def order(way: Way) -> tuple[bool, bool, int]:
        trait = traits.get(way.channel)
        return trait is None, wanted.urgent and not (trait and trait.wakes), way.rank

    ranks = sorted({order(way) for way in found})
    return tuple(
        Way(way.channel, way.address, ranks.index(order(way))) for way in sorted(dict.fromkeys(found), key=order)
    )


def marked(kind: str, drill: bool) -> str:
    """The kind of text: a drill has its own, which begins by saying that it is one."""
    return {"alarm": "drill", "silent": "silent_drill"}.get(kind, kind) if drill else kind


def wakes(found: Iterable[Way], traits: Mapping[str, Trait]) -> bool:
    """Whether one of the ways rings a telephone. A plan's last step, and any that must wake, needs one."""
    return any(way.channel in traits and traits[way.channel].wakes for way in found)


def first_due(rank: int, now: datetime) -> datetime:
    """When a way is tried unless one before it was sent until then. It stands in a row: no worker's death moves it."""
    return now + rank * NEXT


def may_follow(state: str, said: str) -> bool:
    """Whether a report changes a message's state. They come in any order and twice; a proof outweighs a failure that we
    only took it for, because nobody answered us in time."""
    if said in ("failed", "expired"):
        return state in ("queued", "sent", "delivered", "rang")
    if state in ("failed", "expired"):
        return said in PROOFS
    return STATES.index(said) > STATES.index(state)


def follow(ask: Sequence[Row], rank: int, said: str, proves: bool, now: datetime) -> dict[int, datetime | None]:
    """New `due_at` of ways that were not begun yet, after one of `rank` came to `said`. `ask`: all ways as they are
    now; `proves`: that channel will say whether it arrived."""
    later = [row for row in ask if row.rank > rank and row.state == "queued" and row.attempts == 0]
    if said in PROOFS or said == "sent":
        waits = now + PROOF if said == "sent" and proves else None
        return {row.id: waits and waits + (row.rank - rank - 1) * NEXT for row in later}
    stands = any(row.rank <= rank and row.state in ("sent", *PROOFS) for row in ask)
    if stands or not later:
        return {}
    first = min(row.rank for row in later)
    return {row.id: first_due(row.rank - first, now) for row in later}


def again_at(attempts: int, now: datetime, after_s: float = 0.0) -> datetime:
    """When a way that failed for now is tried again: 2 s, 4 s … 60 s, not before the provider's `after_s`."""
    return now + timedelta(seconds=max(after_s, min(BACKOFF_MOST, 2.0 ** min(attempts, 10))))


def is_over(row: Row, now: datetime) -> bool:
    return row.not_after is not None and now >= row.not_after


Group = tuple[str, int | None, str, bool]


def group(row: Row) -> Group:
    """Whose texts may be one: of one address, village, kind and mark."""
    return row.address, row.village, row.kind, row.drill


def together(
    due: Sequence[Row], last: Mapping[Group, datetime], now: datetime
) -> tuple[list[list[Row]], list[tuple[Row, datetime]]]:
    """Of one channel that merges: (what goes now, each list as one text; what waits, and until when). `last`: when each
    group was sent one. The first goes at once; what follows it within FLOOD waits for its end, and is one, unless that
    were too late. Only alarms and drills are merged, silent ones never."""
    now_groups: dict[object, list[Row]] = {}
    held: list[tuple[Row, datetime]] = []
    for row in due:
        if row.silent or row.village is None or row.kind not in ("alarm", "drill"):
            now_groups[row.id] = [row]
            continue
        free_at = last[group(row)] + FLOOD if group(row) in last else now
        in_time = row.not_after is None or free_at < row.not_after
        if free_at > now and row.attempts == 0 and in_time:
            held.append((row, free_at))
        else:
            now_groups.setdefault(group(row), []).append(row)
    return list(now_groups.values()), held


def counted(rows: Sequence[Row]) -> int:
    """How many alarms a text speaks of: two messages of one incident are one."""
    return len({row.incident for row in rows})


def tail(address: str) -> str:
    """As much of an address as a timeline shows."""
    name, at, host = address.partition("@")
    if at:
        return f"{name[:1]}…@{host}"
    return address if len(address) <= 4 else f"…{address[-4:]}"
