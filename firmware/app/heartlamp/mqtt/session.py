"""One MQTT connection over one stream, from CONNECT to its end. Nothing is polled: a packet is handled when the socket
wakes us. Every failure, whoever's, ends `run` with an exception; the caller connects again."""

import asyncio

from heartlamp.mqtt import codec

KEEPALIVE_S = 20  # where we send nothing for 1.5 times this, the broker throws us out and sends our last will
PING_MS = 10_000  # nothing was sent, or nothing came, for this long: ask
ANSWER_MS = 5_000  # we asked or published, and nothing at all came for this long: the line is dead


class Session:
    """`stream`: net.py's. `clock`: a function, ms. `on_message(topic, payload)` is called for each PUBLISH, before
    its PUBACK."""

    def __init__(self, stream, clock, most: int) -> None:
        self._stream = stream
        self._clock = clock
        self._parser = codec.Parser(most)
        self._writing = asyncio.Lock()
        self._pid = 0
        self._sent_at = self._heard_at = clock()
        self._waiting_since = None
        self._opened = False
        self._reader = None
        self._why = ""

    async def publish(self, topic: str, payload: bytes, qos: int) -> None:
        await self._send(codec.publish(topic, payload, qos, self._next_pid() if qos else 0), qos > 0)

    async def leave(self) -> None:
        """DISCONNECT: the broker keeps our last will to itself."""
        await self._send(codec.DISCONNECT, False)
        self._stream.close()

    async def run(self, topics: "list[tuple[str, int]]", on_open, on_message, alive=None) -> None:
        """Reads until the connection ends. CONNECT is on its way already (it carried the handshake); `on_open(self)` is
        called once connected and subscribed, `alive()` about every second. Raises OSError, EOFError or MqttError,
        always."""
        self._reader = asyncio.current_task()
        watch = asyncio.create_task(self._watch(alive))
        try:
            await self._send(codec.subscribe(self._next_pid(), topics), True)
            while True:
                for packet in self._parser.feed(await self._stream.read()):
                    await self._take(packet, on_open, on_message)
                self._heard_at = self._clock()
                self._waiting_since = None
        except asyncio.CancelledError:
            if not self._why:
                raise
            raise OSError(self._why)
        finally:
            self._reader = None  # who ends it later has nobody to wake: our caller is at other things by then
            watch.cancel()
            self._stream.close()

    async def _take(self, packet: tuple, on_open, on_message) -> None:
        kind = packet[0]
        if kind == codec.PUBLISH:
            on_message(packet[1], packet[2])
            if packet[3]:
                await self._send(codec.puback(packet[4]), False)
        elif kind == codec.CONNACK and packet[1]:
            raise codec.MqttError("the broker refused us with code %d" % packet[1])
        elif kind == codec.SUBACK:
            if max(packet[2]) > 1:
                raise codec.MqttError("the broker refused a subscription")
            self._opened = True
            on_open(self)

    async def _send(self, data: bytes, answered: bool) -> None:
        if answered and self._waiting_since is None:
            self._waiting_since = self._clock()
        async with self._writing:
            await self._stream.write(data)
            self._sent_at = self._clock()

    def _end(self, why: str) -> None:
        self._why = why
        if self._reader is not None:
            self._reader.cancel()

    async def _watch(self, alive) -> None:
        """Notices a half-open line, and keeps a quiet one: what comes, a pulse say, does not count for the broker."""
        begun = self._clock()
        while True:
            await asyncio.sleep_ms(1000)
            if alive is not None:
                alive()
            now = self._clock()
            if not self._opened and now - begun > ANSWER_MS:
                self._end("no subscription")
            elif self._waiting_since is not None:
                if now - self._waiting_since > ANSWER_MS:
                    self._end("no answer from the broker")  # and again, should this very moment swallow it
            elif now - min(self._sent_at, self._heard_at) > PING_MS:
                asyncio.create_task(self._ping())  # it may wait behind a write that never ends; we must not

    async def _ping(self) -> None:
        try:
            await self._send(codec.PINGREQ, True)
        except OSError as error:
            self._end(str(error))

    def _next_pid(self) -> int:
        self._pid = self._pid % 65535 + 1
        return self._pid
