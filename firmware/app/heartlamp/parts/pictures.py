"""Stills on their way up, piece by piece, whenever no event waits to be heard."""

import json

from heartlamp_protocol.device.frame import FrameError
from heartlamp_protocol.device.names import owner_of
from heartlamp_protocol.device.statement import read_plain

from heartlamp.part import Part as _Part
from heartlamp.pictures import QUARTER_MS, Pictures
from heartlamp.rules import pieces
from heartlamp.wait import wait

LOST_MS = 1_000  # no path took the piece: how long until it is tried again


class Part(_Part):
    TOPICS = ("have",)

    def __init__(self, hal, device) -> None:
        super().__init__(hal, device)
        self._sendings = {}  # event id -> pieces.Sending
        self._gone = None  # somebody asked for a picture that is no more
        self._quarter_at = 0
        self._buffer = None

    def start(self) -> None:
        device = self.device
        device.pictures = Pictures(self.hal.root)
        device.pictures.load([_still(r.body) for r in device.outbox.records if r.kind == "still"])
        self._quarter_at = self.hal.clock() + QUARTER_MS
        self._buffer = bytearray(pieces.PIECE)

    def values(self) -> "list[tuple[str, int]]":
        pictures = self.device.pictures
        return [("stills_kept", len(pictures.kept)), ("stills_dropped", pictures.dropped)]

    def message(self, what: str, payload: bytes) -> None:
        said = pieces.read_have(read_plain(payload))
        if said is None:
            raise FrameError("not a have")
        id, at = said
        picture = self.device.pictures.find(id)
        if picture is None:
            self._gone = id if owner_of(id) == self.device.config.dev else self._gone
        else:
            after = pieces.have(self._sendings.get(id) or pieces.Sending(id, picture.size), at)
            if after is None:
                self._sendings.pop(id, None)
                self.device.pictures.remove(id)
                self.hal.trace("delivered", event=id)
            else:
                self._sendings[id] = after
        self.device.to_show.ring()

    async def run(self, alive) -> None:
        woken = self.device.to_show.ear()
        while True:
            alive()
            woken.clear()
            now = self.hal.clock()
            if now >= self._quarter_at:
                self._quarter_at = now + QUARTER_MS
                self.device.pictures.age()
            look_at = await self._send(now)
            if look_at is None or look_at > now:
                await wait(woken, look_at, now)

    async def _send(self, now: int) -> "int | None":
        """Sends one piece, where one is due; returns when to look again."""
        if [1 for record in self.device.outbox.records if not record.heard]:
            return None  # an event that nobody heard comes first
        if self._gone is not None:
            id, self._gone = self._gone, None
            await self.device.publish("picture", pieces.gone(id))
        kept = self.device.pictures.kept
        self._sendings = {p.id: self._sendings.get(p.id) or pieces.Sending(p.id, p.size) for p in kept}
        first = None
        for picture in kept:
            sending = self._sendings[picture.id]
            at = pieces.due_at(sending, now)
            if at <= now:
                return now if await self._send_piece(picture, sending) else now + LOST_MS
            first = at if first is None else min(first, at)
        return first

    async def _send_piece(self, picture, sending: pieces.Sending) -> bool:
        try:
            size = self.device.pictures.read(picture, sending.at, self._buffer)
        except OSError:
            size = 0
        if not size:
            self.device.pictures.dropped += 1  # the flash no longer gives it
            self.device.pictures.remove(picture.id)
            return True
        payload = pieces.header(sending.still, sending.at) + memoryview(self._buffer)[:size]
        if not await self.device.publish("picture", payload):
            self._sendings[picture.id] = pieces.again(sending)
            return False
        if self._sendings.get(picture.id) is sending:  # else a `have` was faster
            self._sendings[picture.id] = pieces.sent(sending, self.hal.clock())
        return True


def _still(body: bytes) -> "tuple[str, str]":
    fields = json.loads(body)
    return fields["id"], fields["sum"]
