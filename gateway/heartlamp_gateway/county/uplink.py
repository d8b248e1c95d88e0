"""Alarms and notes up, receipts back. One thread, one warm connection, nothing else on it."""

from collections.abc import Callable

from heartlamp_protocol.device.frame import FrameError
from heartlamp_protocol.uplink import BATCH_ITEMS_MAX, BatchAnswer

from heartlamp_gateway.chain import Chain
from heartlamp_gateway.clock import boottime
from heartlamp_gateway.county.contact import ALARMS, Contact
from heartlamp_gateway.county.line import AWAY, Line, Reply
from heartlamp_gateway.from_county import FromCounty
from heartlamp_gateway.outbox import Outbox
from heartlamp_gateway.rules.batch import Kept, envelope
from heartlamp_gateway.rules.retry import Retry, failed, patience_ms, wait_ms
from heartlamp_gateway.rules.untold import is_untold
from heartlamp_gateway.say import about, log

HOLD_MS = 60_000  # an item that the county cannot read waits so long while the others pass
SUSPECT_MS = 5_000  # one at which the county breaks
ALONE_AFTER = 3  # failures, then one row at a time: it may be a row that breaks the county, or the size of many
IDLE_S = 1.0


class Uplink:
    def __init__(
        self,
        gateway: str,
        chain: Chain,
        county: FromCounty,
        outbox: Outbox,
        line: Line,
        contact: Contact,
        alive: Callable[[], None] = lambda: None,
    ) -> None:
        self._alive = alive
        self._gateway, self._chain, self._county = gateway, chain, county
        self._outbox, self._line, self._contact = outbox, line, contact
        self._retry = Retry()
        self._took = 0  # ms, the last answer
        self._held: dict[int, int] = {}  # n -> BOOTTIME ms until which it waits
        self._confirmed = ""
        self._began = 0  # the last try, of the contact's clock
        self._stopping = False

    def run(self) -> None:
        fresh = True
        while not self._stopping:
            self._alive()
            pause = wait_ms(self._retry, boottime(), fresh, self._outbox.has_event())
            if pause:
                fresh = self._outbox.wait(pause / 1000) or fresh
                continue
            rows = self._outbox.take(self._holding(), 1 if self._retry.failures >= ALONE_AFTER else BATCH_ITEMS_MAX)
            if rows:
                fresh = False
                self._send(rows)
            elif self._outbox.wait(IDLE_S):
                fresh = True
            elif self._chain.cursor != self._confirmed:
                self._send([])
            else:
                self._keep_warm()
        self._line.close()

    def stop(self) -> None:
        self._stopping = True
        self._outbox.poke()

    def _send(self, rows: list[Kept]) -> None:
        reply = self._post(rows)
        if reply is None:
            return
        if reply.status in (400, 413) and len(rows) > 1:
            log.error("the county cannot read a batch of %d: %s; each goes alone now", len(rows), _text(reply))
            for row in rows:
                alone = self._post([row])
                if alone is None:
                    return
                self._answered([row], alone)
            return
        self._answered(rows, reply)

    def _post(self, rows: list[Kept]) -> Reply | None:
        cursor = self._chain.cursor
        batch = envelope(self._gateway, self._chain.epoch, cursor, rows, self._chain.boot, boottime())
        body, begun = batch.to_json(), boottime()
        self._began = self._contact.now()
        patience = patience_ms(self._retry, self._took, len(body)) / 1000
        try:
            reply = self._line.post("/gateway/v1/batch", body, patience, packed=True)
        except AWAY as wrong:
            self._fail(f"cannot be reached: {wrong or type(wrong).__name__}")
            return None
        self._took = boottime() - begun
        if reply.status == 200:
            self._confirmed = cursor
        return reply

    def _answered(self, rows: list[Kept], reply: Reply) -> None:
        if reply.status == 200:
            try:
                answer = BatchAnswer.from_json(reply.body)
            except FrameError as wrong:
                self._fail(f"answers what we cannot read: {wrong}")
                return
            self._contact.touch()
            self._contact.took(ALARMS)
            done = self._county.verdicts(answer.epoch, {row.n: row for row in rows}, answer.verdicts)
            if rows and not done:
                self._fail("gave no verdict on anything we sent")
                return
            if self._retry.failures:
                log.info("the county is there again")
            self._retry = Retry()
        elif reply.status in (401, 403):
            self._fail(f"refuses us: {_text(reply)}; is the token still valid?", refused=True)
        elif reply.status in (400, 413) and len(rows) == 1:
            row = rows[0]
            untold = is_untold(self._chain.village, row.device, row.item.frame if row.item else b"")
            if row.n not in self._held and not untold:
                log.error(
                    "the county cannot read row %d (%s): %s; it is kept and offered again",
                    row.n,
                    row.event,
                    _text(reply),
                    extra=about(row.event, device=row.device),
                )
            self._held[row.n] = boottime() + HOLD_MS
        else:
            if reply.status == 500 and len(rows) == 1:
                self._held[rows[0].n] = boottime() + SUSPECT_MS
            self._fail(f"answers {reply.status}: {_text(reply)}")

    def _fail(self, reason: str, refused: bool = False) -> None:
        if self._retry.failures == 0 or refused != self._retry.refused:
            log.error("the county %s. All is kept, the village goes on; tried again until it answers", reason)
        self._retry = failed(self._retry, boottime(), refused)
        self._contact.failed(ALARMS, self._began)

    def _holding(self) -> set[int]:
        now = boottime()
        return {n for n, until in self._held.items() if until > now}

    def _keep_warm(self) -> None:
        """A handshake must not stand between an alarm and the county."""
        self._began = self._contact.now()
        try:
            if self._line.is_stale():
                self._line.close()
            self._line.connect()
            if not self._outbox.has_event():  # none is held back because the county does not take it
                self._contact.took(ALARMS)
        except AWAY as wrong:
            self._fail(f"cannot be reached: {wrong or type(wrong).__name__}")


def _text(reply: Reply) -> str:
    return reply.body[:300].decode("utf-8", "replace")
