"""Where the sound is in a recorded file. Only one format is played, so that a device needs to convert nothing."""

RATE = 16_000  # samples a second; 16 bit, one channel, PCM
BYTES_A_MS = 32
HEAD = 512  # bytes of a file that hold everything before the sound
_FORMAT = b"\x01\x00\x01\x00\x80\x3e\x00\x00\x00\x7d\x00\x00\x02\x00\x10\x00"


def sound_in(head: bytes) -> "tuple[int, int]":
    """(where it begins, how many bytes it has). head: the first HEAD bytes. Raises ValueError where it is something
    else than a WAV of 16 kHz, one channel, 16 bit."""
    if head[:4] != b"RIFF" or head[8:12] != b"WAVE":
        raise ValueError("not a WAV file")
    at, good = 12, False
    while at + 8 <= len(head):
        name, length = head[at : at + 4], int.from_bytes(head[at + 4 : at + 8], "little")
        if name == b"fmt ":
            good = head[at + 8 : at + 24] == _FORMAT
        elif name == b"data":
            if not good:
                raise ValueError("not 16 kHz, one channel, 16 bit")
            return at + 8, length
        at += 8 + length + length % 2
    raise ValueError("the sound does not begin in the first %d bytes" % HEAD)
