"""Bundles on the disk, `<id>.hlb`: whole, or not under that name. What is under way is `<id>.part`."""

import contextlib
import os
from collections.abc import Collection
from pathlib import Path

from heartlamp_protocol.bundles import BundleError, read_bundle
from heartlamp_protocol.device.names import is_hex

from heartlamp_gateway.say import log


class Cache:
    """One thread loads, adds and removes; others read, and find nothing before it has loaded."""

    def __init__(self, path: Path, bytes_max: int) -> None:
        self._path, self._bytes_max = path, bytes_max
        self._sizes: dict[str, int] = {}

    def load(self) -> None:
        """What an earlier start left, each looked through again: a card may change what it held. Never raises."""
        try:
            self._path.mkdir(parents=True, exist_ok=True, mode=0o700)
            for file in sorted(self._path.glob("*.hlb")):
                if _is_whole(file.read_bytes(), file.stem):
                    self._sizes[file.stem] = file.stat().st_size
                else:
                    log.error("the bundle %s is damaged here; it is fetched again", file.stem)
                    file.unlink()
        except OSError as wrong:
            log.error("bundles cannot be read from the disk, no updates for now: %s", wrong)

    def size(self, bundle: str) -> int | None:
        return self._sizes.get(bundle)

    def bundles(self) -> Collection[str]:
        return self._sizes.keys()

    def sizes(self) -> list[int]:
        """Bytes of each."""
        return list(self._sizes.values())

    def read(self, bundle: str, at: int, most: int) -> bytes:
        """Raises OSError."""
        with (self._path / f"{bundle}.hlb").open("rb") as file:
            file.seek(at)
            return file.read(most)

    def has_room(self, size: int) -> bool:
        return sum(self._sizes.values()) + size <= self._bytes_max

    def under_way(self, bundle: str) -> int:
        """How many of its bytes are here."""
        try:
            return self._part(bundle).stat().st_size
        except OSError:
            return 0

    def append(self, bundle: str, data: bytes) -> None:
        """Raises OSError."""
        with self._part(bundle).open("ab") as file:
            file.write(data)

    def finish(self, bundle: str) -> bool:
        """All bytes are here. False: they are not that bundle; it is begun anew. Raises OSError."""
        part = self._part(bundle)
        data = part.read_bytes()
        if not _is_whole(data, bundle):
            part.unlink()
            return False
        with part.open("rb+") as file:
            os.fsync(file.fileno())
        part.rename(self._path / f"{bundle}.hlb")
        self._sizes[bundle] = len(data)
        return True

    def begin_anew(self, bundle: str) -> None:
        with contextlib.suppress(OSError):
            self._part(bundle).unlink(missing_ok=True)

    def keep_only(self, wanted: Collection[str]) -> None:
        """Nobody is offered the others any more."""
        for bundle in [b for b in self._sizes if b not in wanted]:
            del self._sizes[bundle]
            with contextlib.suppress(OSError):
                (self._path / f"{bundle}.hlb").unlink()
        with contextlib.suppress(OSError):
            for file in self._path.glob("*.part"):
                if file.stem not in wanted:
                    file.unlink()

    def _part(self, bundle: str) -> Path:
        assert is_hex(bundle, 16)
        return self._path / f"{bundle}.part"


def _is_whole(data: bytes, bundle: str) -> bool:
    try:
        return read_bundle(data).id == bundle
    except BundleError:
        return False
