"""What happens by the clock: the pulse, the second try at a lamp, the late writes."""

from collections.abc import Callable

from heartlamp_protocol.device.limits import PULSE_MS
from heartlamp_protocol.device.names import PULSE
from heartlamp_protocol.said_to_device import write_pulse

from heartlamp_gateway.chain import Chain
from heartlamp_gateway.clock import boottime
from heartlamp_gateway.county.contact import Contact
from heartlamp_gateway.from_devices import FromDevices
from heartlamp_gateway.presence import Presence
from heartlamp_gateway.rules.pulse import answerable
from heartlamp_gateway.upkeep import Upkeep

TICK_S = 0.25
RESEND_MS = 2_000
HOUSE_MS = 60_000


class Ticker:
    """`say(topic, payload, qos)`; `pause(seconds)`: waits, True when we stop."""

    def __init__(
        self,
        chain: Chain,
        devices: FromDevices,
        upkeep: Upkeep,
        presence: Presence,
        contact: Contact,
        say: Callable[[str, bytes, int], bool],
        pause: Callable[[float], bool],
        alive: Callable[[], None] = lambda: None,
    ) -> None:
        self._alive = alive
        self._chain, self._devices, self._upkeep = chain, devices, upkeep
        self._presence, self._contact, self._say, self._pause = presence, contact, say, pause

    def run(self) -> None:
        said: tuple[int, int] | None = None
        pulse_at = resend_at = house_at = boottime()
        unknown_turn = asked = 0
        while not self._pause(TICK_S):
            now = boottime()
            self._alive()
            self._upkeep.flush()
            self._chain.advance()
            claim, asks = self._claim(), self._devices.asks
            if claim != said or asks != asked or now >= pulse_at:
                asked = asks
                pulse_at = now + PULSE_MS
                said = claim if self._say(PULSE, write_pulse(self._chain.epoch, *claim), 0) else None
            if now >= resend_at:
                resend_at = now + RESEND_MS
                unknown_turn = (unknown_turn + 1) % 5
                self._upkeep.resend(unknown_too=unknown_turn == 0)
            if now >= house_at:
                house_at = now + HOUSE_MS
                self._upkeep.housekeeping(bool(self._contact))

    def _claim(self) -> tuple[int, int]:
        county = bool(self._contact)
        return int(county), int(answerable(self._chain.village, county, self._presence.all()))
