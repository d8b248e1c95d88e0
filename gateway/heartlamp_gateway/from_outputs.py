"""What outputs say of their orders, and what people answer to them."""

from collections.abc import Callable

from heartlamp_gateway.chain import Chain, Row
from heartlamp_gateway.disk import changes as disk
from heartlamp_gateway.outputs.adapter import ENDS, NOT_BEGUN, Order, Report
from heartlamp_gateway.rules import escalation, ordered
from heartlamp_gateway.rules.model import NoteWanted
from heartlamp_gateway.say import log


class FromOutputs:
    def __init__(self, chain: Chain) -> None:
        self._chain = chain
        self._written: dict[str, Order] = {}  # by address: the county's newest message, which may be answered

    def is_wanted(self, order: Order) -> bool:
        """Without the chain's lock, a village being a value: a call goes on ringing while a disk hangs in a commit."""
        if ordered.is_countys(order):
            return ordered.is_wanted(order, self._chain.lived())
        return escalation.is_wanted(self._chain.village, order)

    def rings_on(self, order: Order) -> bool:
        """Of a call that rings. Without the lock too."""
        if ordered.is_countys(order):
            return self.is_wanted(order)
        return escalation.rings_on(self._chain.village, order)

    def report(self, order: Order, report: Report) -> None:
        """Onto the timeline, and onto the disk where it is the end."""
        chain = self._chain
        if ordered.is_countys(order):
            self._ordered(order, report)
            return
        said = f"{order.key.partition('/')[2]} {report.state} {order.name}" + (f" · {report.why}" if report.why else "")
        log.info("%s: %s", order.incident, said)
        with chain.lock:
            before = chain.village
            rows = [chain.note(NoteWanted(order.incident, "step", said[:200]))]
            if report.state in ("coming", "cannot"):
                rows += self._answer(order.incident, escalation.target_of(order), report.state)
            if report == NOT_BEGUN:
                chain.village = escalation.not_begun(chain.village, order)
            writes = [disk.ended(order)] if report.state in ENDS else []
            chain.settle(before, rows, writes=writes, durable=bool(writes))

    def _ordered(self, order: Order, report: Report) -> None:
        chain, said = self._chain, ordered.told(order, report)
        log.info("%s by the county: %s", order.channel, said)
        with chain.lock:
            if order.channel == "sms":
                self._written[order.address] = order
            rows = [chain.note(NoteWanted("", "ordered", said[:200]))]
            writes = [disk.ended(order)] if report.state in ENDS else []
            chain.settle(chain.village, rows, writes=writes, durable=bool(writes))

    def answered(self, is_theirs: Callable[[str], bool], answer: str) -> bool:
        """Somebody wrote back "coming" or "cannot": to the newest call that they were asked to. `is_theirs(address)`:
        whether that is their number. False: nothing was asked of them."""
        chain = self._chain
        with chain.lock:
            before = chain.village
            asked = escalation.asked(before, is_theirs)
            written = next((order for address, order in self._written.items() if is_theirs(address)), None)
            if asked is None and written is not None:
                self._ordered(written, Report(answer))
                return True
            if asked is None:
                return False
            chain.settle(before, self._answer(*asked, answer))
            return True

    def on_duty(self, incident: str) -> tuple[tuple[str, str, str], ...]:
        """As of escalation.on_duty, without the chain's lock."""
        return escalation.on_duty(self._chain.village, incident)

    def answer(self, incident: str, target: str, answer: str) -> bool:
        """Somebody says for one on duty that they are "coming", or that they "cannot". False: it is over, or they are
        not on duty for it."""
        chain = self._chain
        with chain.lock:
            before = chain.village
            if target not in [each for each, _, _ in escalation.on_duty(before, incident)]:
                return False
            chain.settle(before, self._answer(incident, target, answer))
            return True

    def _answer(self, incident: str, target: str, answer: str) -> list[Row]:
        chain = self._chain
        chain.village, notes = escalation.answered(chain.village, incident, target, answer)
        return [chain.note(want) for want in notes]
