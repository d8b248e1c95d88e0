"""Who may carry whose frames by radio, and by which ways a device goes out. Pure."""

from collections.abc import Mapping
from typing import Any

from heartlamp_protocol.device.kinds import LAMPS, heartbeat_ms

LINKS = ("lan", "relay", "wan")
CHANNEL = 6
CHANNELS = range(1, 14)  # of 2.4 GHz, where every board may send


def channel(value: Any, place: str, problems: list[str]) -> int:
    """The village's radio channel."""
    if value is None:
        return CHANNEL
    if type(value) is not int or value not in CHANNELS:
        problems.append(
            f"{place}: radio_channel {value!r} is none of {CHANNELS[0]} to {CHANNELS[-1]}; {CHANNEL} is taken"
        )
        return CHANNEL
    return value


def untangled(
    kinds: Mapping[str, str], named: Mapping[str, tuple[str, ...]], place: str, problems: list[str]
) -> dict[str, tuple[str, ...]]:
    """`kinds`: every device of the village; `named`: device -> the lamps that it names. Returns the same without those
    that cannot carry it, each of which stands in `problems`."""
    through: dict[str, tuple[str, ...]] = {}
    for device, lamps in named.items():
        good: list[str] = []
        for lamp in lamps:
            if lamp == device:
                why = "it cannot carry itself"
            elif lamp not in kinds:
                why = "no device of this village in this file"
            elif kinds[lamp] not in LAMPS:
                why = f"it is a {kinds[lamp]}, and only a lamp carries"
            elif _goes_through(through, lamp, device):
                why = f"it goes through {device} itself: frames would turn in a ring"
            else:
                good.append(lamp)
                continue
            problems.append(f"{place} device {device}: through {lamp}: {why}")
        through[device] = tuple(good)
    return through


def links(
    device: str, kind: str, wanted: tuple[str, ...], through: tuple[str, ...], place: str, problems: list[str]
) -> tuple[str, ...]:
    """`wanted`: as the file says, () where it says nothing: then what lives on a battery tries its lamp first, because
    that costs it least, and everything else its line."""
    if not wanted:
        if not through:
            return ("lan",)
        return ("relay", "lan") if heartbeat_ms(kind) > heartbeat_ms("lamp") else ("lan", "relay")
    good = []
    for link in wanted:
        if link not in LINKS:
            problems.append(f"{place} device {device}: link {link!r} is none of {', '.join(LINKS)}")
        elif link == "relay" and not through:
            problems.append(f"{place} device {device}: link relay needs a lamp in `through`")
        else:
            good.append(link)
    return tuple(good) or ("lan",)


def _goes_through(through: Mapping[str, tuple[str, ...]], device: str, lamp: str) -> bool:
    """Each way once: where every lamp names two, the ways double with each of them."""
    seen, ahead = set[str](), [device]
    while ahead:
        for up in through.get(ahead.pop(), ()):
            if up == lamp:
                return True
            if up not in seen:
                seen.add(up)
                ahead.append(up)
    return False
