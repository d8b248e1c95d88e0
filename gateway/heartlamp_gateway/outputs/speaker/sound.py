"""Sound as 16 kHz, one channel, 16 bit: recordings in, one file out. Pure but for nothing: files are bytes here."""

import io
import math
import sys
import wave
from array import array

RATE = 16_000
CLIP_MOST_S = 30
_TONES = ((988, 400), (784, 400), (988, 400), (784, 600))  # Hz, ms
_LOUD, _EDGE_MS = 14_000, 10


class SoundError(ValueError):
    """Not a recording that may be played, and why."""


def seconds(samples: "array[int]") -> float:
    return len(samples) / RATE


def silence(ms: int) -> "array[int]":
    return array("h", bytes(2 * RATE * ms // 1000))


def attention() -> "array[int]":
    """Two tones, twice: as at a station, so that people stop talking before the words come."""
    out = array("h")
    for hz, ms in _TONES:
        count, edge = RATE * ms // 1000, RATE * _EDGE_MS // 1000
        for i in range(count):
            fade = min(1.0, i / edge, (count - i) / edge)
            out.append(round(_LOUD * fade * math.sin(2 * math.pi * hz * i / RATE)))
    return out


def read_wav(data: bytes, any_rate: bool = False) -> "array[int]":
    """`any_rate`: of a machine's voice, which is brought to 16 kHz. Raises SoundError."""
    try:
        with wave.open(io.BytesIO(data)) as file:
            rate, channels, width = file.getframerate(), file.getnchannels(), file.getsampwidth()
            raw = file.readframes(file.getnframes())
    except (wave.Error, EOFError, ValueError) as wrong:
        raise SoundError(f"not a WAV file of PCM: {wrong}") from None
    if (channels, width) != (1, 2) or (rate != RATE and not any_rate) or rate < 4_000:
        raise SoundError(f"{rate} Hz, {channels} channels, {8 * width} bit; needed are 16000 Hz, one channel, 16 bit")
    samples = array("h", raw[: len(raw) // 2 * 2])
    if sys.byteorder == "big":
        samples.byteswap()
    if not samples or len(samples) > rate * CLIP_MOST_S:
        raise SoundError(f"empty, or longer than {CLIP_MOST_S} s")
    return samples if rate == RATE else resampled(samples, rate)


def resampled(samples: "array[int]", rate: int) -> "array[int]":
    """Straight lines between samples: good enough for a machine's voice."""
    count = len(samples) * RATE // rate
    padded = array("h", [*samples, samples[-1]])
    out = array("h", bytes(2 * count))
    for i in range(count):
        at, part = divmod(i * rate, RATE)
        out[i] = padded[at] + (padded[at + 1] - padded[at]) * part // RATE
    return out


def halved(samples: "array[int]") -> "array[int]":
    """To 8 kHz, for the telephone's codecs: a half-band filter of seven taps, then every second sample."""
    s = array("h", [*silence_samples(3), *samples, *silence_samples(4)])
    return array(
        "h",
        [
            max(-32768, min(32767, (16 * s[i] + 9 * (s[i - 1] + s[i + 1]) - (s[i - 3] + s[i + 3])) >> 5))
            for i in range(3, 3 + len(samples), 2)
        ],
    )


def silence_samples(count: int) -> "array[int]":
    return array("h", bytes(2 * count))


def to_wav(samples: "array[int]") -> bytes:
    raw = array("h", samples)
    if sys.byteorder == "big":
        raw.byteswap()
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(raw.tobytes())
    return out.getvalue()
