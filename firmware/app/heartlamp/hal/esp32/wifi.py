"""Joining the Wi-Fi of the settings, quickly where it was joined before. `wlan`: network.WLAN, or what behaves like it.

What a quick join needs (the access point's address, ours) is kept over a deep sleep in `kept`: no scan (about 2 s), no
DHCP (1.6 s). MicroPython does not say which access point it joined, so the first join looks for the strongest itself.
"""

import asyncio
from binascii import hexlify, unhexlify

LOOK_MS = 50
QUICK_MS = 3_000  # with what was kept; then it is forgotten
JOIN_MS = 8_000
PAUSE_MS = 3_000  # between two joins beside the radio, which hears nothing while one looks for its access point


async def join(wlan, wifi: "dict | None", kept: dict) -> None:
    """Returns once joined. `wifi`: {"ssid", "password"}. Raises OSError where it cannot."""
    if wifi is None:
        raise OSError("no Wi-Fi in the settings")
    if wlan.isconnected():
        return
    try:
        await _join(wlan, wifi, kept)
    finally:
        if not wlan.isconnected():
            _rest(wlan)  # who is left connecting scans on for ever


async def _join(wlan, wifi: dict, kept: dict) -> None:
    before = kept.get("wifi")
    if before is not None and before["ssid"] == wifi["ssid"]:
        wlan.ifconfig(tuple(before["ip"]))
        wlan.connect(wifi["ssid"], wifi["password"], bssid=unhexlify(before["bssid"]))
        if await _joined(wlan, QUICK_MS):
            return
        _rest(wlan)
        wlan.ifconfig("dhcp")
    kept["wifi"] = None
    bssid = strongest(wlan.scan(), wifi["ssid"])
    if bssid is None:
        wlan.connect(wifi["ssid"], wifi["password"])  # a hidden one
    else:
        wlan.connect(wifi["ssid"], wifi["password"], bssid=bssid)
    if not await _joined(wlan, JOIN_MS):
        raise OSError("no Wi-Fi " + wifi["ssid"])
    if bssid is not None:
        kept["wifi"] = {"ssid": wifi["ssid"], "bssid": hexlify(bssid).decode(), "ip": wlan.ifconfig()}


def pause_ms(failed_at: "int | None", now: int, radio: bool) -> int:
    """How long to wait before the next join. failed_at: when one last failed; `radio`: others may call us by it."""
    return 0 if failed_at is None or not radio else max(0, failed_at + PAUSE_MS - now)


def strongest(found: list, ssid: str) -> "bytes | None":
    """The address of the access point of this name that is heard best. found: (ssid, bssid, channel, dBm, …) each."""
    best = None
    for one in found:
        if one[0] == ssid.encode() and (best is None or one[3] > best[3]):
            best = one
    return None if best is None else best[1]


def _rest(wlan) -> None:
    try:
        wlan.disconnect()
    except OSError:
        pass  # it did not even begin


async def _joined(wlan, ms: int) -> bool:
    for _ in range(ms // LOOK_MS):
        await asyncio.sleep_ms(LOOK_MS)
        if wlan.isconnected():
            return True
    return False
