"""A lamp's desired state as bytes: the village writes it, and a device that has the county for a gateway."""

from heartlamp_protocol.device.limits import VERSION
from heartlamp_protocol.device.text import quote


def write_call(
    incident: str,
    role: str,
    what: str,
    place: str,
    heard: int,
    ver: int,
    answer: str,
    who: str,
    county: str,
    drill: bool = False,
) -> str:
    """One call on a lamp. `role`: "own" or "near"; `place`: whose house; `ver`, `answer`, `who`: the village's answer
    axis (none, coming, arrived, unanswered); `county`: the county's signed statement for this lamp as text, or "";
    `drill`: a neighbour's drill; said only where it is one."""
    return (
        '{"incident":"%s","role":"%s","what":"%s","place":%s,"heard":%d,"ver":%d,"answer":"%s","who":%s,"county":%s%s}'
        % (incident, role, what, quote(place), heard, ver, answer, quote(who), quote(county), ',"drill":1' * drill)
    )


def write_lamp(epoch: str, ver: int, calls: "list[str]") -> bytes:
    """A lamp's whole desired state: what is not in `calls` goes dark."""
    return (
        '{"v":%d,"kind":"lamp","epoch":"%s","ver":%d,"calls":[%s]}' % (VERSION, epoch, ver, ",".join(calls))
    ).encode()
