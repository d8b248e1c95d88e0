"""What this device knows and does about it: presses become records, receipts take them away.

No task, socket or pin here: main.py, links/ and parts/ call these methods, and tasks listen to the bells: `urgent` (a
new event), `to_send` (an event may go out), `to_show`, `to_read` and `to_report` (the lamp shows a new state). Times
are ms of the hal's clock.
"""

from heartlamp_protocol.device.event import write_alarm, write_answer, write_cancel, write_still
from heartlamp_protocol.device.frame import FrameError, sign, write_frame
from heartlamp_protocol.device.limits import UNKNOWN_AGE
from heartlamp_protocol.device.mac import digest16
from heartlamp_protocol.device.names import event_id, is_hex
from heartlamp_protocol.device.statement import read_plain, read_signed

from heartlamp.outbox import Record
from heartlamp.rules import paths, retry
from heartlamp.showing import Showing
from heartlamp.telemetry import Telemetry
from heartlamp.wait import Bell

NEEDED_MS = 3_600_000


class Device:
    """`clock()`: ms; `random(n)`: n fresh bytes; `trace(what, **fields)`: for whoever watches."""

    def __init__(self, config, outbox, clock, random, trace) -> None:
        self.config = config
        self.outbox = outbox
        self._clock = clock
        self._random = random
        self._trace = trace
        self.to_send = Bell()
        self.to_show = Bell()
        self.to_read = Bell()
        self.to_report = Bell()
        self.urgent = Bell()
        self.boot = random(4).hex()
        self.boot_at = clock()
        self.seq = 0
        self.paths = [paths.Path(name, self.boot_at) for name in config.links]
        self.showing = Showing(self, trace)
        self.telemetry = Telemetry(self)
        self.parts = []
        self.links = []
        self.watch = None  # the supervisor's start(): for a link's further tasks
        self.air = None  # radio/hop.py's, where there is a radio
        self.pictures = None  # a camera's stills on their way: pictures.py
        self.leaving = []  # what a link does before the device sleeps
        self.received_at = None  # when a receipt of the county, of the village, last came in this boot
        self.heard_at = None
        self.told_at = None  # when it woke with events of which all were heard before the nap
        self.drill_at = None  # when a press last went through, naps included
        self.beats = 0  # heartbeats that went out in this boot
        self.desk = None  # where the settings are changed
        self.greet = False  # a path came up: it wants a heartbeat at once
        self.gateway_epoch = ""
        self.forged = 0
        self.malformed = 0
        self.overflowed = 0
        self.dates_wrong = 0

    def now(self) -> int:
        return self._clock()

    def start(self) -> None:
        """Takes up what an earlier boot left on the flash."""
        self.outbox.load(self.boot_at)
        self.seq = self.outbox.next_seq()

    # --- what people and sensors do -------------------------------------------------------------------------------

    def alarm(self, what: str, pin: str, at: int, stamp: object) -> "str | None":
        """The event's id; None where so many alarms are held that this one only offers them all again. `at`: when the
        line was read; `stamp`: the same for the trace."""
        id = self._event("alarm", at, write_alarm, (what,), pin=pin, t=stamp)
        if id is None:
            self.overflowed += 1
            self._trace("overflow", held=len(self.outbox.records))
            self.offer_all()
        elif what != "silent":
            self.showing.pressed(id, max(at, self.boot_at))
        return id

    def answer(self, incident: str, answer: str, pin: str, at: int, stamp: object) -> None:
        """A person's answer to a call that the lamp shows."""
        self._event("answer", at, write_answer, (incident, answer), pin=pin, answer=answer, incident=incident, t=stamp)

    def cancel(self, pin: str, at: int, stamp: object) -> None:
        """The household says that it was a mistake. It marks what is open, and stops nothing."""
        self._event("cancel", at, write_cancel, (), pin=pin, cancel=1, t=stamp)

    def still(self, incident: str, sum: str, size: int, at: int) -> "str | None":
        """A picture was taken. `sum`: 64 hex; the event's id, None where there is no room."""
        return self._event("still", at, write_still, (incident, sum, size))

    def _event(self, kind: str, at: int, write, more: tuple, **pressed) -> "str | None":
        """A new event on the flash; its id, None where there is no room. `write`: of protocol's event.py, `more`: its
        last arguments; `pressed`: for the trace, where a key or contact made it."""
        if not self.outbox.make_room(kind):
            return None
        c, id = self.config, event_id(self.config.dev, self._random(8))
        at = max(at, self.boot_at)  # a key may be held while we start
        if pressed:
            self._trace("pressed", event=id, **pressed)
        body = write(id, c.dev, c.kv, self.boot, self.seq, at - self.boot_at, *more)
        record = Record(id, kind, sign(c.device_key, body), body, self.seq, at - self.boot_at, at)
        self.seq += 1
        durable = self.outbox.add(record)
        self._trace("stored", event=id, flash=int(durable))
        self.urgent.ring()
        self.to_send.ring()
        self.to_show.ring()
        return id

    # --- to the wire ----------------------------------------------------------------------------------------------

    def due(self, name: str, now: int) -> "tuple[list, int | None]":
        """(records to offer now on the path `name`; when to ask again). What was pressed just now goes first, then
        alarms; of what is older only a few at a time, so that on a slow line nothing fresh waits behind much."""
        fresh, old, few, soonest = [], [], retry.WINDOW, None
        for record in sorted(self.outbox.records, key=_urgency):
            names, at = paths.offered_on(self.paths, record.at, record.heard, now)
            if name in names:
                tries, sent_at = record.offers.get(name, (0, None))
                at = retry.next_at(tries, sent_at, record.heard)
                if at <= now:
                    (old if record.up is None or now - record.at >= retry.FRESH_MS else fresh).append(record)
                    continue
                if not record.heard and now - sent_at < retry.UNDER_WAY_MS:
                    few -= 1
            if at is not None and (soonest is None or at < soonest):
                soonest = at
        if len(old) > few:
            few, soonest = max(0, few), now + retry.UNDER_WAY_MS  # a receipt rings, too
        return fresh + old[:few], soonest

    def frame(self, record: Record, now: int) -> bytes:
        age = UNKNOWN_AGE if record.up is None else now - self.boot_at - record.up
        return write_frame(age, record.mac, record.body)

    def sent(self, name: str, record: Record, now: int) -> None:
        tries = record.offers.get(name, (0, None))[0] + 1
        record.offers[name] = (tries, now)
        self._trace("sent", event=record.id, tries=tries, path=name)

    def holds_event(self) -> bool:
        return len(self.outbox.records) > 0

    def is_needed(self) -> bool:
        """For an event of the last hour. An older one waits for the county, or for ever (docs/protocol.md, section 4):
        it is offered on, and holds up nothing else."""
        now = self._clock()
        return bool([1 for record in self.outbox.records if now - record.at < NEEDED_MS])

    def offer_all(self) -> None:
        for record in self.outbox.records:
            record.offers, record.heard = {}, False
        self.to_send.ring()

    async def publish(self, what: str, payload: bytes) -> bool:
        """For parts, at QoS 1 to our own topic at the village's broker: the radio has no room for pictures, and the
        county takes them from a gateway. False: not now."""
        for link in self.links:
            if link.NAME == "lan" and link.up.is_set():
                return await link.publish(what, payload, 1)
        return False

    # --- the paths ------------------------------------------------------------------------------------------------

    def path(self, name: str) -> paths.Path:
        for path in self.paths:
            if path.name == name:
                return path
        raise KeyError(name)

    def path_up(self, name: str) -> None:
        self.path(name).down_since = None
        for record in self.outbox.records:
            if not record.heard:
                record.offers.pop(name, None)
        self.showing.reported = None
        self.greet = True
        for bell in (self.to_send, self.to_show, self.to_read, self.to_report):
            bell.ring()

    def path_down(self, name: str, now: int) -> None:
        path = self.path(name)
        if path.down_since is None:
            path.down_since = now
        self.to_send.ring()  # another path's turn may have come
        self.to_show.ring()

    def proven(self, name: str, now: int, answerable: "bool | None" = None) -> None:
        """Somebody at the far end of the path answered. answerable: what was said about it, None: nothing."""
        path = self.path(name)
        path.proven_at = now
        if answerable is not None:
            path.answerable = answerable
        self.to_show.ring()

    # --- from the wire --------------------------------------------------------------------------------------------

    def message(self, path: str, what: str, payload: bytes) -> None:
        """One message that came on `path`; `what`: of names.DOWN, or "pulse". Whatever it holds, it never raises and
        never loses an event."""
        now = self._clock()
        try:
            if what == "receipt":
                self._receipt(path, payload, now)
            elif what == "lamp":
                self._lamp(path, payload, now)
            elif what == "pulse":
                self._pulse(path, payload, now)
                for part in self.parts:
                    part.pulse(payload)
            else:
                for part in self.parts:
                    if [1 for topic in part.TOPICS if topic.split("/")[0] == what.split("/")[0]]:
                        part.message(what, payload)
        except FrameError as error:
            self.malformed += 1
            self._trace("malformed", topic=what, reason=str(error))

    def _receipt(self, path: str, payload: bytes, now: int) -> None:
        if payload[:7] == b'{"mac":':
            said = self.county(payload)
            if said is not None and said.get("kind") == "settings":
                self._wish(said)
            elif said is not None:
                self._received(said, path, now)
            return
        said = read_plain(payload)
        if said["kind"] != "heard":
            raise FrameError("not a receipt")
        self._village_epoch(said.get("epoch"))
        self.proven(path, now)
        record = self.outbox.find(said.get("event"))
        if record is not None and not record.heard:
            record.heard = True
            self.heard_at = now
            self.to_send.ring()  # there is room for one more on its way
            self.showing.receipted(record.id, "heard")
        self._trace("heard", event=said.get("event"))

    def _received(self, said: dict, path: str, now: int) -> None:
        record = self.outbox.find(said.get("event"))
        if said.get("kind") != "received" or record is None:
            return  # receipted before, or of no concern to us
        if said.get("sum") != digest16(record.body):
            self.found_forged("a receipt for other bytes")
            return
        self.showing.county_epoch(str(said.get("epoch"))[:16])
        self.showing.receipted(record.id, "received")
        self.outbox.remove(record)
        self.received_at = self.drill_at = now
        self._trace("received", event=record.id)
        self.to_show.ring()

    def _wish(self, said: dict) -> None:
        """What the county wants set. What does it is loaded when there is any; without the RAM for it all stays."""
        try:
            from heartlamp.settings.answers import wish

            wish(self.desk, said)
        except MemoryError:
            self._trace("no memory", settings=1)

    def _lamp(self, path: str, payload: bytes, now: int) -> None:
        said = read_plain(payload)
        if path != "wan":
            self._village_epoch(said.get("epoch"))
        self.showing.take(path, said)
        self.proven(path, now)

    def _pulse(self, path: str, payload: bytes, now: int) -> None:
        said = read_plain(payload)
        if said["kind"] != "pulse":
            raise FrameError("not a pulse")
        self._village_epoch(said.get("epoch"))
        self.proven(path, now, said.get("answerable") == 1)
        for record in self.outbox.records:
            if path in record.offers and retry.missed(record.offers[path][1], record.heard, now):
                del record.offers[path]
                self.to_send.ring()

    def county(self, payload: bytes) -> "dict | None":
        """What the county says to this very device, or None where it is not the county's word."""
        try:
            return read_signed(self.config.county_key, self.config.dev, payload)
        except FrameError as error:
            self.found_forged(str(error))
            return None

    def found_forged(self, reason: str) -> None:
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

    # --- what it says of itself -----------------------------------------------------------------------------------

    def unheard_since(self) -> "int | None":
        """Of the oldest event that the village is not known to have, in ms. What it had before a nap is asked for anew,
        and has the time from the wake on for the answer: until then nothing says that it was lost."""
        unheard = [r.at for r in self.outbox.records if not r.heard]
        if not unheard:
            return None
        return min(unheard) if self.told_at is None else max(min(unheard), self.told_at)

    def health(self, now: int, heap: int) -> "list[tuple[str, int]]":
        """The values of a heartbeat: ours, each path's (ms since its far end last answered, -1 never), each part's."""
        values = [
            ("heap_b", heap),
            ("held", len(self.outbox.records)),
            ("forged", self.forged),
            ("malformed", self.malformed),
            ("overflowed", self.overflowed),
            ("dropped", self.outbox.dropped + self.telemetry.dropped),
            ("flash_errors", self.outbox.flash_errors),
            ("set_aside", self.outbox.set_aside),
            ("cert_dates_wrong", self.dates_wrong),
        ]
        for path in self.paths:
            values.append(("path_%s_ms" % path.name, -1 if path.proven_at is None else now - path.proven_at))
            if path.refused:
                values.append(("path_%s_refused" % path.name, path.refused))
        for part in self.parts:
            values += part.values()
        return values


def _urgency(record: Record) -> "tuple[bool, int]":
    return record.kind != "alarm", record.seq
