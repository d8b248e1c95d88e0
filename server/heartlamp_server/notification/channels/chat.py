"""Groups and telephones' pushes by Apprise: WeCom, DingTalk, Feishu, ntfy, Bark. None of them wakes anybody."""

import logging
from collections.abc import Mapping

from heartlamp_server.notification.channels.blocking import Blocking
from heartlamp_server.notification.channels.channel import ADMINISTRATOR, AGAIN, ELSEWHERE, Failed, Message, Sent
from heartlamp_server.notification.model import Trait

SCHEMES = ("wecombot", "dingtalk", "feishu", "ntfy", "ntfys", "bark", "barks")


class Chat(Blocking):
    """`urls`: name -> Apprise's address, which is a secret; a person's address is such a name."""

    trait = Trait(wakes=False, merges=True, proves=False)
    provider = "chat"

    def __init__(self, urls: Mapping[str, str]) -> None:
        self._urls = urls

    def _send(self, message: Message) -> Sent:
        from apprise import Apprise, NotifyFormat
        from apprise.logger import LogCapture

        url = self._urls.get(message.address)
        if url is None:
            raise Failed(ELSEWHERE, f"server.toml knows no chat named {message.address}")
        if message.silent:
            raise Failed(ELSEWHERE, "a silent alarm is told to persons, not to a group")
        if url.partition("://")[0] not in SCHEMES:
            raise Failed(ADMINISTRATOR, f"the chat {message.address} is none of {', '.join(SCHEMES)}", 600.0)
        told = Apprise()
        if not told.add(url):
            raise Failed(ADMINISTRATOR, f"the address of chat {message.address} makes no sense", 600.0)
        with LogCapture(level=logging.WARNING, fmt="%(message)s") as log:  # type: ignore[no-untyped-call]
            if told.notify(body=message.long, title=message.title, body_format=NotifyFormat.TEXT):
                return Sent()
            why = " ".join(log.getvalue().split())[:150].replace(url, "…")
        raise Failed(AGAIN, f"the chat {message.address} did not take it: {why}", 5.0)
