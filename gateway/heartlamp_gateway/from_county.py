"""What the county says: verdicts on what went up, commands, the registry."""

from collections.abc import Sequence
from dataclasses import replace

from heartlamp_protocol.downlink import (
    BroadcastCommand,
    CallCommand,
    Command,
    DrillCommand,
    IncidentCommand,
    PlanCommand,
    RegistryCommand,
    cursor_text,
    read_cursor,
)
from heartlamp_protocol.escalation.plan import Plan
from heartlamp_protocol.registry import Registry
from heartlamp_protocol.uplink import Verdict

from heartlamp_gateway.chain import Chain
from heartlamp_gateway.disk import changes as disk
from heartlamp_gateway.outputs.adapter import Order
from heartlamp_gateway.presence import Presence
from heartlamp_gateway.rules import drills, incidents, lamps, ordered, relay, untold
from heartlamp_gateway.rules.batch import Kept
from heartlamp_gateway.say import about, log


class FromCounty:
    def __init__(self, chain: Chain, presence: Presence) -> None:
        self._chain, self._presence = chain, presence

    def verdicts(self, epoch: str, sent: dict[int, Kept], verdicts: Sequence[Verdict]) -> list[int]:
        """`sent`: rows by n. Receipts go to their devices first: they are the county's word, our disk has no part
        in it. Returns the rows that are done."""
        chain = self._chain
        known = [(sent[v.n], v) for v in verdicts if v.n in sent]
        passed = {row.n for row, v in known if v.receipt and self._pass_on(row, v.receipt)}
        done = [row.n for row, _ in known]
        chain.outbox.done(done)
        with chain.lock:
            before = chain.village
            self._county_is(epoch)
            lived = chain.lived()
            chain.ledger.later([disk.received(v.n, lived, v.receipt) for _, v in known])
            for row, v in known:
                # Who came back while we spoke asked too early: the receipt was not written yet.
                there = v.receipt and row.n not in passed and self._presence.online(row.device)
                if there and self._pass_on(row, v.receipt):
                    passed.add(row.n)
            chain.ledger.later([disk.passed(n) for n in passed])
            for row, v in known:
                told = not untold.is_untold(chain.village, row.device, row.item.frame if row.item else b"")
                if v.verdict in ("quarantined", "rejected") and row.event and told:
                    log.warning(
                        "the county %s %s: %s",
                        v.verdict,
                        row.event,
                        v.reason,
                        extra=about(row.event, device=row.device),
                    )
                if v.verdict == "quarantined" and row.event:
                    # Not at `rejected`: we could read it, so the neighbours stay with whoever pressed.
                    chain.village = incidents.refuse(chain.village, row.event)
            if chain.village is not before:
                chain.settle(before)
        return done

    def _pass_on(self, row: Kept, receipt: str) -> bool:
        """True: the device was there, before it was told, and told by a way of its own choice."""
        there, by = self._presence.online(row.device), relay.aside_by(row.event)
        return self._chain.tell_receipt(row.device, receipt, by) and there is True and not by

    def command(self, epoch: str, seq: int, command: Command | None, not_after_ms: int = 0) -> None:
        """Command and cursor in one transaction. `command` None: confirmed and ignored; `not_after_ms`: from now on, 0
        never void."""
        chain = self._chain
        with chain.lock:
            known = read_cursor(chain.cursor)
            if known is not None and known[0] == epoch and seq <= known[1]:
                return
            before = chain.village
            self._county_is(epoch)
            chain.cursor = cursor_text(epoch, seq)
            writes = [disk.word("cursor", chain.cursor)]
            orders: list[Order] = []
            if isinstance(command, IncidentCommand):
                chain.village = incidents.county_says(chain.village, command, chain.lived())
            elif isinstance(command, RegistryCommand):
                writes.append(disk.word("registry wanted", str(command.version)))
            elif isinstance(command, PlanCommand):
                writes.append(disk.word("plan wanted", str(command.version)))
            elif isinstance(command, DrillCommand) and not_after_ms:
                until = chain.lived() + not_after_ms
                chain.village = drills.open_window(chain.village, command.site, until - command.lasts, until)
            elif isinstance(command, CallCommand | BroadcastCommand):
                orders.append(ordered.order(command, chain.lived() + not_after_ms if not_after_ms else 0))
            chain.settle(before, writes=writes, given=orders)

    def hello(self, epoch: str, registry: int, plan: int) -> None:
        """The stream begins: the county is there, and what waits need not wait for its next try. `registry`, `plan`:
        the versions that the county has."""
        chain = self._chain
        chain.outbox.poke()
        with chain.lock:
            self._county_is(epoch)
            has = {"registry wanted": chain.village.registry.version, "plan wanted": chain.village.plan.version}
            said = {"registry wanted": registry, "plan wanted": plan}
            writes = [disk.word(name, str(said[name])) for name in said if said[name] != has[name]]
            if writes:
                chain.settle(chain.village, writes=writes)

    def registry_wanted(self) -> bool:
        """The county has told us of a list that we do not have yet."""
        return self._is_wanted("registry wanted", self._chain.village.registry.version)

    def plan_wanted(self) -> bool:
        return self._is_wanted("plan wanted", self._chain.village.plan.version)

    def plan(self, plan: Plan) -> None:
        """From now on; what is open goes on by the plan that it began with."""
        chain = self._chain
        with chain.lock:
            before = chain.village
            chain.village = replace(before, plan=plan)
            chain.settle(before, writes=[disk.word("plan wanted", str(plan.version))])
        log.info("plan version %d: %d policies, %d targets", plan.version, len(plan.policies), len(plan.targets))

    def _is_wanted(self, word: str, version: int) -> bool:
        with self._chain.lock:
            wanted = self._chain.ledger.file.word(word)
        return bool(wanted) and int(wanted) != version

    def registry(self, registry: Registry) -> None:
        """Replaces the list of devices."""
        chain = self._chain
        with chain.lock:
            before = chain.village
            chain.village = lamps.relight(relay.allowed_ways(replace(before, registry=registry)))
            chain.settle(before, writes=[disk.word("registry wanted", str(registry.version))])
        many = len(registry.devices)
        log.info("registry version %d: %d devices at %d sites", registry.version, many, len(registry.sites))

    def _county_is(self, epoch: str) -> None:
        chain = self._chain
        old, chain.county_epoch = chain.county_epoch, epoch
        if epoch == old:
            return
        chain.ledger.later([disk.word("county epoch", epoch)])
        if old:
            log.warning("the county's store is another one (%s, was %s): all that is kept is offered again", epoch, old)
            chain.ledger.later([disk.offer_again()])
            chain.ledger.commit()
            chain.outbox.refill(chain.ledger.file.waiting, anew=True)
