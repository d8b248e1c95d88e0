# ruff: noqa: UP031
"""What gateway and county write to a device, and no device ever does; device/statement.py reads it.

Runs on MicroPython as well, where tests stand in for the other side.
"""

from heartlamp_protocol.device.frame import sign, write_signed
from heartlamp_protocol.device.limits import VERSION
from heartlamp_protocol.device.text import quote

SETTINGS_VER = "settings_ver"
"""The value of a heartbeat by which a device says which of the county's settings it has, below 0: refused."""

# --- the village's word -----------------------------------------------------------------------------------------


def write_heard(event: str, epoch: str) -> bytes:
    """The village gateway has this event on its disk. `epoch`: of the gateway's store."""
    return ('{"v":%d,"kind":"heard","event":"%s","epoch":"%s"}' % (VERSION, event, epoch)).encode()


def write_pulse(epoch: str, county: int, answerable: int) -> bytes:
    """`county`: 1 while the gateway has contact with it; `answerable`: 1 while anybody at all could answer a press."""
    return (
        '{"v":%d,"kind":"pulse","epoch":"%s","county":%d,"answerable":%d}' % (VERSION, epoch, county, answerable)
    ).encode()


# --- the county's word ------------------------------------------------------------------------------------------


def write_received(key: bytes, dev: str, kv: int, event: str, sum16: str, epoch: str) -> bytes:
    """The county has committed this event. `sum16`: mac.digest16 of the event's body, so that the receipt is for these
    bytes and no others; `epoch`: of the county's store; `key`: mac.county_key."""
    body = (
        '{"v":%d,"kind":"received","dev":"%s","kv":%d,"event":"%s","sum":"%s","epoch":"%s"}'
        % (VERSION, dev, kv, event, sum16, epoch)
    ).encode()
    return write_signed(sign(key, body), body)


def write_settings(key: bytes, dev: str, kv: int, ver: int, wanted: str) -> bytes:
    """What the county wants set on this device. `ver`: above that of every statement before; `wanted`: a JSON object of
    all that is wanted, so that a later statement takes the place of every earlier one."""
    body = (
        '{"v":%d,"kind":"settings","dev":"%s","kv":%d,"ver":%d,"set":%s}' % (VERSION, dev, kv, ver, wanted)
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
