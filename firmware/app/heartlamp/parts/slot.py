"""Which copy of the program this is, whether it has proven itself, and when safe mode may be left. Always runs."""

from heartlamp import boot_state
from heartlamp.part import Part as _Part
from heartlamp.wait import wait

HEALTHY_MS = 120_000  # alive so long, or a receipt: this start was a good one
SAFE_MS = 6 * 3_600_000  # so long in safe mode: try the whole program again
LOOK_MS = 5_000
AWAKE_MS = 20_000
SLOTS = ("rom", "a", "b")
TOLD = (
    ("safe_mode", "safe"),
    ("on_trial", "trial"),
    ("crashes", "crashes"),
    ("flash_reformatted", "reformatted"),
    ("slots_lost", "lost"),
    ("update_refused", "refused"),
    ("update_version", "refused_version"),
)


class Part(_Part):
    TOPICS = ("piece",)

    def __init__(self, hal, device) -> None:
        super().__init__(hal, device)
        self._begun = hal.clock()
        self._settled = False
        self._trial = None

    def start(self) -> None:
        if self.hal.boot["trial"]:
            from heartlamp.update.trial import Trial  # RAM, for once

            self._trial = Trial(self.hal, self.device)

    def message(self, what: str, payload: bytes) -> None:
        if self._trial is not None:
            self._trial.message(payload)

    def values(self) -> "list[tuple[str, int]]":
        """`slot` is 0 for rom, 1 for a, 2 for b. Of the others, what is 0 is left out."""
        begun = self.hal.boot
        found = [("slot", SLOTS.index(begun["slot"]))]
        for name, key in TOLD:
            if begun.get(key):
                found.append((name, begun[key]))
        return found

    def awake(self) -> bool:
        """A battery device on trial waits for the answer, a moment."""
        return self._trial is not None and self.hal.clock() - self._begun < AWAKE_MS

    async def run(self, alive) -> None:
        hal, device = self.hal, self.device
        woken = device.to_show.ear()
        while True:
            alive()
            woken.clear()
            now = hal.clock()
            up = now - self._begun
            if self._trial is not None:
                if await self._trial.over(up, now, _receipted(device)):
                    self._trial, self._settled = None, True
            elif hal.boot["safe"]:
                if up >= SAFE_MS and not device.is_needed():
                    boot_state.settle(hal.nvs())
                    hal.trace("safe mode", left=1)
                    hal.reset()
            elif not self._settled and (_receipted(device) or up >= HEALTHY_MS):
                boot_state.settle(hal.nvs())
                self._settled = True
            await wait(woken, now + LOOK_MS, now)


def _receipted(device) -> bool:
    """Somebody who keeps it answered what this start signed: a receipt, or the county on our own way to it."""
    if device.received_at is not None or device.heard_at is not None:
        return True
    return bool([path for path in device.paths if path.name == "wan" and path.proven_at is not None])
