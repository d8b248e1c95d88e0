"""Commands down: server-sent events, resumed by cursor. Also fetches registry and plan when the county says that there
is another."""

from collections.abc import Callable

from heartlamp_protocol.device.frame import FrameError
from heartlamp_protocol.device.names import is_hex
from heartlamp_protocol.downlink import READ_TIMEOUT_SECONDS, read_command, read_cursor
from heartlamp_protocol.escalation.plan import Plan
from heartlamp_protocol.fields import read_integer, read_object
from heartlamp_protocol.registry import Registry

from heartlamp_gateway.chain import Chain
from heartlamp_gateway.clock import boottime
from heartlamp_gateway.county.contact import Contact
from heartlamp_gateway.county.line import AWAY, Line, date_of
from heartlamp_gateway.county.sse import Event, Reader
from heartlamp_gateway.from_county import FromCounty
from heartlamp_gateway.rules.retry import Retry, failed, wait_ms
from heartlamp_gateway.say import log


class Downlink:
    """`side`: a second line, for registry and plan, because the first is busy streaming; `new_registry`: called after
    it is stored; `pause(seconds)`: waits, True when we stop."""

    def __init__(
        self,
        chain: Chain,
        county: FromCounty,
        line: Line,
        side: Line,
        contact: Contact,
        new_registry: Callable[[Registry], None],
        pause: Callable[[float], bool],
        alive: Callable[[], None] = lambda: None,
    ) -> None:
        self._alive = alive
        self._chain, self._county = chain, county
        self._line, self._side, self._contact = line, side, contact
        self._new_registry, self._pause = new_registry, pause
        self._epoch = ""
        self._retry = Retry()

    def run(self) -> None:
        stopping = False
        while not stopping:
            self._alive()
            try:
                refused = self._stream()
                self._retry = failed(self._retry, boottime(), refused)
            except AWAY as wrong:
                if self._retry.failures == 0:
                    log.warning("downlink: %s; it will be resumed", wrong or type(wrong).__name__)
                self._retry = failed(self._retry, boottime())
            stopping = self._pause(wait_ms(self._retry, boottime(), fresh=False) / 1000)
        self._line.close()

    def _stream(self) -> bool:
        """Reads until the stream ends. True: the county refuses our token."""
        response = self._line.stream("/gateway/v1/down", self._chain.cursor, READ_TIMEOUT_SECONDS)
        if response.status != 200:
            if self._retry.failures == 0:
                log.error("downlink: the county answers %d: %r", response.status, response.read(300))
            self._line.close()
            self._contact.refused = response.status in (401, 403)
            return self._contact.refused
        self._contact.dated(date_of(response))  # where nothing goes up, nothing else says what time it is
        reader = Reader()
        while line := response.readline():
            self._contact.touch()
            self._alive()
            event = reader.feed(line)
            if event is not None:
                self._retry = Retry()
                self._take(event)
            if not line.strip() and self._county.registry_wanted():
                self._fetch("registry", self._take_registry)
            if not line.strip() and self._county.plan_wanted():
                self._fetch("plan", lambda body: self._county.plan(Plan.from_json(body)))
        return False

    def _take(self, event: Event) -> None:
        try:
            if event.name == "hello":
                fields = read_object(event.data.encode())
                if not is_hex(fields.get("epoch"), 16):
                    raise FrameError("no epoch")
                self._epoch = str(fields["epoch"])
                plan = read_integer(fields, "plan") if "plan" in fields else 0
                self._county.hello(self._epoch, read_integer(fields, "registry"), plan)
                log.info("downlink: the county is there, resumed after %s", self._chain.cursor or "nothing")
            elif event.name == "command":
                self._command(event)
        except FrameError as wrong:
            log.error("downlink: the county sent what we cannot read: %s: %s", wrong, event.data[:200])

    def _command(self, event: Event) -> None:
        place = read_cursor(event.id)
        try:
            seq, not_after_ms, command = read_command(event.data.encode())
        except FrameError:
            if place is not None:
                self._county.command(*place, None)  # or it would come again for ever
            raise
        self._county.command(place[0] if place else self._epoch, seq, command, not_after_ms)

    def _fetch(self, what: str, take: Callable[[bytes], None]) -> None:
        """`take`: raises FrameError where it cannot be read."""
        try:
            reply = self._side.get(f"/gateway/v1/{what}")
            if reply.status != 200:
                log.error("the %s cannot be fetched: the county answers %d; tried again", what, reply.status)
                return
            take(reply.body)
        except (*AWAY, FrameError) as wrong:
            log.error("the %s cannot be fetched: %s; tried again", what, wrong)

    def _take_registry(self, body: bytes) -> None:
        registry = Registry.from_json(body)
        self._county.registry(registry)
        self._new_registry(registry)
