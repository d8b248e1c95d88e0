"""A flash chip in a file: 4 KiB blocks that erase to 0xFF; littlefs2 on the first of them, the NVS on the last. What
they were told is stored survives a kill of the board, and through fdatasync a power cut of the machine too (0.2 ms of
the 0.25 ms a record takes)."""

import os

import vfs

BLOCK = 4096
BLOCKS = 512  # 2 MiB for littlefs, as on an ESP32 of 4 MiB: two copies of the program, 200 records, prompts
OLD_BLOCKS = 128  # of images made before there was an NVS: it is appended
NVS_BLOCKS = 8  # 32 KiB, half of it in use: about what ESP32's 24 KiB hold
# progsize: records of 240 B stay inline, 0.11 erases each instead of 1.07; readsize: 200 records load in half the time
LFS = {"progsize": 64, "readsize": 256}


class FlashFile:
    """A partition: `blocks` from block `first` on. `sync(fd)`: makes the file durable."""

    def __init__(self, file, sync, first: int, blocks: int) -> None:
        self._file = file
        self._sync = sync
        self._base = first * BLOCK
        self._blocks = blocks

    def readblocks(self, block: int, buffer, offset: int = 0) -> None:
        self._file.seek(self._base + block * BLOCK + offset)
        self._file.readinto(buffer)

    def writeblocks(self, block: int, buffer, offset: "int | None" = None) -> None:
        if offset is None:
            self.ioctl(6, block)
            offset = 0
        self._file.seek(self._base + block * BLOCK + offset)
        self._file.write(buffer)

    def ioctl(self, op: int, block: int) -> "int | None":
        if op == 3:
            self._sync(self._file.fileno())
            return 0
        if op == 4:
            return self._blocks
        if op == 5:
            return BLOCK
        if op == 6:
            self._file.seek(self._base + block * BLOCK)
            self._file.write(b"\xff" * BLOCK)
            return 0
        return None


def mount(path: str, root: str, create: bool) -> FlashFile:
    """Mounts the image at `path` on `root`; returns the partition for the NVS. create: make it where there is none.
    Raises OSError: no image, not ours (another board runs on it), or not a littlefs."""
    filesystem, nvs, new = partitions(path, create)
    if new:
        vfs.VfsLfs2.mkfs(filesystem, **LFS)
    vfs.mount(vfs.VfsLfs2(filesystem, **LFS), root)
    return nvs


def partitions(path: str, create: bool) -> "tuple[FlashFile, FlashFile, bool]":
    """(littlefs's, the NVS's, whether they were made just now). Raises OSError: no image, or a board runs on it."""
    try:
        size = os.stat(path)[6]
    except OSError:
        size = 0
    blocks = size // BLOCK - NVS_BLOCKS
    if blocks not in (BLOCKS, OLD_BLOCKS) or size % BLOCK:
        if size != OLD_BLOCKS * BLOCK and (size or not create):
            raise OSError("there is no flash image of %d bytes at %s" % (BLOCK * (BLOCKS + NVS_BLOCKS), path))
        blocks = OLD_BLOCKS if size else BLOCKS
        with open(path, "ab") as f:
            for _ in range(blocks + NVS_BLOCKS - size // BLOCK):
                f.write(b"\xff" * BLOCK)
    file = open(path, "r+b")
    sync = _own(file)
    return FlashFile(file, sync, 0, blocks), FlashFile(file, sync, blocks, NVS_BLOCKS), not size


def _own(file):
    """Locks the image for this process; returns the function that makes it durable."""
    import ffi

    libc = ffi.open("libc.so.6")
    if libc.func("i", "flock", "ii")(file.fileno(), 2 | 4):  # LOCK_EX | LOCK_NB
        raise OSError("another board is running on this flash image")
    return libc.func("i", "fdatasync", "i")
