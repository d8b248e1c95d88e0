"""A drill that was announced: real in every respect while it goes on, and marked as a drill once it is over. Pure.

Nobody is told less because of an announcement, and no press is taken for a rehearsal before somebody has seen to it;
so a drill that turns out to be no drill is a call for help like every other (docs/decisions/0012-drill.md)."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from heartlamp_server.incident import life
from heartlamp_server.incident.model import Change, Entry, Incident, Refused

WINDOW = timedelta(seconds=120)


@dataclass(frozen=True, slots=True)
class Announced:
    """One event of one site: the first that comes until `until`. `incident`: the one that was marked, "" none yet."""

    id: int
    site: str
    by: str
    at: datetime
    until: datetime
    incident: str = ""
    marked_by: str = ""
    marked_at: datetime | None = None


def mark(incident: Incident, announced: Announced, first: str, by: str, now: datetime) -> Change:
    """It was the drill that was announced. `first`: the first incident of that site since the announcement. Raises
    Refused wherever it could have been anything else."""
    if not life.may("drill", incident.stage):
        raise Refused("办结后才能记为演练", "it is marked as a drill once it is closed", "请先办结 · close it first")
    wrong = (
        (incident.site != announced.site, "不是宣布演练的点位", "it is another site than the one announced"),
        (bool(announced.incident) or incident.drill, "这次演练已经记过", "this drill was marked already"),
        (incident.id != first, "宣布后的第一起才是演练", "the first one after the announcement was the drill"),
        (not announced.at <= incident.opened_at <= announced.until, "不在宣布后的两分钟内", "not within those 120 s"),
        (not _pressed_then(incident, announced), "按下的时间不在那两分钟内", "it was not pressed within those 120 s"),
        (incident.presses != 1, "按过不止一次，按真实警情记", "it was pressed more than once: it counts as real"),
        (bool(incident.doubts), "报文未通过验证", "its message was not verified"),
        (incident.source != "device", "演练由设备报出", "a drill comes from a device"),
        (incident.what == "silent", "静默求助不做演练", "a silent alarm is no drill"),
        (bool(incident.reopened or incident.merged_into), "曾并案或重新打开", "it was merged, or opened again"),
    )
    for is_so, zh, en in wrong:
        if is_so:
            raise Refused(zh, en, "按真实警情统计 · it stays a real one")
    return replace(incident, drill=True), Entry(incident.id, now, "drill", {"by": by, "announced_by": announced.by})


def _pressed_then(incident: Incident, announced: Announced) -> bool:
    """A press whose time is unknown may be an old one, which waited in an outage."""
    at = incident.observed_at
    return at is not None and announced.at - timedelta(seconds=5) <= at <= announced.until
