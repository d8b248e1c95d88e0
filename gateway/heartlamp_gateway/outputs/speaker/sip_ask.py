"""Whether a loudspeaker is there and knows us: OPTIONS, without a socket."""

from collections.abc import Callable

from heartlamp_gateway.outputs.speaker.digest import Login
from heartlamp_gateway.outputs.speaker.sip_call import GIVE_UP, T1, Again, Ends, authorization
from heartlamp_gateway.outputs.speaker.sip_words import SipError, read_message


class Ask:
    """`status`: of its answer, 0 as long as there is none."""

    def __init__(self, ends: Ends, login: Login | None, token: Callable[[], str]) -> None:
        self.status = 0
        self._ends = ends
        self._login = login
        self._token = token
        self._call_id, self._us = token() + token(), token()
        self._cseq = 0
        self._resend: Again | None = None

    @property
    def next_at(self) -> float | None:
        return None if self._resend is None else self._resend.at

    def begin(self, now: float, more: tuple[tuple[str, str], ...] = ()) -> list[bytes]:
        self._cseq += 1
        to = (("To", f"<{self._ends.uri}>"), ("Accept", "application/sdp"))
        data = self._ends.request(
            "OPTIONS", self._ends.uri, self._cseq, self._token(), self._us, self._call_id, (*to, *more)
        ).to_bytes()
        self._resend = Again(data, now + T1, T1, now + GIVE_UP)
        return [data]

    def tick(self, now: float) -> list[bytes]:
        return [] if self._resend is None else self._resend.due(now)

    def hear(self, data: bytes, now: float) -> list[bytes]:
        try:
            message = read_message(data)
        except SipError:
            return []
        if (message.first("call-id"), message.cseq) != (self._call_id, self._cseq) or message.status < 200:
            return []
        self._resend = None
        header = authorization(message, self._login, "OPTIONS", self._ends.uri, self._token)
        if message.status in (401, 407) and header is not None and self._cseq == 1:
            return self.begin(now, (header,))
        self.status = message.status
        return []
