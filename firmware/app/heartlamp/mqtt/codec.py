"""MQTT 3.1.1 as bytes, without a socket. Packets out are functions, packets in come out of Parser.feed.

Topic, payload and text lengths are in bytes of UTF-8; QoS is 0 or 1. Whatever is not MQTT raises MqttError.
"""

PINGREQ = b"\xc0\x00"
DISCONNECT = b"\xe0\x00"

CONNACK, PUBLISH, PUBACK, SUBACK, PINGRESP = 2, 3, 4, 9, 13


class MqttError(Exception):
    """What came is not MQTT, or a refusal."""


def connect(client: str, password: str, keepalive_s: int, will_topic: str, will: bytes) -> bytes:
    """Clean session, user name = client id, last will with QoS 1, nothing retained."""
    flags = 0xC0 | 0x08 | 0x04 | 0x02
    body = _text("MQTT") + bytes((4, flags, keepalive_s >> 8, keepalive_s & 255))
    return _packet(0x10, body + _text(client) + _text(will_topic) + _blob(will) + _text(client) + _text(password))


def publish(topic: str, payload: bytes, qos: int, pid: int) -> bytes:
    return _packet(0x30 | qos << 1, _text(topic) + (_u16(pid) if qos else b"") + payload)


def puback(pid: int) -> bytes:
    return b"\x40\x02" + _u16(pid)


def subscribe(pid: int, topics: "list[tuple[str, int]]") -> bytes:
    """`topics`: (filter, QoS) each."""
    return _packet(0x82, _u16(pid) + b"".join([_text(t) + bytes((q,)) for t, q in topics]))


class Parser:
    """Bytes in, whole packets out. Holds at most one packet of `most` bytes."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._held = b""

    def feed(self, data: bytes) -> "list[tuple[object, ...]]":
        """(CONNACK, code) · (PUBLISH, topic, payload, qos, pid) · (PUBACK, pid) · (SUBACK, pid, codes) · (PINGRESP,)"""
        data = self._held + data
        packets: list[tuple[object, ...]] = []
        at = 0
        while True:
            body_at, end = self._bounds(data, at)
            if end < 0 or end > len(data):
                break
            packets.append(_read(data[at], data[body_at:end]))
            at = end
        self._held = data[at:]
        return packets

    def _bounds(self, data: bytes, at: int) -> "tuple[int, int]":
        """Where the body of the packet at `at` begins and ends; end -1: its length is not here yet."""
        length = shift = 0
        i = at + 1
        while i < len(data):
            length |= (data[i] & 127) << shift
            if length > self._most or shift > 21:
                raise MqttError("packet larger than %d bytes" % self._most)
            i += 1
            if not data[i - 1] & 128:
                return i, i + length
            shift += 7
        return i, -1


def _read(first: int, body: bytes) -> "tuple[object, ...]":
    kind = first >> 4
    if kind == PUBLISH:
        return _read_publish(first, body)
    if kind == CONNACK and len(body) == 2:
        return CONNACK, body[1]
    if kind == PUBACK and len(body) == 2:
        return PUBACK, body[0] << 8 | body[1]
    if kind == SUBACK and len(body) > 2:
        return SUBACK, body[0] << 8 | body[1], body[2:]
    if kind == PINGRESP and not body:
        return (PINGRESP,)
    raise MqttError("unexpected packet of type %d" % kind)


def _read_publish(first: int, body: bytes) -> "tuple[object, ...]":
    qos = first >> 1 & 3
    topic_end = 2 + (body[0] << 8 | body[1]) if len(body) > 1 else 9999999
    start = topic_end + 2 if qos else topic_end
    if qos > 1 or start > len(body):
        raise MqttError("bad publish")
    try:
        topic = str(body[2:topic_end], "utf-8")
    except UnicodeError:
        raise MqttError("bad topic")
    return PUBLISH, topic, body[start:], qos, (body[topic_end] << 8 | body[topic_end + 1]) if qos else 0


def _packet(first: int, body: bytes) -> bytes:
    head = bytes((first,))
    n = len(body)
    while n > 127:
        head += bytes((n & 127 | 128,))
        n >>= 7
    return head + bytes((n,)) + body


def _u16(n: int) -> bytes:
    return bytes((n >> 8, n & 255))


def _blob(data: bytes) -> bytes:
    return _u16(len(data)) + data


def _text(text: str) -> bytes:
    return _blob(text.encode())
