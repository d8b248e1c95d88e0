"""`python -m tests.gateway.rig.crowd`: many lamps over TLS in one process, with the firmware's own MQTT codec. They
ask, show what they are told, and send a heartbeat now and then.

On stdin one JSON object: {"port", "ca", "every": seconds between two heartbeats of a lamp, "lamps": [[id, root as hex],
…]}. Prints "ready" once all have a session; {"every": …} on a later line changes the pace. Ends with stdin.
"""

import asyncio
import json
import random
import secrets
import ssl
import sys
from typing import Any

from heartlamp.mqtt import codec
from heartlamp_protocol.device import event, names
from heartlamp_protocol.device.frame import sign, write_frame
from heartlamp_protocol.device.mac import device_key, mqtt_password
from heartlamp_protocol.device.statement import read_plain

KEEPALIVE_S = 60
AT_ONCE = 20  # TLS handshakes
VALUES = [("heap_b", 90_000), ("held", 0), ("rssi_dbm", -60), ("version", 100), ("path_lan_ms", 1_200)]


class Pace:
    def __init__(self, every: float) -> None:
        self.every = every
        self.changed = asyncio.Event()
        self.connecting = asyncio.Semaphore(AT_ONCE)


async def lamp(id: str, root: bytes, port: int, context: ssl.SSLContext, pace: Pace, ready: asyncio.Event) -> None:
    async with pace.connecting:
        reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=context, server_hostname="127.0.0.1")
        user = names.user(id, 1)
        will = event.write_state(0)
        writer.write(codec.connect(user, mqtt_password(root, 1), KEEPALIVE_S, names.topic(id, "state"), will))
        topics = [(names.topic(id, what), 1) for what in ("receipt", "lamp")] + [(names.PULSE, 0)]
        writer.write(codec.subscribe(1, topics))
        parser = codec.Parser(65_536)
        while codec.SUBACK not in [packet[0] for packet in parser.feed(await reader.read(4096))]:
            pass
        for what, payload in (("ask", event.write_ask("")), ("state", event.write_state(1))):
            writer.write(codec.publish(names.topic(id, what), payload, 1, 2))
    ready.set()
    await asyncio.gather(_hear(id, reader, writer, parser), _beat(id, root, writer, pace))


async def _hear(id: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, parser: Any) -> None:
    while data := await reader.read(4096):
        for packet in parser.feed(data):
            if packet[0] != codec.PUBLISH:
                continue
            if packet[3]:
                writer.write(codec.puback(packet[4]))
            if packet[1].endswith("/lamp"):
                state = read_plain(packet[2])
                shown = event.write_shown(str(state["epoch"]), int(str(state["ver"])))
                writer.write(codec.publish(names.topic(id, "shown"), shown, 1, 3))
    raise EOFError(f"{id} was thrown out")


async def _beat(id: str, root: bytes, writer: asyncio.StreamWriter, pace: Pace) -> None:
    boot, seq, key = secrets.token_hex(4), 0, device_key(root, 1)
    while True:
        try:
            await asyncio.wait_for(pace.changed.wait(), random.uniform(0.5, 1.5) * pace.every)
            await asyncio.sleep(random.uniform(0, pace.every))
        except TimeoutError:
            pass
        seq += 1
        body = event.write_reading("heartbeat", id, 1, boot, seq, seq * 1000, VALUES)
        writer.write(codec.publish(names.topic(id, "reading"), write_frame(0, sign(key, body), body), 0, 0))


async def main() -> None:
    said = json.loads(await asyncio.to_thread(sys.stdin.readline))
    context = ssl.create_default_context(cafile=said["ca"])
    pace, ready = Pace(said["every"]), [asyncio.Event() for _ in said["lamps"]]
    tasks = [
        asyncio.create_task(lamp(id, bytes.fromhex(root), said["port"], context, pace, each))
        for (id, root), each in zip(said["lamps"], ready, strict=True)
    ]
    for each in ready:
        await each.wait()
    print("ready", flush=True)
    while line := await asyncio.to_thread(sys.stdin.readline):
        pace.every = json.loads(line)["every"]
        pace.changed.set()
        await asyncio.sleep(0)
        pace.changed.clear()
    for task in tasks:
        task.cancel()


if __name__ == "__main__":
    asyncio.run(main())
