"""The lamp: shows what the device knows, whenever that changes."""

from heartlamp.part import Part as _Part
from heartlamp.rules import lamp
from heartlamp.wait import wait


class Part(_Part):
    async def run(self, alive) -> None:
        hal, device = self.hal, self.device
        woken = device.to_show.ear()
        last = None
        while True:
            alive()
            woken.clear()
            now = hal.clock()
            facts = device.showing.facts(now)
            picture = lamp.picture(facts, now)
            if picture != last:
                hal.show(picture)
                last = picture
            device.showing.shows()
            await wait(woken, lamp.next_change(facts, now), now)
