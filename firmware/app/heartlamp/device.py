"""What this device knows and does about it: presses become records, receipts take them away, the lamp's state is kept.

No task, socket or pin here: main.py and link.py call these methods, and their tasks wait for the events `to_send`,
`to_show` and `to_read`. Times are ms of the hal's clock.
"""

import asyncio

from heartlamp_protocol.device.event import write_alarm, write_answer, write_reading
from heartlamp_protocol.device.frame import FrameError, sign, write_frame
from heartlamp_protocol.device.limits import UNKNOWN_AGE
from heartlamp_protocol.device.mac import digest16, to_hex
from heartlamp_protocol.device.names import PULSE, event_id, is_hex, topic
from heartlamp_protocol.device.statement import read_plain, read_signed

from heartlamp.outbox import Record
from heartlamp.rules import calls, keys, lamp, retry


class Device:
    """`clock()`: ms; `random(n)`: n fresh bytes; `trace(what, **fields)`: for whoever watches."""

    def __init__(self, config, outbox, clock, random, trace) -> None:
        self.config = config
        self.outbox = outbox
        self._clock = clock
        self._random = random
        self._trace = trace
        self.to_send = asyncio.Event()
        self.to_show = asyncio.Event()
        self.to_read = asyncio.Event()
        self.boot = to_hex(random(4))
        self.boot_at = clock()
        self.seq = 0
        self.link_down_since = self.boot_at
        self.refreshed_at = None
        self.answerable = True
        self.gateway_epoch = ""
        self.press = None
        self.state = calls.NOTHING
        self.marks = {}
        self.county_epochs = []
        self.unreported = False
        self.forged = 0
        self.malformed = 0
        self.overflowed = 0
        self.dates_wrong = 0
        self.contacts = [(config.kind, 0)] if config.kind in keys.CONTACTS else []

    def start(self) -> None:
        """Takes up what an earlier boot left on the flash."""
        self.outbox.load(self.boot_at)
        self.seq = self.outbox.next_seq()

    # --- from the pins ------------------------------------------------------------------------------------------

    def alarm(self, what: str, pin: str, at: int, stamp: object) -> None:
        """`at`: when the line was read; `stamp`: the same for the trace."""
        if self.outbox.full():
            self.overflowed += 1
            self._trace("overflow", held=len(self.outbox.records))
            self.offer_all()
            return
        at = max(at, self.boot_at)  # pressed while we started
        id = event_id(self.config.dev, self._random(8))
        self._trace("pressed", event=id, pin=pin, t=stamp)
        c = self.config
        self._add(id, "alarm", write_alarm(id, c.dev, c.kv, self.boot, self.seq, at - self.boot_at, what), at)
        self.press = lamp.Press(id, at)

    def green(self, gesture: str, at: int, stamp: object) -> None:
        """A short or long press of green, on whatever the lamp shows."""
        meant = keys.answer_by_green(gesture, calls.shown(self.state[2], self.marks))
        if meant is None or self.outbox.full():
            return
        incident, answer = meant
        at = max(at, self.boot_at)
        id = event_id(self.config.dev, self._random(8))
        self._trace("pressed", event=id, pin=keys.GO, answer=answer, incident=incident, t=stamp)
        c = self.config
        body = write_answer(id, c.dev, c.kv, self.boot, self.seq, at - self.boot_at, incident, answer)
        self._add(id, "answer", body, at)

    def contact(self, pin: str, closed: bool) -> None:
        """A sensor's contact moved; the alarm, where it closed, is alarm()'s."""
        self.contacts = [c for c in self.contacts if c[0] != pin] + [(pin, int(closed))]
        self.to_read.set()

    def _add(self, id: str, kind: str, body: bytes, at: int) -> None:
        record = Record(id, kind, sign(self.config.device_key, body), body, self.seq, at - self.boot_at, at)
        self.seq += 1
        durable = self.outbox.add(record)
        self._trace("stored", event=id, flash=int(durable))
        self.to_send.set()
        self.to_show.set()

    # --- to the wire --------------------------------------------------------------------------------------------

    def due(self, now: int) -> "tuple[list, int | None]":
        """(records to offer now, when the next one is due)."""
        records, soonest = [], None
        for record in self.outbox.records:
            at = retry.next_at(record.tries, record.sent_at, record.heard)
            if at <= now:
                records.append(record)
            elif soonest is None or at < soonest:
                soonest = at
        return records, soonest

    def frame(self, record: Record, now: int) -> bytes:
        age = UNKNOWN_AGE if record.up is None else now - self.boot_at - record.up
        return write_frame(age, record.mac, record.body)

    def sent(self, record: Record, now: int) -> None:
        record.tries += 1
        record.sent_at = now
        self._trace("sent", event=record.id, tries=record.tries)

    def reading(self, kind: str, now: int, values: "list[tuple[str, int]]") -> bytes:
        c = self.config
        body = write_reading(kind, c.dev, c.kv, self.boot, self.seq, now - self.boot_at, values)
        self.seq += 1
        return write_frame(0, sign(c.device_key, body), body)

    def holds_event(self) -> bool:
        return len(self.outbox.records) > 0

    def offer_all(self) -> None:
        for record in self.outbox.records:
            record.tries, record.sent_at, record.heard = 0, None, False
        self.to_send.set()

    # --- the link -----------------------------------------------------------------------------------------------

    def link_up(self) -> None:
        self.link_down_since = None
        self.unreported = True
        for record in self.outbox.records:
            if not record.heard:
                record.tries, record.sent_at = 0, None
        self.to_send.set()
        self.to_show.set()

    def link_down(self, now: int) -> None:
        if self.link_down_since is None:
            self.link_down_since = now
        self.to_show.set()

    # --- from the wire ------------------------------------------------------------------------------------------

    def message(self, name: str, payload: bytes) -> None:
        """One message from the broker. Whatever it holds, it never raises and never loses an event."""
        now = self._clock()
        dev = self.config.dev
        try:
            if name == topic(dev, "receipt"):
                self._receipt(payload, now)
            elif name == topic(dev, "lamp"):
                self._lamp(payload, now)
            elif name == PULSE:
                self._pulse(payload, now)
        except FrameError as error:
            self.malformed += 1
            self._trace("malformed", topic=name, reason=str(error))

    def _receipt(self, payload: bytes, now: int) -> None:
        if payload[:7] == b'{"mac":':
            said = self._county(payload)
            if said is not None:
                self._received(said)
            return
        said = read_plain(payload)
        if said["kind"] != "heard":
            raise FrameError("not a receipt")
        self._village_epoch(said.get("epoch"))
        self.refreshed_at = now
        record = self.outbox.find(said.get("event"))
        if record is not None and not record.heard:
            record.heard = True
            if self.press is not None and self.press.id == record.id:
                self.press.heard = True
        self._trace("heard", event=said.get("event"))
        self.to_show.set()

    def _received(self, said: dict) -> None:
        record = self.outbox.find(said.get("event"))
        if said.get("kind") != "received" or record is None:
            return  # receipted before, or of no concern to us
        if said.get("sum") != digest16(record.body):
            self._forged("a receipt for other bytes")
            return
        self.county_epochs = calls.take_epoch(self.county_epochs, str(said.get("epoch"))[:16])
        if self.press is not None and self.press.id == record.id:
            self.press.received = True
        self.outbox.remove(record)
        self._trace("received", event=record.id)
        self.to_show.set()

    def _lamp(self, payload: bytes, now: int) -> None:
        epoch, ver, wanted = calls.read_lamp(read_plain(payload))
        self._village_epoch(epoch)
        self.refreshed_at = now
        if calls.is_newer(self.state, epoch, ver):
            self.marks = calls.forget(self.marks, wanted)
            for call in wanted:
                self._county_word(call)
            self.state = (epoch, ver, wanted)
            if self.press is not None and [c for c in wanted if c.role == "own"]:
                if self.press.heard or self.press.received:
                    self.press = None  # from here on the lamp's state carries it
            self._trace("lamp", ver=ver, calls=len(wanted))
        self.unreported = True
        self.to_show.set()

    def _county_word(self, call: calls.Call) -> None:
        if not call.county:
            return
        said = self._county(call.county.encode())
        if said is None or said.get("incident") != call.incident:
            return
        try:
            self.marks, self.county_epochs = calls.take_county(self.marks, self.county_epochs, said)
        except FrameError as error:
            self._forged(str(error))

    def _pulse(self, payload: bytes, now: int) -> None:
        said = read_plain(payload)
        if said["kind"] != "pulse":
            raise FrameError("not a pulse")
        self._village_epoch(said.get("epoch"))
        self.refreshed_at = now
        self.answerable = said.get("answerable") == 1
        missed = [r for r in self.outbox.records if retry.missed(r.sent_at, r.heard, now)]
        for record in missed:
            record.tries, record.sent_at = 0, None
        if missed:
            self.to_send.set()
        self.to_show.set()

    def _county(self, payload: bytes) -> "dict | None":
        try:
            return read_signed(self.config.county_key, self.config.dev, payload)
        except FrameError as error:
            self._forged(str(error))
            return None

    def _forged(self, reason: str) -> None:
        self.forged += 1
        self._trace("forged", reason=reason)

    def _village_epoch(self, epoch: object) -> None:
        """A new store at the gateway knows nothing of us: everything is offered again."""
        if not is_hex(epoch, 16) or epoch == self.gateway_epoch:
            return
        if self.gateway_epoch:
            self._trace("epoch", epoch=epoch)
            self.offer_all()
        self.gateway_epoch = epoch

    # --- to the lamp --------------------------------------------------------------------------------------------

    def facts(self) -> lamp.Facts:
        """What rules/lamp.py turns into a picture."""
        unheard = [r.at for r in self.outbox.records if not r.heard]
        return lamp.Facts(
            self.boot_at,
            self.link_down_since,
            self.refreshed_at,
            self.answerable,
            min(unheard) if unheard else None,
            self.press,
            calls.shown(self.state[2], self.marks),
        )

    def health(self, heap: int) -> "list[tuple[str, int]]":
        """The values of a heartbeat."""
        return [
            ("heap_b", heap),
            ("held", len(self.outbox.records)),
            ("forged", self.forged),
            ("malformed", self.malformed),
            ("overflowed", self.overflowed),
            ("flash_errors", self.outbox.flash_errors),
            ("set_aside", self.outbox.set_aside),
            ("cert_dates_wrong", self.dates_wrong),
        ]
