"""JPEGs made here: small, and with all that a camera writes into one."""

SECRET = b"28.0163N 120.6521E somebody's telephone"


def segment(marker: int, data: bytes) -> bytes:
    return bytes((0xFF, marker)) + (len(data) + 2).to_bytes(2, "big") + data


FRAME = segment(0xC0, b"\x08" + (16).to_bytes(2, "big") * 2 + b"\x01\x01\x11\x00")
SCAN = segment(0xDA, b"\x01\x01\x00\x00\x3f\x00") + b"\x12\xff\x00\x34\xff\xd0\x56"
TABLES = segment(0xDB, bytes(65)) + segment(0xC4, bytes(17))


def jpeg(*extra: bytes, frame: bytes = FRAME, after: bytes = b"") -> bytes:
    return b"\xff\xd8" + b"".join(extra) + TABLES + frame + SCAN + b"\xff\xd9" + after


FROM_A_CAMERA = jpeg(
    segment(0xE0, b"JFIF\0\x01\x02\x01\x00\x48\x00\x48\x02\x02" + SECRET),
    segment(0xE1, b"Exif\0\0" + SECRET),
    segment(0xE2, b"MPF\0" + SECRET),
    segment(0xED, b"Photoshop 3.0\0" + SECRET),
    segment(0xFE, SECRET),
    after=b"\xff\xd8\xff\xe1" + SECRET,
)
