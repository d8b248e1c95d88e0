"""The heart of the alarm chain: the village's state, and the one way in which a change of it becomes true.

`from_devices`, `from_county` and `upkeep` hold the lock, ask the rules for a new village, and settle the difference:
up to the county from memory, commit, `heard`, lamps, in this order.
"""

import hashlib
import secrets
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence
from typing import Protocol

from heartlamp_protocol.device.names import event_id
from heartlamp_protocol.said_to_device import write_heard
from heartlamp_protocol.topics import relay_topic
from heartlamp_protocol.uplink import Item, Note

from heartlamp_gateway import clock
from heartlamp_gateway.disk import changes as disk
from heartlamp_gateway.disk.alarms import AlarmFile
from heartlamp_gateway.disk.changes import Write
from heartlamp_gateway.disk.ledger import Ledger
from heartlamp_gateway.outbox import Outbox
from heartlamp_gateway.outputs.adapter import Order
from heartlamp_gateway.rules import escalation, incidents, lamps, relay, untold
from heartlamp_gateway.rules.batch import Kept
from heartlamp_gateway.rules.ingest import Judged
from heartlamp_gateway.rules.model import EMPTY, NoteWanted, Village
from heartlamp_gateway.say import log

Say = Callable[[str, bytes], bool]
"""(topic, payload) -> whether the broker has it; never blocks for long, never raises."""


class Outputs(Protocol):
    """The village's siren, loudspeakers and telephone."""

    def give(self, orders: Iterable[Order]) -> None:
        """Orders to be done, in their time. Never blocks."""

    def working(self) -> frozenset[str]:
        """Channels that would do an order now."""


Row = tuple[Kept, bytes]
"""What goes up, and its digest."""


class Chain:
    """`start()` before anything else. `in_session`: whether a device has a session of its own with the broker. Whoever
    changes `village` holds `lock` and calls `settle`."""

    def __init__(
        self,
        gateway: str,
        file: AlarmFile,
        outbox: Outbox,
        say: Say,
        in_session: Callable[[str], bool],
        away_ms: Callable[[], int],
        outputs: Outputs,
    ) -> None:
        self.lock = threading.RLock()
        self.ledger = Ledger(file)
        self.outbox = outbox
        self.village: Village = EMPTY
        self.epoch = self.cursor = self.county_epoch = self.boot = ""
        self.clock = clock.VillageClock(0, "", 0)
        self.last_n = 0
        self.settings: dict[str, str] = {}
        """device that sleeps -> the county's settings for it, until it asks. The county says them again: of no disk."""
        self._gateway, self._say, self._in_session = gateway, say, in_session
        self._away_ms, self._outputs = away_ms, outputs
        self._due_at: int | None = 0  # village clock: when time alone may make something due
        self._worked: frozenset[str] = frozenset()
        self._unheard: OrderedDict[str, str] = OrderedDict()  # event -> device: `heard` once the disk has it
        self._left: list[Order] = []  # ordered before this start, and not known to be done

    def start(self) -> None:
        """Takes up what was left: state, cursor, and the rows that wait."""
        file = self.ledger.file
        self.epoch, self.cursor, self.county_epoch = (file.word(w) for w in ("epoch", "cursor", "county epoch"))
        self.epoch = self.epoch or secrets.token_hex(8)  # a disk that was never there: of this run only
        self.boot = clock.boot_id()
        self.clock = disk.read_clock(file.word("clock")).resumed(self.boot, clock.boottime())
        self.last_n = max(file.last_n(), int(file.word("n") or 0))
        self.village = lamps.forget_shown(lamps.relight(file.village()))
        self._left = file.effects()
        self.outbox.refill(file.waiting, anew=True)
        secret = frozenset(d.id for d in self.village.registry.devices if d.kind == untold.SILENT)
        told = len(untold.waiting(self.outbox.rows()[0], secret))
        log.info("epoch %s, %d rows wait for the county", self.epoch, told)

    def resume(self) -> None:
        """Gives out again what was left: once all is there that may be told of it."""
        left, self._left = self._left, []
        self._outputs.give(left)

    def close(self) -> None:
        """Writes what may be written late, and lets nothing in any more."""
        self.lock.acquire()
        self.ledger.commit()
        self.ledger.file.close()

    def lived(self) -> int:
        """The village clock, ms."""
        return self.clock.now(clock.boottime())

    def settle(
        self,
        before: Village,
        rows: Sequence[Row] = (),
        heard: Sequence[tuple[str, str]] = (),
        writes: Sequence[Write] = (),
        durable: bool = True,
        given: Sequence[Order] = (),
        tell: bool = False,
    ) -> None:
        """`before`: the village that the disk knows; `heard`: (event, device) to be told so; `durable`: False when
        it may wait for the next commit; `given`: orders that are not the plan's; `tell`: a disk that refuses this may
        be spoken of, as at each event that people know of."""
        lived = self.lived()
        self.outbox.put([kept for kept, _ in rows])  # while we think and the disk works, the uplink already sends
        due, more = self._escalate(lived)
        orders = [*given, *due]
        self.outbox.put([kept for kept, _ in more])
        rows = [*rows, *more]
        changes = [disk.keep(kept, digest, lived) for kept, digest in rows]
        changes += [*writes, *map(disk.wanted, orders), *disk.difference(before, self.village)]
        self._unheard.update(heard)
        if not durable and not orders:
            self.ledger.later(changes)
        elif not self.ledger.commit(changes, tell or any(self._is_known(kept) for kept, _ in rows)):
            self._not_on_disk(before, rows)
        if not self.ledger.refusing:
            self._on_disk()
        for device, lamp in self.village.lamps.items():
            old = before.lamps.get(device)
            if old is not lamp and (old is None or old.ver != lamp.ver):
                self.tell_lamp(device)
        self._outputs.give(orders)

    def advance(self) -> None:
        """What time alone makes due, or an output that works again."""
        with self.lock:
            due = self._due_at is not None and self.lived() >= self._due_at
            if self.village.escalations and (due or self._outputs.working() != self._worked):
                self.settle(self.village, durable=False)

    def _escalate(self, lived: int) -> tuple[list[Order], list[Row]]:
        self.village = escalation.follow(self.village, clock.minute(self.village.plan.utc_offset_min), lived)
        self._due_at = None
        if not self.village.escalations:
            return [], []
        away, self._worked = self._away_ms(), self._outputs.working()
        self.village, orders, notes = escalation.advance(self.village, lived, away, self._worked)
        self._due_at = escalation.next_at(self.village, lived, away, self._worked)
        return orders, [self.note(want) for want in notes]

    def tell_lamp(self, device: str) -> None:
        lamp = self.village.lamps.get(device)
        if lamp is not None:
            self._tell(device, "lamp", lamps.payload(lamp, self.epoch))

    def tell_receipt(self, device: str, receipt: str, by: str = "") -> bool:
        """The county's word, as it came. `by`: a lamp that carries it, "" the way that the device spoke last. False:
        the broker does not have it."""
        if by:
            return self._say(relay_topic(by, device, "receipt"), receipt.encode())
        return self._tell(device, "receipt", receipt.encode())

    def tell_piece(self, device: str, piece: bytes) -> None:
        self._tell(device, "piece", piece)

    def tell_heard(self, device: str, event: str) -> None:
        self._tell(device, "receipt", write_heard(event, self.epoch))

    def _tell(self, device: str, what: str, payload: bytes) -> bool:
        topics = relay.topics_to(self.village, device, what, self._in_session(device))
        said = [self._say(name, payload) for name in topics]
        return any(said)

    def item(self, event: str, judged: Judged) -> Row:
        """A frame on its way up. `event`: the name that it is kept under, "" for evidence."""
        self.last_n += 1
        item = Item(self.last_n, 0, judged.user, judged.frame)
        return Kept(self.last_n, self.boot, clock.boottime(), event, judged.device, item=item), judged.digest

    def note(self, want: NoteWanted) -> Row:
        """What the village did, on its way up. Its id comes from what it says: made again after a kill, it is that."""
        self.last_n += 1
        name = want.key or f"{self.boot} {self.last_n} {clock.boottime()}"
        digest = hashlib.sha256(f"{self.epoch} {name}".encode()).digest()
        id = event_id(self._gateway, digest[:8])
        note = Note(self.last_n, 0, id, want.incident, want.what, want.subject)
        return Kept(self.last_n, self.boot, clock.boottime(), id, note=note), digest

    def _is_known(self, kept: Kept) -> bool:
        """An event, and no silent alarm."""
        return kept.item is not None and not untold.is_untold(self.village, kept.device, kept.item.frame)

    def _on_disk(self) -> None:
        """All that came is kept: say so, to those who pressed and on every lamp."""
        while self._unheard:
            event, device = self._unheard.popitem(last=False)
            self.tell_heard(device, event)
        silent = frozenset(i.id for i in self.village.incidents.values() if not i.heard)
        if silent:
            state = self.village
            self.village = incidents.mark_heard(state, silent, 1)
            self.ledger.later(disk.difference(state, self.village))

    def _not_on_disk(self, before: Village, rows: Sequence[Row]) -> None:
        """Lamps say `heard` only of what the disk has."""
        for kept, digest in rows:
            if kept.event and kept.item is not None:
                self.ledger.unsaved(kept.event, digest)
        state = self.village
        self.village = incidents.mark_heard(state, frozenset(state.incidents.keys() - before.incidents.keys()), 0)
        self.ledger.later(disk.difference(state, self.village))
