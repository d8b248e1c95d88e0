"""What the gateway knows of its own parts, for whoever looks: its windows, and `status` in another process."""

import json
import re
from collections.abc import Callable, Sequence
from pathlib import Path

from heartlamp_protocol.device.names import owner_of

from heartlamp_gateway.broker.writing import write_atomically
from heartlamp_gateway.favours import Favours
from heartlamp_gateway.outputs.opening import Opened
from heartlamp_gateway.rules.health import ABSENT, FAULT, WARN
from heartlamp_gateway.rules.model import Village
from heartlamp_gateway.rules.untold import is_secret
from heartlamp_gateway.say import log
from heartlamp_gateway.supervision import county
from heartlamp_gateway.supervision.box import Box
from heartlamp_gateway.windows.view import Stock, Trouble

TOLD = "troubles.json"
LOOK_S = 15.0
CHANNELS = {
    "voice": ("电话", "telephone"),
    "sms": ("短信", "SMS"),
    "siren": ("警报器", "siren"),
    "speaker": ("大喇叭", "loudspeakers"),
}
_BOTH = re.compile("(.*?。) +([A-Z0-9].*)", re.DOTALL)  # names within the English may be Chinese


def both(text: str) -> tuple[str, str]:
    """(Chinese, English) of a text that may hold both, the Chinese first; one that does not stands for both."""
    found = _BOTH.fullmatch(text)
    return (found[1], found[2]) if found else (text, text)


class Insides:
    """`village()`: as it is now; `certificate_ends()`: seconds since 1970, None not known yet."""

    def __init__(
        self,
        box: Box,
        outputs: Opened,
        favours: Favours,
        village: Callable[[], Village],
        certificate_ends: Callable[[], float | None],
    ) -> None:
        self._box, self._outputs, self._favours, self._village = box, outputs, favours, village
        self.certificate_ends = certificate_ends

    def troubles(self) -> list[Trouble]:
        """What is wrong with the box and its outputs. Of the county view.troubles tells."""
        found = [Trouble(h.name, h.zh, h.en) for h in self._box.healths() if h.state in (WARN, FAULT)]
        found = [trouble for trouble in found if trouble.code != county.NAME]
        faults = {channel: why for channel, why in self._outputs.runner.faults().items() if why}
        for channel, why in faults.items():
            (zh, en), (zh_why, en_why) = CHANNELS.get(channel, (channel, channel)), both(why)
            found.append(Trouble(channel, f"{zh}：{zh_why}", f"{en}: {en_why}"))
        if "speaker" not in faults and (single := self._outputs.speaker_troubles()):
            words = "; ".join(f"{name}: {why}" for name, why in sorted(single.items()))
            found.append(Trouble("speakers", f"有的大喇叭不响：{words}", f"Some loudspeakers fail: {words}"))
        if card := [both(text) for text in self._outputs.warnings()]:
            found.append(Trouble("card", " ".join(zh for zh, _ in card), " ".join(en for _, en in card)))
        return found

    def parts(self) -> tuple[tuple[str, str], ...]:
        """(part of the box, "ok", "warn" or "fault"), by name."""
        healths = [h for h in self._box.healths() if h.state != ABSENT and h.name != county.NAME]
        return tuple(sorted((h.name, h.state) for h in healths))

    def stock(self) -> Stock:
        return self._favours.stock(lambda event: is_secret(self._village(), owner_of(event)))


class Told:
    """Leaves the troubles in a file for `status`, which is another process; written when they change."""

    def __init__(self, folder: Path, troubles: Callable[[], Sequence[Trouble]]) -> None:
        self._path, self._troubles = folder / TOLD, troubles

    def run(self, pause: Callable[[float], bool]) -> None:
        while True:
            fields = [{"code": t.code, "zh": t.zh, "en": t.en} for t in self._troubles()]
            try:
                write_atomically(self._path, json.dumps(fields, ensure_ascii=False))
            except (OSError, ValueError) as wrong:  # a full disk, or one that gave back nonsense: `status` sees it
                log.debug("%s cannot be written: %s", self._path, wrong)
            if pause(LOOK_S):
                return
