"""Identifiers and MQTT topics.

device id  4 to 20 of a-z 0-9, first a letter
event id   `<device or gateway id>-<16 hex>`: 64 random bits, so that no counter and no clock can make two alike
user       `<device id>.<key version>`: MQTT user name and client id in one
topics     `hl/1/<device id>/<what>`; `hl/1/pulse` is the gateway's to all
"""

WHATS = ("panic", "fire", "gas", "flood", "slope", "silent")  # what an alarm is about

PULSE = "hl/1/pulse"
UP = ("event", "reading", "state", "ask", "shown", "picture", "want")  # written by the device
DOWN = ("receipt", "lamp", "have", "piece")  # read by the device
CARRIED_DOWN = ("receipt", "lamp")  # what a lamp hands on to others by radio

_LOWER = "abcdefghijklmnopqrstuvwxyz"
_DIGIT = "0123456789"
_HEX = "0123456789abcdef"


def is_device_id(text: object) -> bool:
    return isinstance(text, str) and 4 <= len(text) <= 20 and text[0] in _LOWER and not text.strip(_LOWER + _DIGIT)


def is_hex(text: object, length: int) -> bool:
    return isinstance(text, str) and len(text) == length and not text.strip(_HEX)


def is_event_id(text: object) -> bool:
    return isinstance(text, str) and len(text) <= 37 and text[-17:-16] == "-" and _is_owner_and_hex(text)


def _is_owner_and_hex(text: str) -> bool:
    return is_device_id(text[:-17]) and is_hex(text[-16:], 16)


def event_id(owner: str, random8: bytes) -> str:
    """A new event id. `owner`: the device's or the gateway's id; `random8`: 8 fresh random bytes."""
    return owner + "-" + random8.hex()


def owner_of(event: str) -> str:
    """The device or gateway that made this event id."""
    return event[:-17]


def user(device: str, key_version: int) -> str:
    return "%s.%d" % (device, key_version)


def topic(device: str, what: str) -> str:
    return "hl/1/" + device + "/" + what
