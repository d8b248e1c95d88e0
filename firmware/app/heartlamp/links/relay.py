"""`relay`: by radio to a lamp that has a line, or knows one that has. Which lamps may carry us is configuration; which
of them can is known by asking, because only their own signed answer says that their program has heard us."""

import asyncio

from heartlamp_protocol.device.kinds import LAMPS
from heartlamp_protocol.device.limits import HOPS_MAX

from heartlamp.radio import choose, hop
from heartlamp.radio.pack import pack, unpack
from heartlamp.radio.packet import DOWN, NO_LINE, REFUSED, TAKEN, UP, Message, write_message
from heartlamp.tasks import hello
from heartlamp.wait import Bell, wait

HERE_TRIES, AWAY_TRIES = 6, 3  # of a question where somebody was before; on a channel where perhaps nobody is
TURNS, TRIES_FIRST = 3, 3  # of a message: 3 tries are some 200 ms, then it is the next lamp's turn
OTHERS_MS = 20_000  # those who do not carry us now are asked this often
AWAY_EVERY = 4  # searches, of which one goes on to other channels though somebody answered here
AGAIN_MS, AGAIN_MOST_MS = 500, 20_000  # between two searches
SOON_MS = 1_000  # between two where an event is in hand, or somebody answers whose line may come back any moment


class Link:
    """`up` is set while a lamp that has a line answers. `hops`: of that lamp, from lamp to lamp, to its line."""

    NAME = "relay"

    def __init__(self, hal, device) -> None:
        self._hal = hal
        self._device = device
        self._air = None
        self._carriers = []  # in the order of the configuration
        self._current = None  # the one that carries us
        self._channel = 0  # where somebody last answered
        self._most_hops = HOPS_MAX - 1 if device.config.kind in LAMPS else HOPS_MAX
        self._failed = Bell()
        self._left = False  # the radio is off, because we were about to sleep
        self.up = asyncio.Event()
        device.leaving.append(self._leave)
        self.on_carried = None  # parts/carry.py: (device, what, payload) for another device -> status

    async def publish(self, what: str, payload: bytes, qos: int) -> bool:
        """True once the program of a lamp that has a line took it. Pictures and updates are too long for the air."""
        if what not in UP:
            return False
        return await self.forward(Message(what, "", [], pack(payload)))

    async def forward(self, message: Message) -> bool:
        """As publish, for a message of whomever. Who does not answer soon is left for the next one, and tried again."""
        for turn in range(TURNS):
            if turn == 1:  # somebody who had no line may have one by now
                await self._ask([peer for peer in self._carriers if peer is not self._current], AWAY_TRIES)
            if self._choose() is None:
                break
            for peer in self._order():
                status = await self._air.send(peer, write_message(message), TRIES_FIRST + turn)
                if status == TAKEN:
                    peer.silent = 0
                    return True
                self._hal.trace("not taken", by=peer.id, message=message.what, status=-1 if status is None else status)
                peer.silent += 1
                if status is not None or peer.silent > 1:
                    peer.shunned_until = self._hal.clock() + choose.SHUN_MS
                if status is None and turn == TURNS - 1:
                    peer.answered_at = None
        self._failed.ring()
        return False

    def carrier(self) -> str:
        """The id of the lamp that carries us, "" nobody."""
        return self._current.id if self._current is not None else ""

    def hops(self) -> int:
        """Of ours to a line. NO_LINE as soon as who carries us has said so, before somebody else is chosen."""
        return min(NO_LINE, self._current.hops + 1) if self._current is not None else NO_LINE

    async def run(self, alive) -> None:
        hal, device = self._hal, self._device
        self._air = hop.air_of(hal, device)
        if self._air is not None:
            self._air.from_carrier = self._take
            self._air.answered = self._answered
            self._air.start()
            self._carriers = self._air.peers(True)
            self._recall()
        urgent, failed = device.urgent.ear(), self._failed.ear()
        misses = 0
        while True:
            alive()
            urgent.clear()
            failed.clear()
            if not self._carriers:
                await wait(urgent, None, hal.clock())
                continue
            if self._left:  # the board could not sleep
                self._left = False
                self._air.restart()
            if self._is_carried():
                await self._probe()
            else:
                await self._find(alive, misses % AWAY_EVERY == AWAY_EVERY - 1)
            now = hal.clock()
            chosen = self._choose()
            misses = 0 if self._is_carried() else misses + 1
            if chosen is not None:
                self._rise()
                await wait(failed, now + choose.PROBE_MS - hal.random(1)[0] * 8, now)
                if failed.is_set():
                    await asyncio.sleep_ms(100)  # who is full needs a moment
            else:
                self._fall(now)
                pause = min(self._patience(now), AGAIN_MS << min(misses - 1, 6))
                await wait(urgent, now + pause + hal.random(1)[0] * 2, now)

    async def _leave(self) -> None:
        """Before a sleep: where somebody answered last, so that the next press finds it at once."""
        if self._air is None:
            return
        macs = [(peer.id, peer.mac.hex()) for peer in self._carriers if peer.mac is not None]
        self._hal.kept["relay"] = [self._air.radio.channel, dict(macs)]
        self._air.radio.stop()
        self._left = True

    def _recall(self) -> None:
        """It is only where we look first: whatever is kept, who answers is who counts."""
        try:
            channel, macs = self._hal.kept["relay"]
            self._air.radio.set_channel(channel)
            self._channel = channel
            for peer in self._carriers:
                if peer.id in macs:
                    peer.mac = bytes.fromhex(macs[peer.id])
        except (KeyError, ValueError, TypeError):
            pass

    # --- who carries us -------------------------------------------------------------------------------------------

    async def _find(self, alive, anywhere: bool) -> None:
        """Asks all, on one channel after the other, until one can. Where somebody answers that it has no line, or took
        nothing of late, that may change: elsewhere is looked only where `anywhere` says so."""
        radio, since = self._air.radio, self._hal.clock()
        last = self._channel or radio.channel
        for channel in choose.channels(last, radio.channel):
            alive()
            if channel != radio.channel and (self._is_bound() or not radio.set_channel(channel)):
                continue
            await self._ask(self._carriers, HERE_TRIES if channel == last else AWAY_TRIES)
            heard = [1 for peer in self._carriers if peer.answered_at is not None and peer.answered_at >= since]
            if heard:
                self._channel = channel
            self._choose()
            if self._is_carried() or (heard and not anywhere):
                return
        if self._channel and not self._is_bound():
            radio.set_channel(self._channel)

    def _patience(self, now: int) -> int:
        heard = [1 for peer in self._carriers if choose.answers(peer, now)]
        return SOON_MS if heard or self._device.holds_event() else AGAIN_MOST_MS

    def _is_bound(self) -> bool:
        """While we have an access point its channel is ours."""
        return [path for path in self._device.paths if path.name == "lan" and path.down_since is None] != []

    async def _probe(self) -> None:
        now, due = self._hal.clock(), []
        for peer in self._carriers:
            every = choose.PROBE_MS // 2 if peer is self._current else OTHERS_MS
            if peer.asked_at is None or now - peer.asked_at >= every:
                due.append(peer)
        await self._ask(due, hop.TRIES)

    async def _ask(self, peers: list, tries: int) -> None:
        """All at once; each answer counts when it comes."""
        if peers:
            await asyncio.gather(*[self._ask_one(peer, tries) for peer in peers])

    async def _ask_one(self, peer, tries: int) -> None:
        peer.asked_at = self._hal.clock()
        answer = await self._air.ping(peer, tries)
        if answer is None and peer is self._current:
            answer = await self._air.ping(peer, tries)
        if answer is None:
            peer.answered_at = None

    def _answered(self, peer) -> None:
        """Any answer of a carrier says how it stands."""
        known = self._device.path(self.NAME).proven_at
        if peer is self._current and peer.proven_at is not None and (known is None or peer.proven_at > known):
            self._device.proven(self.NAME, peer.proven_at)

    def _choose(self):
        """The lamp that carries us from now on, or None."""
        ranked = self._order()
        peer = ranked[0] if ranked else None
        if peer is not self._current:
            self._current = peer
            self._hal.trace("carrier", by=self.carrier(), hops=peer.hops if peer is not None else -1)
            if peer is not None:
                self._answered(peer)
                asyncio.create_task(hello(self._device, self))
        return peer

    def _is_carried(self) -> bool:
        """Not by who answers and takes nothing: a stolen lamp would hold us on its channel for ever."""
        return self._current is not None and self._current.shunned_until <= self._hal.clock()

    def _order(self) -> list:
        return choose.order(self._carriers, self._current, self._most_hops, self._hal.clock())

    def _rise(self) -> None:
        if self._device.path(self.NAME).down_since is not None:
            self._hal.trace("relay", up=1, by=self.carrier())
            self._device.path_up(self.NAME)
        self.up.set()

    def _fall(self, now: int) -> None:
        if self.up.is_set() or self._device.path(self.NAME).down_since is None:
            self._hal.trace("relay", up=0)
        self.up.clear()
        self._device.path_down(self.NAME, now)

    # --- what comes down ------------------------------------------------------------------------------------------

    def _take(self, peer, message: Message) -> int:
        """From a carrier. Raises FrameError."""
        if message.what not in DOWN:
            return REFUSED
        payload = unpack(message.payload)
        if message.device and message.device != self._device.config.dev:
            return REFUSED if self.on_carried is None else self.on_carried(message.device, message.what, payload)
        if message.what == "pulse" and not choose.answers(peer, self._hal.clock()):
            return REFUSED  # without an answer to a question of our own somebody may have held it back in the air
        self._device.message(self.NAME, message.what, payload)
        return TAKEN
