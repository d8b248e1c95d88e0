"""A piezo, and a speaker's amplifier on I2S (MAX98357A or the like). Neither says whether it is fitted: where a board
has pins for both, tunes go to both, and clips are recorded only where there is a speaker."""

import asyncio
import time

from heartlamp.rules import wav

CHUNK = 2048  # bytes, 64 ms of sound: what a file gives while the rest plays
BUFFER = 8192  # of the driver: so long may anything else take the processor
HIGH, LOW = b"\x40\x1f", b"\xc0\xe0"  # 8000 and -8000 of 32767: a square wave on the speaker


def fitted(board, trace) -> "Sounder":
    """What sounds on a board of heartlamp/boards."""
    from machine import I2S, PWM, Pin

    pins = board.PINS
    piezo = PWM(Pin(pins["buzzer"], Pin.OUT), freq=520, duty_u16=0) if "buzzer" in pins else None

    def open_i2s(rate: int, buffer: int):
        sck, ws, sd = [Pin(pins[name]) for name in ("i2s_bck", "i2s_ws", "i2s_data")]
        return I2S(0, sck=sck, ws=ws, sd=sd, mode=I2S.TX, bits=16, format=I2S.MONO, rate=rate, ibuf=buffer)

    return Sounder(piezo, open_i2s if "i2s_data" in pins else None, trace)


class Sounder:
    """`piezo`: a machine.PWM or None; `open_i2s(rate, buffer)`: a machine.I2S for 16 bit mono, or None; `trace(what,
    **fields)`."""

    def __init__(self, piezo, open_i2s, trace) -> None:
        self._piezo = piezo
        self._open_i2s = open_i2s
        self._trace = trace

    async def tone(self, notes: "list[tuple[int, int]]", rounds: int) -> None:
        """Sounds so many rounds of (Hz, ms). Cancelled, it is silent at once."""
        at_once = []
        if self._piezo is not None:
            at_once.append(self._beep(notes, rounds))
        if self._open_i2s is not None:
            at_once.append(self._speak(_square(notes, rounds)))
        if at_once:
            await asyncio.gather(*at_once)

    async def play(self, paths: "list[str]") -> None:
        """Recordings, without a pause between them; one that cannot be played is left out."""
        if self._open_i2s is not None:
            await self._speak(self._read(paths))

    def _read(self, paths: "list[str]"):
        buffer = memoryview(bytearray(CHUNK))
        for path in paths:
            try:
                with open(path, "rb") as f:
                    start, left = wav.sound_in(f.read(wav.HEAD))
                    f.seek(start)
                    while left > 0:
                        read = f.readinto(buffer[: min(CHUNK, left)])
                        if not read:
                            break
                        yield buffer[:read]
                        left -= read
            except (OSError, ValueError) as error:
                self._trace("clip", path=path, error=str(error))

    async def _beep(self, notes: "list[tuple[int, int]]", rounds: int) -> None:
        until = time.ticks_ms()  # each note from here, so that the tune stays in step with the light
        try:
            for _ in range(rounds):
                for hertz, ms in notes:
                    if hertz:
                        self._piezo.freq(hertz)
                    self._piezo.duty_u16(32768 if hertz else 0)
                    until = time.ticks_add(until, ms)
                    await asyncio.sleep_ms(max(0, time.ticks_diff(until, time.ticks_ms())))
        finally:
            self._piezo.duty_u16(0)

    async def _speak(self, chunks) -> None:
        """chunks: bytes-like, 16 bit little endian each."""
        try:
            i2s = self._open_i2s(wav.RATE, BUFFER)
        except (OSError, ValueError, MemoryError) as error:
            self._trace("speaker", error=str(error))
            return  # a lamp that cannot speak still shines and calls
        try:
            stream = asyncio.StreamWriter(i2s)
            for chunk in chunks:
                # Not stream.write(), which writes before it asks: an I2S that was never asked blocks until all is out.
                stream.out_buf = chunk
                await stream.drain()
            await asyncio.sleep_ms(BUFFER // wav.BYTES_A_MS)  # what the driver still holds
        finally:
            i2s.deinit()


def _square(notes: "list[tuple[int, int]]", rounds: int):
    """A square wave, in pieces of whole periods."""
    for _ in range(rounds):
        for hertz, ms in notes:
            half = wav.RATE // (2 * hertz) if hertz else 1
            period = (HIGH * half + LOW * half) if hertz else b"\0\0\0\0"
            piece = memoryview(period * (CHUNK // len(period)))
            left = ms * wav.BYTES_A_MS
            while left > 0:
                yield piece[: min(len(piece), left)]
                left -= len(piece)
