"""Takes in a new program, piece by piece, as long as nobody needs this device: an alarm or a call stops it at once.

Pieces come from the village (`piece`, asked for by `want`) or through the serial line, both to give().
"""

import asyncio
import sys

from heartlamp_protocol.device import reasons

from heartlamp.update import piece
from heartlamp.update import state as kept
from heartlamp.update.asking import want
from heartlamp.update.download import Device as Ours
from heartlamp.update.download import Download
from heartlamp.update.manifest import Refused
from heartlamp.version import VERSION
from heartlamp.wait import wait

ASK_MS = 5_000  # without an answer, doubling to
ASK_MOST_MS = 300_000
REFUSED_MOST, REFUSED_MS = 4, 3_600_000  # refusals within an hour, after which nothing offered by the line is taken
AWAKE_TRIES = 2
LOOK_MS = 1_000
QUIET_MS = 100
SETTLE_MS = 1_000  # after the start: first the links, and what they bring


class Fetch:
    def __init__(self, hal, device) -> None:
        self.hal = hal
        self.device = device
        self._download = Download(hal.root, hal.nvs(), ours(device.config.fields))
        self._offered = None  # a Piece with at 0
        self._piece = None  # the next one
        self._woken = device.to_show.ear()
        self._tries = 0
        self._asked_at = None
        self._refused = []  # when, of the last ones

    # --- what comes -----------------------------------------------------------------------------------------------

    def message(self, payload: bytes) -> None:
        """Of the topic `piece`. Raises FrameError. After some refusals the line may offer nothing for a while: whoever
        runs it could wear out the flash with bundles that nobody signed."""
        given = piece.read(payload)
        refused = self._refused
        if given.at == 0 and len(refused) == REFUSED_MOST and self.hal.clock() - refused[0] < REFUSED_MS:
            return
        self.give(given)

    def give(self, given: piece.Piece) -> None:
        """One piece, from wherever; run() takes it when nobody needs the device. What is not the next one is dropped:
        it is asked for when its time has come."""
        download = self._download
        if given.bundle == download.id:
            if given.at == download.at and given.data and self._piece is None:
                self._piece = given
            elif given.at == 0:
                self._asked_at = None  # offered anew: by a gateway that was away
            self._woken.set()
        elif given.at == 0 and self._wants(given):
            self._offered = given
            self._woken.set()

    def _wants(self, given: piece.Piece) -> bool:
        state = kept.load(self.hal.nvs())
        running = state.trial_id or state.id_of(state.good)
        return given.bundle != running and (given.again or given.bundle != state.refused_id)

    def progress(self) -> dict:
        """bundle: the one under way, "" none; at: its next byte; busy: 1 while somebody needs the device; refused,
        refused_bundle: why the last one was, and which; running: the bundle that runs, "" the image's own."""
        boot, download, state = self.hal.boot, self._download, kept.load(self.hal.nvs())
        found = {"bundle": download.id, "at": download.at, "busy": int(self.busy()), "refused": boot["refused"]}
        found.update({"refused_bundle": state.refused_id, "running": state.trial_id or state.id_of(state.good)})
        return found

    # --- what is done with it -------------------------------------------------------------------------------------

    def busy(self) -> bool:
        """Somebody needs this device, or will in a moment."""
        device = self.device
        return device.is_needed() or bool(device.showing.calls()) or self.hal.clock() - device.boot_at < SETTLE_MS

    def awake(self) -> bool:
        """A battery device waits for the next piece, not for a gateway that does not answer."""
        return self._offered is not None or (bool(self._download.id) and self._tries < AWAKE_TRIES)

    async def run(self, alive) -> None:
        hal, download = self.hal, self._download
        opened = False
        while True:
            alive()
            self._woken.clear()
            now = hal.clock()
            try:
                if self.busy() or self.hal.boot["trial"]:
                    pass
                elif not opened:
                    opened = True
                    download.open()
                    continue
                elif self._offered is not None:
                    given, self._offered = self._offered, None
                    if given.bundle != download.id:  # else offered before what an earlier start left was taken up
                        await self._steps(download.beginning(given.bundle, given.size), alive)
                        hal.boot["refused"] = hal.boot["refused_version"] = 0
                        hal.trace("update", offered=given.bundle, bytes=given.size)
                    self._took(given)
                    continue
                elif self._piece is not None:
                    given, self._piece = self._piece, None
                    self._took(given)
                    continue
                elif download.complete:
                    await self._steps(download.proving(), alive)
                    await asyncio.sleep_ms(QUIET_MS)  # an edge that is on its way is an alarm in a moment
                    if not self.busy():
                        version = download.version
                        download.to_trial()
                        hal.trace("update", trial=version)
                        hal.reset()
                    continue
                elif download.id:
                    await self._ask(now)
            except Refused as refused:
                self._refuse(refused.reason)
            except OSError as error:
                self._failed(error)
            await wait(self._woken, max(now + LOOK_MS, self.device.boot_at + SETTLE_MS), now)

    async def _steps(self, steps, alive) -> None:
        """One after another, and none while somebody needs the device."""
        for _ in steps:
            alive()
            await asyncio.sleep_ms(0)
            while self.busy():
                self._woken.clear()
                alive()
                await wait(self._woken, None, 0)

    def _took(self, given: piece.Piece) -> None:
        self._download.take(given.at, given.data)
        self._tries, self._asked_at = 0, None

    async def _ask(self, now: int) -> None:
        due = min(ASK_MOST_MS, ASK_MS << min(self._tries, 8))
        if self._asked_at is not None and now - self._asked_at < due:
            return
        self._tries = 0 if self._asked_at is None else self._tries + 1
        if await want(self.device, self._download.id, self._download.at):
            self._asked_at = now

    def _refuse(self, reason: int) -> None:
        version = self._download.version
        self.hal.trace("update", refused=reason, version=version)
        self._download.refuse(reason)
        self.hal.boot["refused"], self.hal.boot["refused_version"] = reason, version
        self._piece = None
        self._refused = (self._refused + [self.hal.clock()])[-REFUSED_MOST:]
        self.device.greet = True  # the technician waits for it
        self.device.to_read.ring()

    def _failed(self, error: OSError) -> None:
        """The flash is full, or does not write. Whatever it is, the copy that runs is whole."""
        self.hal.trace("update", failed=str(error))
        if self._download.id:
            self._refuse(reasons.NO_ROOM if error.errno == 28 else reasons.DAMAGED)


def ours(fields: dict) -> Ours:
    """By this device's settings."""
    key = fields.get("update_key")
    v = sys.implementation.version
    micropython = v[0] * 10000 + v[1] * 100 + v[2]
    try:
        modulus = int(key, 16) if key else 0
    except ValueError:
        modulus = 0
    return Ours(fields.get("board", "virtual"), fields["kind"], VERSION, micropython, modulus)
