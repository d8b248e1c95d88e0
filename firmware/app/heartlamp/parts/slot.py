"""Which copy of the program this is, whether it has proven itself, and when safe mode may be left. Always runs."""

from heartlamp import boot_state
from heartlamp.part import Part as _Part
from heartlamp.rules import boot
from heartlamp.wait import wait

LOOK_MS = 5_000
ASK_MS = 30_000
AWAKE_MS = 20_000


class Part(_Part):
    TOPICS = ("piece",)

    def __init__(self, hal, device) -> None:
        super().__init__(hal, device)
        self._begun = hal.clock()
        self._bundle = None  # on trial: (id, size) of the bundle that runs
        self._answered = False
        self._asked_at = None

    def start(self) -> None:
        begun = self.hal.boot
        if begun["trial"]:
            from heartlamp.update import slots  # RAM, for once

            head = slots.head(self.hal.root + "/" + begun["slot"])
            self._bundle = (head.id, head.total)

    def message(self, what: str, payload: bytes) -> None:
        """The village's answer to what only this copy, with this device's login, could have asked."""
        if self._bundle is not None and self._asked_at is not None:
            from heartlamp.update import piece

            said = piece.read(payload)
            if (said.bundle, said.at) == self._bundle and said.size == said.at and not said.data:
                self._answered = True
                self.device.to_show.ring()

    def values(self) -> "list[tuple[str, int]]":
        """`slot` is 0 for rom, 1 for a, 2 for b. What is 0 is left out but for that."""
        begun, state = self.hal.boot, boot_state.load(self.hal.nvs())
        values = [
            ("safe_mode", begun["safe"]),
            ("on_trial", begun["trial"]),
            ("crashes", begun["crashes"]),
            ("flash_reformatted", state.reformatted),
            ("slots_lost", state.lost),
            ("update_refused", state.refused),
            ("update_version", state.refused_version),
        ]
        slot = (boot.ROM,) + boot.SLOTS
        return [("slot", slot.index(begun["slot"]))] + [pair for pair in values if pair[1]]

    def awake(self) -> bool:
        """A battery device on trial waits for the answer, a moment."""
        return self.hal.boot["trial"] == 1 and self.hal.clock() - self._begun < AWAKE_MS

    async def run(self, alive) -> None:
        hal, device, begun = self.hal, self.device, self.hal.boot
        woken = device.to_show.ear()
        while True:
            alive()
            woken.clear()
            now = hal.clock()
            up = now - self._begun
            receipted = _receipted(device)
            if begun["trial"]:
                if receipted or self._answered:
                    self._save(boot.confirmed)
                    begun["trial"] = 0
                    hal.trace("update", confirmed=begun["version"])
                    device.to_read.ring()
                elif boot.trial_over(up):
                    hal.trace("update", unproven=begun["version"])
                    hal.reset()
                elif boot.must_go_back(_held_for(device, now)):
                    self._save(boot.given_up)
                    hal.trace("update", unheard=begun["version"])
                    hal.reset()
                else:
                    await self._ask(now)
            elif begun["safe"]:
                if up >= boot.SAFE_MS and not device.holds_event():
                    self._save(boot.left)
                    hal.trace("safe mode", left=1)
                    hal.reset()
            elif receipted or up >= boot.HEALTHY_MS:
                self._save(boot.healthy)
            await wait(woken, now + LOOK_MS, now)

    async def _ask(self, now: int) -> None:
        if self._asked_at is None or now - self._asked_at >= ASK_MS:
            from heartlamp.update.asking import want

            if await want(self.device, *self._bundle):
                self._asked_at = now

    def _save(self, change) -> None:
        state = boot_state.load(self.hal.nvs())
        changed = change(state)
        if boot.write(changed) != boot.write(state):
            boot_state.save(self.hal.nvs(), changed)


def _receipted(device) -> bool:
    """Somebody who keeps it answered what this start signed: a receipt, or the county on our own way to it."""
    if device.received_at is not None or device.heard_at is not None:
        return True
    return bool([path for path in device.paths if path.name == "wan" and path.proven_at is not None])


def _held_for(device, now: int) -> "int | None":
    since = device.unheard_since()
    return None if since is None else now - since
