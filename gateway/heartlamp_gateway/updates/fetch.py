"""Bundles come from the county in parts, on a line of their own, and on from where they were."""

from collections.abc import Callable

from heartlamp_protocol.registry import Registry, Update

from heartlamp_gateway.clock import boottime
from heartlamp_gateway.county.line import AWAY, Line
from heartlamp_gateway.rules.rate import Bucket, spend
from heartlamp_gateway.rules.retry import Retry, failed, wait_ms
from heartlamp_gateway.say import log
from heartlamp_gateway.updates.cache import Cache

PART = 16_384
LOOK_S = 2.0
HOLD_MS = 10 * 60_000  # for a bundle that the county does not have, or that came wrong


class Fetch:
    """`registry()`: the village's list as it is now; `quiet()`: nothing that matters waits for the county;
    `pause(seconds)`: waits, True when we stop."""

    def __init__(
        self,
        cache: Cache,
        line: Line,
        rate: int,
        registry: Callable[[], Registry],
        quiet: Callable[[], bool],
        pause: Callable[[float], bool],
    ) -> None:
        self._cache, self._line, self._registry, self._quiet, self._pause = cache, line, registry, quiet, pause
        self._bucket = Bucket(rate)
        self._held: dict[str, int] = {}  # bundle -> BOOTTIME ms until which it waits
        self._retry = Retry()

    def run(self) -> None:
        self._cache.load()
        while not self._pause(max(LOOK_S, wait_ms(self._retry, boottime(), fresh=False) / 1000)):
            updates = self._registry().updates
            self._cache.keep_only({update.bundle for update in updates})
            for update in updates:
                if self._cache.size(update.bundle) is None and self._held.get(update.bundle, 0) <= boottime():
                    self._fetch(update)
            self._line.close()

    def _fetch(self, update: Update) -> None:
        """To its end, or until something is in the way."""
        bundle = update.bundle
        if not self._cache.has_room(update.size):
            log.error("there is no room for the bundle %s: end other offers, or give [updates] more", bundle)
            self._held[bundle] = boottime() + HOLD_MS
            return
        try:
            while (at := self._cache.under_way(bundle)) < update.size:
                while not self._quiet():
                    if self._pause(0.2):
                        return
                if self._pause(0) or not self._part(update, at):
                    return
            if at == update.size and self._cache.finish(bundle):
                log.info("the bundle %s is here, %d bytes", bundle, update.size)
                return
            log.error("the bundle %s came whole and is another one; it is fetched again later", bundle)
            self._cache.begin_anew(bundle)
        except OSError as wrong:
            log.error("the bundle %s cannot be kept: %s; devices go on with what they have", bundle, wrong)
        self._held[bundle] = boottime() + HOLD_MS

    def _part(self, update: Update, at: int) -> bool:
        last = min(at + PART, update.size) - 1
        try:
            reply = self._line.get(f"/gateway/v1/firmware/{update.bundle}", f"Range: bytes={at}-{last}\r\n")
        except AWAY:
            self._retry = failed(self._retry, boottime())
            return False
        if reply.status != 206 or not 0 < len(reply.body) <= last + 1 - at:
            if reply.status in (401, 403) or reply.status >= 500:
                self._retry = failed(self._retry, boottime(), refused=reply.status in (401, 403))
            else:
                log.error("the county answers %d for the bundle %s", reply.status, update.bundle)
                self._held[update.bundle] = boottime() + HOLD_MS
            return False
        self._retry = Retry()
        self._cache.append(update.bundle, reply.body)
        self._bucket, wait = spend(self._bucket, len(reply.body), boottime(), PART)
        return not (wait and self._pause(wait / 1000))
