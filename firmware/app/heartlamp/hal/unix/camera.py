"""A camera that shows the files of a folder of the host, by name, over and over."""

import asyncio
import os

EXPOSURE_MS = 50


class Camera:
    def __init__(self, folder: str, trace) -> None:
        self._folder = folder
        self._trace = trace
        self._shown = 0
        self._file = None

    def light(self, on: bool) -> None:
        """The indicator. The camera has power only while it is on."""
        self._trace("indicator", on=int(on))

    async def take(self) -> int:
        """Bytes of the picture that is now held. Raises OSError."""
        names = sorted([entry[0] for entry in os.ilistdir(self._folder) if entry[1] == 0x8000])
        if not names:
            raise OSError("no pictures in " + self._folder)
        path = self._folder + "/" + names[self._shown % len(names)]
        self._shown += 1
        self._trace("exposing")
        await asyncio.sleep_ms(EXPOSURE_MS)
        self._hold(path)
        return os.stat(path)[6]

    def _hold(self, path: str) -> None:
        self._file = open(path, "rb")

    def part(self, at: int, size: int) -> bytes:
        """Of the picture that is held, from byte `at` on."""
        self._file.seek(at)
        return self._file.read(size)

    def drop(self) -> None:
        """Lets go of the picture, where there is one."""
        if self._file is not None:
            self._file.close()
            self._file = None
