"""Devices under supervision: what was heard of them goes in, troubles come out: here, and as notes for the county."""

import hashlib
import threading
from collections.abc import Callable, Collection, Mapping, Sequence

from heartlamp_protocol.device.names import event_id
from heartlamp_protocol.supervision import COUNTY_TROUBLE_MS
from heartlamp_protocol.troubles import OF_BOX, OF_COUNTY, Told, write_trouble

from heartlamp_gateway.chain import Chain
from heartlamp_gateway.clock import boottime
from heartlamp_gateway.county.contact import Contact
from heartlamp_gateway.disk import changes as disk
from heartlamp_gateway.notes import Notes
from heartlamp_gateway.presence import Presence
from heartlamp_gateway.rules.health import Health, troubles
from heartlamp_gateway.rules.outage import Limits
from heartlamp_gateway.rules.remembered import read_state, write_state
from heartlamp_gateway.rules.supervision import State, Tell, Trouble, Word, look, merge
from heartlamp_gateway.rules.trouble_words import in_words
from heartlamp_gateway.say import log

EACH_S = 5.0
SAVE_MS = 3_600_000  # what was heard of whom; losing it costs a device one more interval before it is missed
TROUBLES, HEARD = "supervision troubles", "supervision heard"


class Devices:
    """`start()` after the chain's. `listening()`: BOOTTIME ms since which devices can reach us, None: they cannot;
    `box(told)`: as Box.lasting; `pause(seconds)`: waits, True when we stop."""

    def __init__(
        self,
        gateway: str,
        chain: Chain,
        presence: Presence,
        contact: Contact,
        notes: Notes,
        listening: Callable[[], int | None],
        box: Callable[[Collection[str]], tuple[Sequence[Health], frozenset[str]]],
        limits: Limits,
        pause: Callable[[float], bool],
        alive: Callable[[], None] = lambda: None,
    ) -> None:
        self._gateway, self._chain, self._presence, self._contact = gateway, chain, presence, contact
        self._notes, self._listening, self._box, self._limits = notes, listening, box, limits
        self._pause, self._alive = pause, alive
        self._said: dict[str, dict[str, Word]] = {}
        self._lock = threading.Lock()
        self._state = State()
        self._over: dict[
            str, tuple[int, str]
        ] = {}  # note's id -> (village clock, subject) of what the county must hear
        self._saved = ""
        self._saved_at = 0

    def start(self) -> None:
        file = self._chain.ledger.file
        lived = self._chain.lived()
        shift = lived - boottime()
        self._saved = file.word(TROUBLES)
        self._state, self._over = read_state(self._saved, file.word(HEARD), lived)
        # The county may not have it yet; where it has, it knows it by its id.
        for trouble in self._state.open.values():
            if trouble.told:
                self._note(Tell("trouble", trouble), lived, shift)
        for id, (at, subject) in self._over.items():
            self._notes.add(self._chain.boot, at - shift, id, "restored", subject)
        self._said = {device: dict(words) for device, words in self._state.words.items()}
        self._saved_at = boottime()

    def said(self, device: str, values: Mapping[str, int]) -> None:
        """What a device says of itself, in a heartbeat or reading."""
        lived = self._chain.lived()
        with self._lock:
            self._said[device] = merge(self._said.get(device, {}), values, lived)

    def run(self) -> None:
        while not self._pause(EACH_S):
            self._alive()
            self.look()
        self._save(whole=True)

    def look(self) -> None:
        """Judges once, by the clock as it is now."""
        now, lived = boottime(), self._chain.lived()
        shift = lived - now  # from BOOTTIME to the village clock
        spoke = {device: at + shift for device, at in self._presence.spoke().items()}
        with self._lock:
            words = dict(self._said)
        since = self._listening()
        listening = None if since is None else since + shift
        open_ones = [t for t in self._state.open.values() if t.kind == OF_BOX]
        lasting, seen = self._box({t.subject for t in open_ones})
        other = troubles(lasting, lived) + [t for t in open_ones if t.subject not in seen]
        if (away := self._contact.away_ms()) >= COUNTY_TROUBLE_MS:
            other.append(Trouble(OF_COUNTY, "", self._gateway, lived - away, opened=lived))
        village = self._chain.village
        self._state, tells = look(self._state, village, spoke, words, other, lived, listening, self._limits)
        with self._lock:
            self._said = {device: said for device, said in self._said.items() if device in self._state.known}
        self._over = {id: said for id, said in self._over.items() if self._notes.waits(id)}
        self._over |= {self._id(t): (t.trouble.until or lived, self._subject(t)) for t in tells if t.what == "restored"}
        self._save(whole=now - self._saved_at >= SAVE_MS)  # first: killed in between, it is told after the restart
        for tell in tells:
            self._note(tell, lived, shift)
            if not tell.trouble.hidden:
                log.warning("%s: %s", tell.what, in_words(tell.trouble, village)[1])

    def troubles(self) -> list[Trouble]:
        """Those that last, oldest first; of silent buttons nothing in the village learns."""
        return sorted((t for t in self._state.open.values() if not t.hidden), key=lambda t: t.since)

    def status(self) -> dict[str, str]:
        """device -> "unknown", "well", "missed" or "never heard"; without silent buttons."""
        silent = {d.id for d in self._chain.village.registry.devices if d.kind == "silent"}
        return {device: status for device, status in self._state.status.items() if device not in silent}

    def _note(self, tell: Tell, lived: int, shift: int) -> None:
        trouble = tell.trouble
        at = (trouble.until or lived) if tell.what == "restored" else trouble.since
        self._notes.add(self._chain.boot, at - shift, self._id(tell), tell.what, self._subject(tell))

    def _subject(self, tell: Tell) -> str:
        trouble = tell.trouble
        began = self._id(Tell("trouble", trouble)) if tell.what == "restored" else ""
        return write_trouble(Told(trouble.kind, trouble.words, trouble.subject, began))

    def _id(self, tell: Tell) -> str:
        """Comes from what it says: told again after a restart it is the same note."""
        trouble = tell.trouble
        name = f"{self._chain.epoch} {tell.what} {' '.join(trouble.key)} {trouble.since}"
        return event_id(self._gateway, hashlib.sha256(name.encode()).digest()[:8])

    def _save(self, whole: bool) -> None:
        lasting, heard = write_state(self._state, self._over)
        if not whole and lasting == self._saved:
            return
        writes = [disk.word(TROUBLES, lasting)]
        if whole:
            writes.append(disk.word(HEARD, heard))
            self._saved_at = boottime()
        self._saved = lasting
        with self._chain.lock:
            self._chain.settle(self._chain.village, writes=writes)
