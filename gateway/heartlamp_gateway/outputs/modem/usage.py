"""The file that holds how much the SIM card used this month: small, whole or not at all, seldom written."""

import json
import os
import threading
from datetime import date
from pathlib import Path

from heartlamp_gateway.outputs.modem.config import Sim
from heartlamp_gateway.outputs.modem.sim import MEGABYTE, Used, counted, warnings
from heartlamp_gateway.say import log

WRITE_OCTETS = MEGABYTE  # what a power cut may lose; a reading a minute would wear out the card


class Usage:
    """`file`: in the data folder. `open()` before anything else; a file that cannot be read begins anew."""

    def __init__(self, file: Path, sim: Sim) -> None:
        self._file, self._sim = file, sim
        self._lock = threading.Lock()
        self._used = self._written = Used()

    def open(self) -> None:
        try:
            used = Used.from_fields(json.loads(self._file.read_text(encoding="utf-8")))
        except FileNotFoundError:
            return
        except (OSError, ValueError, TypeError, KeyError, AttributeError) as wrong:
            log.warning("%s: %s; the month's megabytes are counted from 0", self._file, wrong)
            return
        with self._lock:
            self._used = self._written = used

    def count(self, readings: dict[str, int], today: date) -> None:
        """A disk that is full keeps it in memory; it is tried again with the next reading."""
        with self._lock:
            self._used = counted(self._used, readings, today)
            grown = self._used.octets - self._written.octets
            if grown < WRITE_OCTETS and self._used.month == self._written.month:
                return
            used = self._used
        try:
            _write(self._file, json.dumps(used.to_fields()).encode())
        except OSError as wrong:
            log.warning("%s cannot be written: %s; the month's megabytes are kept in memory", self._file, wrong)
            return
        with self._lock:
            self._written = used

    def octets(self) -> int:
        """Of the month that it last heard of."""
        with self._lock:
            return self._used.octets

    def warnings(self, today: date) -> list[str]:
        with self._lock:
            used = self._used
        return warnings(self._sim, used, today)


def _write(file: Path, data: bytes) -> None:
    """Raises OSError."""
    new = file.with_suffix(".new")
    with new.open("wb") as out:
        out.write(data)
        out.flush()
        os.fsync(out.fileno())
    new.replace(file)
    folder = os.open(file.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
