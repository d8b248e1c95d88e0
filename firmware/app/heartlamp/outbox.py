"""Events that are not `received` yet: one small file per record on littlefs, so that a restart forgets nothing.

A record is `<16 hex over the rest><64 hex mac><body>`. It is on the flash before anything is sent or shown. Where the
flash fails the event stays in RAM and is sent all the same; a record that cannot be read is set aside, never fatal.
"""

import json
import os

from heartlamp_protocol.device.mac import digest16

MOST = 200  # unreceipted events held; beyond that a press offers all of them again instead of adding one
RESERVE = (
    196_608  # bytes of flash for 200 events that nobody else gets, however much prompts and pictures take: room.py
)
NO_SPACE = 28  # ENOSPC


class Record:
    """One event on its way. up: ms since this boot, None where it is of an earlier one; at: when this boot first knew
    it; heard: the village has it; offers: path -> (how often, when last) since the path came up."""

    def __init__(self, id: str, kind: str, mac: str, body: bytes, seq: int, up: "int | None", at: int) -> None:
        self.id = id
        self.kind = kind
        self.mac = mac
        self.body = body
        self.seq = seq
        self.up = up
        self.at = at
        self.heard = False
        self.offers = {}


class Outbox:
    def __init__(self, folder: str) -> None:
        self.folder = folder
        self.reserve = folder + ".reserve"  # given up when the flash is full
        self.records = []  # in the order of seq
        self.set_aside = 0
        self.flash_errors = 0
        self.dropped = 0

    def load(self, now: int) -> None:
        """What an earlier boot left. Never raises: a device with a broken flash still has to alarm."""
        self.records = []  # it may be asked again, once the device knows who it is
        try:
            make_folder(self.folder)
            names = sorted([entry[0] for entry in os.ilistdir(self.folder) if entry[1] == 0x8000])
        except OSError:
            self.flash_errors += 1
            return
        for name in names:
            try:
                with open(self.folder + "/" + name, "rb") as f:
                    self.records.append(_read(f.read(), now))
            except (OSError, ValueError, KeyError, TypeError):
                from heartlamp.damaged import set_aside

                set_aside(self, name)

    def has_room(self) -> bool:
        """Whether the reserve is there, and whole."""
        try:
            return os.stat(self.reserve)[6] == RESERVE
        except OSError:
            return False

    def next_seq(self) -> int:
        return self.records[-1].seq + 1 if self.records else 1

    def make_room(self, kind: str) -> bool:
        """Whether one more event of this kind may be added. An alarm takes the place of the oldest picture, answer or
        cancel; nothing takes the place of an alarm."""
        if len(self.records) < MOST:
            return True
        for lesser in ("still", "answer", "cancel") if kind == "alarm" else ():
            for record in self.records:
                if record.kind == lesser:
                    self.dropped += 1
                    self.remove(record)
                    return True
        return False

    def add(self, record: Record) -> bool:
        """True once it is on the flash; False: only in RAM."""
        self.records.append(record)
        rest = record.mac.encode() + record.body
        data = digest16(rest).encode() + rest
        try:
            self._write(record, data)
            return True
        except OSError as error:
            if error.errno == NO_SPACE:
                try:
                    os.remove(self.reserve)
                    self._write(record, data)
                    return True
                except OSError:
                    pass
            self.flash_errors += 1
            return False

    def _write(self, record: Record, data: bytes) -> None:
        with open(self._path(record), "wb") as f:
            f.write(data)

    def find(self, id: str) -> "Record | None":
        for record in self.records:
            if record.id == id:
                return record
        return None

    def remove(self, record: Record) -> None:
        self.records.remove(record)
        try:
            os.remove(self._path(record))
        except OSError:
            self.flash_errors += 1  # it will be offered again after a restart: a duplicate, harmless

    def _path(self, record: Record) -> str:
        return "%s/%08d" % (self.folder, record.seq)


def _read(data: bytes, now: int) -> Record:
    if digest16(data[16:]).encode() != data[:16]:
        raise ValueError("damaged record")
    mac, body = str(data[16:80], "ascii"), data[80:]
    fields = json.loads(body)
    return Record(fields["id"], fields["kind"], mac, body, fields["seq"], None, now)


def make_folder(path: str) -> None:
    try:
        os.mkdir(path)
    except OSError:
        os.ilistdir(path)  # it is there already, or the flash is broken: then this raises
