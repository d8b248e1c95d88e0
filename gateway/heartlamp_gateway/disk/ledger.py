"""Between the rules and the file: what may be written late, and what the disk refused and must take later."""

from collections.abc import Sequence

from heartlamp_gateway.disk.alarms import AlarmFile
from heartlamp_gateway.disk.changes import Write
from heartlamp_gateway.disk.opening import TROUBLE
from heartlamp_gateway.say import log

BACKLOG_MAX = 20_000  # writes that a refusing disk may leave in memory


class Ledger:
    """Under the chain's lock. `refusing`: something is in memory only; `told`: that was said, and may be seen."""

    def __init__(self, file: AlarmFile) -> None:
        self.file = file
        self.told = False
        self._later: list[Write] = []
        self._refused: list[Write] = []
        self._unsaved: dict[str, list[bytes]] = {}  # event -> digests that are in `_refused` only

    @property
    def refusing(self) -> bool:
        return bool(self._refused)

    @property
    def behind(self) -> bool:
        return bool(self._later or self._refused)

    def later(self, writes: Sequence[Write]) -> None:
        """Goes with the next commit. Losing it in a power cut costs a repetition, never an alarm."""
        self._later += writes

    def commit(self, writes: Sequence[Write] = (), tell: bool = False) -> bool:
        """True: on the disk, with all that waited. False: none of it is; it is tried again with the next. `tell`: a
        refusal is said. The first one may be of a silent alarm, and would tell of it."""
        late, self._later = self._later, []
        all_of_it = [*self._refused, *late, *writes]
        if not all_of_it:
            return True
        try:
            self.file.commit(all_of_it)
        except TROUBLE as wrong:
            if tell and not self.told:
                self.told = True
                log.error(
                    "the disk does not take it (%s): no `heard` is given, lamps and the county are told from memory; "
                    "free the disk or replace it",
                    wrong,
                )
            self._refused = all_of_it[-BACKLOG_MAX:]
            return False
        if self.told:
            log.warning("the disk takes it again: what waited is kept now")
        self._refused, self._unsaved, self.told = [], {}, False
        return True

    def unsaved(self, event: str, digest: bytes) -> None:
        """This event came, and the disk refused it."""
        self._unsaved.setdefault(event, []).append(digest)

    def is_unsaved(self, event: str) -> bool:
        return event in self._unsaved

    def history(self, event: str) -> tuple[list[bytes], dict[bytes, str]]:
        """(digests that came under this event id, oldest first; those on the disk -> the county's receipt or "")."""
        stored = self.file.history(event)
        if stored and self._later:
            self.commit()  # the county's receipt may be among what is late
            stored = self.file.history(event)
        return [digest for digest, _ in stored] + self._unsaved.get(event, []), dict(stored)
