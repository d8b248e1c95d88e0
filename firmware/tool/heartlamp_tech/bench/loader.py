"""The serial loader in a chip's ROM, and the stub that esptool puts in its place. Sans IO: bytes in, bytes out.

After Espressif's "Serial Protocol" (docs.espressif.com, esptool, advanced topics). What a stub's own code would do is
done here: what esptool uploads as one is taken, and not run.
"""

import struct
import zlib
from collections.abc import Callable
from hashlib import md5

from heartlamp_tech.bench.chip import Chip
from heartlamp_tech.bench.slip import Unpacker, packed

SEED = 0xEF
OK, FAILED = b"\x00\x00", b"\x01\x05"  # 5: "received message is invalid", also for a command that a ROM has not
MAGIC_REGISTER = 0x40001000
MAGIC = {"esp32": 0x00F01D83}
SECURITY_IDS = {"esp32c3": 5, "esp32s3": 9}
CRYSTAL = {0x3FF40014: 40_000_000 // 115_200}  # UART_CLKDIV_REG of an ESP32 with 40 MHz
FLASH_ID = 0x1600C8  # GigaDevice; the size is put in between
SPI_W0 = (0x3FF42080, 0x60002058)  # ESP32 · S3, C3
EFUSE_MAC = {"esp32": 0x3FF5A004, "esp32c3": 0x60008844, "esp32s3": 0x60007044}


class Loader:
    """One power-on in download mode. `after(written)`: called at each flash write, with the bytes that the chip now has
    of it in all; a test cuts the cable there."""

    def __init__(self, chip: Chip, after: Callable[[int], None] = lambda written: None) -> None:
        self._chip = chip
        self._after = after
        self._in = Unpacker()
        self._stub = False
        self._writing: tuple[int, int] = (0, 0)  # where the next byte goes, and the size that was announced
        self._inflate = zlib.decompressobj()
        self._written = 0

    @property
    def wrote(self) -> bool:
        return self._written > 0

    def feed(self, data: bytes) -> bytes:
        """What the chip says to these bytes."""
        return b"".join(self._answer(packet) for packet in self._in.feed(data))

    def _answer(self, packet: bytes) -> bytes:
        if len(packet) < 8 or packet[0] != 0:
            return b""
        command, size, check = packet[1], int.from_bytes(packet[2:4], "little"), int.from_bytes(packet[4:8], "little")
        data = packet[8:]
        if len(data) != size:
            return self._said(command, ok=False)
        do = _COMMANDS.get(command)
        if do is None:
            return self._said(command, ok=False)
        return do(self, command, data, check)

    def _said(self, command: int, value: int = 0, data: bytes = b"", ok: bool = True) -> bytes:
        status = (OK if ok else FAILED) + (b"" if self._stub else bytes(2))
        body = data + status
        return packed(b"\x01" + bytes([command]) + struct.pack("<HI", len(body), value) + body)

    # --- commands -----------------------------------------------------------------------------------------------------

    def _sync(self, command: int, data: bytes, check: int) -> bytes:
        return self._said(command, value=0 if self._stub else 0x20120707) * 8

    def _plain(self, command: int, data: bytes, check: int) -> bytes:
        return self._said(command)

    def _memory_end(self, command: int, data: bytes, check: int) -> bytes:
        runs = int.from_bytes(data[:4], "little") == 0
        said = self._said(command)
        if runs:
            self._stub = True
            said += packed(b"OHAI")
        return said

    def _read(self, command: int, data: bytes, check: int) -> bytes:
        return self._said(command, self._register(int.from_bytes(data[:4], "little")))

    def _register(self, address: int) -> int:
        mac, at = self._chip.mac, EFUSE_MAC[self._chip.kind]
        if address == MAGIC_REGISTER:
            return MAGIC.get(self._chip.kind, 0)
        if address in SPI_W0:
            return FLASH_ID | self._chip.size.bit_length() - 1 << 16 if self._chip.size else 0
        if address == at:
            return int.from_bytes(mac[2:], "big")
        if address == at + 4:
            return int.from_bytes(mac[:2], "big")
        return CRYSTAL.get(address, 0)

    def _security(self, command: int, data: bytes, check: int) -> bytes:
        if self._chip.kind not in SECURITY_IDS or (self._stub and self._chip.kind == "esp32"):
            return self._said(command, ok=False)
        return self._said(command, data=struct.pack("<IB7BII", 0, 0, *bytes(7), SECURITY_IDS[self._chip.kind], 0))

    def _flash_begin(self, command: int, data: bytes, check: int) -> bytes:
        size, _, _, offset = struct.unpack("<IIII", data[:16])
        self._inflate = zlib.decompressobj()
        self._writing = (offset, size)
        self._chip.erase(offset, size)
        return self._said(command)

    def _flash_data(self, command: int, data: bytes, check: int) -> bytes:
        body = data[16:]
        sum = SEED
        for byte in body:
            sum ^= byte
        if sum != check & 0xFF:
            return self._said(command, ok=False)
        if command == 0x11:
            body = self._inflate.decompress(body)
        at, left = self._writing
        body = body[:left]
        self._chip.write(at, body)
        self._writing = (at + len(body), left - len(body))
        self._written += len(body)
        self._after(self._written)
        return self._said(command)

    def _md5(self, command: int, data: bytes, check: int) -> bytes:
        offset, size = struct.unpack("<II", data[:8])
        sum = md5(self._chip.read(offset, size), usedforsecurity=False)
        return self._said(command, data=sum.digest() if self._stub else sum.hexdigest().encode())

    def _erase_all(self, command: int, data: bytes, check: int) -> bytes:
        self._chip.erase(0, self._chip.size)
        return self._said(command, ok=self._stub)

    def _erase_region(self, command: int, data: bytes, check: int) -> bytes:
        self._chip.erase(*struct.unpack("<II", data[:8]))
        return self._said(command, ok=self._stub)


_COMMANDS: dict[int, Callable[[Loader, int, bytes, int], bytes]] = {
    0x02: Loader._flash_begin,
    0x03: Loader._flash_data,
    0x04: Loader._plain,  # FLASH_END
    0x05: Loader._plain,  # MEM_BEGIN
    0x06: Loader._memory_end,
    0x07: Loader._plain,  # MEM_DATA: of a stub, which is not run
    0x08: Loader._sync,
    0x09: Loader._plain,  # WRITE_REG
    0x0A: Loader._read,
    0x0B: Loader._plain,  # SPI_SET_PARAMS
    0x0D: Loader._plain,  # SPI_ATTACH
    0x0F: Loader._plain,  # CHANGE_BAUDRATE
    0x10: Loader._flash_begin,  # FLASH_DEFL_BEGIN
    0x11: Loader._flash_data,
    0x12: Loader._plain,
    0x13: Loader._md5,
    0x14: Loader._security,
    0xD0: Loader._erase_all,
    0xD1: Loader._erase_region,
}
