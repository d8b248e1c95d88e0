"""What a lamp carries for others: up on its own line, or to the lamp that carries it, and back the way it came.

Nothing is changed on the way, and nothing is promised: who made an event keeps it until `received`. Held in RAM only.
"""

import asyncio
import json

from heartlamp_protocol.device.frame import FrameError, split_frame
from heartlamp_protocol.device.limits import FRAME_MAX, HOPS_MAX, STALE_MS
from heartlamp_protocol.device.names import CARRIED_DOWN
from heartlamp_protocol.device.statement import read_plain

from heartlamp.part import Part as _Part
from heartlamp.radio import hop
from heartlamp.radio.backlog import Backlog, Item
from heartlamp.radio.choose import ALIVE_MS
from heartlamp.radio.pack import pack, unpack
from heartlamp.radio.packet import FULL, NO_LINE, REFUSED, TAKEN, UP, Message, write_message
from heartlamp.rules.paths import is_proven
from heartlamp.wait import Bell, wait

ROUTES_MOST = 64
ROUTE_MS = 600_000  # a way back that was not used for this long is forgotten
AGAIN_MS = 150  # after what could not go on
TRIES = 5  # down
AWAKE_MS = 15_000  # who was silent for longer is asleep: it asks again when it wakes


class Part(_Part):
    def __init__(self, hal, device) -> None:
        super().__init__(hal, device)
        self._air = None
        self._backlog = Backlog()
        self._bell = Bell()
        self._busy = []  # ids of those that something is on its way to; "" up
        self._routes = {}  # device: (id of the neighbour it came by, when)
        self._carried = 0
        said = device.config.fields.get("radio")
        if isinstance(said, dict) and said.get("down"):
            self.TOPICS = tuple(["relay/+/" + what for what in CARRIED_DOWN])

    def start(self) -> None:
        self._air = hop.air_of(self.hal, self.device)
        if self._air is None:
            return
        self._air.from_child = self._take
        self._air.facts = self._facts
        for link in self.device.links:
            if link.NAME == "relay":
                link.on_carried = self._down

    def values(self) -> "list[tuple[str, int]]":
        if self._air is None:
            return []
        return [
            ("carried", self._carried),
            ("carry_dropped", self._backlog.dropped),
            ("radio_refused", self._air.refused),
            ("radio_failed", self._air.failed),
        ]

    # --- up -------------------------------------------------------------------------------------------------------

    def _line(self):
        """The link on which we carry, or None: the first whose far end answers, else the first that is up."""
        up = [link for link in self.device.links if link.up.is_set()]
        for link in up:
            if is_proven(self.device.path(link.NAME), self.hal.clock()):
                return link
        return up[0] if up else None

    def _line_for(self, child):
        """Who carries us cannot be carried by us."""
        line = self._line()
        return None if line is not None and line.NAME == "relay" and line.carrier() == child.id else line

    def _facts(self, child) -> "tuple[int, int | None]":
        line = self._line_for(child)
        if line is None:
            return NO_LINE, None
        hops = line.hops() if line.NAME == "relay" else 0
        if hops > HOPS_MAX:
            return NO_LINE, None
        proven_at = self.device.path(line.NAME).proven_at
        return hops, None if proven_at is None else self.hal.clock() - proven_at

    def _take(self, child, message: Message) -> int:
        """From a child. Raises FrameError."""
        device, now = message.device or child.id, self.hal.clock()
        if message.what not in UP or device == self.device.config.dev:
            return REFUSED
        if device != child.id and not child.relays:
            return REFUSED
        line = self._line_for(child)
        if line is None:
            return FULL
        further = 1 if line.NAME == "relay" else 0
        if self._air.me in message.path or len(message.path) + further > HOPS_MAX:
            return REFUSED
        payload = unpack(message.payload, FRAME_MAX)  # what we could not pass on we do not take
        onward = Message(message.what, device, message.path + [self._air.me], message.payload)
        if not self._backlog.add(Item(onward, "", now, child.id)):
            return FULL
        child.silent = 0
        self._learn(device, child.id, now)
        self._carried += 1
        if message.what == "event" and child.own and device == child.id:
            self._show(payload, now)
        self._bell.ring()
        return TAKEN

    def _learn(self, device: str, by: str, now: int) -> None:
        """The way back to a device. Who spoke for itself just now, and answers, is not taken over by another."""
        if by != device and self._is_here(device, now):
            return
        self._routes[device] = (by, now)
        if len(self._routes) > ROUTES_MOST:
            oldest = min(self._routes, key=lambda known: self._routes[known][1])
            del self._routes[oldest]

    def _is_here(self, device: str, now: int) -> bool:
        by, at = self._routes.get(device, ("", 0))
        answers = [child for child in self._air.peers(False) if child.id == device and not child.silent]
        return by == device and now - at <= ALIVE_MS and answers != []

    def _show(self, frame: bytes, now: int) -> None:
        """An alarm of our own house's button: the lamp says that it is on its way. Of a silent one it says nothing."""
        try:
            body = json.loads(split_frame(frame)[2])
            id, kind, what = body["id"], body["kind"], body["what"]
        except (FrameError, ValueError, KeyError, TypeError, RuntimeError):
            return
        if kind == "alarm" and what != "silent":
            self.device.showing.carried(id, now)

    # --- down -----------------------------------------------------------------------------------------------------

    def message(self, what: str, payload: bytes) -> None:
        """`relay/<device>/<receipt or lamp>`, from our line; without a radio there is nobody to give it to."""
        if self._air is None:
            return
        parts = what.split("/")
        if len(parts) == 3 and parts[2] in CARRIED_DOWN:
            self._down(parts[1], parts[2], payload)

    def pulse(self, payload: bytes) -> None:
        """The village's, just received: on to the children whom we carry. Never from memory: its age must be true."""
        if self._air is None:
            return
        now = self.hal.clock()
        for child in self._air.peers(False):
            by, at = self._routes.get(child.id, ("", 0))
            if by == child.id and now - at <= STALE_MS:
                self._backlog.add(Item(Message("pulse", "", [], pack(payload)), child.id, now))
        self._bell.ring()

    def _down(self, device: str, what: str, payload: bytes) -> int:
        now = self.hal.clock()
        by, at = self._routes.get(device, ("", 0))
        if not by or now - at > ROUTE_MS:
            by = device
        if not [child for child in self._air.peers(False) if child.id == by]:
            return REFUSED
        if what == "receipt":
            self._told(payload)
        message = Message(what, "" if device == by else device, [], pack(payload))
        if not self._backlog.add(Item(message, by, now)):
            return FULL
        self._bell.ring()
        return TAKEN

    def _told(self, payload: bytes) -> None:
        """`heard` of our own house's button: told, for the lamp too. The county's word is for the button's key; ours
        comes with the lamp's state."""
        try:
            said = read_plain(payload)
        except FrameError:
            return
        if said["kind"] == "heard":
            self.device.showing.receipted(str(said.get("event")), "heard")

    # --- onward ---------------------------------------------------------------------------------------------------

    async def run(self, alive) -> None:
        bell = self._bell.ear()
        if self._air is not None:
            self._air.start()
        while True:
            alive()
            bell.clear()
            now = self.hal.clock()
            self._backlog.expire(now)
            for peer in self._backlog.peers():
                if peer not in self._busy:
                    self._busy.append(peer)
                    asyncio.create_task(self._work(peer))
            await wait(bell, now + AGAIN_MS if self._backlog.items else None, now)

    async def _work(self, peer: str) -> None:
        """One thing after the other, so that what is more urgent overtakes."""
        try:
            item = self._backlog.next(peer, self.hal.clock())
            while item is not None:
                if await (self._send_down(peer, item.message) if peer else self._send_up(item.message)):
                    self._backlog.remove(item)
                else:
                    item.not_before = self.hal.clock() + AGAIN_MS
                item = self._backlog.next(peer, self.hal.clock())
        finally:
            self._busy.remove(peer)

    async def _send_up(self, message: Message) -> bool:
        line = self._line()
        if line is None:
            return False
        if line.NAME == "relay":
            return await line.forward(message)
        topic = "relay/%s/%s" % (message.device, message.what)
        return await line.publish(topic, unpack(message.payload), 0 if message.what == "reading" else 1)

    async def _send_down(self, peer: str, message: Message) -> bool:
        for child in self._air.peers(False):
            if child.id == peer:
                status = await self._air.send(child, write_message(message), TRIES)
                child.silent = child.silent + 1 if status is None else 0
                if status is None:
                    return child.heard_at is None or self.hal.clock() - child.heard_at > AWAKE_MS
                return status != FULL
        return True
