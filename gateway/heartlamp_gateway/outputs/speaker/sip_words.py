"""SIP messages (RFC 3261) and the little of SDP (RFC 4566) that a call to a loudspeaker needs. Pure."""

import re
from dataclasses import dataclass

ALLOW = "INVITE, ACK, CANCEL, BYE, OPTIONS"
PCMU, PCMA = 0, 8  # payload types of G.711, RFC 3551
_SHORT = {
    "v": "via",
    "f": "from",
    "t": "to",
    "i": "call-id",
    "m": "contact",
    "l": "content-length",
    "c": "content-type",
}
_URI = re.compile(r"<([^>]*)>")


class SipError(ValueError):
    """Not a message, or not one that we can go on with."""


@dataclass(frozen=True, slots=True)
class Message:
    """`start`: the first line; header names as they came, or as they go."""

    start: str
    headers: tuple[tuple[str, str], ...]
    body: bytes = b""

    def all(self, name: str) -> list[str]:
        return [value for key, value in self.headers if _long(key) == name.lower()]

    def first(self, name: str) -> str:
        return next(iter(self.all(name)), "")

    @property
    def status(self) -> int:
        """0 of a request."""
        return int(self.start.split(" ")[1]) if self.start.startswith("SIP/2.0 ") else 0

    @property
    def method(self) -> str:
        """Of a request, or of the request that is answered."""
        return self.first("cseq").split(" ")[-1].upper()

    @property
    def cseq(self) -> int:
        number = self.first("cseq").split(" ")[0]
        return int(number) if number.isascii() and number.isdigit() else -1

    def to_bytes(self) -> bytes:
        lines = [self.start, *(f"{k}: {v}" for k, v in self.headers), f"Content-Length: {len(self.body)}", "", ""]
        return "\r\n".join(lines).encode() + self.body


def read_message(data: bytes) -> Message:
    """One datagram. Raises SipError."""
    head, gap, body = data.partition(b"\r\n\r\n")
    lines = re.sub(r"\r\n[ \t]+", " ", head.decode(errors="replace")).split("\r\n")
    start = lines[0].strip()
    headers = tuple(
        (name.strip(), value.strip()) for name, colon, value in (x.partition(":") for x in lines[1:]) if colon
    )
    message = Message(start, headers, body)
    whole = re.fullmatch(r"SIP/2\.0 [1-6][0-9][0-9] .*|SIP/2\.0 [1-6][0-9][0-9]|[A-Z]+ \S+ SIP/2\.0", start)
    if not gap or not whole or message.cseq < 0 or not message.first("call-id") or not message.first("via"):
        raise SipError(f"not a SIP message: {start[:60]!r}")
    length = message.first("content-length")
    return Message(start, headers, body[: int(length)] if length.isascii() and length.isdigit() else body)


def reply(request: Message, status: str) -> Message:
    """What we say to a request: `status` such as "200 OK"."""
    echoed = tuple((n, v) for n, v in request.headers if _long(n) in ("via", "from", "to", "call-id", "cseq"))
    return Message(f"SIP/2.0 {status}", (*echoed, ("Allow", ALLOW)))


def uri(value: str) -> str:
    """Of a Contact header."""
    found = _URI.search(value)
    return found[1] if found else value.partition(";")[0].strip()


def routes(message: Message) -> tuple[str, ...]:
    """Its Record-Route headers, in the order in which who called goes through them."""
    listed = [part.strip() for value in message.all("record-route") for part in re.split(r",(?![^<]*>)", value)]
    return tuple(reversed([part for part in listed if part]))


@dataclass(frozen=True, slots=True)
class Media:
    """Where the speaker wants its sound, and in which codec: PCMU or PCMA."""

    host: str
    port: int
    payload: int


def offer(host: str, port: int, session: int) -> bytes:
    """G.711, A-law first, 20 ms in a packet."""
    family = "IP6" if ":" in host else "IP4"
    lines = (
        "v=0", f"o=heartlamp {session} {session} IN {family} {host}", "s=Heart-Lamp", f"c=IN {family} {host}", "t=0 0",
        f"m=audio {port} RTP/AVP {PCMA} {PCMU}", f"a=rtpmap:{PCMA} PCMA/8000", f"a=rtpmap:{PCMU} PCMU/8000",
        "a=ptime:20", "a=sendrecv", "",
    )  # fmt: skip
    return "\r\n".join(lines).encode()


def read_answer(body: bytes) -> Media:
    """Raises SipError."""
    host, media = "", None
    for line in body.decode(errors="replace").splitlines():
        kind, _, value = line.strip().partition("=")
        words = value.split()
        if kind == "c" and len(words) == 3 and (not host or media is not None):
            host = words[2].partition("/")[0]
        elif kind == "m" and media is None and words[:1] == ["audio"]:
            media = words
        elif kind == "m" and media is not None:
            break
    if media is None or len(media) < 4 or not media[1].isdigit() or not 0 < int(media[1]) < 65536 or not host:
        raise SipError("it takes no sound (its SDP has no audio)")
    for payload in media[3:]:
        if payload in (str(PCMA), str(PCMU)):
            return Media(host, int(media[1]), int(payload))
    raise SipError("it knows neither PCMA nor PCMU")


def _long(name: str) -> str:
    lower = name.lower()
    return _SHORT.get(lower, lower)
