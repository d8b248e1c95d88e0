"""Feeds every vector of golden.json to the protocol code and prints what comes out, one JSON line each.

Runs unchanged on CPython and on MicroPython: reproduce.py <golden.json>.
"""

import binascii
import json
import sys

from heartlamp_protocol import said_to_device, topics
from heartlamp_protocol.device import event, frame, lamp, mac, names, state, statement, text


def raw(given: str) -> bytes:
    return binascii.unhexlify(given[4:]) if given[:4] == "hex:" else given.encode()


def plain(value: object) -> object:
    """Bytes as text, so that JSON can carry them."""
    if isinstance(value, bytes):
        return value.decode()
    if isinstance(value, tuple):
        return [plain(v) for v in value]
    return value


def write_reading(kind, dev, kv, boot, seq, up, values):  # type: ignore[no-untyped-def]
    return event.write_reading(kind, dev, kv, boot, seq, up, [tuple(pair) for pair in values])


OPERATIONS: "dict[str, object]" = {
    "hmac": lambda key, message: mac.hmac_sha256(raw(key), raw(message)).hex(),
    "mqtt_password": lambda root, kv: mac.mqtt_password(raw(root), kv),
    "device_key": lambda root, kv: mac.device_key(raw(root), kv).hex(),
    "county_key": lambda root, kv: mac.county_key(raw(root), kv).hex(),
    "pair_key": lambda root, kv, carrier: mac.pair_key(raw(root), kv, carrier).hex(),
    "digest16": lambda body: mac.digest16(raw(body)),
    "event_id": lambda owner, random8: names.event_id(owner, raw(random8)),
    "user": names.user,
    "topic": names.topic,
    "of_topic": topics.of_topic,
    "relay_topic": topics.relay_topic,
    "of_relay_topic": topics.of_relay_topic,
    "is_device_id": names.is_device_id,
    "is_event_id": names.is_event_id,
    "write_alarm": event.write_alarm,
    "write_answer": event.write_answer,
    "write_cancel": event.write_cancel,
    "write_still": event.write_still,
    "write_reading": write_reading,
    "write_state": event.write_state,
    "write_ask": event.write_ask,
    "write_shown": event.write_shown,
    "sign": lambda key, body: frame.sign(raw(key), raw(body)),
    "verify": lambda key, body, given: frame.verify(raw(key), raw(body), given),
    "write_frame": lambda age, given, body: frame.write_frame(age, given, raw(body)),
    "split_frame": lambda data: frame.split_frame(raw(data)),
    "write_heard": said_to_device.write_heard,
    "write_pulse": said_to_device.write_pulse,
    "write_received": lambda key, *args: said_to_device.write_received(raw(key), *args),
    "write_settings": lambda key, *args: said_to_device.write_settings(raw(key), *args),
    "write_county_answer": lambda key, *args: said_to_device.write_county_answer(raw(key), *args),
    "read_signed": lambda key, dev, data: statement.read_signed(raw(key), dev, raw(data)),
    "read_plain": lambda data: statement.read_plain(raw(data)),
    "write_call": state.write_call,
    "write_lamp": state.write_lamp,
    "quote": text.quote,
    "meaning": lamp.meaning,
    "answer_shown": lamp.answer_shown,
}


def outcome(vector):  # type: ignore[no-untyped-def]
    try:
        return {"gives": plain(OPERATIONS[vector["op"]](*vector["args"]))}  # type: ignore[operator]
    except frame.FrameError as error:
        return {"refused": str(error)}


if __name__ == "__main__":
    with open(sys.argv[1]) as f:
        for vector in json.load(f)["device"]:
            print(json.dumps({"name": vector["name"], "outcome": outcome(vector)}))  # type: ignore[no-untyped-call]
