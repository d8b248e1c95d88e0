"""The shutter: a still at an alarm of this house, as rules/still.py allows, onto the flash, and an event with its hash.

Consent and the lens cover are read again at each step. Nothing that comes over the network asks for a picture: this
part has no topic.
"""

import asyncio
import hashlib

from heartlamp_protocol.device.limits import STALE_MS, STILL_MAX

from heartlamp.part import Part as _Part
from heartlamp.rules import still
from heartlamp.wait import wait

COVER = "shutter"  # 1: the cover is open and the lens may see; a cut wire is a closed one
CHUNK = 2048
FOUND_MS = 5_000  # after a silence of the village, calls that we learn within this time may be old


class Part(_Part):
    PINS = (COVER,)

    def __init__(self, hal, device) -> None:
        super().__init__(hal, device)
        self._camera = None
        self._still = still.Still()
        self._press = None
        self._first = {}  # own call -> when the lamp first showed it
        self._proven_at = None
        self._found_until = 0
        self._taken = 0
        self._refused = 0
        self._failed = 0

    def start(self) -> None:
        self._camera = self.hal.camera()

    def edge(self, pin: str, level: int, at: int, stamp: object) -> None:
        self.device.to_show.ring()  # run() looks at once: a cover that closes puts the light out

    def values(self) -> "list[tuple[str, int]]":
        facts = self._facts()
        return [
            ("camera", facts.fitted),
            ("consent", facts.consent),
            ("shutter_closed", facts.shutter),
            ("stills", self._taken),
            ("stills_refused", self._refused),
            ("stills_failed", self._failed),
        ]

    def self_test(self) -> "tuple[int, str]":
        """Takes no picture."""
        facts = self._facts()
        found = "a camera answers" if facts.fitted else "no camera"
        found += ", cover closed" if facts.shutter else ", cover open"
        return facts.fitted, found + (", with consent" if facts.consent else ", without consent")

    async def run(self, alive) -> None:
        woken = self.device.to_show.ear()
        while True:
            alive()
            woken.clear()
            now = self.hal.clock()
            facts = self._facts()
            if not facts.consent:
                self._forget()
            self._look_for_reasons(now)
            self._still, effects, look_at = still.step(self._still, facts, now)
            for effect, text in effects:
                if effect == "light":
                    self._light(text == "on")
                elif effect == "refused":
                    self._refused += 1
                    self.hal.trace("no still", why=text)
                else:
                    await self._expose(text, alive)
                    self._still = still.exposed(self._still, self.hal.clock())
                    look_at = self.hal.clock() + still.AFTER_MS
            await wait(woken, look_at, now)

    def _facts(self) -> still.Facts:
        hal, config = self.hal, self.device.config
        covered = hal.has(COVER) and hal.level(COVER) != 1
        return still.Facts(
            int(config.consent),
            int(covered),
            int(bool(getattr(hal, "boot", {}).get("safe"))),
            int(self._camera is not None),
        )

    def _look_for_reasons(self, now: int) -> None:
        showing = self.device.showing
        words = [path.proven_at for path in self.device.paths if path.proven_at is not None]
        if words:
            if self._proven_at is None or max(words) - self._proven_at > STALE_MS:
                self._found_until = now + FOUND_MS
            self._proven_at = max(words)
        press = showing.press
        if press is not None and press.id != self._press:
            self._press = press.id
            self._still = still.alarmed(self._still, press.id, "", now)
        followed = now >= self._found_until
        calls = [(c.incident, c.role, c.what, c.answer, c.received) for c in showing.calls()]
        self._first, calls = still.vouched(self._first, calls, followed, now)
        self._still = still.called(self._still, calls, followed, now)

    def _light(self, on: bool) -> None:
        if self._camera is not None:
            self._camera.light(on)

    async def _expose(self, incident: str, alive) -> None:
        try:
            await self._take(incident, alive)
        except OSError as error:
            self._failed += 1
            self.device.pictures.discard()
            self.hal.trace("no still", why=str(error))
        finally:
            self._camera.drop()

    async def _take(self, incident: str, alive) -> None:
        at, pictures = self.hal.clock(), self.device.pictures
        size = await self._camera.take()
        if not 0 < size <= STILL_MAX:
            raise OSError("a picture of %d bytes, at most %d are sent" % (size, STILL_MAX))
        if not pictures.make_room(size):
            raise OSError("no room on the flash for %d bytes" % size)
        sum, written = hashlib.sha256(), 0
        with pictures.new() as file:
            while written < size:
                part = self._camera.part(written, CHUNK)
                if not part:
                    raise OSError("the picture ended early")
                sum.update(part)
                file.write(part)
                written += len(part)
                alive()
                await asyncio.sleep_ms(0)  # an alarm comes first
        if not self._facts().consent:
            raise OSError("consent was withdrawn")
        sum = sum.digest().hex()
        pictures.whole(sum)
        id = self.device.still(incident, sum, size, at)
        if id is None:
            raise OSError("the outbox is full")
        pictures.adopt(sum, id, size)
        self._taken += 1
        self.hal.trace("still", event=id, incident=incident, bytes=size)
        self.device.to_show.ring()

    def _forget(self) -> None:
        """Without consent no picture stays, sent or not."""
        count = self.device.pictures.clear() if self.device.pictures.kept else 0
        if count:
            self.hal.trace("pictures deleted", count=count)
