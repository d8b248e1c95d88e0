"""One worker as a process, to be killed: `python -m tests.server.notification.worker_process CONNINFO URL`. Its lease
is short, so that a test does not wait for the real one; all else is as it is."""

import asyncio
import sys
from datetime import timedelta

from heartlamp_server.notification import model
from heartlamp_server.notification.channels.channel import Message, Sent
from heartlamp_server.notification.channels.webhook import Endpoint, Webhook

from tests.server.notification.outbox import opened

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


class NoKey(Webhook):
    """A provider that does not know a message again, such as every telephone network."""

    provider = "nokey"

    def _send(self, message: Message) -> Sent:
        super()._send(message)
        return Sent(f"c{message.id}")


async def work(conninfo: str, url: str) -> None:
    model.LEASE = timedelta(seconds=2)
    channels = {"hook": Webhook({"county": Endpoint(url, SECRET)}), "call": NoKey({"county": Endpoint(url, SECRET)})}
    async with opened(conninfo, channels) as outbox:
        print("works", flush=True)
        await asyncio.gather(outbox.worker().run(), outbox.handover().run())


if __name__ == "__main__":
    asyncio.run(work(sys.argv[1], sys.argv[2]))
