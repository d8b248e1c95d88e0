# mypy: ignore-errors
"""Runs on MicroPython: thousands of spoilt messages to one device. It must neither raise nor lose its event.

wild_messages.py <seed>. Prints `{"messages": …, "malformed": …, "forged": …, "held": …}`.
"""

import json
import os
import random
import sys

from heartlamp.config import Config
from heartlamp.device import Device
from heartlamp.outbox import Outbox
from heartlamp.rules import lamp
from heartlamp_protocol.device.mac import county_key, device_key
from heartlamp_protocol.device.state import write_call, write_lamp
from heartlamp_protocol.said_to_device import write_county_answer, write_heard, write_pulse, write_received

ROOT = "5a" * 32
DEV = "lamp0a1b"
INCIDENT = "lamp0c2d-00000000000000a1"
WORDS = [b"null", b"-1", b"1e999", b"true", b'""', b"[]", b"{}", b"[[[[", b'"\\ud800"', b"\xff", b"9" * 40, b'"own"']
fields = {"dev": DEV, "kind": "lamp", "kv": 1, "root": ROOT, "host": "h", "port": 1, "server_name": "s", "ca": "c"}


def spoil(data):
    kind = random.getrandbits(2)
    at = random.getrandbits(16) % len(data)
    if kind == 0:
        return data[:at]
    if kind == 1:
        return data[:at] + bytes([random.getrandbits(8)]) + data[at + 1 :]
    word = WORDS[random.getrandbits(8) % len(WORDS)]
    if kind == 2:
        return data[:at] + word + data[at:]
    colon = data.find(b":", at)  # another value for a field
    return data if colon < 0 else data[: colon + 1] + word + data[colon + 2 :]


def main():
    random.seed(int(sys.argv[1]))
    clock = [0]
    device = Device(Config(fields), Outbox("/nowhere/out"), lambda: clock[0], os.urandom, lambda what, **more: None)
    device.start()
    device.alarm("panic", "red", 0, 0)
    event = device.outbox.records[0].id
    key = county_key(bytes([0x5A] * 32), 1)
    said = write_county_answer(key, DEV, 1, "c0" * 8, INCIDENT, 1, 1, "coming", "120", "").decode()
    call = write_call(INCIDENT, "near", "fire", "三组 2号", 1, 1, "none", "", said)
    forged = write_received(device_key(bytes([0x5A] * 32), 1), DEV, 1, event, "0" * 16, "c0" * 8)
    good = (
        ("lamp", write_lamp("e1" * 8, 1, [call, call])),
        ("receipt", write_heard(event, "e1" * 8)),
        ("receipt", forged),
        ("pulse", write_pulse("e1" * 8, 1, 1)),
    )
    count = 6000
    for i in range(count):
        clock[0] += 7
        what, payload = good[i % len(good)]
        device.message("lan", what, spoil(payload))
        json.dumps(lamp.picture(device.showing.facts(clock[0]), clock[0]))
    held = [r.id for r in device.outbox.records] == [event]
    print(json.dumps({"messages": count, "malformed": device.malformed, "forged": device.forged, "held": held}))


main()
