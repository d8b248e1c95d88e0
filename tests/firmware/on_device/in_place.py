# mypy: ignore-errors
"""Runs a virtual board whose bytecode stays where it lies, as that of a firmware image does in an ESP32's flash.

<MICROPYPATH's first folder>.romfs is mapped into memory, which is no heap, and mounted.
"""

import os
import sys

import ffi
import uctypes
import vfs

PROT_READ, MAP_PRIVATE = 1, 2


def mount(path: str) -> None:
    size = os.stat(path)[6]
    with open(path, "rb") as f:
        mmap = ffi.open("libc.so.6").func("P", "mmap", "PLiiil")
        address = mmap(None, size, PROT_READ, MAP_PRIVATE, f.fileno(), 0)
    vfs.mount(vfs.VfsRom(uctypes.bytearray_at(address, size)), "/rom")
    sys.path.insert(0, "/rom")


mount(os.getenv("MICROPYPATH").split(":")[0] + ".romfs")
__import__("virtual")
