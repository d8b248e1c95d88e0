"""The pictures that are here, for the two threads that have to do with them."""

import threading
from collections.abc import Callable
from dataclasses import replace

from heartlamp_gateway.pictures.folder import Folder
from heartlamp_gateway.rules.pictures import COMING, DONE, LOST, WHOLE, Picture, over
from heartlamp_gateway.say import log


class Store:
    """`lived`: the village clock, ms. Whoever touches `kept` holds `lock`. `load()` sums every picture again, which
    takes a card seconds: until it is done nothing is taken in, and no alarm waits for it."""

    def __init__(self, folder: Folder, lived: Callable[[], int]) -> None:
        self.lock = threading.Lock()
        self.folder = folder
        self.kept: dict[str, Picture] = {}
        self.wake = threading.Event()  # one is whole: it may go up
        self.loaded = False
        self._lived = lived

    def load(self) -> None:
        try:
            self.kept = self.folder.load()
        except OSError as wrong:
            log.error("pictures cannot be read from the disk: %s. Cameras keep theirs; alarms are not touched", wrong)
            return
        self.loaded = True

    def lived(self) -> int:
        return self._lived()

    def whole(self, without: set[str]) -> Picture | None:
        """The oldest that the county has yet to get."""
        with self.lock:
            found = [p for p in self.kept.values() if p.state == WHOLE and p.id not in without]
            return min(found, key=lambda p: p.since, default=None)

    def waiting(self) -> list[Picture]:
        """That the county has yet to get, whole or not."""
        with self.lock:
            return [p for p in self.kept.values() if p.state in (COMING, WHOLE)]

    def coming(self) -> list[Picture]:
        with self.lock:
            return [p for p in self.kept.values() if p.state == COMING]

    def end(self, id: str, state: str) -> None:
        """DONE or LOST: its bytes are no longer needed here."""
        with self.lock:
            picture = self.kept.get(id)
            if picture is None or picture.state in (DONE, LOST):
                return
            self.kept[id] = after = replace(picture, state=state)
            try:
                self.folder.save(after)
                self.folder.drop_bytes(after)
            except OSError as wrong:
                log.warning("the picture %s cannot be deleted now, a later start does: %s", id, wrong)

    def forget_old(self) -> None:
        """A week is over: with what is not up by then, the camera's own copy is gone too."""
        with self.lock:
            for picture in over(self.kept.values(), self._lived()):
                if picture.state in (COMING, WHOLE):
                    log.warning("the picture %s is a week old and never got to the county: deleted", picture.id)
                try:
                    self.folder.forget(picture)
                except OSError as wrong:
                    log.warning("the picture %s cannot be deleted: %s", picture.id, wrong)
                del self.kept[picture.id]
