"""One demo at a time in one clone: a second would remove the folder in which the first one lives."""

import contextlib
import fcntl
import json
import os
from collections.abc import Iterator
from pathlib import Path


class Taken(Exception):
    """Somebody holds it; the text says who, for people."""


class Lock:
    """An flock on `path`, gone with the process that holds it, however that ends. Beside the demo's folder, not in
    it."""

    def __init__(self, path: Path) -> None:
        self._path = path

    @contextlib.contextmanager
    def hold(self) -> Iterator[None]:
        """Raises Taken at once where another process holds it."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with self._path.open("a+") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise Taken(self._holder()) from None
            self.tell("")
            yield

    def tell(self, address: str) -> None:
        """Writes for a second one where ours is to be seen; only the holder may."""
        self._path.write_text(json.dumps({"pid": os.getpid(), "page": address}))

    def _holder(self) -> str:
        try:
            said = json.loads(self._path.read_text())
            where = f"its page is {said['page']}" if said["page"] else "it is still starting"
            return f"a demo runs here already (process {said['pid']}): {where}"
        except (ValueError, KeyError, TypeError):  # it is writing just now
            return "a demo runs here already"
