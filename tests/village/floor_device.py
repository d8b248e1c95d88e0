"""Runs on MicroPython: what a flash write and an MQTT round trip cost a device at best.

micropython floor_device.py CONFIG.json IMAGE ROUNDS REST_MS  -> lines "flash <ms>" and "mqtt <ms>"
"""

import asyncio
import json
import sys
import time

from heartlamp import net
from heartlamp.config import Config
from heartlamp.hal.unix.flash import mount
from heartlamp.mqtt import codec
from heartlamp_protocol.device.names import topic


def flash(image: str, rounds: int, rest: int) -> None:
    mount(image, "/floor", True)
    for i in range(rounds):
        began = time.ticks_us()
        with open("/floor/%d" % (i % 8), "wb") as f:
            f.write(b"x" * 240)
        print("flash", time.ticks_diff(time.ticks_us(), began) / 1000)
        time.sleep_ms(rest)


async def mqtt(config: Config, rounds: int, rest: int) -> None:
    where = topic(config.dev, "state")
    hello = codec.connect(config.user, config.password, 20, where, b"{}")
    stream = await net.open_tls(config.host, config.port, config.server_name, config.ca, hello, lambda text: None)
    parser = codec.Parser(4096)

    async def until(kind: int) -> None:
        while True:
            for packet in parser.feed(await stream.read()):
                if packet[0] == kind:
                    return

    await until(codec.CONNACK)
    for i in range(rounds):
        began = time.ticks_us()
        await stream.write(codec.publish(where, b"x" * 300, 1, i % 60000 + 1))
        await until(codec.PUBACK)
        print("mqtt", time.ticks_diff(time.ticks_us(), began) / 1000)
        await asyncio.sleep_ms(rest)
    stream.close()


with open(sys.argv[1]) as f:
    config = Config(json.load(f))
ROUNDS, REST_MS = int(sys.argv[3]), int(sys.argv[4])
flash(sys.argv[2], ROUNDS, REST_MS)
asyncio.run(mqtt(config, ROUNDS, REST_MS))
