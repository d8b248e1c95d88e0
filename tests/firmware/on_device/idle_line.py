# mypy: ignore-errors
"""Runs on MicroPython: one session that has nothing to say, with all times a tenth of the real ones.

idle_line.py <port> <server name> <file of the CA> <seconds>. Prints `{"heard": …, "why": …}`: messages that came, and
why the line ended before those seconds were over ("" where it did not).
"""

import asyncio
import json
import sys
import time

from heartlamp import net
from heartlamp.mqtt import codec
from heartlamp.mqtt.session import KEEPALIVE_S, Session
from heartlamp_protocol.device.names import PULSE

TIMES = 10


async def keep_line(port, name, ca, told):
    def took(topic, payload):
        told["heard"] += 1

    hello = codec.connect("button01", "", KEEPALIVE_S // TIMES, "will", b"")
    try:
        stream = await net.open_tls("127.0.0.1", port, name, ca, hello, lambda dates: None)
        session = Session(stream, lambda: time.ticks_ms() * TIMES, 4096)
        await session.run([(PULSE, 0)], lambda session: None, took)
    except (OSError, EOFError) as error:
        told["why"] = str(error)


async def main(port, name, ca, seconds):
    told = {"heard": 0, "why": ""}
    line = asyncio.create_task(keep_line(port, name, ca, told))
    await asyncio.sleep(seconds)
    print(json.dumps(told))
    line.cancel()


with open(sys.argv[3]) as file:
    ca = file.read()
asyncio.run(main(int(sys.argv[1]), sys.argv[2], ca, float(sys.argv[4])))
