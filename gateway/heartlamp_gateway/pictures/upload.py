"""Pictures go up on a line of their own, after everything else, in parts, and on from where they were."""

from collections.abc import Callable

from heartlamp_protocol.device.frame import FrameError
from heartlamp_protocol.fields import read_integer, read_object

from heartlamp_gateway.clock import boottime
from heartlamp_gateway.county.line import AWAY, Line, Reply
from heartlamp_gateway.pictures.store import Store
from heartlamp_gateway.rules.pictures import DONE, LOST, Picture
from heartlamp_gateway.rules.rate import Bucket, spend
from heartlamp_gateway.rules.retry import Retry, failed, wait_ms
from heartlamp_gateway.say import log

PART = 16_384  # bytes: a seventh of a second of a megabit line, in which an alarm would have to share
IDLE_S = 5.0
HOLD_MS = 60_000  # for a picture that the county does not know yet, or cannot take; doubling to an hour
HOUR_MS = 3_600_000
WRONG_MOST = 3


class Upload:
    """`loaded()`: called when the pictures of an earlier start are known; `quiet()`: nothing that matters waits for the
    county; `pause(seconds)`: waits, True when we stop."""

    def __init__(
        self,
        store: Store,
        line: Line,
        rate: int,
        loaded: Callable[[], None],
        quiet: Callable[[], bool],
        pause: Callable[[float], bool],
    ) -> None:
        self._store, self._line, self._loaded, self._quiet, self._pause = store, line, loaded, quiet, pause
        self._bucket = Bucket(rate)
        self._held: dict[str, int] = {}  # id -> BOOTTIME ms until which it waits
        self._refusals: dict[str, int] = {}
        self._wrong: dict[str, int] = {}
        self._retry = Retry()

    def run(self) -> None:
        self._store.load()
        self._loaded()
        looked_at = boottime()
        self._store.forget_old()
        while not self._pause(0):
            now = boottime()
            if now - looked_at >= HOUR_MS:
                looked_at = now
                self._store.forget_old()
            self._held = {id: until for id, until in self._held.items() if until > now}
            picture = self._store.whole(set(self._held))
            if picture is None:
                self._line.close()  # the county has a place for somebody else
                self._store.wake.clear()
                if self._store.whole(set(self._held)) is None:
                    self._store.wake.wait(IDLE_S)
                continue
            self._send(picture)
            wait = wait_ms(self._retry, boottime(), fresh=False)
            if wait:
                self._pause(wait / 1000)
        self._line.close()

    def _send(self, picture: Picture) -> None:
        """From where the county is to the end, or until something is in the way. Its own event goes first: the county
        does not know it before."""
        at = None if self._waits() else self._put(picture, 0, b"")
        while at is not None and at < picture.size:
            if self._waits():
                return
            data = self._store.folder.read(picture, at, PART) if self._is_here(picture) else b""
            if not data:
                return
            at = self._put(picture, at, data)
        if at is not None:
            log.info("the county has the picture %s", picture.id)
            self._store.end(picture.id, DONE)
            self._refusals.pop(picture.id, None)

    def _is_here(self, picture: Picture) -> bool:
        with self._store.lock:
            return picture.id in self._store.kept

    def _waits(self) -> bool:
        """Until everything else is up. True: we stop."""
        while not self._quiet():
            if self._pause(0.2):
                return True
        return self._pause(0)

    def _put(self, picture: Picture, at: int, data: bytes) -> int | None:
        """Sends these bytes, none: only asks. Returns how far the county is; None: not now."""
        of = f"{at}-{at + len(data) - 1}" if data else "*"
        try:
            headers = f"Content-Range: bytes {of}/{picture.size}\r\n"
            reply = self._line.put(f"/gateway/v1/pictures/{picture.id}", data, headers)
        except AWAY:
            self._retry = failed(self._retry, boottime())
            return None
        self._bucket, wait = spend(self._bucket, len(data), boottime(), PART)
        if wait:
            self._pause(wait / 1000)
        return self._answered(picture, at, reply)

    def _answered(self, picture: Picture, at: int, reply: Reply) -> int | None:
        if reply.status in (200, 409):
            try:
                fields = read_object(reply.body)
                county, wrong = read_integer(fields, "at", 0, picture.size), read_integer(fields, "wrong", 0, 1)
            except FrameError:
                self._hold(picture)
                return None
            self._retry = Retry()
            return county if not wrong else self._came_wrong(picture)
        if reply.status == 410:
            log.info("the county wants the picture %s no more", picture.id)
            self._store.end(picture.id, DONE)
        elif reply.status in (401, 403) or reply.status >= 500:
            self._retry = failed(self._retry, boottime(), refused=reply.status in (401, 403))
        else:
            # 404: its event is not there yet, or was put aside. It may be taken in later, and a week is long.
            self._hold(picture)
        return None

    def _hold(self, picture: Picture) -> None:
        many = self._refusals[picture.id] = self._refusals.get(picture.id, 0) + 1
        self._held[picture.id] = boottime() + min(HOUR_MS, HOLD_MS << min(many - 1, 8))

    def _came_wrong(self, picture: Picture) -> int | None:
        """What the county has got is not what was announced: from the start, but not for ever."""
        self._wrong[picture.id] = self._wrong.get(picture.id, 0) + 1
        if self._wrong[picture.id] < WRONG_MOST:
            return 0
        log.error("the picture %s arrived wrong at the county %d times: given up", picture.id, WRONG_MOST)
        self._store.end(picture.id, LOST)
        return None
