"""Bodies of batches, packed: 200 readings become a fifth as long, for lines and monthly megabytes that are thin."""

import gzip
import zlib

from heartlamp_protocol.device.frame import FrameError

ENCODING = "gzip"
PACKED_FROM = 2_000  # bytes; below, an alarm's packet would not become fewer
_GZIP = 16 + zlib.MAX_WBITS


def pack(body: bytes) -> bytes:
    return gzip.compress(body, 1, mtime=0)


def unpack(body: bytes | bytearray, most: int) -> bytes | None:
    """None: it would have more than `most` bytes. Raises FrameError where it is not whole, or nothing packed."""
    unpacking = zlib.decompressobj(_GZIP)
    try:
        data = unpacking.decompress(body, most + 1)
    except zlib.error as error:
        raise FrameError(f"a body that cannot be unpacked: {error}") from None
    if len(data) > most:
        return None
    if not unpacking.eof or unpacking.unused_data:
        raise FrameError("a packed body without its end, or with more behind it")
    return data
