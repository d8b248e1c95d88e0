"""One neighbour in the air, and what keeps old packets from being new ones. Pure: no radio, no clock.

Each side chooses a token for the other at its start; who says the other's token and a number not used before, speaks
now and not from a recording. A packet with a wrong token, because one of us started anew, has no effect: it is answered
with the right one, and said again.
"""

import hashlib

from heartlamp.radio.packet import NO_LINE, NOBODY, PIECE_MOST, Answer, Packet

ECHO_MS = 900  # the same bytes again within this: their sender missed our answer. A device offers again after 1 s
ECHOES = 8
NUMBER_MOST = 0xFFFFFFFF  # after it a new life begins

NEW, SAME, OLD = "new", "same", "old"  # old: of another life, or overtaken


class Peer:
    """id: of the device; key: of the pair; carrier: it carries me (else I carry it); mine: 4 random bytes; most: bytes
    of the longest message it may send; own: of my site; relays: it may speak for others."""

    def __init__(
        self,
        id: str,
        tag: bytes,
        key: bytes,
        carrier: bool,
        mine: bytes,
        most: int,
        own: bool = False,
        relays: bool = False,
    ) -> None:
        self.id = id
        self.tag = tag
        self.key = key
        self.carrier = carrier
        self.mine = mine
        self.most = most
        self.own = own
        self.relays = relays
        self.theirs = NOBODY
        self.sent = 0  # the number of my last packet
        self.taken = 0  # the highest number of theirs
        self.status = 0  # what the packet of that number was answered with
        self.mac: "bytes | None" = None  # of its radio
        self.heard_at: "int | None" = None  # ms, a packet that was no recording
        self.rssi = 0
        self.failures = 0  # in a row, to its own address
        self.silent = 0  # messages in a row that it did not answer
        # of a carrier:
        self.answered_at: "int | None" = None  # ms, a question of mine
        self.asked_at: "int | None" = None
        self.hops = NO_LINE  # of it to its line, as it said
        self.proven_at: "int | None" = None  # when the village was last heard of at the end of its line
        self.shunned_until = 0  # it did not take what it was given
        self.sending: object = None  # hop.py's lock: one message of several pieces at a time
        self._came = b""
        self._left = -1
        self._last: "list[tuple[bytes, int]]" = []  # digests of the messages that were taken last, and when

    def next_number(self) -> int:
        """Of the next packet, which is of the life `mine` that is there afterwards: whatever the other says that it
        has read, there is always a next one."""
        if self.sent >= NUMBER_MOST:
            self._begin_anew()
        self.sent += 1
        return self.sent

    def judge(self, packet: Packet) -> str:
        """Of a packet whose MAC is right, and which is no answer."""
        if packet.theirs != self.mine:
            return OLD
        if packet.number == self.taken:
            return SAME
        if self.taken == NUMBER_MOST:
            self._begin_anew()  # for it no packet could be new any more
            return OLD
        return NEW if packet.number > self.taken else OLD

    def answered(self, theirs: bytes, answer: Answer, now: int) -> None:
        """Their answer to a packet of mine: what they call themselves, how far they have read, how they stand."""
        self.theirs = theirs
        self.sent = max(self.sent, answer.number)
        self.answered_at = now
        self.hops = answer.hops
        self.proven_at = None if answer.proven is None else now - answer.proven

    def _begin_anew(self) -> None:
        """As after a start: nothing of before is believed."""
        self.mine = _digest(self.key + self.mine)[:4]
        self.sent = self.taken = 0

    def is_echo(self, message: bytes, now: int) -> bool:
        """Whether this message was taken just now: it goes on once, however often it had to be said."""
        known = [(h, at) for h, at in self._last if now - at < ECHO_MS]
        mark = _digest(message)
        echo = mark in [h for h, _ in known]
        if echo:
            known = [(h, at) for h, at in known if h != mark] + [(mark, now)]
        self._last = known
        return echo

    def took(self, message: bytes, now: int) -> None:
        self._last = (self._last + [(_digest(message), now)])[-ECHOES:]

    def join(self, content: bytes) -> "tuple[bytes | None, bool]":
        """(the whole message once it is there, True where this piece follows the ones before). Holds one message, of at
        most `most` bytes."""
        if len(content) < 2:
            return None, False
        left, piece = content[0] & 0x7F, content[1:]
        if content[0] == 0x80:
            return piece, True  # the first and the last: it may come between the pieces of another
        if content[0] & 0x80:
            if (left + 1) * PIECE_MOST > self.most + PIECE_MOST:
                return None, False
            self._came = piece
        elif left == self._left - 1:
            self._came += piece
        else:
            self._came, self._left = b"", -1
            return None, False
        self._left = left
        if left:
            return None, True
        whole, self._came, self._left = self._came, b"", -1
        return whole, True


def _digest(message: bytes) -> bytes:
    return hashlib.sha256(message).digest()[:8]
