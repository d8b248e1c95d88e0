# mypy: ignore-errors
"""Runs on MicroPython: a NOR flash in RAM that remembers every operation, and what it holds when the power is cut.

image = empty(32)
flash = Nor(bytearray(image))        # a partition of it: Nor(image, first=3, blocks=2, log=other.log)
…                                    # a representative run
for done, torn in cuts(image, flash.log):
    …                                # `torn`: what the flash holds when the power goes at operation `done`
"""

from heartlamp.hal.unix.flash import BLOCK


def empty(blocks):
    return bytearray(b"\xff" * (BLOCK * blocks))


class Nor:
    """`blocks` erase blocks of `image` from block `first` on, all to its end where left out. Erases to 0xFF, programs
    only what is erased. `log`: [(address in the image, bytes)], an erase being a whole block of 0xFF; partitions of one
    image share it, so that their operations stand in the order they were done. `worn`: bits may be anything before they
    are erased; a chip programs them all the same."""

    def __init__(self, image, first=0, blocks=None, log=None, worn=False):
        self.image = image
        self.worn = worn
        self.base = first * BLOCK
        self.blocks = len(image) // BLOCK - first if blocks is None else blocks
        self.log = [] if log is None else log

    def readblocks(self, block, buffer, offset=0):
        at = self._at(block, offset, len(buffer))
        buffer[:] = self.image[at : at + len(buffer)]

    def writeblocks(self, block, buffer, offset=None):
        if offset is None:
            self.ioctl(6, block)
            offset = 0
        at = self._at(block, offset, len(buffer))
        if self.worn:
            buffer = bytes([self.image[at + i] & byte for i, byte in enumerate(buffer)])
        for i, byte in enumerate(buffer):
            assert self.image[at + i] & byte == byte, "programmed twice without an erase"
        self.image[at : at + len(buffer)] = buffer
        self.log.append((at, bytes(buffer)))

    def ioctl(self, op, block):
        if op == 3:
            return 0
        if op == 4:
            return self.blocks
        if op == 5:
            return BLOCK
        if op == 6:
            at = self._at(block, 0, BLOCK)
            self.image[at : at + BLOCK] = b"\xff" * BLOCK
            self.log.append((at, b"\xff" * BLOCK))
            return 0
        return None

    def _at(self, block, offset, length):
        at = block * BLOCK + offset
        assert offset >= 0, "before the block"
        assert at + length <= self.blocks * BLOCK, "outside of the partition"
        return self.base + at


def is_erase(operation):
    return operation[1] == b"\xff" * BLOCK


def cuts(image, log):
    """(operations done, image) for the power cut before each operation of `log`, and in the middle of it."""
    image = bytearray(image)
    for done, (at, data) in enumerate(log):
        for part in (0, len(data) // 2):
            torn = bytearray(image)
            torn[at : at + part] = data[:part]
            yield done, torn
        image[at : at + len(data)] = data
