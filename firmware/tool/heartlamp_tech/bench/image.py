"""An ESP32's image, as its ROM reads it before it starts anything: header, segments, checksum, SHA-256.

After Espressif's "Firmware image format". A MicroPython image is this (its bootloader) with the rest behind it. Pure.
"""

from hashlib import sha256

MAGIC, SEED, HEAD = 0xE9, 0xEF, 24
CHIP_IDS = {0: "esp32", 5: "esp32c3", 9: "esp32s3", 2: "esp32s2", 13: "esp32c6"}
OFFSETS = {"esp32": 0x1000, "esp32s2": 0x1000}  # of all others 0


def offset_of(chip: str) -> int:
    """Where in the flash its ROM looks for it."""
    return OFFSETS.get(chip, 0)


def chip_of(image: bytes) -> str:
    """The chip that the header names. Raises ValueError with what is wrong."""
    if len(image) < HEAD or image[0] != MAGIC:
        raise ValueError("it does not begin as an image of an ESP32 does (0xE9)")
    number = int.from_bytes(image[12:14], "little")
    if number not in CHIP_IDS:
        raise ValueError(f"its header names a chip that is not known here (id {number})")
    return CHIP_IDS[number]


def is_whole(image: bytes) -> bool:
    """Whether the first image in it has the checksum and, where it says that it has one, the SHA-256 that it must."""
    if len(image) < HEAD or image[0] != MAGIC:
        return False
    at, sum = HEAD, SEED
    for _ in range(image[1]):
        size = int.from_bytes(image[at + 4 : at + 8], "little")
        at += 8 + size
        if at > len(image):
            return False
        for byte in image[at - size : at]:
            sum ^= byte
    end = (at // 16 + 1) * 16
    if end > len(image) or image[end - 1] != sum:
        return False
    return image[23] != 1 or image[end : end + 32] == sha256(image[:end]).digest()


def make(chip: str, payload: bytes) -> bytes:
    """One with a single segment; what the bench's boards are flashed with where no real image is at hand."""
    number = next(number for number, name in CHIP_IDS.items() if name == chip)
    head = (
        bytes([MAGIC, 1, 2, 0x20]) + bytes(4) + b"\xee" + bytes(3) + number.to_bytes(2, "little") + bytes(9) + b"\x01"
    )
    body = head + (0x3F400020).to_bytes(4, "little") + len(payload).to_bytes(4, "little") + payload
    sum = SEED
    for byte in payload:
        sum ^= byte
    body += bytes(15 - len(body) % 16) + bytes([sum])
    return body + sha256(body).digest()
