"""Pictures on the disk: `<event id>.bytes`, and beside it `<event id>.json`, which says what it is to become.

A piece is on the disk before the camera is told so. After a power cut the file may end in something else than what was
written last; then the whole picture is a wrong one, and is asked for anew.
"""

import json
import os
from dataclasses import asdict, replace
from hashlib import sha256
from pathlib import Path

from heartlamp_protocol.device.names import is_event_id

from heartlamp_gateway.broker.writing import write_atomically
from heartlamp_gateway.rules.pictures import COMING, WHOLE, Picture, judged
from heartlamp_gateway.say import log


class Folder:
    """Used under its owner's lock. `load()` before anything else. Raises OSError where the disk does not take it."""

    def __init__(self, path: Path, keep_free: int) -> None:
        self._path, self._keep_free = path, keep_free

    def load(self) -> dict[str, Picture]:
        """What an earlier start left. Bytes that nothing says anything of are removed."""
        self._path.mkdir(parents=True, exist_ok=True, mode=0o700)
        named = {f.stem: f for f in sorted(self._path.iterdir()) if f.suffix == ".json" and is_event_id(f.stem)}
        for file in self._path.iterdir():
            if file.stem not in named:
                file.unlink()
        read = [self._read(file) for file in named.values()]
        return {picture.id: picture for picture in read if picture is not None}

    def has_room(self, size: int) -> bool:
        """Beside what is kept free for alarms."""
        stat = os.statvfs(self._path)
        return stat.f_bavail * stat.f_frsize >= self._keep_free + size

    def save(self, picture: Picture) -> None:
        """What is known of it, but for its bytes."""
        fields = asdict(picture)
        del fields["at"]  # the file's own size says it
        write_atomically(self._path / f"{picture.id}.json", json.dumps(fields))

    def append(self, picture: Picture, data: bytes) -> Picture:
        """The next bytes are on the disk when this returns."""
        made = os.open(self._bytes(picture.id), os.O_WRONLY | os.O_CREAT, 0o600)
        try:
            os.ftruncate(made, picture.at)  # what a failed write may have left behind it
            os.lseek(made, picture.at, os.SEEK_SET)
            rest = memoryview(data)
            while rest:
                rest = rest[os.write(made, rest) :]
            os.fdatasync(made)
        finally:
            os.close(made)
        if picture.at == 0:
            self._sync_names()
        return replace(picture, at=picture.at + len(data))

    def judge(self, picture: Picture) -> Picture:
        """All of its bytes are here: are they right?"""
        after = judged(picture, sha256(self._bytes(picture.id).read_bytes()).hexdigest())
        if after.state != WHOLE:
            self.drop_bytes(picture)
        self.save(after)
        return after

    def read(self, picture: Picture, at: int, most: int) -> bytes:
        with self._bytes(picture.id).open("rb") as file:
            file.seek(at)
            return file.read(most)

    def drop_bytes(self, picture: Picture) -> None:
        self._bytes(picture.id).unlink(missing_ok=True)

    def forget(self, picture: Picture) -> None:
        self.drop_bytes(picture)
        (self._path / f"{picture.id}.json").unlink(missing_ok=True)

    def _read(self, file: Path) -> Picture | None:
        try:
            picture = Picture(**json.loads(file.read_bytes()))
            if picture.state not in (COMING, WHOLE):
                self.drop_bytes(picture)
                return picture
            at = self._bytes(picture.id).stat().st_size if self._bytes(picture.id).exists() else 0
            picture = replace(picture, at=min(at, picture.size), state=COMING)
            # A card may change what it held: it is whole when its bytes say so, not when its other half does.
            return self.judge(picture) if picture.at == picture.size else picture
        except (OSError, ValueError, TypeError) as wrong:
            log.error("the picture %s cannot be read, it is begun anew: %s", file.stem, wrong)
            return None

    def _bytes(self, id: str) -> Path:
        return self._path / f"{id}.bytes"

    def _sync_names(self) -> None:
        folder = os.open(self._path, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
