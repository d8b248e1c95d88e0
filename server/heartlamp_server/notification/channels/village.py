"""Calls and messages by a village's own modem: a command to its gateway. What becomes of it comes up as notes."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from heartlamp_protocol.downlink import CallCommand

from heartlamp_server.database.pool import Database
from heartlamp_server.device import store as devices
from heartlamp_server.notification.channels.channel import ELSEWHERE, Failed, Heard, Message, Sent, Unreadable
from heartlamp_server.notification.model import Trait

NOT_AFTER_S = 300
"""A call of five minutes ago is for the escalation to repeat, not for a gateway that was away."""


class Village:
    """`by`: "voice" or "sms", in the gateway's own words, of one alarm each. An address is `+8613800000000@gwliu1`. The
    county says it once: the command is a row under the message's number, whoever writes it again."""

    deadline_s = 10.0

    def __init__(self, database: Database, by: str) -> None:
        self._database, self._by = database, by
        self.provider = "village"
        self.trait = Trait(wakes=by == "voice", merges=False, proves=True, by_village=True)

    async def ready(self) -> None:
        pass

    async def send(self, message: Message) -> Sent:
        if message.kind not in ("alarm", "drill", "test"):
            raise Failed(
                ELSEWHERE, f"a village's modem has no words for {message.kind}: it would say that somebody calls"
            )
        number, _, gateway = message.address.partition("@")
        call = CallCommand(
            id=message.id,
            channel=self._by,
            address=number,
            name=message.target[:48],
            lang=message.lang[:16],
            incident=message.incident,
            what="test" if message.kind == "test" else message.what,
            place=message.place[:48],
            drill=int(message.drill),
        )
        async with self._database.connection() as conn, conn.transaction():
            taken = await devices.push_once(conn, gateway, call.kind, message.id, call.to_fields(), NOT_AFTER_S)
        if not taken:
            raise Failed(ELSEWHERE, f"there is no gateway {gateway}")
        return Sent(message.id)

    async def poll(self, provider_ids: Sequence[tuple[str, str, datetime]]) -> list[Heard]:
        return []

    def read(self, body: bytes, query: Mapping[str, str]) -> tuple[list[Heard], bytes]:
        raise Unreadable("this channel hears by notes of its gateway")
