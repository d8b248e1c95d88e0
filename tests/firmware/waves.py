"""Recordings as a village makes them: silence, in the one format that is played."""

import io
import wave


def recording(ms: int) -> bytes:
    file = io.BytesIO()
    with wave.open(file, "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(16_000)
        out.writeframes(bytes(32 * ms))
    return file.getvalue()
