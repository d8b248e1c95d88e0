"""ESP-NOW's place on the unix port: datagrams to the ether (firmware/tool/heartlamp_tech/ether.py, which says their
form). The same functions as hal/esp32's radio."""

import asyncio
import socket
from asyncio import core

MOST = 250
TO_ALL = b"\xff" * 6
ANSWER_MS = 50  # the ether acknowledges at once; where it does not, it is gone


class Radio:
    """`address`: (host, port) of the ether; `mac`: 6 bytes."""

    def __init__(self, address: "tuple[str, int]", mac: bytes, channel: int = 1) -> None:
        self.mac = mac
        self.channel = channel
        self._to = socket.getaddrinfo(address[0], address[1])[0][-1]
        self._socket = None
        self._number = 0
        self._answers = {}  # number: [event, acknowledged] of what is being sent
        self._came = []
        self._news = None
        self._reader = None

    def start(self) -> None:
        self.stop()
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.setblocking(False)
        self._came = []
        self._news = asyncio.Event()  # after a sleep nobody of before waits any more
        self._join()
        self._reader = asyncio.create_task(self._read())

    def stop(self) -> None:
        """Off: it hears nothing, and acknowledges nothing."""
        if self._socket is not None:
            self._reader.cancel()
            self._give(b"J" + self.mac + b"\0")
            self._socket.close()
            self._socket = None

    def set_channel(self, channel: int) -> bool:
        """False where the radio may not leave its channel."""
        self.channel = channel
        if self._socket is not None:
            self._join()
        return True

    async def send(self, mac: bytes, data: bytes) -> bool:
        """True where a radio took it; to all: always. Raises ValueError beyond 250 bytes."""
        if len(data) > MOST:
            raise ValueError("a packet of %d bytes, at most %d fit" % (len(data), MOST))
        if self._socket is None:
            return False
        self._number = (self._number + 1) & 0xFFFF
        number, waiting = self._number, [asyncio.Event(), False]
        self._answers[number] = waiting
        try:
            self._give(b"S" + number.to_bytes(2, "big") + mac + data)
            await asyncio.wait_for_ms(waiting[0].wait(), ANSWER_MS)
        except asyncio.TimeoutError:
            pass
        finally:
            del self._answers[number]
        return waiting[1]

    async def receive(self) -> "tuple[bytes, bytes, int]":
        """(sender's mac, data, dBm) of the next packet."""
        while not self._came:
            self._news.clear()
            await self._news.wait()
        return self._came.pop(0)

    def _join(self) -> None:
        self._give(b"J" + self.mac + bytes([self.channel]))

    def _give(self, datagram: bytes) -> None:
        try:
            self._socket.sendto(datagram, self._to)
        except OSError:
            pass  # no ether: nobody hears

    async def _read(self) -> None:
        while True:
            await _readable(self._socket)
            try:
                datagram = self._socket.recv(300)
            except OSError:
                await asyncio.sleep_ms(10)  # the ether is gone; a socket that reports it is readable at once
                continue
            if datagram[:1] == b"R" and len(datagram) > 8:
                if len(self._came) < 32:  # a radio's buffer is small
                    rssi = datagram[7]
                    self._came.append((datagram[1:7], datagram[8:], rssi - 256 if rssi > 127 else rssi))
                    self._news.set()
            elif datagram[:1] == b"A" and len(datagram) == 4:
                waiting = self._answers.get(datagram[1] << 8 | datagram[2])
                if waiting is not None:
                    waiting[1] = bool(datagram[3])
                    waiting[0].set()


def _readable(sock):
    yield core._io_queue.queue_read(sock)
