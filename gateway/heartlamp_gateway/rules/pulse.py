"""What the pulse may claim. A lamp that says "told" while nobody could answer would lie."""

from collections.abc import Mapping

from heartlamp_protocol.device.kinds import LAMPS

from heartlamp_gateway.rules.model import Village

CONTACT_MS = 15_000  # three pings of the county missed


def in_contact(now: int, last: int | None) -> bool:
    """`last`: when the county last said anything, same clock as `now`; None: never."""
    return last is not None and now - last < CONTACT_MS


def answerable(village: Village, county: bool, online: Mapping[str, bool]) -> bool:
    """The county, or two sites of one household group whose lamps are online: each is the other's answer."""
    if county:
        return True
    sites: dict[str, set[str]] = {}
    for device in village.registry.devices:
        if device.kind in LAMPS and online.get(device.id):
            sites.setdefault(village.group(device.site), set()).add(device.site)
    return any(group and len(members) >= 2 for group, members in sites.items())
