"""A new program in its first starts: it must earn a receipt, or the one before comes back."""

from heartlamp.rules import boot
from heartlamp.update import piece, slots
from heartlamp.update import state as kept
from heartlamp.update.asking import want

ASK_MS = 30_000


class Trial:
    def __init__(self, hal, device) -> None:
        self._hal = hal
        self._device = device
        head = slots.head(hal.root + "/" + hal.boot["slot"])
        self._bundle = (head.id, head.total)
        self._answered = False
        self._asked_at = None

    def message(self, payload: bytes) -> None:
        """The village's answer to what only this program, with this device's login, could have asked. Raises
        FrameError."""
        said = piece.read(payload)
        if self._asked_at is not None and (said.bundle, said.at) == self._bundle and said.size == said.at:
            self._answered = True
            self._device.to_show.ring()

    async def over(self, up: int, now: int, receipted: bool) -> bool:
        """True once it has earned its receipt. Where it has had its time, the device starts again."""
        hal, device = self._hal, self._device
        if receipted or self._answered:
            self._save(boot.confirmed)
            hal.boot["trial"] = 0
            hal.trace("update", confirmed=hal.boot["version"])
            device.greet = True
            device.to_read.ring()
            return True
        since = device.unheard_since()
        if boot.must_go_back(None if since is None else now - since):
            self._save(boot.given_up)
            hal.trace("update", unheard=hal.boot["version"])
            hal.reset()
        if boot.trial_over(up):
            hal.trace("update", unproven=hal.boot["version"])
            hal.reset()
        if (self._asked_at is None or now - self._asked_at >= ASK_MS) and await want(device, *self._bundle):
            self._asked_at = now
        return False

    def _save(self, change) -> None:
        kept.save(self._hal.nvs(), change(kept.load(self._hal.nvs())))
