"""The short message: out at once, and delivered when the network says so."""

import threading
import time
from collections.abc import Callable

from heartlamp_gateway.outputs.adapter import Order, Report
from heartlamp_gateway.outputs.modem import trouble
from heartlamp_gateway.outputs.modem.bus import CALL_S, Bus, BusError
from heartlamp_gateway.outputs.modem.config import ModemConfig
from heartlamp_gateway.outputs.modem.names import MESSAGING, SMS
from heartlamp_gateway.outputs.modem.numbers import dialled, e164
from heartlamp_gateway.outputs.modem.ready import ENABLE_S, Unable, find, in_words, ready
from heartlamp_gateway.outputs.modem.reports import Reports
from heartlamp_gateway.outputs.modem.texts import text
from heartlamp_gateway.outputs.modem.trouble import Modem

SEND_S = 60.0  # until the network takes it; a busy cell needs tens of seconds
NO_REPORT = "发出了，还没有送达回执 sent; no delivery report yet"


class Sms:
    """outputs.adapter.Adapter. `reports`: shared with the Inbox, which reads them. "done" is said once the message is
    delivered, or after `delivery_s` without a word: one telephone that is off does not hold up the next message. What
    the network says later is reported later, at most an hour."""

    channel = "sms"
    at_once = False

    def __init__(self, config: ModemConfig, reports: Reports) -> None:
        self.deadline_s = ENABLE_S + SEND_S + config.delivery_s + 4 * CALL_S
        self._config, self._reports = config, reports
        self._barred = ""

    def perform(self, order: Order, report: Callable[[Report], None]) -> Report:
        if order.what == "silent":
            return Report("failed", trouble.SILENT)
        began = time.monotonic()
        try:
            reference = self._sent(order)
        except (Unable, BusError, OSError) as wrong:
            words = in_words(wrong)
            self._barred = words if trouble.is_barred(words) else self._barred
            return Report("failed", words)
        except ValueError as wrong:
            return Report("failed", str(wrong))
        self._barred = ""
        report(Report("sent"))
        awaited = _Awaited(report)
        self._reports.expect(reference, e164(order.address, self._config.country), began, awaited.tell)
        return awaited.end(self._config.delivery_s)

    def health(self) -> str:
        try:
            with Bus(self._config.bus) as bus:
                modem = find(bus, self._config.imei)
                wrong = trouble.of_modem(modem, self._config.imei, MESSAGING)
                if modem is None or wrong:
                    return wrong
                # a message that is created and neither sent nor stored touches neither the network nor the card
                bus.call(modem.path, MESSAGING, "Delete", "o", _created(bus, modem, "000", "?"))
        except (BusError, OSError) as failed:
            return in_words(failed)
        return self._barred

    def _sent(self, order: Order) -> int:
        """The number that its delivery report will name."""
        number = dialled(order.address)
        with Bus(self._config.bus) as bus:
            modem = ready(bus, self._config.imei, MESSAGING)
            path = _created(bus, modem, number, text(order))
            try:
                bus.call(path, SMS, "Send", within_s=SEND_S)
                return int(bus.properties(path, SMS).get("MessageReference", -1))
            finally:
                try:
                    bus.call(modem.path, MESSAGING, "Delete", "o", path)
                except (BusError, OSError):
                    pass  # sent is sent


class _Awaited:
    """One message's delivery report: within the order's time it is its end, later a report of its own."""

    def __init__(self, report: Callable[[Report], None]) -> None:
        self._report = report
        self._came = threading.Condition()
        self._said: Report | None = None
        self._late = False

    def tell(self, said: Report) -> None:
        with self._came:
            self._said = said
            self._came.notify()
            late = self._late
        if late:
            self._report(said)

    def end(self, within_s: float) -> Report:
        with self._came:
            self._came.wait_for(lambda: self._said is not None, within_s)
            said, self._late = self._said, self._said is None
        if said is None:
            return Report("done", NO_REPORT)
        if said.state == "delivered":
            self._report(said)
            return Report("done")
        return said


def _created(bus: Bus, modem: Modem, number: str, said: str) -> str:
    fields = {"number": ("s", number), "text": ("s", said), "delivery-report-request": ("b", True)}
    (path,) = bus.call(modem.path, MESSAGING, "Create", "a{sv}", fields)
    return str(path)
