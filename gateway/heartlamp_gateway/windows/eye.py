"""Looks at the running gateway. Holds no lock of the chain: a village is a value, so that a window that hangs holds up
no alarm, and a disk that hangs in the middle of a commit blinds no window."""

import threading
from collections.abc import Callable

from heartlamp_gateway.chain import Chain
from heartlamp_gateway.clock import boottime
from heartlamp_gateway.county.contact import Contact
from heartlamp_gateway.disk.readings import ReadingFile
from heartlamp_gateway.insides import Insides, disk_of
from heartlamp_gateway.outbox import Outbox
from heartlamp_gateway.presence import Presence
from heartlamp_gateway.rules.untold import SILENT, waiting
from heartlamp_gateway.windows.readings import LastReadings
from heartlamp_gateway.windows.view import (
    CONTACT_STEP_MS,
    READINGS_STEP,
    Box,
    View,
    calls,
    devices,
)

FRESH_MS = 400  # several who look share one look


class Eye:
    """`broker`: whether the alarms' session with the broker is up; `insides`: what other parts know of themselves."""

    def __init__(
        self,
        id: str,
        name: str,
        chain: Chain,
        presence: Presence,
        contact: Contact,
        outbox: Outbox,
        readings: ReadingFile,
        last: LastReadings,
        broker: Callable[[], bool],
        insides: Insides,
    ) -> None:
        self._id, self._name, self._chain, self._presence, self._contact = id, name, chain, presence, contact
        self._outbox, self._readings, self._last = outbox, readings, last
        self._broker, self._insides = broker, insides
        self._lock = threading.Lock()
        self._view: View | None = None
        self._started = boottime()

    def look(self) -> View:
        with self._lock:
            if self._view is None or boottime() - self._view.now >= FRESH_MS:
                self._view = self._look()
            return self._view

    def _look(self) -> View:
        village, now, presence = self._chain.village, boottime(), self._presence
        silent = frozenset(d.id for d in village.registry.devices if d.kind == SILENT)
        rows, more = self._outbox.rows()
        rows = waiting(rows, silent)
        age, county, broker = self._contact.age(), bool(self._contact), self._broker()
        box = Box(
            id=self._id,
            village=village.registry.village or self._name,
            county=county,
            broker=broker,
            disk=disk_of(self._chain.ledger),
            waiting=len(rows),
            more=more,
            readings=len(self._readings) // READINGS_STEP * READINGS_STEP,
            readings_lost=self._readings.dropped,
            troubles=self._insides.troubles(),
            contact=None if age is None else age // CONTACT_STEP_MS * CONTACT_STEP_MS,
            parts=self._insides.parts(),
            stock=self._insides.stock(),
            certificate_ends=self._insides.certificate_ends(),
        )
        seen = devices(
            village,
            presence.all(),
            lambda device: presence.quiet(device, now),
            self._last.all(),
            now,
            self._started,
        )
        return View(
            box=box,
            calls=calls(village, frozenset(row.event for row in rows), more),
            devices=seen,
            sessions=sum(presence.in_session(device.id) for device in seen),
            unshown=sum(lamp.shown != lamp.ver for lamp in village.lamps.values()),
            now=now,
            lived=self._chain.lived(),
        )
