"""Asking for a bundle's bytes, which only the village's line carries."""

from heartlamp.update import piece


async def want(device, bundle: str, at: int) -> bool:
    """False where the line is down."""
    for link in device.links:
        if link.NAME == "lan" and link.up.is_set():
            return await link.publish("want", piece.write_want(bundle, at), 0)
    return False
