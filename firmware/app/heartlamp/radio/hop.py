"""One hop: a message to a neighbour, until its own program has answered that it took it.

ESP-NOW's own acknowledgement says that a radio on this channel heard something; it only makes the wait shorter.
"""

import asyncio

from heartlamp_protocol.device.frame import FrameError
from heartlamp_protocol.device.limits import DOWN_MAX, FRAME_MAX
from heartlamp_protocol.device.mac import pair_key

from heartlamp.radio.packet import (
    AGAIN,
    ANSWER,
    CARRIER,
    DATA,
    NO_LINE,
    PING,
    REFUSED,
    RESTART,
    TAKEN,
    Answer,
    Packet,
    is_signed,
    pieces,
    read_answer,
    read_message,
    read_packet,
    tag,
    write_answer,
    write_packet,
)
from heartlamp.radio.peer import NEW, OLD, Peer

TO_ALL = b"\xff" * 6
TRIES = 8
FIRST_MS, MOST_MS = 40, 240  # between two tries; the sum of all is a second
UNHEARD_MS = 12  # where the radio itself was not acknowledged
ANSWERS_MOST = 8  # under way at once: a storm of packets costs no more
LOST_AFTER = 4  # failures in a row to an address, until it is called by its name to all again
STARTS_MOST = 4
UP_MOST, DOWN_MOST = FRAME_MAX + 64, DOWN_MAX + 64  # bytes of a message: payload, device, path


class Air:
    """All neighbours in the air. Set before start(): `from_child(peer, message) -> status` and `from_carrier(peer,
    message) -> status` take what came whole; `facts(peer) -> (hops, proven ms ago or None)` is what I answer to a
    child: whether I could carry it; `answered(peer)`: a carrier did."""

    def __init__(self, hal, radio, dev: str) -> None:
        self.radio = radio
        self.me = tag(dev)
        self.from_child = self.from_carrier = lambda peer, message: REFUSED
        self.facts = lambda peer: (NO_LINE, None)
        self.answered = lambda peer: None
        self.refused = 0  # packets that nobody we know signed
        self.failed = 0  # that we could not take, by a mistake of ours
        self._hal = hal
        self._peers = []  # in the order of the configuration
        self._waiting = {}  # (tag, from a carrier, my token, number): [event, answer]
        self._answering = 0
        self._task = None

    def start(self) -> None:
        if self._task is None:
            self.radio.start()
            self._task = asyncio.create_task(self._listen())

    def restart(self) -> None:
        """After the radio was off."""
        self._task.cancel()
        self._task = None
        self.start()

    def add(self, peer) -> None:
        peer.sending = asyncio.Lock()
        self._peers.append(peer)

    def peers(self, carrier: bool) -> list:
        return [peer for peer in self._peers if peer.carrier == carrier]

    def rssi(self) -> "int | None":
        """dBm of the carrier that was heard last."""
        heard = [peer for peer in self.peers(True) if peer.heard_at is not None]
        return max(heard, key=lambda peer: peer.heard_at).rssi if heard else None

    async def ping(self, peer, tries: int = TRIES) -> "Answer | None":
        return await self._ask(peer, PING, b"", tries)

    async def send(self, peer, message: bytes, tries: int = TRIES) -> "int | None":
        """TAKEN, FULL or REFUSED by the peer; None: no answer. What fits one packet, as an alarm does, waits for
        nothing that is on its way already."""
        cuts = pieces(message)
        if len(cuts) == 1:
            return await self._send(peer, cuts, tries)
        async with peer.sending:
            return await self._send(peer, cuts, tries)

    async def _send(self, peer, cuts: "list[bytes]", tries: int) -> "int | None":
        for _ in range(STARTS_MOST):
            status = await self._pieces(peer, cuts, tries)
            if status not in (AGAIN, RESTART):
                return status
        return None

    async def _pieces(self, peer, cuts: "list[bytes]", tries: int) -> "int | None":
        status = None
        for piece in cuts:
            answer = await self._ask(peer, DATA, piece, tries)
            status = None if answer is None else answer.status
            if status != TAKEN:
                break
        return status

    async def _ask(self, peer, kind: int, content: bytes, tries: int) -> "Answer | None":
        """Sent again and again, the same bytes, until it is answered."""
        number = peer.next_number()
        kind = kind if peer.carrier else kind | CARRIER
        data = write_packet(peer.key, Packet(kind, self.me, peer.tag, peer.theirs, peer.mine, number, content))
        key, waiting = (peer.tag, peer.carrier, peer.mine, number), [asyncio.Event(), None]
        self._waiting[key] = waiting
        wait = FIRST_MS
        try:
            for _ in range(tries):
                heard = await self.radio.send(peer.mac or TO_ALL, data)
                jitter = self._hal.random(1)[0]
                ms = wait if heard else UNHEARD_MS
                try:
                    await asyncio.wait_for_ms(waiting[0].wait(), ms + ms * jitter // 512)
                    peer.failures = 0
                    return waiting[1]
                except asyncio.TimeoutError:
                    if heard:
                        wait = min(MOST_MS, wait * 3 // 2)
                    self._missed(peer)
            return None
        finally:
            self._waiting.pop(key, None)

    def _missed(self, peer) -> None:
        peer.failures += 1
        if peer.failures >= LOST_AFTER:
            peer.mac = None

    async def _listen(self) -> None:
        while True:
            try:
                mac, data, rssi = await self.radio.receive()
            except (OSError, ValueError) as error:  # ESPNow.recv() raises ValueError where its buffer is spoilt
                self._hal.trace("radio", why=str(error))
                await asyncio.sleep_ms(200)
                continue
            self._take(mac, data, rssi)

    def _take(self, mac: bytes, data: bytes, rssi: int) -> None:
        """Whatever came: it never raises, because one packet must not silence all neighbours."""
        try:
            self._judge(mac, data, rssi)
        except Exception as error:
            self.failed += 1
            self._hal.trace("radio", why="a packet could not be taken: %s: %s" % (type(error).__name__, error))

    def _judge(self, mac: bytes, data: bytes, rssi: int) -> None:
        packet = read_packet(data)
        if packet is None or packet.receiver != self.me:
            return
        peer = None
        for known in self.peers(packet.type & CARRIER != 0):
            if known.tag == packet.sender and is_signed(known.key, data):
                peer = known
        if peer is None:
            self.refused += 1
        elif packet.type & ~CARRIER == ANSWER:
            self._answer(peer, packet, mac, rssi)
        elif self._answering < ANSWERS_MOST:
            self._asked(peer, packet, mac, rssi)

    def _answer(self, peer, packet: Packet, mac: bytes, rssi: int) -> None:
        """Only to a question that is open, of the life of mine that it was asked in."""
        waiting = self._waiting.get((peer.tag, peer.carrier, packet.theirs, packet.number))
        answer = read_answer(packet.content)
        if waiting is None or answer is None or waiting[1] is not None:
            return
        peer.answered(packet.mine, answer, self._hal.clock())
        self._met(peer, mac, rssi)
        if peer.carrier:
            self.answered(peer)
        waiting[1] = answer
        waiting[0].set()

    def _asked(self, peer, packet: Packet, mac: bytes, rssi: int) -> None:
        verdict = peer.judge(packet)
        if verdict == NEW:
            peer.theirs = packet.mine
            peer.taken = packet.number
            peer.status = REFUSED  # should the next fail: what is said again is not answered as the one before
            self._met(peer, mac, rssi)
            peer.status = self._content(peer, packet)
        self._say(peer, packet, mac, AGAIN if verdict == OLD else peer.status)

    def _content(self, peer, packet: Packet) -> int:
        if packet.type & ~CARRIER == PING:
            return TAKEN
        whole, follows = peer.join(packet.content)
        if whole is None:
            return TAKEN if follows else RESTART
        now = self._hal.clock()
        if peer.is_echo(whole, now):
            return TAKEN
        try:
            take = self.from_carrier if peer.carrier else self.from_child
            status = take(peer, read_message(whole))
        except FrameError:
            status = REFUSED
        if status == TAKEN:
            peer.took(whole, now)
        return status

    def _met(self, peer, mac: bytes, rssi: int) -> None:
        peer.mac, peer.rssi, peer.heard_at, peer.failures = mac, rssi, self._hal.clock(), 0

    def _say(self, peer, packet: Packet, mac: bytes, status: int) -> None:
        hops, proven = self.facts(peer)
        content = write_answer(Answer(status, peer.taken, hops, proven))
        kind = ANSWER if peer.carrier else ANSWER | CARRIER
        data = write_packet(peer.key, Packet(kind, self.me, peer.tag, packet.mine, peer.mine, packet.number, content))
        self._answering += 1
        asyncio.create_task(self._send_answer(mac, data))

    async def _send_answer(self, mac: bytes, data: bytes) -> None:
        try:
            await self.radio.send(mac, data)
        finally:
            self._answering -= 1


def air_of(hal, device) -> "Air | None":
    """The one air of this device, which its link and its part share; None: no radio, or nobody to speak with. Config
    `radio`: `channel`; `up`: ids of the lamps that may carry us; `down`: whom we may carry, `"<id>":"<64 hex>"` or
    `"<id>":{"key":"<64 hex>","own":1,"lamp":0}`: of our own site; a lamp, which may speak for others. Where `lamp` is
    not said, as in older files, it may: the houses behind it are heard on."""
    if device.air is not None:
        return device.air
    conf = device.config
    said = conf.fields.get("radio")
    radio = hal.radio() if isinstance(said, dict) else None
    if radio is None:
        return None
    air = device.air = Air(hal, radio, conf.dev)
    try:
        _meet(air, hal, conf, said)
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        hal.trace("radio", why="the configuration is wrong: " + str(error))  # the rest of us works without
    return air


def _meet(air: Air, hal, conf, said: dict) -> None:
    air.radio.set_channel(int(said.get("channel", 1)))
    root = bytes.fromhex(conf.fields["root"])
    for id in said.get("up", ()):
        air.add(Peer(id, tag(id), pair_key(root, conf.kv, id), True, hal.random(4), DOWN_MOST))
    down = said.get("down", {})
    for id in down:
        entry = down[id] if isinstance(down[id], dict) else {"key": down[id]}
        key, own, relays = bytes.fromhex(entry["key"]), bool(entry.get("own")), bool(entry.get("lamp", 1))
        air.add(Peer(id, tag(id), key, False, hal.random(4), UP_MOST, own, relays))
