"""ESP-NOW on an ESP32: packets of at most 250 bytes, beside Wi-Fi and on its channel. Never run here: see README.md.

The chip keeps 20 addresses that it can send to; whoever was spoken to longest ago makes room.
"""

import asyncio
from asyncio import core

import espnow

MOST = 250
TO_ALL = b"\xff" * 6
ADDRESSES_MOST = 19  # and TO_ALL
BUFFER = 8192  # bytes, some 30 packets: its own two are full before a TLS step or a flash write is over


class Radio:
    """`wifi`: the board's network.WLAN, active."""

    def __init__(self, wifi) -> None:
        self._wifi = wifi
        self._now = espnow.ESPNow()
        self._known = []
        self.mac = wifi.config("mac")
        self.on = False

    @property
    def channel(self) -> int:
        return self._wifi.config("channel")

    def start(self) -> None:
        self._now.config(rxbuf=BUFFER)  # counts from the next line on
        self._now.active(True)
        self._known = []
        self.on = True
        # Power saving would switch the receiver off between two beacons of the access point, and lose packets.
        self._wifi.config(pm=self._wifi.PM_NONE)
        try:
            self._now.add_peer(TO_ALL)
        except OSError:
            pass  # it is known already

    def stop(self) -> None:
        self._now.active(False)
        self.on = False

    def set_channel(self, channel: int) -> bool:
        """False: the access point decides."""
        if self._wifi.isconnected():
            return self.channel == channel
        try:
            self._wifi.config(channel=channel)
        except (OSError, RuntimeError):
            return False
        return True

    async def send(self, mac: bytes, data: bytes) -> bool:
        """True where a radio took it; to all: always. Raises ValueError beyond 250 bytes."""
        if len(data) > MOST:
            raise ValueError("a packet of %d bytes, at most %d fit" % (len(data), MOST))
        try:
            if mac != TO_ALL:
                self._know(mac)
            # Nothing to wait for: this call waits for the other radio's acknowledgement, some ms, itself.
            return bool(self._now.send(mac, data, True))
        except OSError:
            return False

    async def receive(self) -> "tuple[bytes, bytes, int]":
        """(sender's mac, data, dBm) of the next packet."""
        while True:
            await _readable(self._now)
            try:
                mac, data = self._now.recv(0)
            except ValueError:
                mac = None  # half a packet in its buffer; the other end says it again
            if mac is not None:
                seen = self._now.peers_table.get(mac)
                return bytes(mac), bytes(data), seen[0] if seen else 0
            await asyncio.sleep_ms(0)

    def _know(self, mac: bytes) -> None:
        if mac in self._known:
            self._known.remove(mac)
        else:
            while len(self._known) >= ADDRESSES_MOST:
                self._now.del_peer(self._known.pop(0))
            try:
                self._now.add_peer(mac)
            except OSError:
                pass  # known from before a stop
        self._known.append(mac)


def _readable(now):
    yield core._io_queue.queue_read(now)
