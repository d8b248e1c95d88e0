# mypy: ignore-errors
"""Runs on MicroPython: the bytes that test_radio_rules.py makes too. Prints their SHA-256 as a JSON list."""

import hashlib
import json

from heartlamp.radio.pack import pack, unpack
from heartlamp.radio.packet import (
    DATA,
    Message,
    Packet,
    is_signed,
    pieces,
    read_packet,
    tag,
    write_message,
    write_packet,
)
from heartlamp_protocol.device.event import write_alarm
from heartlamp_protocol.device.frame import write_frame
from heartlamp_protocol.device.names import event_id
from heartlamp_protocol.said_to_device import write_pulse

KEY = bytes(range(32))
body = write_alarm(event_id("button01", bytes(8)), "button01", 1000000, "0123abcd", 12, 81234, "panic")
alarm = write_frame(5, "5a" * 32, body)
samples = [alarm, write_pulse("e1" * 8, 1, 1), b"\x00\x01 three", b""]
made = [pack(data) for data in samples]
assert [unpack(data) for data in made] == samples
content = pieces(write_message(Message("event", "button01", [tag("lamp0a1b")], pack(alarm))))[0]
packet = write_packet(KEY, Packet(DATA, tag("lamp0a1b"), tag("lamp0c2d"), b"abcd", b"efgh", 7, content))
assert is_signed(KEY, packet)
assert read_packet(packet).content == content
made.append(packet)
print(json.dumps([hashlib.sha256(data).digest().hex() for data in made]))
