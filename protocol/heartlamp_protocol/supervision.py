"""Who hears devices: how long one may say nothing."""

from heartlamp_protocol.device.kinds import heartbeat_ms


def supervision_ms(kind: str) -> int:
    """A device that says nothing for this long is missed: 2.5 heartbeats."""
    return heartbeat_ms(kind) * 5 // 2
