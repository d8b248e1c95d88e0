"""Who is there: by its own word, by its last will, or by anything it says."""

from collections import deque

from heartlamp_protocol.device.frame import FrameError
from heartlamp_protocol.fields import read_integer, read_object

LINGER_MS = 2_000


class Presence:
    """Touched under the chain's lock or read alone; a device not in it is of unknown presence."""

    def __init__(self) -> None:
        self._online: dict[str, bool] = {}
        self._left: dict[str, int] = {}
        self._spoke: dict[str, int] = {}
        self._sessions: set[str] = set()
        self._told: dict[str, bool] = {}
        self._changes: deque[tuple[str, bool, int]] = deque(maxlen=10_000)

    def says(self, device: str, online: bool, now: int) -> None:
        self._online[device] = online
        if online:
            self._spoke[device] = now
        else:
            self._left[device] = now
        if self._told.get(device) != online:
            self._told[device] = online
            self._changes.append((device, online, now))

    def alive(self, device: str, now: int) -> None:
        """It said something: so it is there. Not just after its will: an older reading may come on the other link."""
        self._spoke[device] = now
        if not self._online.get(device) and now - self._left.get(device, -LINGER_MS) >= LINGER_MS:
            self.says(device, True, now)

    def online(self, device: str) -> bool | None:
        return self._online.get(device)

    def all(self) -> dict[str, bool]:
        return dict(self._online)

    def quiet(self, device: str, now: int) -> int | None:
        """Since when it has said nothing, ms; None: it never did."""
        spoke = self._spoke.get(device)
        return None if spoke is None else now - spoke

    def spoke(self) -> dict[str, int]:
        """device -> BOOTTIME ms of its last sign of life since we started."""
        return dict(self._spoke)

    def session(self, device: str, up: bool) -> None:
        """It spoke by a session of its own, or the broker speaks its will: that session is over."""
        if up:
            self._sessions.add(device)
        else:
            self._sessions.discard(device)

    def in_session(self, device: str) -> bool:
        return device in self._sessions

    def lost(self, device: str) -> None:
        """Who carried it is gone, or it says nothing any more and has no will: its presence is unknown."""
        self._online.pop(device, None)
        self._told.pop(device, None)

    def unknown(self) -> None:
        """The broker was away, and wills with it: nobody's presence is known."""
        self._online.clear()
        self._sessions.clear()

    def changes(self) -> list[tuple[str, bool, int]]:
        """(device, online, BOOTTIME ms) since the last call."""
        taken = []
        while self._changes:
            taken.append(self._changes.popleft())
        return taken


def read_word(what: str, payload: bytes, epoch: str) -> int | None:
    """The number a device says: state -> 0 or 1, ask -> 0, shown -> version, or -1 where the version is of another
    epoch than `epoch`. None: malformed."""
    try:
        fields = read_object(payload)
        if fields.get("kind") != what:
            return None
        if what == "state":
            return read_integer(fields, "online", 0, 1)
        if what == "shown":
            ver = read_integer(fields, "ver")
            return ver if fields.get("epoch") == epoch else -1
        return 0 if what == "ask" else None
    except FrameError:
        return None
