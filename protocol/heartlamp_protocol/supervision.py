"""Who hears devices: how long one may say nothing. And how long village and county may, before people are told."""

from heartlamp_protocol.device.kinds import heartbeat_ms

COUNTY_TROUBLE_MS = 90_000
"""Gateway and county that heard nothing of each other for so long say so to people, each on its own side."""


def supervision_ms(kind: str) -> int:
    """A device that says nothing for this long is missed: 2.5 heartbeats."""
    return heartbeat_ms(kind) * 5 // 2
