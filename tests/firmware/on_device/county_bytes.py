# mypy: ignore-errors
"""Runs on MicroPython: the county's bytes through our readers. Reads {"commands","chunked","epoch"} on stdin; prints
{"state","body","batch","refused","heap_grew_b"}: hex, how many of 1,000 spoilt answers were refused, bytes."""

import gc
import json
import random
import sys

from heartlamp.http.answer import Answer, HttpError
from heartlamp.http.sse import Events
from heartlamp.rules import county_batch, county_calls

LAMP = "lamp0a1b"


def main():
    given = json.loads(sys.stdin.read())
    chunked = bytes([int(given["chunked"][i : i + 2], 16) for i in range(0, len(given["chunked"]), 2)])
    told = county_calls.hello(county_calls.nothing(), given["epoch"])
    for n, fields in enumerate(given["commands"]):
        told = county_calls.command(told, fields, n + 1, LAMP)
    body, answer = b"", Answer()
    for i in range(len(chunked)):
        body += answer.feed(chunked[i : i + 1])
    batch = county_batch.batch(
        LAMP + "-wan", "00ff00ff", county_calls.cursor(told), county_batch.item(LAMP + ".1", bytes(range(256))), ""
    )
    refused, held = 0, 0
    random.seed(1)
    gc.collect()
    before = gc.mem_alloc()
    for _ in range(1000):
        spoilt = bytearray(chunked)
        spoilt[random.getrandbits(16) % len(spoilt)] = random.getrandbits(8)
        try:
            Answer().feed(bytes(spoilt))
            Events(64).feed(bytes(spoilt))
        except HttpError:
            refused += 1
    gc.collect()
    held = gc.mem_alloc() - before
    said = {"state": _hex(county_calls.state(told, "e" * 16)), "body": _hex(body), "batch": _hex(batch)}
    said["refused"], said["heap_grew_b"] = refused, held
    print(json.dumps(said))


def _hex(data):
    return data.hex()


main()
