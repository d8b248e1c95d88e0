"""Readings and notes on their way up, on a county connection and a thread of their own: no alarm waits for them."""

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from itertools import chain

from heartlamp_protocol.device.frame import FrameError
from heartlamp_protocol.device.kinds import BATTERY_MS, heartbeat_ms
from heartlamp_protocol.device.names import event_id
from heartlamp_protocol.said_to_device import SETTINGS_VER
from heartlamp_protocol.uplink import BATCH_ITEMS_MAX, QUIET_SECONDS, BatchAnswer

from heartlamp_gateway.chain import Chain
from heartlamp_gateway.clock import boottime
from heartlamp_gateway.county.contact import READINGS, Contact
from heartlamp_gateway.county.line import AWAY, Line, Reply
from heartlamp_gateway.disk.readings import ReadingFile
from heartlamp_gateway.notes import Notes
from heartlamp_gateway.presence import Presence
from heartlamp_gateway.rules.batch import Kept, envelope, take
from heartlamp_gateway.rules.pace import BUSY, Pace, ahead, may, posted
from heartlamp_gateway.rules.retry import Retry, failed, wait_ms
from heartlamp_gateway.rules.untold import is_secret
from heartlamp_gateway.say import log

READINGS_PATH = "/gateway/v1/readings"
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
            if wait_ms(self._retry, boottime(), fresh=False) == 0:
                self._up()
        self._line.close()

    def _up(self) -> None:
        rows = self._due()
        if not rows and boottime() - self._spoke < QUIET_SECONDS * 1000:
            return
        good = self._send(rows)
        if good and len(rows) == BATCH_ITEMS_MAX:
            good = self._drain()
        self._retry = Retry() if good else failed(self._retry, boottime(), refused=good is None)

    def _due(self, rest: bool = False, away: Sequence[Kept] = ()) -> list[Kept]:
        """A batch, if it is time for one. `rest`: what is left of a backlog does not wait for more; `away`: what is on
        its way already."""
        if self._gives_way():
            self._file.follow()
            return []
        gone = {row.n for row in away}
        notes = [note for note in self._notes.waiting() if note.n not in gone]
        waiting = self._file.waiting + len(notes) - sum(row.item is not None for row in away)
        full = (waiting >= BATCH_ITEMS_MAX or rest) and not self._alarms_wait()
        if waiting <= 0 or not may(self._pace, boottime(), full, bool(notes)):
            return []
        after = max((row.n for row in away if row.item is not None), default=0)
        return take([*notes, *self._file.oldest(BATCH_ITEMS_MAX, after)])

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
        begun, began = boottime(), self._contact.now()
        try:
            reply = self._line.post(READINGS_PATH, self._packet(rows), packed=True)
        except AWAY:
            self._contact.failed(READINGS, began)
            return False
        return self._answered(rows, reply, boottime() - begun)

    def _drain(self) -> bool | None:
        """A backlog goes up batch behind batch, as long as all is well; outcomes as of `_send`. What is on its way when
        something is not, is sent again, and the county knows it."""
        away: deque[list[Kept]] = deque()
        rows: list[Kept] = []
        most, last = 2, boottime()
        while True:
            self._alive()
            began = self._contact.now()
            try:
                while len(away) < most and len(rows) in (0, BATCH_ITEMS_MAX):
                    rows = self._due(rest=bool(rows), away=list(chain(*away)))
                    if not rows or self._pause(0):
                        break
                    self._line.send(READINGS_PATH, self._packet(rows))
                    away.append(rows)
                if not away:
                    return True
                reply = self._line.answer(more=len(away) > 1)
            except AWAY:
                self._contact.failed(READINGS, began)
                return False
            each, last = boottime() - last, boottime()
            refused = reply.status != 200
            if refused:
                self._line.close()  # what is behind it is not answered any more, though `_answered` may open it again
            good = self._answered(away.popleft(), reply, each)
            if not good or refused or self._line.socket is None:  # or closed by a county that goes away after this
                return good
            most = ahead(each)

    def _packet(self, rows: list[Kept]) -> bytes:
        now = boottime()
        return envelope(self._gateway, self._chain.epoch, self._chain.cursor, rows, self._chain.boot, now).to_json()

    def _answered(self, rows: list[Kept], reply: Reply, took_ms: int) -> bool | None:
        self._spoke = boottime()
        self._contact.took(READINGS)
        self._contact.dated(reply.date)
        if rows:
            self._paced(took_ms, reply.status)
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
        try:
            answer = BatchAnswer.from_json(reply.body)
        except FrameError:
            return False
        self._contact.touch()
        done = {v.n for v in answer.verdicts}
        self._done(rows, done)
        self._pass_on(rows, {v.n: v.receipt for v in answer.verdicts})
        return not rows or any(row.n in done for row in rows)

    def _pass_on(self, rows: list[Kept], receipts: Mapping[int, str]) -> None:
        """What the county wants set goes to the devices whose heartbeats it answered so: of each its newest. Who sleeps
        between two of them is told when it asks next."""
        beats = [row for row in rows if row.item and row.n in receipts and SETTINGS_VER.encode() in row.item.frame]
        wanted = {row.device: receipts[row.n] for row in beats}
        devices = self._chain.village.registry.device
        for device, statement in wanted.items():
            if statement:
                self._chain.tell_receipt(device, statement)
            if statement and device in devices and heartbeat_ms(devices[device].kind) == BATTERY_MS:
                self._chain.settings[device] = statement
            else:
                self._chain.settings.pop(device, None)

    def _paced(self, took_ms: int, status: int) -> None:
        before = self._pace.level
        self._pace = posted(self._pace, boottime(), took_ms, status)
        if before == 0 and self._pace.level:
            why = f"answers {status}" if status in BUSY else f"takes {took_ms} ms"
            log.warning("the county %s: readings go up more rarely, alarms as ever", why)

    def _done(self, rows: list[Kept], done: set[int]) -> None:
        self._notes.done([row.n for row in rows if row.note is not None and row.n in done])
        self._file.remove([row.n for row in rows if row.item is not None and row.n in done])

    def _take_changes(self) -> None:
        for device, online, at in self._presence.changes():
            id = event_id(self._gateway, self._random8())
            self._notes.add(self._chain.boot, at, id, "online" if online else "offline", device)
