"""Reading the fields of a JSON object. All of these raise FrameError, which names the field."""

import base64
import binascii
import json
from typing import Any

from heartlamp_protocol.device.frame import FrameError
from heartlamp_protocol.device.limits import INTEGER_MAX, VERSION
from heartlamp_protocol.device.names import is_event_id, is_hex


def read_object(data: bytes) -> dict[str, Any]:
    """A JSON object of this protocol version."""
    try:
        fields = json.loads(data)
    except (ValueError, RecursionError):
        raise FrameError("not JSON") from None
    if not isinstance(fields, dict):
        raise FrameError("not a JSON object")
    if type(fields.get("v")) is not int or fields["v"] != VERSION:
        raise FrameError(f"protocol version {repr(fields.get('v'))[:40]}, this side speaks {VERSION}")
    return fields


def read_integer(fields: dict[str, Any], name: str, least: int = 0, most: int = INTEGER_MAX) -> int:
    """A whole number within bounds, out of parsed JSON."""
    value = fields.get(name)
    if type(value) is not int or not least <= value <= most:
        raise FrameError(f"{name} is missing or not a whole number from {least} to {most}")
    return value


def read_text(fields: dict[str, Any], name: str, most: int) -> str:
    value = fields.get(name)
    if not isinstance(value, str) or len(value) > most:
        raise FrameError(f"{name} is missing, not a text, or longer than {most} characters")
    return value


def read_epoch(fields: dict[str, Any]) -> str:
    if not is_hex(fields.get("epoch"), 16):
        raise FrameError("epoch is not 16 hex characters")
    return str(fields["epoch"])


def read_event(fields: dict[str, Any], name: str) -> str:
    if not is_event_id(fields.get(name)):
        raise FrameError(f"{name} is not an event id")
    return str(fields[name])


def read_events(fields: dict[str, Any], name: str) -> tuple[str, ...]:
    values = fields.get(name)
    if not isinstance(values, list) or not all(is_event_id(e) for e in values):
        raise FrameError(f"{name} must be a list of event ids")
    return tuple(values)


def read_objects(fields: dict[str, Any], name: str) -> list[dict[str, Any]]:
    values = fields.get(name)
    if not isinstance(values, list) or not all(isinstance(v, dict) for v in values):
        raise FrameError(f"{name} must be a list of objects")
    return values


def read_bytes(fields: dict[str, Any], name: str) -> bytes:
    text = read_text(fields, name, 8192)
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise FrameError(f"{name} is not base64") from None
