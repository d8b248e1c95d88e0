"""What the gateway knows of its own parts, for whoever looks: its windows, and `status` in another process."""

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from heartlamp_protocol.device.names import owner_of

from heartlamp_gateway.broker.writing import write_atomically
from heartlamp_gateway.disk.ledger import Ledger
from heartlamp_gateway.favours import Favours
from heartlamp_gateway.rules.health import ABSENT, FAULT, WARN
from heartlamp_gateway.rules.model import Village
from heartlamp_gateway.rules.untold import is_secret
from heartlamp_gateway.say import log
from heartlamp_gateway.supervision import county
from heartlamp_gateway.supervision.box import Box, Check
from heartlamp_gateway.windows.view import Stock, Trouble, without_repetition

TOLD = "troubles.json"
LOOK_S = 15.0
WRONG_S = 2.0  # while something is wrong: `status` must not say for long what is over


def disk_of(ledger: Ledger) -> str:
    """As of view.Box."""
    return "absent" if ledger.file.volatile else "refusing" if ledger.told else "ok"


class Insides:
    """`outputs`: part -> its check, asked whenever somebody looks; `basics()`: what view.troubles says; `village()`: as
    it is now; `certificate_ends()`: seconds since 1970, None not known yet."""

    def __init__(
        self,
        box: Box,
        outputs: Mapping[str, Check],
        favours: Favours,
        basics: Callable[[], Sequence[Trouble]],
        village: Callable[[], Village],
        certificate_ends: Callable[[], float | None],
    ) -> None:
        self._box, self._outputs, self._favours, self._basics = box, outputs, favours, basics
        self._village, self.certificate_ends = village, certificate_ends

    def troubles(self) -> tuple[Trouble, ...]:
        """What is wrong with the gateway, each thing once."""
        parts = [h for h in self._box.healths() if h.name != county.NAME and h.name not in self._outputs]
        parts += [check() for check in self._outputs.values()]
        found = [Trouble(h.name, h.zh, h.en) for h in parts if h.state in (WARN, FAULT)]
        return without_repetition((*self._basics(), *found))

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
            if pause(WRONG_S if fields else LOOK_S):
                return
