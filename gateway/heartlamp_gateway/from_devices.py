"""What devices say: judged, kept, answered (docs/protocol.md §10)."""

from collections.abc import Sequence

from heartlamp_protocol.device.names import of_topic
from heartlamp_protocol.inbound import Alarm, Answer

from heartlamp_gateway import clock
from heartlamp_gateway.chain import Chain, Row
from heartlamp_gateway.disk import alarms
from heartlamp_gateway.presence import Presence, read_word
from heartlamp_gateway.rules import evidence, incidents, ingest, lamps
from heartlamp_gateway.rules.model import NoteWanted
from heartlamp_gateway.say import log


class FromDevices:
    def __init__(self, chain: Chain, presence: Presence) -> None:
        self._chain, self._presence = chain, presence
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
                found = of_topic(name)
                if found is None:
                    continue
                device, what = found
                if what != "state":
                    self._presence.alive(device, clock.boottime())
                if what in ("event", "reading"):
                    self._frame(device, payload, rows, heard)
                elif (value := read_word(what, payload, chain.epoch)) is not None:
                    rows += [chain.note(want) for want in self._word(device, what, value, asked)]
                else:
                    rows += self._evidence(
                        ingest.unreadable(device, payload, self._key_version(device), f"not a word of {what}"),
                        not_an_event=True,
                    )
            chain.settle(before, rows, heard, durable=bool(rows))
            for device in asked:
                self._tell_all(device)

    def _frame(self, device: str, payload: bytes, rows: list[Row], heard: list[tuple[str, str]]) -> None:
        chain = self._chain
        judged = ingest.judge(device, payload, self._key_version(device))
        event = judged.event
        if event is None:
            rows += self._evidence(judged)
            return
        history, receipts = chain.ledger.history(event.id)
        history += [digest for kept, digest in rows if kept.event == event.id]
        verdict = ingest.compare(judged.digest, history)
        if verdict in (ingest.DUPLICATE, ingest.KNOWN_CLASH):
            if verdict == ingest.DUPLICATE and judged.digest in receipts:
                chain.tell_heard(device, event.id)
            if receipt := receipts.get(judged.digest):
                chain.tell_receipt(device, receipt)
            return
        rows.append(chain.item(event.id, judged))
        if verdict == ingest.CLASH:
            log.warning("%s came again with other bytes: kept and sent up, no receipt", event.id)
            return
        heard.append((event.id, device))
        site = chain.village.site_of(device)
        if isinstance(event, Alarm):
            chain.village, _ = incidents.raise_alarm(chain.village, event.id, site, event.what, chain.lived())
        elif isinstance(event, Answer):
            chain.village, word = incidents.press_key(chain.village, event.incident, site, event.answer, event.id)
            if word:
                subject = word if word == "unanswered" else f"{word} {device}"
                rows.append(chain.note(NoteWanted(event.incident, "answer", subject, key=f"answer {event.id}")))

    def _evidence(self, judged: ingest.Judged, not_an_event: bool = False) -> list[Row]:
        now = clock.boottime()
        allowance, kept = evidence.spend(self._allowances.get(judged.device, evidence.Allowance(since=now)), now)
        self._allowances[judged.device] = allowance
        reason = judged.reason or "a reading on the topic for events"
        if kept:
            log.warning("%s: unreadable frame kept as evidence: %s", judged.device, reason)
            rows = [self._chain.item("", judged)]
            if len(judged.frame) == ingest.EVIDENCE_MAX or not_an_event:
                rows.append(self._refused(judged.device, reason))  # the county cannot see it in what goes up
            return rows
        if allowance.dropped % 1000 != 1:
            return []
        log.warning("%s: %d unreadable frames not kept, too many: %s", judged.device, allowance.dropped, reason)
        reason = f"too many unreadable frames, {allowance.dropped} not kept"
        return [self._refused(judged.device, reason)]

    def _refused(self, device: str, reason: str) -> Row:
        return self._chain.note(NoteWanted("", "refused", f"{device}: {reason}"[:200]))

    def _word(self, device: str, what: str, value: int, asked: list[str]) -> list[NoteWanted]:
        """`value`: as of presence.read_word."""
        chain = self._chain
        if what == "state":
            self._presence.says(device, online=value == 1, now=clock.boottime())
            return []
        if what == "ask":
            self.asks += 1
            chain.village = lamps.asked(chain.village, device)
            asked.append(device)
            return []
        chain.village, notes = lamps.shown(chain.village, device, value)
        return notes

    def _tell_all(self, device: str) -> None:
        """To a device that asks: its state, and the receipts that it is owed."""
        chain = self._chain
        chain.tell_lamp(device)
        chain.ledger.commit()  # a receipt may be among what is late
        for n, _, receipt in chain.ledger.file.owed(device):
            if chain.tell_receipt(device, receipt):
                chain.ledger.later([alarms.passed(n)])

    def _key_version(self, device: str) -> int | None:
        """The newest that may log in: whose frame it is when the frame does not say."""
        found = self._chain.village.device(device)
        versions = [user.rpartition(".")[2] for user in found.users] if found else []
        return max((int(v) for v in versions if v.isascii() and v.isdigit()), default=None)
