"""MQTT topics as the gateway reads them.

`hl/1/<lamp id>/relay/<device id>/<what>` is what a lamp carries for a device that reaches it by radio, byte for byte.
Runs on MicroPython as well.
"""

from heartlamp_protocol.device.names import is_device_id

CARRIED_UP = ("event", "reading", "state", "ask", "shown")  # what a lamp carries for others


def relay_topic(lamp: str, device: str, what: str) -> str:
    return "hl/1/" + lamp + "/relay/" + device + "/" + what


def of_relay_topic(text: str) -> "tuple[str, str, str] | None":
    """(lamp id, device id, what) of a carried message's topic, or None for any other."""
    parts = text.split("/")
    if len(parts) != 6 or parts[:2] != ["hl", "1"] or parts[3] != "relay":
        return None
    if not is_device_id(parts[2]) or not is_device_id(parts[4]):
        return None
    return parts[2], parts[4], parts[5]


def of_topic(text: str) -> "tuple[str, str] | None":
    """(device id, what) of a device's topic, or None for any other."""
    parts = text.split("/")
    if len(parts) != 4 or parts[0] != "hl" or parts[1] != "1" or not is_device_id(parts[2]):
        return None
    return parts[2], parts[3]
