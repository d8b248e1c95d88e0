"""One call to a loudspeaker, without a socket: what was heard goes in, what to send comes out. Times in s, monotonic.

Every request is sent again until it is answered (RFC 3261 §17.1): on a village's Wi-Fi a datagram is easily lost, and a
loudspeaker that was asked once would stay silent.
"""

from collections.abc import Callable
from dataclasses import dataclass

from heartlamp_gateway.outputs.speaker.digest import Login, answer, read_challenges
from heartlamp_gateway.outputs.speaker.sip_words import (
    ALLOW,
    Media,
    Message,
    SipError,
    offer,
    read_answer,
    read_message,
    reply,
    routes,
    uri,
)

T1, T2 = 0.5, 4.0  # RFC 3261 §17.1.1.1
GIVE_UP = 64 * T1
CALLING, RINGING, UP, LEAVING, OVER = "calling", "ringing", "up", "leaving", "over"
_LATER = (408, 480, 486, 487, 491, 500, 503, 504, 600)  # it may be free in a moment


@dataclass(frozen=True, slots=True)
class Ends:
    """`uri`: the speaker's; `user`: ours; `host`, `port`: of our socket."""

    uri: str
    user: str
    host: str
    port: int

    def request(
        self, method: str, target: str, cseq: int, branch: str, us: str, call_id: str, more: tuple[tuple[str, str], ...]
    ) -> Message:
        domain = self.uri.partition("@")[2] or self.uri.partition(":")[2]
        headers = (
            ("Via", f"SIP/2.0/UDP {self.host}:{self.port};branch=z9hG4bK{branch};rport"),
            ("Max-Forwards", "70"),
            ("From", f"<sip:{self.user}@{domain}>;tag={us}"),
            ("Call-ID", call_id),
            ("CSeq", f"{cseq} {method}"),
            ("Contact", f"<sip:{self.user}@{self.host}:{self.port}>"),
            ("User-Agent", "Heart-Lamp"),
        )
        return Message(f"{method} {target} SIP/2.0", (*headers, *more))


@dataclass(slots=True)
class Again:
    """A request that nobody has answered yet."""

    data: bytes
    at: float
    pause: float
    until: float

    def due(self, now: float) -> list[bytes]:
        if now < self.at:
            return []
        self.pause = min(2 * self.pause, T2)
        self.at = now + self.pause
        return [self.data]


def authorization(
    response: Message, login: Login | None, method: str, target: str, token: Callable[[], str]
) -> tuple[str, str] | None:
    """The header that answers a 401 or 407; None: there is none."""
    asked, name = (
        ("www-authenticate", "Authorization")
        if response.status == 401
        else ("proxy-authenticate", "Proxy-Authorization")
    )
    challenges = [c for c in read_challenges(response.all(asked)) if c.algorithm != "basic"]
    if login is None or not challenges:
        return None
    return name, answer(challenges[0], login, method, target, 1, token())


class Call:
    """`state`: calling → ringing → up → leaving → over. `media`: where the sound goes once it is up. `why`, `again`:
    once it is over without our having left."""

    def __init__(self, ends: Ends, media_port: int, login: Login | None, token: Callable[[], str]) -> None:
        """`token`: 16 fresh random hex digits."""
        self.state = CALLING
        self.media: Media | None = None
        self.why, self.again = "", True
        self._ends = ends
        self._login = login
        self._token = token
        self._call_id, self._us = token() + token(), token()
        self._sdp = offer(ends.host, media_port, int(token()[:7], 16))
        self._cseq = 0
        self._tries = 0
        self._invite = Message("", ())
        self._resend: Again | None = None
        self._acks: dict[int, bytes] = {}  # for each INVITE that was answered: the answer may come again
        self._to, self._target, self._routes = f"<{ends.uri}>", ends.uri, ()  # type: tuple[str, str, tuple[str, ...]]

    @property
    def next_at(self) -> float | None:
        return None if self._resend is None else min(self._resend.at, self._resend.until)

    def begin(self, now: float) -> list[bytes]:
        return self._call(now, ())

    def tick(self, now: float) -> list[bytes]:
        if self._resend is None:
            return []
        if now >= self._resend.until:
            self._over("does not answer", again=True)
            return []
        return self._resend.due(now)

    def leave(self, now: float) -> list[bytes]:
        """Hang up, or call off."""
        if self.state in (LEAVING, OVER):
            return []
        if self.state == UP:
            return self._bye(now)
        self.state = LEAVING
        # As the INVITE was: same branch, same number.
        cancel = [(n, f"{self._invite.cseq} CANCEL" if n == "CSeq" else v) for n, v in self._invite.headers]
        kept = tuple((n, v) for n, v in cancel if n in ("Via", "Max-Forwards", "From", "To", "Call-ID", "CSeq"))
        return self._send(Message(f"CANCEL {self._ends.uri} SIP/2.0", kept), now)

    def hear(self, data: bytes, now: float) -> list[bytes]:
        """What is not of this call, or no SIP at all, changes nothing."""
        try:
            message = read_message(data)
        except SipError:
            return []
        if message.first("call-id") != self._call_id:
            return [reply(message, "481 Call Does Not Exist").to_bytes()] if _wants_answer(message) else []
        if not message.status:
            return self._asked(message)
        if message.method == "INVITE":
            return self._invited(message, now)
        if message.method == "BYE" and message.status >= 200:
            self._over("", again=False)
        elif message.method == "CANCEL" and message.status >= 200:
            self._resend = None if message.status == 200 else self._resend
            if message.status == 481:
                self._over("", again=False)
        return []

    def _invited(self, message: Message, now: float) -> list[bytes]:
        if message.cseq in self._acks:
            return [self._acks[message.cseq]] if message.status >= 200 else []
        if message.cseq != self._cseq or self.state == OVER:
            return []
        if message.status < 200:
            if self.state != LEAVING:
                self._resend = None
                self.state = RINGING
            return []
        return self._taken(message, now) if message.status < 300 else self._refused(message, now)

    def _taken(self, message: Message, now: float) -> list[bytes]:
        called_off = self.state == LEAVING
        self._resend = None
        self._to = message.first("to")
        self._target = uri(message.first("contact")) or self._ends.uri
        self._routes = routes(message)
        ack = self._request("ACK", self._target, self._cseq).to_bytes()
        self._acks[self._cseq] = ack
        if called_off:
            return [ack, *self._bye(now)]
        try:
            self.media = read_answer(message.body)
        except SipError as wrong:
            out = self._bye(now)
            self.why, self.again = str(wrong), False
            return [ack, *out]
        self.state = UP
        return [ack]

    def _refused(self, message: Message, now: float) -> list[bytes]:
        headers = [(n, f"{self._cseq} ACK" if n == "CSeq" else v) for n, v in self._invite.headers if n != "To"]
        kept = tuple((n, v) for n, v in headers if n in ("Via", "Max-Forwards", "From", "Call-ID", "CSeq"))
        ack = Message(f"ACK {self._ends.uri} SIP/2.0", (*kept, ("To", message.first("to")))).to_bytes()
        self._acks[self._cseq] = ack
        self._resend = None
        if self.state == LEAVING:
            self._over("", again=False)
        elif message.status in (401, 407):
            header = authorization(message, self._login, "INVITE", self._ends.uri, self._token)
            if header is not None and self._tries < 2:
                return [ack, *self._call(now, (header,))]
            self._over(f"refuses our name and password ({message.status})", again=False)
        else:
            words = "is busy" if message.status in (486, 600) else "refuses the call"
            self._over(f"{words} ({message.start.partition(' ')[2]})", again=message.status in _LATER)
        return [ack]

    def _asked(self, message: Message) -> list[bytes]:
        method = message.method
        if method == "ACK":
            return []
        if method == "BYE":
            if self.state != OVER:
                self._over("hung up" if self.state == UP else "", again=True)
            return [reply(message, "200 OK").to_bytes()]
        if method == "OPTIONS":
            return [reply(message, "200 OK").to_bytes()]
        # A re-INVITE is refused; what was agreed stays.
        return [
            reply(message, "488 Not Acceptable Here" if method == "INVITE" else "405 Method Not Allowed").to_bytes()
        ]

    def _call(self, now: float, more: tuple[tuple[str, str], ...]) -> list[bytes]:
        self._tries += 1
        self._cseq += 1
        self.state = CALLING
        sent = self._request("INVITE", self._ends.uri, self._cseq, more)
        typed = (*sent.headers, ("Allow", ALLOW), ("Content-Type", "application/sdp"))
        self._invite = Message(sent.start, typed, self._sdp)
        return self._send(self._invite, now)

    def _bye(self, now: float) -> list[bytes]:
        self.state = LEAVING
        self._cseq += 1
        return self._send(self._request("BYE", self._target, self._cseq), now)

    def _request(self, method: str, target: str, cseq: int, more: tuple[tuple[str, str], ...] = ()) -> Message:
        routed = tuple(("Route", route) for route in self._routes)
        return self._ends.request(
            method, target, cseq, self._token(), self._us, self._call_id, (("To", self._to), *routed, *more)
        )

    def _send(self, message: Message, now: float) -> list[bytes]:
        data = message.to_bytes()
        self._resend = Again(data, now + T1, T1, now + GIVE_UP)
        return [data]

    def _over(self, why: str, again: bool) -> None:
        self.state, self._resend = OVER, None
        if not self.why:
            self.why, self.again = why, again


def _wants_answer(message: Message) -> bool:
    return not message.status and message.method != "ACK"
