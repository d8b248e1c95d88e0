"""A chip's flash, in two files: what its ROM reads (image), and what MicroPython mounts (littlefs2, and the NVS)."""

from pathlib import Path

from heartlamp_tech.bench import image

MB = 1024 * 1024
VFS_AT = 2 * MB  # the data partition of a MicroPython image for 4 MB
VFS = 2 * MB  # hal/unix/flash.py: 512 blocks
NVS = 32 * 1024  # behind it in the same file; on an ESP32 at 0x9000


class Chip:
    """`kind`: as in hardware/boards; `mac`: six bytes; `folder`: where its files are, made by the first use. Bytes of
    the flash that no file has are 0xFF, as erased ones are."""

    def __init__(self, folder: Path, kind: str, mac: bytes, size: int = 4 * MB) -> None:
        self.kind = kind
        self.mac = mac
        self.size = size
        self.rom = folder / "image.bin"
        self.flash = folder / "flash.img"

    def erase(self, at: int, size: int) -> None:
        """The NVS stands inside the image's half on a real chip, and goes with a whole erase."""
        if at == 0 and size >= self.size:
            self.rom.unlink(missing_ok=True)
            self.flash.unlink(missing_ok=True)
            return
        self.write(at, b"\xff" * max(0, min(size, self.size - at)))

    def write(self, at: int, data: bytes) -> None:
        if at + len(data) <= VFS_AT:
            _put(self.rom, at, data, 0)
        elif at >= VFS_AT and self.flash.exists():
            _put(self.flash, at - VFS_AT, data, VFS + NVS)

    def read(self, at: int, size: int) -> bytes:
        data = _get(self.rom)[at : min(at + size, VFS_AT)]
        return data + b"\xff" * (size - len(data))

    def has_image(self) -> bool:
        """Whether the ROM finds one that it starts."""
        return image.is_whole(_get(self.rom)[image.offset_of(self.kind) :])


def _get(path: Path) -> bytes:
    return path.read_bytes() if path.exists() else b""


def _put(path: Path, at: int, data: bytes, size: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    have = path.stat().st_size if path.exists() else 0
    with path.open("r+b" if have else "w+b") as file:
        if have < max(at, size):
            file.seek(have)
            file.write(b"\xff" * (max(at, size) - have))
        file.seek(at)
        file.write(data)
