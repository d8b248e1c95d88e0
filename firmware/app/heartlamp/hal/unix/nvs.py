"""ESP32's NVS on a NOR-like block device: values under short names, each set whole or not at all, whenever the power
goes.

Two pages of half the device each. A page is a log: `HLNV`, its number, CRC; then records, the newest of a name counts.
A full page is copied, without what is out of date, to the other one, whose header is written last. Records begin at
multiples of 16 bytes, so that one damaged record takes no other with it.
"""

import struct
from binascii import crc32

ALIGN = 16
HEAD = "<4sI"  # of a page: magic, number; and 4 bytes CRC
RECORD = "<BBBBHH"  # mark, type, length of namespace, of name, of value, 0; namespace, name, value, and 4 bytes CRC
MARK = 0x5A
GONE, I32, BLOB = 0, 1, 2
NAME_MOST = 15
BLOB_MOST = 4000  # a page of ESP32's holds no more in one piece
NOT_FOUND, INVALID_NAME, NO_SPACE, INVALID_LENGTH, TYPE_MISMATCH = -0x1102, -0x1106, -0x1105, -0x110C, -0x1103


class Region:
    """All namespaces of one device. open() before use. `writes`: of values; unchanged ones are not written."""

    def __init__(self, device) -> None:
        self._device = device
        self._block = 0
        self._page_size = 0
        self._page = 0
        self._number = 0
        self._end = 0
        self._values = {}
        self.writes = 0

    def open(self) -> None:
        """Finds the newest page; a new or destroyed device is empty. Raises OSError."""
        self._block = self._device.ioctl(5, 0)
        self._page_size = self._device.ioctl(4, 0) // 2 * self._block
        numbers = [self._page_number(page) for page in (0, 1)]
        if max(numbers) < 0:
            self._page, self._number, self._values = 1, 0, {}
            self._renew()
            return
        self._page = 0 if numbers[0] > numbers[1] else 1
        self._number = numbers[self._page]
        if not self._load():
            self._renew()  # a write was torn: nothing can be programmed over it

    def get(self, space: str, name: str, kind: int):
        found = self._values.get((space, name))
        if found is None:
            raise OSError(NOT_FOUND)
        if found[0] != kind:
            raise OSError(TYPE_MISMATCH)
        return found[1]

    def set(self, space: str, name: str, kind: int, value) -> None:
        if not 0 < len(name) <= NAME_MOST:
            raise OSError(INVALID_NAME)
        before = self._values.get((space, name))
        if before == (kind, value):
            return
        if kind == GONE and before is None:
            raise OSError(NOT_FOUND)
        record = _record(space, name, kind, value)
        if self._end + len(record) > self._page_size:
            if not self._fits(space, name, record):
                raise OSError(NO_SPACE)
            self._renew()
        end = self._end
        self._end += len(record)  # also where the write fails: what it left cannot be programmed again
        self._program(self._page, end, record)
        self.writes += 1
        if kind == GONE:
            del self._values[space, name]
        else:
            self._values[space, name] = (kind, value)

    def sync(self) -> None:
        self._device.ioctl(3, 0)

    def _fits(self, space: str, name: str, record: bytes) -> bool:
        size = ALIGN + len(record)
        for key, (kind, value) in self._values.items():
            size += len(_record(key[0], key[1], kind, value))
        return size <= self._page_size

    def _renew(self) -> None:
        """Copies what counts to the other page. Until its header stands, the old page counts."""
        page = 1 - self._page
        blocks = self._page_size // self._block
        for block in range(blocks):
            self._device.ioctl(6, page * blocks + block)
        end = ALIGN
        for (space, name), (kind, value) in self._values.items():
            record = _record(space, name, kind, value)
            self._program(page, end, record)
            end += len(record)
        head = struct.pack(HEAD, b"HLNV", self._number + 1)
        self._program(page, 0, head + struct.pack("<I", crc32(head)))
        self._page, self._number, self._end = page, self._number + 1, end

    def _load(self) -> bool:
        """False where something on the page is damaged."""
        data = bytearray(self._page_size)
        self._read(self._page, 0, data)
        self._values, whole, at, self._end = {}, True, ALIGN, ALIGN
        while at < self._page_size:
            found = _parse(data, at)
            if found is not None:
                space, name, kind, value, length = found
                if kind == GONE:
                    self._values.pop((space, name), None)
                else:
                    self._values[space, name] = (kind, value)
                at += length
                self._end = at
            else:
                whole = whole and data[at : at + ALIGN] == b"\xff" * ALIGN
                at += ALIGN
        return whole

    def _page_number(self, page: int) -> int:
        head = bytearray(struct.calcsize(HEAD) + 4)
        self._read(page, 0, head)
        magic, number = struct.unpack(HEAD, head)
        good = magic == b"HLNV" and head[-4:] == struct.pack("<I", crc32(head[:-4]))
        return number if good else -1

    def _read(self, page: int, at: int, buffer) -> None:
        at += page * self._page_size
        self._device.readblocks(at // self._block, buffer, at % self._block)

    def _program(self, page: int, at: int, data: bytes) -> None:
        at += page * self._page_size
        while data:  # no write crosses a block
            part = data[: self._block - at % self._block]
            self._device.writeblocks(at // self._block, part, at % self._block)
            at, data = at + len(part), data[len(part) :]


class Nvs:
    """One namespace, used as esp32.NVS is. OSError with ESP-IDF's numbers: not found, another type, no space, a buffer
    too small."""

    def __init__(self, region: Region, space: str) -> None:
        self._region = region
        self._space = space

    @property
    def writes(self) -> int:
        """Values written since the start: wear."""
        return self._region.writes

    def set_i32(self, key: str, value: int) -> None:
        self._region.set(self._space, key, I32, struct.pack("<i", value))

    def get_i32(self, key: str) -> int:
        return struct.unpack("<i", self._region.get(self._space, key, I32))[0]

    def set_blob(self, key: str, value) -> None:
        value = value.encode() if isinstance(value, str) else bytes(value)
        if len(value) > BLOB_MOST:
            raise OSError(INVALID_LENGTH)
        self._region.set(self._space, key, BLOB, value)

    def get_blob(self, key: str, buffer) -> int:
        """The number of bytes written to `buffer`."""
        value = self._region.get(self._space, key, BLOB)
        if len(value) > len(buffer):
            raise OSError(INVALID_LENGTH)
        buffer[: len(value)] = value
        return len(value)

    def erase_key(self, key: str) -> None:
        self._region.set(self._space, key, GONE, b"")

    def commit(self) -> None:
        """What was set before is durable now; it may have been before."""
        self._region.sync()


def _record(space: str, name: str, kind: int, value: bytes) -> bytes:
    data = (
        struct.pack(RECORD, MARK, kind, len(space), len(name), len(value), 0) + space.encode() + name.encode() + value
    )
    data += struct.pack("<I", crc32(data))
    return data + b"\xff" * (-len(data) % ALIGN)


def _parse(data, at: int) -> "tuple | None":
    """(namespace, name, type, value, length) of the record at `at`; None where there is no whole one."""
    head = struct.calcsize(RECORD)
    if data[at] != MARK or at + head > len(data):
        return None
    _, kind, spaces, names, values, _ = struct.unpack_from(RECORD, data, at)
    name = at + head + spaces
    value = name + names
    end = value + values
    if end + 4 > len(data) or struct.unpack_from("<I", data, end)[0] != crc32(data[at:end]):
        return None
    length = (end + 4 - at + ALIGN - 1) // ALIGN * ALIGN
    return data[at + head : name].decode(), data[name:value].decode(), kind, bytes(data[value:end]), length
