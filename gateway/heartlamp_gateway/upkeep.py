"""What must be done again, or late, or once in a while."""

import time

from heartlamp_protocol.supervision import supervision_ms

from heartlamp_gateway import clock
from heartlamp_gateway.chain import Chain
from heartlamp_gateway.disk import changes as disk
from heartlamp_gateway.disk.opening import TROUBLE
from heartlamp_gateway.presence import Presence
from heartlamp_gateway.rules import incidents, lamps, relay
from heartlamp_gateway.say import log


class DiskIsBack(Exception):
    """Ends the process: what is in memory was not `heard`, its devices offer it again."""


class Upkeep:
    def __init__(self, chain: Chain, presence: Presence) -> None:
        self._chain, self._presence = chain, presence

    def connected(self) -> None:
        """A new session with the broker: say again what may have been lost with the old one, or with a kill."""
        chain = self._chain
        with chain.lock:
            chain.village = lamps.forget_shown(chain.village)
            for device in chain.village.lamps:
                chain.tell_lamp(device)
            chain.ledger.commit()
            for kept in chain.ledger.file.waiting(0, 1000):
                ours = kept.item is not None and kept.event and not relay.aside_by(kept.event)
                if ours and not chain.ledger.is_unsaved(kept.event):
                    chain.tell_heard(kept.device, kept.event)
            for _, device, receipt in chain.ledger.file.owed():
                chain.tell_receipt(device, receipt)

    def resend(self, unknown_too: bool) -> None:
        """To the lamps that have not reported what they should show; `unknown_too`: also to those of which we do not
        know whether they are there."""
        chain = self._chain
        with chain.lock:
            self._miss_carried()
            for device in lamps.unshown(chain.village):
                there = self._presence.online(device)
                if there or (there is None and unknown_too):
                    chain.tell_lamp(device)

    def flush(self) -> None:
        """Writes what may be late and what the disk refused before; takes up rows that memory had no room for."""
        chain = self._chain
        with chain.lock:
            if chain.ledger.behind:
                chain.settle(chain.village)
            chain.outbox.refill(chain.ledger.file.waiting)

    def housekeeping(self, county: bool) -> None:
        """Once a minute: 30 days, the clock, the journal. `county`: in contact with it."""
        chain = self._chain
        with chain.lock:
            before, lived = chain.village, chain.lived()
            chain.clock = clock.VillageClock(lived, chain.boot, clock.boottime())
            chain.village = incidents.expire(before, lived)
            writes = [disk.clock(chain.clock), disk.forget(lived), disk.word("n", str(chain.last_n))]
            if county:
                writes.append(disk.word("county contact", time.strftime("%Y-%m-%d %H:%M:%SZ", time.gmtime())))
            chain.settle(before, writes=writes, tell=True)
            if chain.ledger.file.volatile and chain.ledger.file.is_back():
                raise DiskIsBack("the disk can be written again: starting anew, to take up what is on it")
        try:
            chain.ledger.file.checkpoint()
        except TROUBLE as wrong:
            log.error("the journal cannot be folded into the file, it goes on growing: %s", wrong)

    def _miss_carried(self) -> None:
        """Who speaks through a lamp has no will: one that says nothing for too long is not known to be there."""
        now = clock.boottime()
        for device in self._chain.village.ways:
            found, quiet = self._chain.village.device(device), self._presence.quiet(device, now)
            if quiet is not None and (found is None or quiet > supervision_ms(found.kind)):
                self._presence.lost(device)
