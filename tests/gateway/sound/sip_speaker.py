"""A SIP loudspeaker that picks up by itself and records what it hears. It reads SIP in its own way, so that it does
not make our mistakes."""

import hashlib
import re
import socket
import struct
import threading
import time
from array import array
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from tests.gateway.sound.g711 import from_a_law, from_u_law

Address = tuple[str, int]


@dataclass
class SipSpeakerServer:
    """`loses`: how many of each method's requests do not arrive; `final`: what it says to an INVITE; `codecs`: the
    payload types that it has; `hangs_up_after`: packets of sound; `repeats_ok`: its first yes is said until the ACK."""

    needs: str = ""  # "MD5" or "SHA-256"
    challenge: int = 401
    loses: dict[str, int] = field(default_factory=dict)
    silent: bool = False
    rings_only: bool = False
    final: str = "200 OK"
    options: str = "200 OK"
    codecs: tuple[int, ...] = (8, 0)
    hangs_up_after: int | None = None
    ok_again: bool = False
    requests: list[tuple[str, dict[str, str], str]] = field(default_factory=list)  # method, headers, body
    said: list[str] = field(default_factory=list)  # what came in answer to its own requests
    packets: list[tuple[float, bytes]] = field(default_factory=list)
    changed: threading.Condition = field(default_factory=threading.Condition)
    port: int = 0
    over: threading.Event = field(default_factory=threading.Event)

    @property
    def uri(self) -> str:
        return f"sip:8001@127.0.0.1:{self.port}"

    def methods(self) -> list[str]:
        return [method for method, _, _ in self.requests]

    def wait_for(self, what: Callable[[], bool]) -> None:
        with self.changed:
            assert self.changed.wait_for(what, 10), self.methods()

    def heard(self) -> "array[int]":
        """The sound that arrived, in the order of its numbers, as 8 kHz."""
        parts = []
        for _, packet in self.packets:
            flags, kind, sequence, _, _ = struct.unpack("!BBHII", packet[:12])
            assert flags == 0x80
            parts.append((sequence, kind & 0x7F, packet[12:]))
        first = parts[0][0]
        parts.sort(key=lambda p: (p[0] - first) & 0xFFFF)
        out = array("h")
        for _, kind, data in parts:
            out += from_a_law(data) if kind == 8 else from_u_law(data)
        return out

    @contextmanager
    def listening(self) -> Iterator["SipSpeakerServer"]:
        with (
            socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as line,
            socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as media,
        ):
            for one in (line, media):
                one.bind(("127.0.0.1", 0))
                one.settimeout(0.05)
            self.port = line.getsockname()[1]
            threads = [
                threading.Thread(target=self._answer, args=(line, media.getsockname()[1]), daemon=True),
                threading.Thread(target=self._record, args=(line, media), daemon=True),
            ]
            for thread in threads:
                thread.start()
            try:
                yield self
            finally:
                self.over.set()
                for thread in threads:
                    thread.join()

    def _answer(self, line: socket.socket, media_port: int) -> None:
        lost: dict[str, int] = {}
        while not self.over.is_set():
            try:
                data, who = line.recvfrom(65_535)
            except TimeoutError:
                continue
            head, _, body = data.decode().partition("\r\n\r\n")
            start, *rest = head.split("\r\n")
            headers = {k.lower(): v for k, v in (h.split(": ", 1) for h in rest)}
            if start.startswith("SIP/2.0"):
                self._note(lambda text=start: self.said.append(text))  # type: ignore[misc]
                continue
            method, uri, _ = start.split(" ")
            assert len(body.encode()) == int(headers["content-length"])
            lost[method] = lost.get(method, 0) + 1
            if self.silent or lost[method] <= self.loses.get(method, 0):
                continue
            self._note(lambda r=(method, headers, body): self.requests.append(r))  # type: ignore[misc]
            self._reply(line, who, method, uri, headers, media_port)

    def _reply(
        self, line: socket.socket, who: Address, method: str, uri: str, headers: dict[str, str], media_port: int
    ) -> None:
        def say(status: str, more: str = "", body: str = "") -> None:
            to = headers["to"] if "tag=" in headers["to"] else headers["to"] + ";tag=spk"
            text = (
                f"SIP/2.0 {status}\r\nv: {headers['via']}\r\nf: {headers['from']}\r\nt: {to}\r\ni: {headers['call-id']}"
                f"\r\nCSeq: {headers['cseq']}\r\n{more}l: {len(body)}\r\n\r\n{body}"
            )
            line.sendto(text.encode(), who)

        if method == "ACK":
            return
        if method in ("INVITE", "OPTIONS") and self.needs and not self._knows(method, uri, headers):
            name = "WWW" if self.challenge == 401 else "Proxy"
            algorithm = "" if self.needs == "MD5" else f", algorithm={self.needs}"
            asked = f'{name}-Authenticate: Digest realm="yard",nonce="n0nce",qop="auth"{algorithm}\r\n'
            say(f"{self.challenge} Who are you", asked)
        elif method == "OPTIONS":
            say(self.options)
        elif method == "CANCEL":
            say("200 OK")
            headers = next(h for m, h, _ in reversed(self.requests) if m == "INVITE")
            say("487 Request Terminated")
        elif method == "INVITE":
            self._invite_headers, self._who = headers, who
            say("100 Trying")
            if self.rings_only:
                say("180 Ringing")
            elif self.final != "200 OK":
                say(self.final)
            else:
                names = {8: "PCMA/8000", 0: "PCMU/8000", 9: "G722/8000"}
                maps = "".join(f"a=rtpmap:{c} {names[c]}\r\n" for c in self.codecs)
                listed = " ".join(map(str, self.codecs))
                sdp = (
                    "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n"
                    f"m=audio {media_port} RTP/AVP {listed}\r\n{maps}"
                )
                more = "m: <sip:speaker@127.0.0.1:9;transport=udp>\r\nContent-Type: application/sdp\r\n"
                more += "Record-Route: <sip:one;lr>, <sip:two;lr>\r\n"
                say("200 OK", more, sdp)
                if self.ok_again:
                    say("200 OK", more, sdp)
        else:
            say("200 OK")

    def _knows(self, method: str, uri: str, headers: dict[str, str]) -> bool:
        header = headers.get("authorization" if self.challenge == 401 else "proxy-authorization", "")
        f = dict(re.findall(r'(\w+)="?([^",]+)"?', header))
        hashed = {"MD5": hashlib.md5, "SHA-256": hashlib.sha256}[self.needs]

        def h(text: str) -> str:
            return hashed(text.encode()).hexdigest()

        one, two = h("village:yard:drum and gong"), h(f"{method}:{uri}")
        return f.get("response") == h(f"{one}:n0nce:{f.get('nc')}:{f.get('cnonce')}:auth:{two}")

    def _record(self, line: socket.socket, media: socket.socket) -> None:
        while not self.over.is_set():
            try:
                packet = media.recv(2_000)
            except TimeoutError:
                continue
            self._note(lambda p=packet: self.packets.append((time.monotonic(), p)))  # type: ignore[misc]
            if len(self.packets) == self.hangs_up_after:
                h = self._invite_headers
                text = (
                    f"BYE sip:heartlamp@127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:{self.port};branch=z9hG4bKx\r\n"
                    f"From: {h['to']};tag=spk\r\nTo: {h['from']}\r\nCall-ID: {h['call-id']}\r\nCSeq: 7 BYE\r\n\r\n"
                )
                line.sendto(text.encode(), self._who)

    def _note(self, what: Callable[[], None]) -> None:
        with self.changed:
            what()
            self.changed.notify_all()
