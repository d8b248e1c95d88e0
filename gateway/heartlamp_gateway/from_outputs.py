"""What outputs say of their orders, and what people answer to them."""

from heartlamp_gateway.chain import Chain, Row
from heartlamp_gateway.disk import alarms
from heartlamp_gateway.outputs.adapter import ENDS, Order, Report
from heartlamp_gateway.rules import escalation
from heartlamp_gateway.rules.model import NoteWanted
from heartlamp_gateway.say import log

ASKED_MOST = 2_000  # orders whose answer may still come


class FromOutputs:
    def __init__(self, chain: Chain) -> None:
        self._chain = chain
        self._asked: dict[tuple[str, str], Order] = {}  # (channel, address) -> the newest order sent there

    def is_wanted(self, order: Order) -> bool:
        with self._chain.lock:
            return escalation.is_wanted(self._chain.village, order)

    def report(self, order: Order, report: Report) -> None:
        """Onto the timeline, and onto the disk where it is the end."""
        chain = self._chain
        said = f"{order.key.partition('/')[2]} {report.state} {order.name}" + (f" · {report.why}" if report.why else "")
        log.info("%s: %s", order.incident, said)
        with chain.lock:
            before = chain.village
            self._asked[order.channel, order.address] = order
            while len(self._asked) > ASKED_MOST:
                del self._asked[next(iter(self._asked))]
            rows = [chain.note(NoteWanted(order.incident, "step", said[:200]))]
            if report.state in ("coming", "cannot"):
                rows += self._answer(order, report.state)
            writes = [alarms.ended(order)] if report.state in ENDS else []
            chain.settle(before, rows, writes=writes, durable=bool(writes))

    def answered(self, channel: str, address: str, answer: str) -> bool:
        """Somebody wrote back: "coming" or "cannot". False: nothing was asked of them."""
        chain = self._chain
        with chain.lock:
            order = self._asked.get((channel, address))
            if order is None:
                return False
            before = chain.village
            chain.settle(before, self._answer(order, answer))
            return True

    def _answer(self, order: Order, answer: str) -> list[Row]:
        chain = self._chain
        chain.village, notes = escalation.answered(chain.village, order.incident, escalation.target_of(order), answer)
        return [chain.note(want) for want in notes]
