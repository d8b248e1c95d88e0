"""Readings and notes on their way up, on a county connection and a thread of their own: no alarm waits for them."""

from collections.abc import Callable

from heartlamp_protocol.device.frame import FrameError
from heartlamp_protocol.device.names import event_id
from heartlamp_protocol.uplink import BATCH_ITEMS_MAX, QUIET_SECONDS, BatchAnswer

from heartlamp_gateway.chain import Chain
from heartlamp_gateway.clock import boottime
from heartlamp_gateway.county.contact import READINGS, Contact
from heartlamp_gateway.county.line import AWAY, Line
from heartlamp_gateway.disk.readings import ReadingFile
from heartlamp_gateway.notes import Notes
from heartlamp_gateway.presence import Presence
from heartlamp_gateway.rules.batch import Kept, envelope, take
from heartlamp_gateway.rules.pace import BUSY, Pace, may, posted
from heartlamp_gateway.rules.retry import Retry, failed, wait_ms
from heartlamp_gateway.rules.untold import is_secret
from heartlamp_gateway.say import log

EACH_S = 1.0
FIRST_MS = 20_000  # so long alarms have the line for themselves; one that the county cannot take holds up nothing else


class TelemetryUp:
    """`random8`: fresh random bytes for a note's id; `pause(seconds)`: waits, True when we stop; `alarms_wait`: whether
    one does, then readings keep to their pace, and after an outage they let it go first; `alive`: called at least
    every few seconds."""

    def __init__(
        self,
        gateway: str,
        chain: Chain,
        file: ReadingFile,
        notes: Notes,
        presence: Presence,
        line: Line,
        contact: Contact,
        random8: Callable[[], bytes],
        pause: Callable[[float], bool],
        alarms_wait: Callable[[], bool] = lambda: False,
        alive: Callable[[], None] = lambda: None,
    ) -> None:
        self._gateway, self._chain, self._file, self._notes = gateway, chain, file, notes
        self._presence, self._line, self._contact = presence, line, contact
        self._random8, self._pause, self._alarms_wait, self._alive = random8, pause, alarms_wait, alive
        self._retry, self._pace = Retry(), Pace(since=boottime())
        self._spoke = boottime()  # the county answered, whatever it said
        self._away_at = boottime()  # when the county was away last
        self._away = True

    def run(self) -> None:
        while not self._pause(EACH_S):
            self._alive()
            self._look()
            self._take_changes()
            full = 0  # batches, one after the other
            while wait_ms(self._retry, boottime(), fresh=False) == 0 and not self._pause(0):
                rows = self._due(rest=full > 1)
                if not rows and boottime() - self._spoke < QUIET_SECONDS * 1000:
                    break
                good = self._send(rows)
                self._retry = Retry() if good else failed(self._retry, boottime(), refused=good is None)
                if not good or len(rows) < BATCH_ITEMS_MAX:
                    break
                full += 1
        self._line.close()

    def _due(self, rest: bool) -> list[Kept]:
        """A batch, if it is time for one. `rest`: what is left of a backlog does not wait for more."""
        if self._gives_way():
            self._file.follow()
            return []
        notes = self._notes.waiting()
        many = self._file.waiting + len(notes) >= BATCH_ITEMS_MAX
        full = (many or rest) and not self._alarms_wait()
        if not (notes or self._file.waiting) or not may(self._pace, boottime(), full, bool(notes)):
            return []
        return take([*notes, *self._file.oldest(BATCH_ITEMS_MAX)])

    def _look(self) -> None:
        """Whoever heard from the county heard it for us too: what waits does not wait for its next try."""
        away = not self._contact
        if away:
            self._away_at = boottime()
        elif self._away and not self._retry.refused:
            self._retry = Retry()
        self._away = away

    def _gives_way(self) -> bool:
        """After an outage what is pressed goes first, on a line that may be thin."""
        return boottime() - self._away_at < FIRST_MS and self._alarms_wait()

    def _send(self, rows: list[Kept]) -> bool | None:
        """True: gone up; False: the county is away; None: it refuses us. No rows: says that we live, on this line
        because no alarm waits for it here."""
        self._alive()
        batch = envelope(self._gateway, self._chain.epoch, self._chain.cursor, rows, self._chain.boot, boottime())
        begun, began = boottime(), self._contact.now()
        try:
            reply = self._line.post("/gateway/v1/readings", batch.to_json(), packed=True)
            self._spoke = boottime()
            self._contact.took(READINGS)
            self._contact.dated(reply.date)
            if rows:
                self._paced(begun, reply.status)
            if reply.status in (400, 413) and rows:
                if len(rows) > 1:
                    return all(self._send([row]) for row in rows)
                if not is_secret(self._chain.village, rows[0].device):
                    log.warning(
                        "the county cannot read a reading of %s, it is dropped: %r", rows[0].device, reply.body[:200]
                    )
                self._done(rows, {rows[0].n})
                return True
            if reply.status != 200:
                return None if reply.status in (401, 403) else False
            answer = BatchAnswer.from_json(reply.body)
        except AWAY:
            self._contact.failed(READINGS, began)
            return False
        except FrameError:
            return False
        self._contact.touch()
        done = {v.n for v in answer.verdicts}
        self._done(rows, done)
        return not rows or any(row.n in done for row in rows)

    def _paced(self, begun: int, status: int) -> None:
        now, before = boottime(), self._pace.level
        self._pace = posted(self._pace, now, now - begun, status)
        if before == 0 and self._pace.level:
            why = f"answers {status}" if status in BUSY else f"takes {now - begun} ms"
            log.warning("the county %s: readings go up more rarely, alarms as ever", why)

    def _done(self, rows: list[Kept], done: set[int]) -> None:
        self._notes.done([row.n for row in rows if row.note is not None and row.n in done])
        self._file.remove([row.n for row in rows if row.item is not None and row.n in done])

    def _take_changes(self) -> None:
        for device, online, at in self._presence.changes():
            id = event_id(self._gateway, self._random8())
            self._notes.add(self._chain.boot, at, id, "online" if online else "offline", device)
