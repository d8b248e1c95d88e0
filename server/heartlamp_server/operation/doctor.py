"""What is right and what is not, each with what to do about it. Pure: facts in, findings out; `looking.py` finds the
facts."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from heartlamp_server.notification.seats import Seats, fault, told

WELL, LOOK, BAD = "ok", "!", "BAD"
"""All right; somebody should see to it; calls for help may suffer from it now."""

_BEAT = timedelta(seconds=45)
_CERTIFICATE = timedelta(days=30)
_BACKUP, _BACKUP_OLD = timedelta(days=2), timedelta(days=8)
_LATE = timedelta(minutes=2)
_CLOCK = timedelta(seconds=2)
_ROOM_BAD, _ROOM = 1 << 30, 5 << 30


@dataclass(frozen=True, slots=True)
class Finding:
    """`level`: WELL, LOOK or BAD; `do`: what helps, "" where nothing is to be done."""

    level: str
    about: str
    said: str
    do: str = ""


@dataclass(frozen=True, slots=True)
class Room:
    """`free`, `size`: bytes."""

    path: str
    free: int
    size: int


@dataclass(frozen=True, slots=True)
class Waiting:
    """`since`: of the oldest that should be done by now, None where there is none."""

    what: str
    since: datetime | None
    do: str


@dataclass(frozen=True, slots=True)
class Facts:
    """`open_files`: (path, mode) of secrets that others may read; `certificates`: (what, until when); `ours`, `theirs`:
    this machine's clock and the database's at one moment; `synchronised`: None where nobody can say; `beats`: (what,
    host, when it last said so); `messages`: whether there is a [notification]; `faults`: channel -> why it does not
    work; `unstaffed`: policy -> what is wrong with it; `numbers`: (of people on duty, of them proven); `backup`: when
    the last one was made here; `gateways`: (those that count, ids of those that are silent); `problems`: of
    re-zonings; `twins`: codes that several counties, townships or villages bear at once; `seats`: who is before the
    console, None nobody looked."""

    ours: datetime
    theirs: datetime
    open_files: Sequence[tuple[str, int]] = ()
    certificates: Sequence[tuple[str, datetime]] = ()
    synchronised: bool | None = None
    rooms: Sequence[Room] = ()
    beats: Sequence[tuple[str, str, datetime]] = ()
    messages: bool = False
    waiting: Sequence[Waiting] = ()
    faults: Mapping[str, str] = field(default_factory=dict)
    unstaffed: Mapping[str, str] = field(default_factory=dict)
    numbers: tuple[int, int] = (0, 0)
    backup: datetime | None = None
    gateways: tuple[int, Sequence[str]] = (0, ())
    problems: Sequence[str] = ()
    twins: Sequence[str] = ()
    seats: Seats | None = None


def findings(facts: Facts) -> list[Finding]:
    """In the order in which somebody should look."""
    parts = (_keys, _certificates, _clock, _disk, _running, _work, _people, _villages, _backup)
    return [finding for part in parts for finding in part(facts)]


def code(found: Sequence[Finding]) -> int:
    """0 all is well, 1 somebody should see to something, 2 calls for help may suffer."""
    levels = {finding.level for finding in found}
    return 2 if BAD in levels else 1 if LOOK in levels else 0


def _keys(facts: Facts) -> Iterator[Finding]:
    for path, mode in facts.open_files:
        yield Finding(LOOK, "keys", f"{path} has mode {mode:04o}: others may read it", f"chmod 600 {path}")
    if not facts.open_files:
        yield Finding(WELL, "keys", "only their owner can read them")


def _certificates(facts: Facts) -> Iterator[Finding]:
    for what, until in facts.certificates:
        left = until - facts.ours
        said = f"{what} ends on {until:%Y-%m-%d}"
        if left < timedelta(0):
            do = "gateways go on (they pin the county's CA), browsers do not: give it a new one"
            yield Finding(LOOK, "certificate", f"{what} ended on {until:%Y-%m-%d}", do)
        elif left < _CERTIFICATE:
            yield Finding(LOOK, "certificate", said, "give it a new one before that day")
        else:
            yield Finding(WELL, "certificate", said)


def _clock(facts: Facts) -> Iterator[Finding]:
    apart = abs(facts.ours - facts.theirs)
    if apart > _CLOCK:
        do = "set both by NTP: second factors and certificates go by this machine's, calls by the database's"
        yield Finding(LOOK, "clock", f"this machine and the database are {apart.total_seconds():.0f} s apart", do)
    if facts.synchronised is False:
        yield Finding(LOOK, "clock", "this machine's is not synchronised", "timedatectl set-ntp true, or chrony")
    if apart <= _CLOCK and facts.synchronised is not False:
        yield Finding(WELL, "clock", "as the database's" + (", synchronised" if facts.synchronised else ""))


def _disk(facts: Facts) -> Iterator[Finding]:
    for room in facts.rooms:
        said = f"{room.path}: {room.free / 1e9:,.1f} GB free of {room.size / 1e9:,.1f}"
        do = "make room, or lower the days of [telemetry] and [pictures]: where it is full, no alarm can be taken in"
        level = BAD if room.free < _ROOM_BAD else LOOK if room.free < max(_ROOM, room.size // 20) else WELL
        yield Finding(level, "disk", said, "" if level == WELL else do)


def _running(facts: Facts) -> Iterator[Finding]:
    wanted = {"county": "heartlamp-server run"} | (
        {"messages": "heartlamp-server notify run"} if facts.messages else {}
    )
    for what, command in wanted.items():
        alive = [host for name, host, at in facts.beats if name == what and facts.theirs - at < _BEAT]
        if alive:
            yield Finding(WELL, "process", f"{what}: {len(alive)} on {', '.join(sorted(set(alive)))}")
        else:
            last = max((at for name, _, at in facts.beats if name == what), default=None)
            since = f"since {last:%Y-%m-%d %H:%M:%S %Z}" if last else "as far as is known"
            yield Finding(
                BAD, "process", f"none does `{command}` {since}", f"start it; its log says why it ended: {command}"
            )
    if not facts.messages:
        do = "set up channels: docs/notification.md"
        yield Finding(LOOK, "messages", "server.toml has no [notification]: this county calls nobody", do)


def _work(facts: Facts) -> Iterator[Finding]:
    late = [w for w in facts.waiting if w.since is not None and facts.theirs - w.since > _LATE]
    for one in late:
        assert one.since is not None
        minutes = (facts.theirs - one.since).total_seconds() / 60
        yield Finding(BAD, "work", f"{one.what} waits for {minutes:,.0f} minutes", one.do)
    if not late:
        yield Finding(WELL, "work", f"nothing is late: {', '.join(w.what for w in facts.waiting)}")
    for channel, why in sorted(facts.faults.items()):
        yield Finding(
            BAD, "channel", f"{channel} does not work: {why}", f"heartlamp-server notify test {channel} NUMBER"
        )
    if facts.seats is not None:
        wrong = fault(facts.seats)
        said = f"console: {told(facts.seats, facts.theirs)[1]}"
        yield Finding(LOOK, "channel", wrong.said[1], wrong.do[1]) if wrong else Finding(WELL, "channel", said)
    for problem in facts.problems:
        yield Finding(LOOK, "re-zoning", problem, "see it at 区划调整, or withdraw it there")


def _people(facts: Facts) -> Iterator[Finding]:
    for policy, why in sorted(facts.unstaffed.items()):
        do = "give the post a roster without a gap, or the policy another last step"
        yield Finding(BAD, "policy", f"{policy}: {why}", do)
    many, proven = facts.numbers
    if proven < many:
        said = f"{many - proven} of {many} people on duty have no number that answered a test call in 30 days"
        yield Finding(
            LOOK, "numbers", said, "heartlamp-server prove: it calls each of them once, and who presses a key is proven"
        )
    elif many:
        yield Finding(WELL, "numbers", f"all {many} people on duty have a number that answered a test call")


def _villages(facts: Facts) -> Iterator[Finding]:
    many, silent = facts.gateways
    if silent:
        said = f"{len(silent)} of {many} gateways are silent: {', '.join(silent[:5])}{' …' if len(silent) > 5 else ''}"
        yield Finding(LOOK, "villages", said, "the village goes on by itself; look after its line and its power")
    else:
        yield Finding(WELL, "villages", f"{many} gateways, none silent")
    for code in facts.twins:
        said = f"several areas of one level have the code {code}: who is in charge of one is not of the other's houses"
        yield Finding(LOOK, "areas", said, "bring what is in one into the other by re-zoning (docs/areas.md)")


def _backup(facts: Facts) -> Iterator[Finding]:
    if facts.backup is None:
        yield Finding(
            LOOK, "backup", "there was none", "heartlamp-server backup FOLDER, daily; server/packaging has a timer"
        )
        return
    age = facts.theirs - facts.backup
    said = f"the last one is of {facts.backup:%Y-%m-%d %H:%M %Z}"
    level = BAD if age > _BACKUP_OLD else LOOK if age > _BACKUP else WELL
    yield Finding(level, "backup", said, "" if level == WELL else "look why there is no newer one")
