"""The piezo and the voice: say what the lamp shows, in step with its light. A key never waits for either."""

import asyncio

from heartlamp.part import Part as _Part
from heartlamp.rules import lamp, saying, tones
from heartlamp.wait import wait


class Part(_Part):
    def __init__(self, hal, device) -> None:
        super().__init__(hal, device)
        self._voice = None
        self._speaking = None

    def start(self) -> None:
        if self.hal.has("i2s_data"):  # only a speaker's board loads the words
            from heartlamp.rules import voice

            self._voice = voice

    async def run(self, alive) -> None:
        hal, showing = self.hal, self.device.showing
        woken = self.device.to_show.ear()
        now = None
        while True:
            alive()
            woken.clear()
            at = hal.clock()
            facts = showing.facts(at)
            picture = lamp.picture(facts, at)
            words = self._voice.words(picture) if self._voice else []
            new = saying.turn(now, picture, words, showing.press, at)
            if saying.cuts(now, new):
                await self._hush()
            now = new
            due = now.due()
            if due is not None and due <= at and not self._speaks():
                now.said += 1
                self._speaking = asyncio.create_task(self._say(now, woken))
                due = now.due()
            changes = lamp.next_change(facts, at)
            times = [t for t in (due, changes) if t is not None and t > at]
            await wait(woken, min(times) if times else None, at)

    async def _say(self, said, woken) -> None:
        """One saying: its tune, then its words."""
        hal, clips = self.hal, []
        if said.words:
            langs = self._voice.languages(self.device.config.fields.get("lang", ""))
            clips = self._voice.files(said.words, langs, hal.recorded)
        await hal.tone(tones.NOTES[said.meaning], (tones.BEFORE if clips else tones.ALONE)[said.meaning])
        if clips:
            await hal.play(clips)
        woken.set()  # what waits for the end of this

    def _speaks(self) -> bool:
        return self._speaking is not None and not self._speaking.done()

    async def _hush(self) -> None:
        speaking, self._speaking = self._speaking, None
        if speaking is not None and not speaking.done():
            speaking.cancel()
            try:
                await speaking  # the next one begins when this one is silent
            except asyncio.CancelledError:
                pass
