"""What a device says, as bytes. Field order is fixed; every number is an integer.

Common fields: v protocol version · kind · id event id · dev device id · kv key version · boot 8 hex, new at each
start · seq counts this device's records (orders, never filters) · up milliseconds since that boot when it happened.
"""

from heartlamp_protocol.device.limits import VERSION


def write_alarm(id: str, dev: str, kv: int, boot: str, seq: int, up: int, what: str) -> bytes:
    """`what`: one of names.WHATS."""
    return _write("alarm", id, dev, kv, boot, seq, up, ',"what":"%s"' % what)


def write_answer(id: str, dev: str, kv: int, boot: str, seq: int, up: int, incident: str, answer: str) -> bytes:
    """A person's answer by key. `answer`: coming, arrived or withdrawn; `incident`: the id of its opening event."""
    return _write("answer", id, dev, kv, boot, seq, up, ',"incident":"%s","answer":"%s"' % (incident, answer))


def write_cancel(id: str, dev: str, kv: int, boot: str, seq: int, up: int) -> bytes:
    """The household says it was a mistake: marks its open incidents, stops nothing."""
    return _write("cancel", id, dev, kv, boot, seq, up, "")


def write_still(id: str, dev: str, kv: int, boot: str, seq: int, up: int, incident: str, sum: str, size: int) -> bytes:
    """A picture was taken at an alarm. `incident`: that alarm's event id; `sum`: 64 hex, SHA-256 of the picture, whose
    `size` bytes follow in pieces."""
    more = ',"incident":"%s","sum":"%s","bytes":%d' % (incident, sum, size)
    return _write("still", id, dev, kv, boot, seq, up, more)


def write_reading(kind: str, dev: str, kv: int, boot: str, seq: int, up: int, values: "list[tuple[str, int]]") -> bytes:
    """`kind`: "heartbeat" or "reading". `values`: names with their unit at the end (`temp_mc`, `heap_b`), integers."""
    pairs = ",".join(['"%s":%d' % pair for pair in values])
    return _write(kind, "", dev, kv, boot, seq, up, ',"values":{%s}' % pairs)


def _write(kind: str, id: str, dev: str, kv: int, boot: str, seq: int, up: int, more: str) -> bytes:
    """`id` "": nobody receipts it; `more`: its own fields, each after a comma."""
    head = '{"v":%d,"kind":"%s"' % (VERSION, kind) + (',"id":"%s"' % id if id else "")
    return (head + ',"dev":"%s","kv":%d,"boot":"%s","seq":%d,"up":%d%s}' % (dev, kv, boot, seq, up, more)).encode()


def write_state(online: int) -> bytes:
    """Availability; the same with 0 is the last will."""
    return b'{"v":%d,"kind":"state","online":%d}' % (VERSION, online)


def write_ask(epoch: str) -> bytes:
    """After each connect: send me my state. `epoch`: the gateway's store epoch known so far, or empty."""
    return ('{"v":%d,"kind":"ask","epoch":"%s"}' % (VERSION, epoch)).encode()


def write_shown(epoch: str, ver: int) -> bytes:
    """The lamp shows this version of its state now: reported, against desired."""
    return ('{"v":%d,"kind":"shown","epoch":"%s","ver":%d}' % (VERSION, epoch, ver)).encode()
