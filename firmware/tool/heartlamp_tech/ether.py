"""The air between virtual boards: ESP-NOW as datagrams on loopback, with the faults that radio has.

A board's radio (hal/unix) and the ether speak in UDP datagrams, the first byte says what:

    board -> ether   J mac(6) channel(1)         here I am, on this channel; again at each change
                     S number(2) to(6) data      send; `to` ff…ff: to all
    ether -> board   A number(2) acknowledged(1) what the radio itself knows: 1 where a radio on this channel took it
                     R from(6) rssi(1, signed) data

As ESP-NOW's, the acknowledgement is the radio's: it says nothing about whether the other board's program saw it, may
be lost though the packet was not, and a packet to all always counts as sent.
"""

import heapq
import random
import socket
import threading
from collections.abc import Callable
from time import monotonic
from typing import Self

MOST = 250  # bytes of one packet: ESP-NOW v1
TO_ALL = b"\xff" * 6
RSSI = -60  # dBm, where nothing else is said


class Ether:
    """One thread, one socket. Everything below may be changed while it runs.

    `seed`: of what is lost, late and doubled · `loss`, `doubled`: 0…1, of each packet at each ear ·
    `delay`: (least, most) seconds · `range`: (mac, mac) -> dBm, or None where they do not hear each other; None: all
    hear all · `on_packet`: called with (from, to, channel, data) for each packet sent, in the ether's thread.
    """

    def __init__(self, seed: int = 0, loss: float = 0.0) -> None:
        self.loss = loss
        self.doubled = 0.0
        self.delay = (0.0, 0.0)
        self.range: Callable[[bytes, bytes], int | None] | None = None
        self.on_packet: Callable[[bytes, bytes, int, bytes], None] | None = None
        self.sent = 0
        self.lost = 0
        self._dice = random.Random(seed)
        self._boards: dict[bytes, tuple[tuple[str, int], int]] = {}  # mac: (address, channel)
        self._due: list[tuple[float, int, tuple[str, int], bytes]] = []
        self._count = 0
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._thread = threading.Thread(target=self._run, daemon=True, name="ether")

    def __enter__(self) -> Self:
        self._socket.bind(("127.0.0.1", 0))
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.sendto(b"", self._socket.getsockname())  # wakes the thread, which takes it for the end
        self._thread.join()
        self._socket.close()

    @property
    def port(self) -> int:
        port: int = self._socket.getsockname()[1]
        return port

    def channel(self, mac: bytes) -> int | None:
        """The channel that a board is on now; None: it never joined."""
        known = self._boards.get(mac)
        return known[1] if known else None

    def say(self, sender: bytes, to: bytes, channel: int, data: bytes) -> bool:
        """Sends a packet as a radio of this address does, an attacker's too. True: a radio took it."""
        if len(data) > MOST:
            return False
        self.sent += 1
        if self.on_packet is not None:
            self.on_packet(sender, to, channel, data)
        took = to == TO_ALL
        for mac, (address, listens_on) in list(self._boards.items()):
            if mac == sender or listens_on != channel or to not in (mac, TO_ALL):
                continue
            rssi = RSSI if self.range is None else self.range(sender, mac)
            if rssi is None:
                continue
            if self._dice.random() < self.loss:
                self.lost += 1
                continue
            self._later(address, b"R" + sender + rssi.to_bytes(1, "big", signed=True) + data)
            if self._dice.random() < self.doubled:
                self._later(address, b"R" + sender + rssi.to_bytes(1, "big", signed=True) + data)
            took = took or self._dice.random() >= self.loss
        return took

    def _later(self, address: tuple[str, int], datagram: bytes) -> None:
        self._count += 1
        heapq.heappush(self._due, (monotonic() + self._dice.uniform(*self.delay), self._count, address, datagram))

    def _run(self) -> None:
        while True:
            while self._due and self._due[0][0] <= monotonic():
                _, _, address, datagram = heapq.heappop(self._due)
                self._give(address, datagram)
            self._socket.settimeout(max(0.0001, self._due[0][0] - monotonic()) if self._due else None)
            try:
                datagram, address = self._socket.recvfrom(2048)
            except TimeoutError:
                continue
            except ConnectionError:
                continue  # a board is gone: its radio is silent
            if not datagram:
                return
            self._take(datagram, address)

    def _take(self, datagram: bytes, address: tuple[str, int]) -> None:
        if datagram[:1] == b"J" and len(datagram) == 8:
            self._boards[datagram[1:7]] = (address, datagram[7])
        elif datagram[:1] == b"S" and len(datagram) >= 9:
            for mac, (known, channel) in self._boards.items():
                if known == address:
                    took = self.say(mac, datagram[3:9], channel, datagram[9:])
                    self._give(address, b"A" + datagram[1:3] + bytes([took]))
                    return

    def _give(self, address: tuple[str, int], datagram: bytes) -> None:
        try:
            self._socket.sendto(datagram, address)
        except OSError:
            pass  # that board is off
