"""Devices under supervision: what was heard of them goes in, troubles come out: here, and as notes for the county."""

import hashlib
import threading
from collections.abc import Callable, Mapping, Sequence

from heartlamp_protocol.device.names import event_id
from heartlamp_protocol.supervision import COUNTY_TROUBLE_MS
from heartlamp_protocol.troubles import OF_COUNTY, Told, write_trouble

from heartlamp_gateway.chain import Chain
from heartlamp_gateway.clock import boottime
from heartlamp_gateway.county.contact import Contact
from heartlamp_gateway.disk import alarms
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
    `box()`: the parts' health; `pause(seconds)`: waits, True when we stop."""

    def __init__(
        self,
        gateway: str,
        chain: Chain,
        presence: Presence,
        contact: Contact,
        notes: Notes,
        listening: Callable[[], int | None],
        box: Callable[[], Sequence[Health]],
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
        self._saved = ("", "")
        self._saved_at = 0

    def start(self) -> None:
        file = self._chain.ledger.file
        self._saved = file.word(TROUBLES), file.word(HEARD)
        self._state, self._over = read_state(*self._saved)
        lived = self._chain.lived()
        shift = lived - boottime()
        for trouble in self._state.open.values():
            if trouble.told:  # the county may not have it yet; where it has, it knows it by its id
                self._tell(Tell("trouble", trouble), lived, shift)
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
        other = troubles(self._box(), lived)
        if (away := self._contact.away_ms()) >= COUNTY_TROUBLE_MS:
            other.append(Trouble(OF_COUNTY, "", self._gateway, lived - away, opened=lived))
        village = self._chain.village
        self._state, tells = look(self._state, village, spoke, words, other, lived, listening, self._limits)
        with self._lock:
            self._said = {device: said for device, said in self._said.items() if device in self._state.known}
        for tell in tells:
            self._tell(tell, lived, shift)
        self._save(whole=now - self._saved_at >= SAVE_MS)

    def troubles(self) -> list[Trouble]:
        """Those that last, oldest first; of silent buttons nothing in the village learns."""
        return sorted((t for t in self._state.open.values() if not t.hidden), key=lambda t: t.since)

    def status(self) -> dict[str, str]:
        """device -> "unknown", "well", "missed" or "never heard"; without silent buttons."""
        silent = {d.id for d in self._chain.village.registry.devices if d.kind == "silent"}
        return {device: status for device, status in self._state.status.items() if device not in silent}

    def _tell(self, tell: Tell, lived: int, shift: int) -> None:
        trouble, over = tell.trouble, tell.what == "restored"
        began = self._id("trouble", trouble)
        subject = write_trouble(Told(trouble.kind, trouble.words, trouble.subject, began if over else ""))
        at = (lived if trouble.until is None else trouble.until) if over else trouble.since
        id = self._id("restored", trouble) if over else began
        if over:
            self._over[id] = at, subject
        self._notes.add(self._chain.boot, at - shift, id, tell.what, subject)
        if not trouble.hidden:
            log.warning("%s: %s", tell.what, in_words(trouble, self._chain.village)[1])

    def _id(self, what: str, trouble: Trouble) -> str:
        """Comes from what it says: told again after a restart it is the same note."""
        name = f"{self._chain.epoch} {what} {' '.join(trouble.key)} {trouble.since}"
        return event_id(self._gateway, hashlib.sha256(name.encode()).digest()[:8])

    def _save(self, whole: bool) -> None:
        self._over = {id: said for id, said in self._over.items() if self._notes.waits(id)}
        lasting, heard = write_state(self._state, self._over)
        before = self._saved
        if not whole and lasting == before[0]:
            return
        writes = [alarms.word(TROUBLES, lasting)]
        if whole:
            writes.append(alarms.word(HEARD, heard))
            self._saved_at = boottime()
        self._saved = lasting, heard if whole else before[1]
        with self._chain.lock:
            self._chain.ledger.later(writes)
