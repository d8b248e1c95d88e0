"""`lan`: MQTT to the village's broker. Keeps one session, and says why it ended."""

import asyncio

from heartlamp_protocol.device.event import write_state
from heartlamp_protocol.device.kinds import LAMPS
from heartlamp_protocol.device.limits import DOWN_MAX
from heartlamp_protocol.device.names import PULSE, topic

from heartlamp import net
from heartlamp.mqtt import codec
from heartlamp.mqtt.session import KEEPALIVE_S, Session
from heartlamp.rules.reconnect import delay_ms
from heartlamp.tasks import hello
from heartlamp.wait import wait

CONNECT_S = 8
LEAVE_MS = 1_000
RADIO_FIRST_MS = 1_000  # joining Wi-Fi takes the radio off the channel where a waking button would be heard at once
PACKET_MAX = DOWN_MAX + 64  # payload, topic and header
LOST = (
    OSError,
    EOFError,
    codec.MqttError,
    asyncio.TimeoutError,
)  # all else is a fault of ours


class Link:
    """`up` is set while there is a session."""

    NAME = "lan"

    def __init__(self, hal, device) -> None:
        self._hal = hal
        self._device = device
        self.session = None
        self.up = asyncio.Event()
        self._urgent = device.urgent.ear()
        self._prefix = topic(device.config.dev, "")
        device.leaving.append(self._leave)

    async def publish(self, what: str, payload: bytes, qos: int) -> bool:
        """To our own topic `what`. False where the session is gone; run() says why it went."""
        if self.session is None:
            return False
        try:
            await self.session.publish(topic(self._device.config.dev, what), payload, qos)
            return True
        except OSError:
            return False

    async def run(self, alive) -> None:
        """For ever. Between two sessions it waits as rules/reconnect.py says, or until there is something urgent."""
        hal, device = self._hal, self._device
        attempt = 0
        if device.config.links[0] == "relay":
            await asyncio.sleep_ms(RADIO_FIRST_MS)
        while True:
            try:
                await self._once(alive)
            except LOST as error:
                if self.session is not None:
                    attempt = 0
                hal.trace("link", up=0, why=str(error) or type(error).__name__, attempt=attempt)
            self.session = None
            self.up.clear()
            device.path_down(self.NAME, hal.clock())
            random = hal.random(2)
            until = hal.clock() + delay_ms(attempt, device.holds_event(), random[0] << 8 | random[1])
            attempt += 1
            self._urgent.clear()
            while hal.clock() < until and not self._urgent.is_set():
                alive()
                await wait(self._urgent, until, hal.clock())

    async def _once(self, alive) -> None:
        conf = self._device.config
        will = write_state(0)
        hello = codec.connect(conf.user, conf.password, KEEPALIVE_S, topic(conf.dev, "state"), will)
        alive()
        await self._hal.link()
        alive()
        stream = await asyncio.wait_for(
            net.open_tls(conf.host, conf.port, conf.server_name, conf.ca, hello, self._dates), CONNECT_S
        )
        topics = [(topic(conf.dev, "receipt"), 1), (PULSE, 0)]
        if conf.kind in LAMPS:
            topics.append((topic(conf.dev, "lamp"), 1))
        for part in self._device.parts:
            topics += [(topic(conf.dev, what), 1) for what in part.TOPICS]
        session = Session(stream, self._hal.clock, PACKET_MAX)
        await session.run(topics, self._opened, self._took, alive)

    def _took(self, name: str, payload: bytes) -> None:
        what = "pulse" if name == PULSE else name[len(self._prefix) :]
        self._device.message(self.NAME, what, payload)

    async def _leave(self) -> None:
        """Says good-bye, so that a device that sleeps is not taken for one that was torn off."""
        if self.session is not None:
            try:
                await asyncio.wait_for_ms(self.session.leave(), LEAVE_MS)
            except LOST:
                pass

    def _opened(self, session: Session) -> None:
        self.session = session
        self._device.path_up(self.NAME)
        self._hal.trace("link", up=1)
        self.up.set()
        asyncio.create_task(hello(self._device, self))

    def _dates(self, wrong: str) -> None:
        """Expired, or not valid yet by our clock: told, not enforced."""
        self._device.dates_wrong = int(bool(wrong))
        if wrong:
            self._hal.trace("certificate", dates=wrong)
