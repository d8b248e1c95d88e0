"""`wan`: HTTPS straight to the county, as its own gateway of one. Posts on one connection; a lamp is told of calls on
another."""

import asyncio
import json

from heartlamp_protocol.device.frame import FrameError
from heartlamp_protocol.device.kinds import BATTERY_MS, LAMPS, heartbeat_ms
from heartlamp_protocol.device.names import event_id

from heartlamp import net
from heartlamp.http import sse
from heartlamp.http.answer import Answer, HttpError, request
from heartlamp.http.line import LOST, OPEN_MS, Line
from heartlamp.rules import county_batch, county_calls
from heartlamp.wait import wait

PROBE_MS = 20_000  # the county misses us after 60 s; a broken line is noticed by the stream
PROBE_ALONE_MS = 12_000  # without a stream this is how a broken line is noticed
SILENT_MS = 11_000  # the stream says something every 5 s
STREAM_AGAIN_MS = 1_000
MALFORMED = (400, 413)  # the county is there, and will not take this one thing
BODY_MOST = 4096  # of an answer
EVENT_MOST = 4096  # of the stream


class Refused(OSError):
    """The county answered, and not with 200. `status`: HTTP's."""

    def __init__(self, status: int) -> None:
        super().__init__("the county answered %d" % status)
        self.status = status


class Link:
    """`up` is set while the last request was answered."""

    NAME = "wan"

    def __init__(self, hal, device) -> None:
        self._hal = hal
        self._device = device
        self._at = device.config.fields["wan"]
        self._boot = device.boot
        self._line = Line(self._open, BODY_MOST)
        self._told = county_calls.nothing()
        self._lit = []  # incidents that the county knows we show
        self._attempt = 0
        self._next = hal.clock()  # when to probe
        self._refused = False
        self._urgent = device.urgent.ear()
        self._shown = device.to_report.ear()
        self._came_up = asyncio.Event()
        self.up = asyncio.Event()
        beat = heartbeat_ms(device.config.kind)
        self._lamp = device.config.kind in LAMPS
        self._probe_ms = None if beat == BATTERY_MS else PROBE_MS if self._lamp else PROBE_ALONE_MS
        device.leaving.append(self._leave)

    # --- what the device says -------------------------------------------------------------------------------------

    async def publish(self, what: str, payload: bytes, qos: int) -> bool:
        """False where it did not reach the county. What a county has no ear for counts as said. `what` may also be
        `relay/<device>/<what>`: of a device that we carry."""
        whose, what = county_batch.addressed(what)
        if what not in ("event", "reading"):
            return True
        item = county_batch.item(county_batch.user_of(whose, payload) or self._device.config.user, payload)
        try:
            verdict, receipt = await self._post("batch" if what == "event" else "readings", item, "")
        except LOST as error:
            if not isinstance(error, Refused) or error.status not in MALFORMED:
                return False
            self._count(str(error))  # an event is kept, and offered in its time
            return True
        if receipt:
            self._device.message(self.NAME, "relay/%s/receipt" % whose if whose else "receipt", receipt.encode())
        elif what == "event":
            self._count("the county says of an event: " + verdict)
        return True

    async def _post(self, to: str, items: str, notes: str) -> "tuple[str, str]":
        """(verdict, receipt) of the only item. Raises one of LOST."""
        cursor = county_calls.cursor(self._told)
        body = county_batch.batch(self._at["gateway"], self._boot, cursor, items, notes)
        asked = request("POST", "/gateway/v1/" + to, self._at["server_name"], self._at["token"], "", body)
        try:
            await self._hal.link()
            status, answer = await self._line.ask(asked, self._stale)
            said = county_batch.read_answer(answer) if status == 200 else None
        except LOST as error:
            self._failed(0, str(error) or type(error).__name__)
            raise
        except FrameError as error:
            self._failed(0, str(error))
            raise HttpError(str(error))
        if said is None and not ((items or notes) and status in MALFORMED):
            self._failed(status, "the county answered %d" % status)
            raise Refused(status)
        self._answered()
        if said is None:
            raise Refused(status)
        return said[1], said[2]

    # --- whether it is up -----------------------------------------------------------------------------------------

    async def run(self, alive) -> None:
        """For ever: a probe when nothing was said for a while; after a failure as county_batch.again_ms says."""
        if self._lamp:
            self._device.watch("stream", self._listen)
            self._device.watch("lit", self._report)
        while True:
            alive()
            now = self._hal.clock()
            if not self.up.is_set() and not self._refused and self._urgent.is_set():
                self._next = min(self._next, now)
                self._urgent.clear()
            if self._next is not None and now >= self._next:
                try:
                    await self._post("readings", "", "")
                except LOST:
                    pass  # _failed() has said it
                continue
            self._urgent.clear()
            await wait(self._urgent, self._next, now)

    def _answered(self) -> None:
        now = self._hal.clock()
        self._attempt = 0
        self._refused = False
        self._next = None if self._probe_ms is None else now + self._probe_ms
        if not self.up.is_set():
            self._device.path_up(self.NAME)
            self._hal.trace("link", up=1, path=self.NAME)
            self.up.set()
            self._came_up.set()
        self._device.proven(self.NAME, now, True)

    def _stale(self) -> None:
        """A connection was gone. We try another at once, but nobody shall rely on the path meanwhile."""
        if self.up.is_set():
            self.up.clear()
            self._device.path_down(self.NAME, self._hal.clock())

    def _failed(self, status: int, why: str) -> None:
        hal, device = self._hal, self._device
        self.up.clear()
        device.path_down(self.NAME, hal.clock())
        self._refused = status in (401, 403)
        random = hal.random(2)
        wait_ms = county_batch.again_ms(status, self._attempt, device.holds_event(), random[0] << 8 | random[1])
        self._next = hal.clock() + wait_ms
        if self._refused:
            self._count("the county knows this path no more: give the device a new token, or take the path away")
        hal.trace("link", up=0, path=self.NAME, why=why, attempt=self._attempt)
        self._attempt += 1

    def _count(self, why: str) -> None:
        self._device.path(self.NAME).refused += 1
        self._hal.trace("refused", path=self.NAME, why=why)

    async def _open(self, hello: bytes):
        at = self._at
        return await net.open_tls(at["host"], at["port"], at["server_name"], self._device.config.ca, hello, self._dates)

    def _dates(self, wrong: str) -> None:
        """Expired, or not valid yet by our clock: told, not enforced."""
        self._device.dates_wrong = int(bool(wrong))
        if wrong:
            self._hal.trace("certificate", dates=wrong)

    async def _leave(self) -> None:
        self._line.close()

    # --- what a lamp is told --------------------------------------------------------------------------------------

    async def _listen(self, alive) -> None:
        """For ever, while the path is up."""
        attempt = 0
        while True:
            alive()
            if not self.up.is_set():
                await wait(self.up, None, 0)
                continue
            began = self._hal.clock()
            try:
                await self._stream(alive)
            except LOST as error:
                self._hal.trace("stream", up=0, why=str(error) or type(error).__name__)
                if isinstance(error, Refused):
                    least = county_batch.NO_ENTRY_MS
                else:
                    attempt = 0 if self._hal.clock() - began > SILENT_MS else attempt + 1
                    least = min(county_batch.NO_ENTRY_MS, STREAM_AGAIN_MS << min(attempt, 5))
            if self.up.is_set():
                self._next = self._hal.clock()  # is the path there at all?
                self._urgent.set()
            self._came_up.clear()
            until = self._hal.clock() + least
            while self._hal.clock() < until and not self._came_up.is_set():
                alive()
                await wait(self._came_up, until, self._hal.clock())

    async def _stream(self, alive) -> None:
        """Raises one of LOST, always."""
        cursor = county_calls.cursor(self._told)
        more = "Accept: text/event-stream\r\n" + ("Last-Event-ID: %s\r\n" % cursor if cursor else "")
        hello = request("GET", "/gateway/v1/down", self._at["server_name"], self._at["token"], more, b"")
        stream = await asyncio.wait_for_ms(self._open(hello), OPEN_MS)
        try:
            answer, events = Answer(), sse.Events(EVENT_MOST)
            while not answer.done:
                alive()
                body = answer.feed(await asyncio.wait_for_ms(stream.read(), SILENT_MS))
                if answer.status not in (0, 200):
                    raise Refused(answer.status)
                for event in events.feed(body):
                    self._take(event)
            raise EOFError("the county ended its stream")
        finally:
            stream.close()

    def _take(self, event: "tuple[str, str, bytes | None]") -> None:
        name, id, data = event
        before = self._told.ver
        if name == sse.COMMENT:
            self._told = county_calls.said_all(self._told)
        elif name == "hello":
            self._told = county_calls.hello(self._told, _fields(data).get("epoch"))
            self._hal.trace("stream", up=1)
        elif name == "command":
            digits = id[17:]
            if id[:17] == self._told.epoch + ":" and digits.isdigit() and len(digits) <= 16:
                fields = None if data is None else _fields(data)
                self._told = county_calls.command(self._told, fields, int(digits), self._device.config.dev)
        if self._told.ver != before:
            self._device.message(self.NAME, "lamp", county_calls.state(self._told, self._boot + self._boot))

    async def _report(self, alive) -> None:
        """For ever: that the lamp shows what only the county told it of; the village says it of the others."""
        dev = self._device.config.dev
        while True:
            alive()
            if not self._shown.is_set():
                await wait(self._shown, None, 0)
                continue
            self._shown.clear()
            shown = self._device.showing.direct_lit
            new = [incident for incident in shown if incident not in self._lit]
            if new and not self.up.is_set():
                continue  # it rings when we are up again
            notes = [county_batch.lit(n, event_id(dev, self._hal.random(8)), new[n], dev) for n in range(len(new))]
            try:
                if notes:
                    await self._post("batch", "", ",".join(notes))
                self._lit = shown
            except Refused as error:
                if error.status in MALFORMED:
                    self._lit = shown  # the county is there, and will not have this: once is enough
                    self._count(str(error))
            except LOST:
                pass


def _fields(data: "bytes | None") -> dict:
    try:
        fields = json.loads(data or b"")
    except (ValueError, RuntimeError):  # RuntimeError: nested too deep
        return {}
    return fields if isinstance(fields, dict) else {}
