"""A battery device sleeps whenever nothing wants it: a press, or the next heartbeat, starts it anew."""

import asyncio

from heartlamp.part import Part as _Part
from heartlamp.rules import sleep


class Part(_Part):
    PINS = ("red", "cancel", "tamper")

    def __init__(self, hal, device) -> None:
        super().__init__(hal, device)
        self._active_at = None

    def start(self) -> None:
        """What it fell asleep with is as old as it was, and as it slept: no age is lost to a nap."""
        ages, slept = self.hal.kept.pop("ages", {}), self.hal.slept_ms()
        drill = self.hal.kept.get("drill")
        if slept is not None and drill is not None:
            self.device.drill_at = self.device.boot_at - slept - drill
        if slept is not None and self.hal.kept.get("told"):
            self.device.told_at = self.device.boot_at
        for record in self.device.outbox.records:
            if slept is not None and record.id in ages:
                record.at = self.device.boot_at - slept - ages[record.id]
                record.up = record.at - self.device.boot_at

    def edge(self, pin: str, level: int, at: int, stamp: object) -> None:
        self._active_at = self.hal.clock()
        if level and pin != "tamper":
            self.hal.kept["naps"] = 0  # a fresh alarm naps as briefly as the first

    async def run(self, alive) -> None:
        hal, device = self.hal, self.device
        self._active_at = hal.clock()
        while True:
            alive()
            await asyncio.sleep_ms(250)
            if any(part.awake() for part in device.parts):
                self._active_at = hal.clock()
            active_at = max(self._active_at, device.received_at or 0, device.heard_at or 0)
            naps = hal.kept.get("naps", 0)
            held = device.holds_event()
            ms = sleep.nap_ms(hal.clock(), active_at, device.beats > 0, held, naps)
            if ms is not None and hal.can_sleep():
                hal.kept["naps"] = naps + 1 if held else 0
                now = hal.clock()
                if device.drill_at is not None:
                    hal.kept["drill"] = now - device.drill_at
                hal.kept["told"] = int(not [r for r in device.outbox.records if not r.heard])
                hal.kept["ages"] = sleep.ages([(r.id, now - r.at) for r in device.outbox.records if r.up is not None])
                hal.trace("sleep", ms=ms, held=len(device.outbox.records))
                for leave in device.leaving:
                    await leave()
                if self._active_at < now:  # else pressed while we took leave: that must not wait for the next heartbeat
                    hal.sleep(ms)
                self._active_at = hal.clock()  # it did not sleep: its links have their time again
