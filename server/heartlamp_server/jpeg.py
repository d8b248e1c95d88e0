"""A JPEG without what cameras write into it beside the picture: place, time, maker, preview, comments. Pure; nothing is
decoded, so nothing of a hostile file is run but this."""

PHOTO_BYTES_MAX = 1024 * 1024

# Start of image, quantisation and Huffman tables, frames, restart interval, scans: what a picture is made of. Adobe's
# APP14 says how its colours are meant, JFIF's APP0 how dense it is (its preview goes).
_ADOBE, _JFIF = 0xEE, 0xE0
_FRAMES = (0xC0, 0xC1, 0xC2)
_TABLES = (0xC4, 0xDB, 0xDD)
_SCAN, _END = 0xDA, 0xD9
_ALONE = (0x01, *range(0xD0, 0xD8))
_JFIF_BYTES = 14


class NoPicture(Exception):
    """What is wrong with it: (Chinese, English)."""

    def __str__(self) -> str:
        return " · ".join(self.args)


def bare(data: bytes) -> bytes:
    """The picture alone; what stands after its end goes too. Raises NoPicture."""
    if len(data) > PHOTO_BYTES_MAX:
        raise NoPicture(
            f"照片超过 {PHOTO_BYTES_MAX // 1024} KiB", f"the photo is longer than {PHOTO_BYTES_MAX // 1024} KiB"
        )
    if data[:2] != b"\xff\xd8":
        raise NoPicture("只收 JPEG 照片", "photos are JPEG")
    kept, at, frames, scans = [b"\xff\xd8"], 2, 0, 0
    while True:
        marker, at = _marker(data, at)
        if marker == _END:
            break
        if marker in _ALONE:
            continue
        length = int.from_bytes(data[at : at + 2], "big")
        end = at + length
        if length < 2 or end > len(data):
            raise _broken()
        segment = data[at:end]
        if marker == _SCAN:
            stop = _scan_end(data, end)
            kept.append(b"\xff\xda" + data[at:stop])
            at, scans = stop, scans + 1
            continue
        if marker in _FRAMES:
            frames += 1
            _size(segment)
        if marker == _JFIF and segment[2:7] == b"JFIF\0":
            if length >= 2 + _JFIF_BYTES:
                kept.append(b"\xff\xe0\x00\x10" + segment[2:14] + b"\0\0")  # without its preview
        elif marker in (*_FRAMES, *_TABLES, _ADOBE):
            kept.append(bytes((0xFF, marker)) + segment)
        elif not (0xE0 <= marker <= 0xEF or marker == 0xFE):
            raise NoPicture("不支持这种 JPEG", f"a JPEG of this kind (marker {marker:02x}) is not taken")
        at = end
    if frames != 1 or scans < 1:
        raise _broken()
    return b"".join((*kept, b"\xff\xd9"))


def _marker(data: bytes, at: int) -> tuple[int, int]:
    """(the next marker, where it ends)."""
    if at + 2 > len(data) or data[at] != 0xFF:
        raise _broken()
    while at < len(data) and data[at] == 0xFF:  # as many of them as there are fill up
        at += 1
    if at >= len(data) or data[at] == 0:
        raise _broken()
    return data[at], at + 1


def _scan_end(data: bytes, at: int) -> int:
    """Where the next marker begins that is not part of the scan."""
    while True:
        at = data.find(b"\xff", at)
        if at < 0 or at + 1 >= len(data):
            raise _broken()
        if data[at + 1] == 0 or 0xD0 <= data[at + 1] <= 0xD7:
            at += 2
        elif data[at + 1] == 0xFF:
            at += 1
        else:
            return at


def _size(frame: bytes) -> None:
    """Not more than a screen can unpack."""
    if len(frame) < 8:
        raise _broken()
    height, width = int.from_bytes(frame[3:5], "big"), int.from_bytes(frame[5:7], "big")
    if not (0 < height <= 8192 and 0 < width <= 8192):
        raise NoPicture("照片尺寸应在 8192×8192 以内", "a photo is at most 8192 by 8192")


def _broken() -> NoPicture:
    return NoPicture("照片不完整", "the photo is not whole")
