"""What is said to a device: receipts, the lamp's desired state, the pulse.

The village's word is plain JSON, carried by the broker it runs. The county's word is a signed frame that only this
device and the county can make; the gateway passes it on as it came.
"""

import json

from heartlamp_protocol.device.frame import FrameError, sign, split_signed, verify, write_signed
from heartlamp_protocol.device.limits import DOWN_MAX, VERSION
from heartlamp_protocol.device.text import quote

# --- the village's word -----------------------------------------------------------------------------------------


def write_heard(event: str, epoch: str) -> bytes:
    """The village gateway has this event on its disk. `epoch`: of the gateway's store."""
    return ('{"v":%d,"kind":"heard","event":"%s","epoch":"%s"}' % (VERSION, event, epoch)).encode()


def write_pulse(epoch: str, county: int, answerable: int) -> bytes:
    """`county`: 1 while the gateway has contact with it; `answerable`: 1 while anybody at all could answer a press."""
    return (
        '{"v":%d,"kind":"pulse","epoch":"%s","county":%d,"answerable":%d}' % (VERSION, epoch, county, answerable)
    ).encode()


def write_call(
    incident: str, role: str, what: str, place: str, heard: int, ver: int, answer: str, who: str, county: str
) -> str:
    """One call on a lamp. `role`: "own" or "near"; `place`: whose house; `ver`, `answer`, `who`: the village's answer
    axis (none, coming, arrived, unanswered); `county`: the county's signed statement for this lamp as text, or ""."""
    return (
        '{"incident":"%s","role":"%s","what":"%s","place":%s,"heard":%d,"ver":%d,"answer":"%s","who":%s,"county":%s}'
        % (incident, role, what, quote(place), heard, ver, answer, quote(who), quote(county))
    )


def write_lamp(epoch: str, ver: int, calls: "list[str]") -> bytes:
    """A lamp's whole desired state: what is not in `calls` goes dark."""
    return (
        '{"v":%d,"kind":"lamp","epoch":"%s","ver":%d,"calls":[%s]}' % (VERSION, epoch, ver, ",".join(calls))
    ).encode()


def read_plain(data: bytes) -> "dict[str, object]":
    """A village's word as a dict with at least `v` and `kind`. Raises FrameError."""
    if len(data) > DOWN_MAX:
        raise FrameError("message of %d bytes, at most %d are allowed" % (len(data), DOWN_MAX))
    return _object(data)


# --- the county's word ------------------------------------------------------------------------------------------


def write_received(key: bytes, dev: str, kv: int, event: str, sum16: str, epoch: str) -> bytes:
    """The county has committed this event. `sum16`: mac.digest16 of the event's body, so that the receipt is for these
    bytes and no others; `epoch`: of the county's store; `key`: mac.county_key."""
    body = (
        '{"v":%d,"kind":"received","dev":"%s","kv":%d,"event":"%s","sum":"%s","epoch":"%s"}'
        % (VERSION, dev, kv, event, sum16, epoch)
    ).encode()
    return write_signed(sign(key, body), body)


def write_county_answer(
    key: bytes, dev: str, kv: int, epoch: str, incident: str, rver: int, aver: int, answer: str, who: str, by: str
) -> bytes:
    """What the county knows of an incident, for one lamp. Two axes, two versions: `rver` rises with every event of the
    incident that the county has committed (so this statement is itself a `received` for the incident); `aver` rises
    with every change of the people's answer (none, accepted, coming, arrived, unanswered, closed). `by`: the site whose
    green key that answer is, "" where it is a person's own."""
    body = (
        '{"v":%d,"kind":"answer","dev":"%s","kv":%d,"epoch":"%s","incident":"%s","rver":%d,"aver":%d,"answer":"%s","who":%s,"by":%s}'
        % (VERSION, dev, kv, epoch, incident, rver, aver, answer, quote(who), quote(by))
    ).encode()
    return write_signed(sign(key, body), body)


def read_signed(key: bytes, dev: str, data: bytes) -> "dict[str, object]":
    """The body of a county's frame for device `dev`, as a dict. Raises FrameError where it is not from the county,
    was changed on the way, or is for somebody else."""
    mac, body = split_signed(data)
    if not verify(key, body, mac):
        raise FrameError("not from the county: the mac does not match")
    fields = _object(body)
    if fields.get("dev") != dev:
        raise FrameError("a statement for another device")
    return fields


def _object(data: bytes) -> "dict[str, object]":
    try:
        fields = json.loads(data)
    except (ValueError, RuntimeError):  # RuntimeError: nested too deep
        raise FrameError("not JSON")
    if not isinstance(fields, dict) or fields.get("v") != VERSION or not isinstance(fields.get("kind"), str):
        raise FrameError("not a message of protocol version %d" % VERSION)
    return fields
