"""What devices say: judged, kept, answered (docs/protocol.md §10)."""

from collections.abc import Callable, Sequence
from dataclasses import replace

from heartlamp_protocol.device.frame import FrameError
from heartlamp_protocol.inbound import Alarm, Answer
from heartlamp_protocol.updates import read_want, write_piece

from heartlamp_gateway import clock
from heartlamp_gateway.chain import Chain, Row
from heartlamp_gateway.disk import changes as disk
from heartlamp_gateway.presence import LINGER_MS, Presence, read_word
from heartlamp_gateway.rules import evidence, incidents, ingest, lamps, relay, untold
from heartlamp_gateway.rules.model import NoteWanted
from heartlamp_gateway.say import about, log

Wants = Callable[[str, str, int], bool]


class FromDevices:
    """`wants(device, bundle, at)`: whether somebody here gives out that bundle from that byte on."""

    def __init__(self, chain: Chain, presence: Presence, wants: Wants = lambda device, bundle, at: False) -> None:
        self._chain, self._presence, self._wants = chain, presence, wants
        self._allowances: dict[str, evidence.Allowance] = {}
        self.asks = 0  # so far; who asks is waiting for a pulse too

    def messages(self, batch: Sequence[tuple[str, bytes]]) -> None:
        """(topic, payload). Returns when all is on the disk, or when it is known that the disk refuses."""
        chain = self._chain
        with chain.lock:
            before = chain.village
            rows: list[Row] = []
            heard: list[tuple[str, str]] = []
            asked: list[str] = []
            for name, payload in batch:
                word = relay.said(name)
                if word is None:
                    continue
                trusted = relay.trusted(chain.village.registry, word)
                if word.lamp:
                    self._presence.alive(word.lamp, clock.boottime())
                if trusted and word.what != "state":
                    self._alive(word)
                if word.what in ("event", "reading"):
                    self._frame(word, trusted, payload, rows, heard)
                elif word.what == "want":
                    rows += self._want(word, payload)
                elif trusted and (value := read_word(word.what, payload, chain.epoch)) is not None:
                    rows += [chain.note(want) for want in self._word(word, value, asked)]
                else:
                    rows += self._no_word(word, trusted, payload)
            chain.settle(before, rows, heard, durable=bool(rows))
            for device in asked:
                self._tell_all(device)

    def reads(self, word: relay.Said) -> bool:
        """A reading came: who sent it is there. False: by a lamp that may not carry it. The way changes only where the
        device was quiet: readings come on a connection of their own, an older one after a newer word of another way."""
        chain, now = self._chain, clock.boottime()
        if word.lamp:
            self._presence.alive(word.lamp, now)
            if not relay.trusted(chain.village.registry, word):
                return False
        quiet = self._presence.quiet(word.device, now)
        self._presence.alive(word.device, now)
        if word.lamp != chain.village.ways.get(word.device, "") and (quiet is None or quiet >= LINGER_MS):
            with chain.lock:
                before = chain.village
                chain.village = relay.came_by(before, word.device, word.lamp)
                chain.settle(before, durable=False)
        return True

    def _alive(self, word: relay.Said) -> None:
        chain = self._chain
        if not word.lamp:
            self._presence.session(word.device, up=True)
        # The way first: who sees that it is there, without our lock, must know where.
        chain.village = relay.came_by(chain.village, word.device, word.lamp)
        self._presence.alive(word.device, clock.boottime())

    def _frame(
        self, word: relay.Said, trusted: bool, payload: bytes, rows: list[Row], heard: list[tuple[str, str]]
    ) -> None:
        chain, device = self._chain, word.device
        judged = ingest.judge(device, payload, chain.village.key_version(device))
        event = judged.event
        if event is None:
            if word.lamp:
                judged = relay.blame(judged, word.lamp, chain.village.key_version(word.lamp))
            rows += self._evidence(judged, untold.is_untold(chain.village, device, payload))
            return
        if not trusted:
            self._aside(word.lamp, event.id, judged, rows)
            return
        history, receipts = self._history(event.id, rows)
        verdict = ingest.compare(judged.digest, history)
        if verdict in (ingest.DUPLICATE, ingest.KNOWN_CLASH):
            if verdict == ingest.DUPLICATE and judged.digest in receipts:
                chain.tell_heard(device, event.id)
            if receipt := receipts.get(judged.digest):
                chain.tell_receipt(device, receipt)
            return
        rows.append(chain.item(event.id, judged))
        if verdict == ingest.CLASH:
            if not untold.is_untold(chain.village, device, judged.frame):
                log.warning(
                    "%s came again with other bytes: kept and sent up, no receipt",
                    event.id,
                    extra=about(event.id, device=device),
                )
            return
        heard.append((event.id, device))
        site = chain.village.site_of(device)
        if isinstance(event, Alarm):
            now = chain.lived()
            pressed = now - judged.age if judged.age >= 0 else None
            chain.village, _ = incidents.raise_alarm(chain.village, event.id, site, event.what, now, pressed)
        elif isinstance(event, Answer):
            chain.village, said = incidents.press_key(chain.village, event.incident, site, event.answer, event.id)
            if said:
                subject = said if said == "unanswered" else f"{said} {device}"
                rows.append(chain.note(NoteWanted(event.incident, "answer", subject, key=f"answer {event.id}")))

    def _aside(self, lamp: str, event: str, judged: ingest.Judged, rows: list[Row]) -> None:
        """By a lamp that may not carry it. The device may have made it all the same, and only the county can tell: it
        goes up in the lamp's name, nobody here is told of it, and it stands in the way of no event of that id."""
        chain = self._chain
        name = relay.aside(lamp, event)
        history, receipts = self._history(name, rows)
        if judged.digest not in history:
            if not untold.is_untold(chain.village, judged.device, judged.frame):
                log.warning(
                    "%s brought %s, which it may not carry: kept and sent up, the county decides",
                    lamp,
                    event,
                    extra=about(event, device=lamp),
                )
            user = ingest.bringer(lamp, chain.village.key_version(lamp))
            rows.append(chain.item(name, replace(judged, user=user)))
        elif receipt := receipts.get(judged.digest):
            chain.tell_receipt(judged.device, receipt, lamp)

    def _history(self, name: str, rows: list[Row]) -> tuple[list[bytes], dict[bytes, str]]:
        """(digests that came under this name, oldest first; those on the disk -> the county's receipt or "")."""
        history, receipts = self._chain.ledger.history(name)
        return history + [digest for kept, digest in rows if kept.event == name], receipts

    def _evidence(self, judged: ingest.Judged, quiet: bool, not_an_event: bool = False) -> list[Row]:
        """`quiet`: it could be a silent alarm, of which the county learns and no log here."""
        now = clock.boottime()
        allowance, kept = evidence.spend(self._allowances.get(judged.device, evidence.Allowance(since=now)), now)
        self._allowances[judged.device] = allowance
        reason = judged.reason or "a reading on the topic for events"
        if kept:
            if not quiet:
                words = "%s: unreadable frame kept as evidence: %s"
                log.warning(words, judged.device, reason, extra=about(device=judged.device))
            rows = [self._chain.item("", judged)]
            if len(judged.frame) == ingest.EVIDENCE_MAX or not_an_event:
                rows.append(self._refused(judged.device, reason))  # the county cannot see it in what goes up
            return rows
        if allowance.dropped % 1000 != 1:
            return []
        if not quiet:
            words = "%s: %d unreadable frames not kept, too many: %s"
            log.warning(words, judged.device, allowance.dropped, reason, extra=about(device=judged.device))
        reason = f"too many unreadable frames, {allowance.dropped} not kept"
        return [self._refused(judged.device, reason)]

    def _want(self, word: relay.Said, payload: bytes) -> list[Row]:
        """Where there is nothing from that byte on we say so. To a new program on trial that is the answer it needs:
        its words reach who hears alarms. Bytes are another's to give, on a connection where they hold up nothing."""
        try:
            bundle, at = read_want(payload)
        except FrameError:
            return self._no_word(word, True, payload)
        if word.lamp or not self._wants(word.device, bundle, at):
            self._chain.tell_piece(word.device, write_piece(bundle, at, at, b""))
        return []

    def _no_word(self, word: relay.Said, trusted: bool, payload: bytes) -> list[Row]:
        """A state, ask, shown or want that has no effect."""
        reason = f"not a word of {word.what}"
        if not trusted:
            reason = f"a word of {word.device}, which it may not carry"
        who = word.lamp or word.device
        judged = ingest.unreadable(who, payload, self._chain.village.key_version(who), reason)
        return self._evidence(judged, untold.is_untold(self._chain.village, word.device, payload), not_an_event=True)

    def _refused(self, device: str, reason: str) -> Row:
        return self._chain.note(NoteWanted("", "refused", f"{device}: {reason}"[:200]))

    def _word(self, word: relay.Said, value: int, asked: list[str]) -> list[NoteWanted]:
        """`value`: as of presence.read_word."""
        chain, device = self._chain, word.device
        if word.what == "state":
            self._state(word, online=value == 1)
            return []
        if word.what == "ask":
            self.asks += 1
            chain.village = lamps.asked(chain.village, device)
            asked.append(device)
            return []
        chain.village, notes = lamps.shown(chain.village, device, value)
        return notes

    def _state(self, word: relay.Said, online: bool) -> None:
        """A will counts for the way that it was left on: who lost its line speaks through a lamp by then, and who
        comes no more through a lamp may have its line."""
        chain, presence = self._chain, self._presence
        if not word.lamp:
            presence.session(word.device, online)
        if not word.lamp and not online:
            chain.village, lost = relay.end_of_line(chain.village, word.device)
            for device in lost:
                if not presence.in_session(device):
                    presence.lost(device)
        if online:
            chain.village = relay.came_by(chain.village, word.device, word.lamp)
        elif chain.village.ways.get(word.device, "") != word.lamp:
            return
        elif presence.in_session(word.device):  # it comes through a lamp no more, but by its own line
            chain.village = relay.came_by(chain.village, word.device, "")
            return
        presence.says(word.device, online, clock.boottime())

    def _tell_all(self, device: str) -> None:
        """To a device that asks: its state, the receipts that it is owed, and what it shall set."""
        chain = self._chain
        chain.tell_lamp(device)
        chain.ledger.commit()  # a receipt may be among what is late
        for n, _, receipt in chain.ledger.file.owed(device):
            if chain.tell_receipt(device, receipt):
                chain.ledger.later([disk.passed(n)])
        if statement := chain.settings.pop(device, ""):
            chain.tell_receipt(device, statement)
