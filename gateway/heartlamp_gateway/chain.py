"""The alarm chain in the village: what comes in is judged by the rules, made durable, and only then answered.

Every method may be called from any thread. One lock guards the village's state and the one writer connection; several
messages share one commit. Order of an alarm: up to the county from memory, commit, `heard`, lamps.
"""

import hashlib
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import replace

from heartlamp_protocol.device.names import event_id, of_topic, topic
from heartlamp_protocol.device.statement import write_heard
from heartlamp_protocol.inbound import Alarm, Answer
from heartlamp_protocol.uplink import (
    IncidentCommand,
    Item,
    Note,
    Registry,
    RegistryCommand,
    Verdict,
    cursor_text,
    read_cursor,
)

from heartlamp_gateway import clock
from heartlamp_gateway.disk import alarms
from heartlamp_gateway.disk.alarms import AlarmFile, Write
from heartlamp_gateway.disk.opening import TROUBLE
from heartlamp_gateway.outbox import Outbox
from heartlamp_gateway.presence import Presence, read_word
from heartlamp_gateway.rules import evidence, incidents, ingest, lamps
from heartlamp_gateway.rules.batch import Kept
from heartlamp_gateway.rules.model import EMPTY, NoteWanted, Village
from heartlamp_gateway.say import log

BACKLOG_MAX = 20_000  # writes that a refusing disk may leave in memory

Say = Callable[[str, bytes], bool]
"""(topic, payload) -> whether the broker has it; never blocks for long, never raises."""


class Chain:
    """`start()` before anything else."""

    def __init__(self, gateway: str, file: AlarmFile, outbox: Outbox, presence: Presence, say: Say) -> None:
        self._gateway, self._file, self._outbox, self._presence, self._say = gateway, file, outbox, presence, say
        self._lock = threading.RLock()
        self._village: Village = EMPTY
        self._n = 0
        self._epoch = self._cursor = self._county_epoch = ""
        self._clock = clock.VillageClock(0, "", 0)
        self._boot = ""
        self._later: list[Write] = []  # goes with the next commit: losing it costs a repetition, not an alarm
        self._refused: list[Write] = []  # what the disk did not take
        self._unheard: OrderedDict[str, str] = OrderedDict()  # event -> device, `heard` once the disk took it
        self._unsaved: dict[str, list[bytes]] = {}  # event -> digests that are in `_refused` only
        self.asks = 0  # so far; who asks is waiting for a pulse too
        self._allowances: dict[str, evidence.Allowance] = {}

    @property
    def epoch(self) -> str:
        return self._epoch

    @property
    def cursor(self) -> str:
        return self._cursor

    @property
    def boot(self) -> str:
        return self._boot

    @property
    def village(self) -> Village:
        return self._village

    @property
    def registry_wanted(self) -> int | None:
        """The version the county told us to fetch, None where we have it."""
        with self._lock:
            wanted = self._file.word("registry wanted")
        return int(wanted) if wanted and int(wanted) != self._village.registry.version else None

    def start(self) -> None:
        """Takes up what was left: state, cursor, and the rows that wait."""
        file = self._file
        self._epoch, self._cursor, self._county_epoch = (file.word(w) for w in ("epoch", "cursor", "county epoch"))
        self._boot = clock.boot_id()
        self._clock = alarms.read_clock(file.word("clock")).resumed(self._boot, clock.boottime())
        self._n = max(file.last_n(), int(file.word("n") or 0))
        self._village = lamps.forget_shown(lamps.relight(file.village()))
        self._outbox.refill(file.waiting, anew=True)
        log.info("epoch %s, %d rows wait for the county", self._epoch, len(self._outbox))

    def close(self) -> None:
        """Writes what may be written late, and lets nothing in any more."""
        self.flush()
        self._lock.acquire()
        self._file.close()

    # --- from the broker

    def messages(self, batch: Sequence[tuple[str, bytes]]) -> None:
        """(topic, payload) of devices. Returns when it is on the disk, or when it is known that the disk refuses."""
        with self._lock:
            before = self._village
            rows: list[tuple[Kept, bytes]] = []
            heard: list[tuple[str, str]] = []
            words: list[tuple[str, str, bytes]] = []
            for name, payload in batch:
                found = of_topic(name)
                if found is None:
                    continue
                device, what = found
                if what != "state":
                    self._presence.alive(device, clock.boottime())
                if what in ("event", "reading"):
                    self._frame(device, payload, rows, heard)
                else:
                    words.append((device, what, payload))
            wants: list[NoteWanted] = []
            asked: list[str] = []
            for device, what, payload in words:
                wants += self._word(device, what, payload, asked)
            rows += [self._note(want) for want in wants]
            durable = bool(rows)
            self._settle(before, rows, heard, durable)
            for device in asked:
                self._tell_all(device)

    def _frame(self, device: str, payload: bytes, rows: list[tuple[Kept, bytes]], heard: list[tuple[str, str]]) -> None:
        judged = ingest.judge(device, payload, self._key_version(device))
        if judged.event is None:
            rows += self._evidence(judged)
            return
        event = judged.event
        stored = self._file.history(event.id)
        if stored and self._later:
            self._commit(self._take_later())  # the county's receipt may be among it
            stored = self._file.history(event.id)
        history = [digest for digest, _ in stored] + self._unsaved.get(event.id, [])
        history += [digest for kept, digest in rows if kept.event == event.id]
        verdict = ingest.compare(judged.digest, history)
        if verdict == ingest.DUPLICATE:
            if stored:
                self._say(topic(device, "receipt"), write_heard(event.id, self._epoch))
                if stored[0][1]:
                    self._say(topic(device, "receipt"), stored[0][1].encode())
            return
        if verdict == ingest.KNOWN_CLASH:
            return
        rows.append((self._item(event.id, judged), judged.digest))
        if verdict == ingest.CLASH:
            log.warning("%s came again with other bytes: kept and sent up, no receipt", event.id)
            return
        heard.append((event.id, device))
        now = self._clock.now(clock.boottime())
        if isinstance(event, Alarm):
            site = self._village.site_of(device)
            self._village, _ = incidents.raise_alarm(self._village, event.id, site, event.what, now)
        elif isinstance(event, Answer):
            site = self._village.site_of(device)
            self._village, word = incidents.press_key(self._village, event.incident, site, event.answer)
            if word:
                subject = word if word == "unanswered" else f"{word} {device}"
                rows.append(self._note(NoteWanted(event.incident, "answer", subject, key=f"answer {event.id}")))

    def _evidence(self, judged: ingest.Judged) -> list[tuple[Kept, bytes]]:
        now = clock.boottime()
        allowance, kept = evidence.spend(self._allowances.get(judged.device, evidence.Allowance(since=now)), now)
        self._allowances[judged.device] = allowance
        reason = judged.reason or "a reading on the topic for events"
        if not kept:
            if allowance.dropped % 1000 == 1:
                log.warning("%s: %d unreadable frames not kept, too many: %s", judged.device, allowance.dropped, reason)
            return []
        log.warning("%s: unreadable frame kept as evidence: %s", judged.device, reason)
        rows = [(self._item("", judged), judged.digest)]
        if len(judged.frame) == ingest.EVIDENCE_MAX:
            rows.append(self._note(NoteWanted("", "refused", f"{judged.device}: {reason}"[:200])))
        return rows

    def _word(self, device: str, what: str, payload: bytes, asked: list[str]) -> list[NoteWanted]:
        value = read_word(what, payload, self._epoch)
        if value is None:
            log.warning("%s: %s is not one: %r", device, what, payload[:80])
            return []
        if what == "state":
            self._presence.says(device, online=value == 1, now=clock.boottime())
            return []
        if what == "ask":
            self.asks += 1
            self._village = lamps.asked(self._village, device)
            asked.append(device)
            return []
        self._village, notes = lamps.shown(self._village, device, value)
        return notes

    # --- from the county

    def verdicts(self, epoch: str, sent: dict[int, Kept], verdicts: Sequence[Verdict]) -> list[int]:
        """What the county has. Receipts go to their devices first: they are the county's word, our disk has no part in
        it. Returns the rows that are done."""
        done = [v.n for v in verdicts if v.n in sent]
        passed = set()
        for v in verdicts:
            row = sent.get(v.n)
            if row is None or not v.receipt:
                continue
            told = self._say(topic(row.device, "receipt"), v.receipt.encode())
            if told and self._presence.online(row.device):
                passed.add(v.n)
        self._outbox.done(done)
        with self._lock:
            before = self._village
            self._county_is(epoch)
            lived = self._clock.now(clock.boottime())
            for v in verdicts:
                row = sent.get(v.n)
                if row is None:
                    continue
                self._later.append(alarms.received(v.n, lived, v.receipt))
                if v.n in passed:
                    self._later.append(alarms.passed(v.n))
                if v.verdict in ("quarantined", "rejected") and row.event:
                    log.warning("the county %s %s: %s", v.verdict, row.event, v.reason)
                    self._village = incidents.refuse(self._village, row.event)
            self._settle(before, [], [], durable=self._village is not before)
        return done

    def command(self, epoch: str, seq: int, command: IncidentCommand | RegistryCommand | None) -> bool:
        """Command and cursor in one transaction. False: had it already."""
        with self._lock:
            known = read_cursor(self._cursor)
            if known is not None and known[0] == epoch and seq <= known[1]:
                return False
            before = self._village
            self._county_is(epoch)
            self._cursor = cursor_text(epoch, seq)
            writes = [alarms.word("cursor", self._cursor)]
            if isinstance(command, IncidentCommand):
                now = self._clock.now(clock.boottime())
                self._village = incidents.county_says(self._village, command, now)
            elif isinstance(command, RegistryCommand):
                writes.append(alarms.word("registry wanted", str(command.version)))
            self._settle(before, [], [], durable=True, writes=writes)
            return True

    def hello(self, epoch: str, registry: int) -> None:
        with self._lock:
            self._county_is(epoch)
            if registry != self._village.registry.version:
                self._settle(self._village, [], [], True, [alarms.word("registry wanted", str(registry))])

    def registry(self, registry: Registry) -> None:
        with self._lock:
            before = self._village
            self._village = lamps.relight(replace(before, registry=registry))
            self._settle(before, [], [], True, [alarms.word("registry wanted", str(registry.version))])
        log.info(
            "registry version %d: %d devices at %d sites", registry.version, len(registry.devices), len(registry.sites)
        )

    def _county_is(self, epoch: str) -> None:
        if epoch == self._county_epoch:
            return
        if self._county_epoch:
            log.warning(
                "the county's store is another one (%s, was %s): all that is kept is offered again",
                epoch,
                self._county_epoch,
            )
            self._commit([*self._take_later(), alarms.offer_again(), alarms.word("county epoch", epoch)])
            self._outbox.refill(self._file.waiting, anew=True)
        else:
            self._later.append(alarms.word("county epoch", epoch))
        self._county_epoch = epoch

    # --- by the clock

    def resend(self, unknown_too: bool) -> None:
        """The lamps that have not reported what they should show; `unknown_too`: also those of which we do not know
        whether they are there."""
        with self._lock:
            for device in lamps.unshown(self._village):
                there = self._presence.online(device)
                if there or (there is None and unknown_too):
                    self._tell_lamp(device)

    def flush(self) -> None:
        """Writes what may be written late, and what the disk refused before."""
        with self._lock:
            if self._later or self._refused or self._unheard:
                self._settle(self._village, [], [], durable=True)
            self._outbox.refill(self._file.waiting)

    def housekeeping(self, county: bool) -> None:
        """Once a minute: 30 days, the clock, the journal. `county`: in contact with it."""
        with self._lock:
            before = self._village
            lived = self._clock.now(clock.boottime())
            self._clock = clock.VillageClock(lived, self._boot, clock.boottime())
            self._village = incidents.expire(before, lived)
            self._later += [alarms.clock(self._clock), alarms.forget(lived), alarms.word("n", str(self._n))]
            if county:
                self._later.append(alarms.word("county contact", time.strftime("%Y-%m-%d %H:%M:%SZ", time.gmtime())))
            self._settle(before, [], [], durable=True)
            try:
                self._file.checkpoint()
            except TROUBLE as wrong:
                log.error("the journal cannot be folded into the file, it goes on growing: %s", wrong)

    def connected(self) -> None:
        """A new session with the broker: say again what may have been lost with the old one."""
        with self._lock:
            self._village = lamps.forget_shown(self._village)
            for device in self._village.lamps:
                self._tell_lamp(device)
            self._commit(self._take_later())
            unsaved = self._unsaved.keys()
            for kept in self._file.waiting(0, 1000):
                if kept.item is not None and kept.event and kept.event not in unsaved:
                    self._say(topic(kept.device, "receipt"), write_heard(kept.event, self._epoch))
            for _, device, receipt in self._file.owed():
                self._say(topic(device, "receipt"), receipt.encode())

    # --- together

    def _settle(
        self,
        before: Village,
        rows: list[tuple[Kept, bytes]],
        heard: list[tuple[str, str]],
        durable: bool,
        writes: Sequence[Write] = (),
    ) -> None:
        """Up, disk, receipts, lamps: in this order. `durable`: False may wait for the next commit."""
        lived = self._clock.now(clock.boottime())
        changes = [alarms.keep(kept, digest, lived) for kept, digest in rows]
        changes += [*writes, *alarms.difference(before, self._village)]
        self._outbox.put([kept for kept, _ in rows])  # while the disk works, the uplink already sends
        if not durable:
            self._later += changes
        elif changes or self._later or self._refused:
            kept_well = self._commit([*self._take_later(), *changes])
            for event, device in heard:
                self._unheard[event] = device
            for kept, digest in [] if kept_well else rows:
                if kept.event and kept.item is not None:
                    self._unsaved.setdefault(kept.event, []).append(digest)
            self._not_on_disk(before, kept_well)
        else:
            self._unheard.update(heard)
        if not self._refused:
            while self._unheard:
                event, device = self._unheard.popitem(last=False)
                self._say(topic(device, "receipt"), write_heard(event, self._epoch))
        for device, lamp in self._village.lamps.items():
            old = before.lamps.get(device)
            if old is None or old.ver != lamp.ver:
                self._tell_lamp(device)

    def _not_on_disk(self, before: Village, kept_well: bool) -> None:
        """Lamps say `heard` only of what the disk has."""
        if kept_well:
            wrong = frozenset(i.id for i in self._village.incidents.values() if not i.heard)
            state = self._village
            self._village = incidents.mark_heard(state, wrong, 1)
            self._later += alarms.difference(state, self._village)
            return
        new = frozenset(self._village.incidents.keys() - before.incidents.keys())
        state = self._village
        self._village = incidents.mark_heard(state, new, 0)
        self._refused += alarms.difference(state, self._village)

    def _commit(self, writes: list[Write]) -> bool:
        """True: on the disk, with all it refused before. False: none of it is; lamps and the county are told all the
        same, and it is tried again with the next."""
        if not writes and not self._refused:
            return True
        try:
            self._file.commit([*self._refused, *writes])
        except TROUBLE as wrong:
            if not self._refused:
                log.error(
                    "the disk does not take it (%s): no `heard` is given, lamps and the county are told from memory; "
                    "free the disk or replace it",
                    wrong,
                )
            self._refused += writes
            if len(self._refused) > BACKLOG_MAX:
                del self._refused[: len(self._refused) - BACKLOG_MAX]
            return False
        if self._refused:
            log.warning("the disk takes it again: %d rows that waited are kept now", len(self._refused))
        self._refused.clear()
        self._unsaved.clear()
        return True

    def _take_later(self) -> list[Write]:
        later, self._later = self._later, []
        return later

    def _tell_lamp(self, device: str) -> None:
        lamp = self._village.lamps.get(device)
        if lamp is not None:
            self._say(topic(device, "lamp"), lamps.payload(lamp, self._epoch))

    def _tell_all(self, device: str) -> None:
        """To a device that asks: its state, and the receipts that it is owed."""
        self._tell_lamp(device)
        self._commit(self._take_later())
        for n, _, receipt in self._file.owed(device):
            if self._say(topic(device, "receipt"), receipt.encode()):
                self._later.append(alarms.passed(n))

    def _key_version(self, device: str) -> int | None:
        found = self._village.device(device)
        versions = [int(u.rpartition(".")[2]) for u in found.users] if found else []
        return max(versions, default=None)

    def _item(self, event: str, judged: ingest.Judged) -> Kept:
        self._n += 1
        item = Item(self._n, 0, judged.user, judged.frame)
        return Kept(self._n, self._boot, clock.boottime(), event, judged.device, item=item)

    def _note(self, want: NoteWanted) -> tuple[Kept, bytes]:
        self._n += 1
        name = want.key or f"{self._boot} {self._n} {clock.boottime()}"
        digest = hashlib.sha256(f"{self._epoch} {name}".encode()).digest()
        id = event_id(self._gateway, digest[:8])
        note = Note(self._n, 0, id, want.incident, want.what, want.subject)
        return Kept(self._n, self._boot, clock.boottime(), id, note=note), digest
