"""A SIP loudspeaker that picks up by itself: we call it, speak, and hang up. UDP and G.711."""

import secrets
import select
import socket
import threading
import time
from array import array
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Protocol

from heartlamp_gateway.outputs.speaker.digest import Login
from heartlamp_gateway.outputs.speaker.kind import CHECK_S, CutOff, Unheard
from heartlamp_gateway.outputs.speaker.rtp import PACKET_S, packets
from heartlamp_gateway.outputs.speaker.sip_ask import Ask
from heartlamp_gateway.outputs.speaker.sip_call import CALLING, OVER, RINGING, UP, Call, Ends
from heartlamp_gateway.outputs.speaker.sound import halved
from heartlamp_gateway.rules.languages import in_both

_LOOK_S = 0.05  # how soon a cut is seen while it rings
_GOODBYE_S = 2.0  # how long we wait for its yes to our hanging up
_NOTHING_S = 0.3  # the same where it never said a word
_TAIL_S = 0.2  # for what its buffer still holds


class _Talk(Protocol):
    """What Call and Ask have in common."""

    @property
    def next_at(self) -> float | None: ...

    def tick(self, now: float) -> list[bytes]: ...

    def hear(self, data: bytes, now: float) -> list[bytes]: ...


@dataclass(frozen=True, slots=True)
class SipSpeaker:
    """`uri`: "sip:8001@192.168.1.61"; `host`, `port`: where that is; `user`: ours. `timeout_s`: until it picks up."""

    uri: str
    host: str
    port: int
    user: str
    login: Login | None
    timeout_s: float

    def play(self, samples: "array[int]", until: float, cut: threading.Event, begun: Callable[[], None]) -> None:
        slow = halved(samples)  # before it picks up, not while it listens to nothing
        with self._line() as line, _media(line) as media:
            call = Call(self._ends(line), media.getsockname()[1], self.login, _token)
            talk = _Line(self.uri, line, call)
            try:
                talk.send(call.begin(time.monotonic()))
                self._pick_up(call, talk, min(until, time.monotonic() + self.timeout_s), cut)
                begun()
                self._speak(call, talk, media, slow, until, cut)
            finally:
                talk.part(call)

    def _pick_up(self, call: Call, talk: "_Line", until: float, cut: threading.Event) -> None:
        while call.state in (CALLING, RINGING):
            if cut.is_set():
                raise CutOff
            if time.monotonic() >= until:
                raise Unheard(f"{self.uri} {'does not pick up' if call.state == RINGING else 'does not answer'}", True)
            if not talk.listen(min(until, time.monotonic() + _LOOK_S)):
                raise Unheard(f"nothing listens at {self.host} port {self.port}", again=True)
        if call.state != UP:
            raise Unheard(f"{self.uri} {call.why}", call.again)

    def _speak(
        self, call: Call, talk: "_Line", media: socket.socket, samples: "array[int]", until: float, cut: threading.Event
    ) -> None:
        where = call.media
        assert where is not None
        sent = packets(samples, where.payload, secrets.randbits(32), secrets.randbits(16), secrets.randbits(32))
        start = time.monotonic()
        for n, packet in enumerate(sent):
            at = start + n * PACKET_S
            while time.monotonic() < at:
                talk.listen(at)
            if cut.is_set():
                raise CutOff
            if call.state != UP:
                raise Unheard(f"{self.uri} {call.why or 'hung up'} after {n * PACKET_S:.0f} s", again=True)
            if at >= until:
                raise Unheard(f"{self.uri} had no time to hear all of it", again=False)
            try:
                media.sendto(packet, (where.host, where.port))
            except OSError as wrong:
                raise Unheard(f"its sound cannot be sent to {where.host}: {wrong}", again=True) from None
        end = time.monotonic() + _TAIL_S
        while time.monotonic() < end:
            talk.listen(end)

    def check(self) -> str:
        try:
            with self._line() as line:
                ask = Ask(self._ends(line), self.login, _token)
                talk = _Line(self.uri, line, ask)
                talk.send(ask.begin(time.monotonic()))
                until = time.monotonic() + min(self.timeout_s, CHECK_S)
                while not ask.status and time.monotonic() < until:
                    if not talk.listen(until):
                        return in_both(
                            f"{self.host} 端口 {self.port} 没有响应，请检查大喇叭的 SIP 设置",
                            f"At {self.host} port {self.port} nothing listens",
                        )
        except Unheard as wrong:
            return in_both("连不上，请检查大喇叭的电源和网络", f"It cannot be reached: {wrong}")
        if not ask.status:
            return in_both("没有回答，请检查大喇叭的电源和网络", f"It does not answer at {self.uri}")
        if ask.status in (401, 403, 407):
            return in_both(
                "用户名或密码不对，请核对 user 和 password_file", f"It refuses our name and password ({ask.status})"
            )
        # 405 and 501: it is there, and knows no OPTIONS; 486: it speaks
        if ask.status < 300 or ask.status in (405, 486, 501):
            return ""
        return in_both(f"回答 {ask.status}，请核对号码", f"Its address {self.uri} answered {ask.status}")

    def _ends(self, line: socket.socket) -> Ends:
        host, port = line.getsockname()[:2]
        return Ends(self.uri, self.user, host, port)

    @contextmanager
    def _line(self) -> Iterator[socket.socket]:
        try:
            family, _, _, _, address = socket.getaddrinfo(self.host, self.port, type=socket.SOCK_DGRAM)[0]
            line = socket.socket(family, socket.SOCK_DGRAM)
        except OSError as wrong:
            raise Unheard(f"{self.host} cannot be found: {wrong}", again=True) from None
        with line:
            try:
                line.connect(address)
            except OSError as wrong:
                raise Unheard(f"{self.host} cannot be reached: {wrong}", again=True) from None
            yield line


@contextmanager
def _media(line: socket.socket) -> Iterator[socket.socket]:
    """On our address that the speaker sees. What it says to us is not listened to."""
    with socket.socket(line.family, socket.SOCK_DGRAM) as media:
        media.bind((line.getsockname()[0], 0))
        yield media


class _Line:
    def __init__(self, uri: str, line: socket.socket, talk: _Talk) -> None:
        self._uri = uri
        self._line = line
        self._talk = talk

    def send(self, messages: list[bytes]) -> None:
        for data in messages:
            try:
                self._line.send(data)
            except ConnectionRefusedError:
                pass  # about the one before; listen() tells
            except OSError as wrong:
                raise Unheard(f"{self._uri} cannot be reached: {wrong}", again=True) from None

    def listen(self, until: float) -> bool:
        """Waits for one message, or for what is due, at most until then. False: nobody listens at the other end."""
        now = time.monotonic()
        self.send(self._talk.tick(now))
        due = self._talk.next_at
        wait = (until if due is None else min(until, due)) - now
        readable, _, _ = select.select([self._line], [], [], max(0.0, wait))
        if readable:
            try:
                data = self._line.recv(65_535)
            except ConnectionRefusedError:
                return False
            self.send(self._talk.hear(data, time.monotonic()))
        return True

    def part(self, call: Call) -> None:
        """Hangs up, or calls off, and waits a little for the other end's yes."""
        goodbye = time.monotonic() + (_NOTHING_S if call.state == CALLING else _GOODBYE_S)
        with suppress(Unheard):
            self.send(call.leave(time.monotonic()))
            while call.state != OVER and time.monotonic() < goodbye and self.listen(goodbye):
                pass


def _token() -> str:
    return secrets.token_hex(8)
