# mypy: ignore-errors
"""Runs on MicroPython: an ESP32's Wi-Fi joining, against a stand-in that behaves as network.WLAN is documented to.

Prints the calls of each of six wakes as JSON: the first one, one with what was kept, one after the access point was
changed for another, one where nothing is in the air, and one each where scan and connect fail.
"""

import asyncio
import json

from heartlamp.hal.esp32 import wifi

NEAR, FAR, NEW = b"\x02\x00\x00\x00\x00\x01", b"\x02\x00\x00\x00\x00\x02", b"\x02\x00\x00\x00\x00\x03"
SETTINGS = {"ssid": "village", "password": "12345678"}


class Wlan:
    def __init__(self, air):
        self.air = air  # [(ssid, bssid, channel, dBm)]
        self.calls = []
        self.broken = ""  # the call that fails
        self.up = False
        self.address = ("10.0.0.7", "255.255.255.0", "10.0.0.1", "10.0.0.1")

    def isconnected(self):
        return self.up

    def scan(self):
        self.calls.append("scan")
        if self.broken == "scan":
            raise OSError("scan")
        return [(s, b, c, d, 3, False) for s, b, c, d in self.air]

    def connect(self, ssid, password, bssid=None):
        self.calls.append("connect " + ("any" if bssid is None else str(bssid[-1])))
        if self.broken == "connect":
            raise OSError("connect")
        self.up = any(s == ssid.encode() and (bssid is None or b == bssid) for s, b, _, _ in self.air)

    def disconnect(self):
        self.calls.append("disconnect")
        self.up = False

    def ifconfig(self, given=None):
        if given is None:
            return self.address
        self.calls.append("ifconfig " + (given if given == "dhcp" else given[0]))
        return None


async def wake(air, kept, broken=""):
    wlan = Wlan(air)
    wlan.broken = broken
    try:
        await wifi.join(wlan, SETTINGS, kept)
        wlan.calls.append("joined")
    except OSError as error:
        wlan.calls.append(str(error))
    return wlan.calls


async def main():
    wifi.QUICK_MS = wifi.JOIN_MS = 200
    kept = {}
    village = [(b"village", FAR, 1, -80), (b"other", NEW, 6, -30), (b"village", NEAR, 6, -50)]
    told = [await wake(village, kept)]
    kept = json.loads(json.dumps(kept))  # as it goes through a sleep
    told.append(await wake(village, kept))
    told.append(await wake([(b"village", NEW, 11, -60)], kept))
    told.append(await wake([], kept))
    for broken in ("scan", "connect"):
        told.append(await wake(village, {}, broken))
    print(json.dumps(told))


asyncio.run(main())
