"""Readings: in on a broker connection of their own, up on a county connection of their own: no alarm waits for them."""

import threading
from collections.abc import Callable, Sequence

from heartlamp_protocol.device.frame import FrameError
from heartlamp_protocol.device.names import event_id
from heartlamp_protocol.uplink import BATCH_ITEMS_MAX, QUIET_SECONDS, BatchAnswer, Note

from heartlamp_gateway.chain import Chain
from heartlamp_gateway.clock import boottime
from heartlamp_gateway.county.contact import Contact
from heartlamp_gateway.county.line import AWAY, Line
from heartlamp_gateway.disk.readings import ReadingFile
from heartlamp_gateway.from_devices import FromDevices
from heartlamp_gateway.presence import Presence
from heartlamp_gateway.rules import relay
from heartlamp_gateway.rules.batch import Kept, envelope, take
from heartlamp_gateway.rules.ingest import judge
from heartlamp_gateway.rules.retry import Retry, failed, wait_ms
from heartlamp_gateway.say import log

EACH_S = 1.0
NOTES_MAX = 10_000


class Telemetry:
    """`random8`: fresh random bytes for a note's id; `pause(seconds)`: waits, True when we stop."""

    def __init__(
        self,
        gateway: str,
        chain: Chain,
        devices: FromDevices,
        file: ReadingFile,
        presence: Presence,
        line: Line,
        contact: Contact,
        random8: Callable[[], bytes],
        pause: Callable[[float], bool],
    ) -> None:
        self._gateway, self._chain, self._devices = gateway, chain, devices
        self._file, self._presence = file, presence
        self._line, self._contact, self._random8, self._pause = line, contact, random8, pause
        self._notes: list[Kept] = []
        self._note_n = 2**40  # above every row of the file; only has to differ within a batch
        self._lock = threading.Lock()

    def messages(self, batch: Sequence[tuple[str, bytes]]) -> None:
        """(topic, payload) as they came."""
        rows = []
        now = boottime()
        for name, payload in batch:
            word = relay.said(name)
            if word is None:
                continue
            judged = judge(word.device, payload, None)
            if judged.event is not None:
                log.warning("%s: an event on the topic for readings; it is treated as one", word.device)
                self._devices.messages([(name, payload)])
                continue
            if not self._devices.reads(word) or (word.lamp and not judged.reading):
                judged = relay.blame(judged, word.lamp, self._chain.village.key_version(word.lamp))
            rows.append((self._chain.boot, now, judged.device, judged.user, judged.frame))
        if rows:
            self._file.add(rows)

    def run(self) -> None:
        retry = Retry()
        spoke = boottime()
        while not self._pause(max(EACH_S, wait_ms(retry, boottime(), fresh=False) / 1000)):
            self._take_changes()
            while not self._pause(0):
                rows = take([*self._notes, *self._file.oldest(BATCH_ITEMS_MAX)])
                if not rows and boottime() - spoke < QUIET_SECONDS * 1000:
                    break
                good = self._send(rows)
                retry = Retry() if good else failed(retry, boottime(), refused=good is None)
                spoke = boottime() if good else spoke
                if not good or len(rows) < BATCH_ITEMS_MAX:
                    break
        self._line.close()

    def _send(self, rows: list[Kept]) -> bool | None:
        """True: gone up; False: the county is away; None: it refuses us. No rows: says that we live, on this line
        because no alarm waits for it here."""
        batch = envelope(self._gateway, self._chain.epoch, self._chain.cursor, rows, self._chain.boot, boottime())
        try:
            reply = self._line.post("/gateway/v1/readings", batch.to_json())
            if reply.status in (400, 413) and rows:
                if len(rows) > 1:
                    return all(self._send([row]) for row in rows)
                log.warning(
                    "the county cannot read a reading of %s, it is dropped: %r", rows[0].device, reply.body[:200]
                )
                self._done(rows, {rows[0].n})
                return True
            if reply.status != 200:
                return None if reply.status in (401, 403) else False
            answer = BatchAnswer.from_json(reply.body)
        except (*AWAY, FrameError):
            return False
        self._contact.touch()
        done = {v.n for v in answer.verdicts}
        self._done(rows, done)
        return not rows or any(row.n in done for row in rows)

    def _done(self, rows: list[Kept], done: set[int]) -> None:
        self._notes = [note for note in self._notes if note.n not in done]
        self._file.remove([row.n for row in rows if row.item is not None and row.n in done])

    def _take_changes(self) -> None:
        for device, online, at in self._presence.changes():
            self._note_n += 1
            id = event_id(self._gateway, self._random8())
            note = Note(self._note_n, 0, id, "", "online" if online else "offline", device)
            self._notes.append(Kept(self._note_n, self._chain.boot, at, id, note=note))
        del self._notes[:-NOTES_MAX]
