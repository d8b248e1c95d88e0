"""Groups and telephones' pushes by Apprise: WeCom, DingTalk, Feishu, ntfy, Bark. None of them wakes anybody."""

import logging
import sys
import threading
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote

from heartlamp_server.notification.channels.blocking import Blocking
from heartlamp_server.notification.channels.channel import ADMINISTRATOR, AGAIN, ELSEWHERE, Failed, Message, Sent
from heartlamp_server.notification.model import Trait

SCHEMES = ("wecombot", "dingtalk", "feishu", "ntfy", "ntfys", "bark", "barks")
_ROBOTS = ("wecombot", "dingtalk", "feishu")
_BUSY = (45009, 130101, 9499, 11232)  # too many: WeCom, DingTalk, Feishu twice


class Chat(Blocking):
    """`urls`: name -> Apprise's address, which is a secret; a person's address is such a name."""

    trait = Trait(wakes=False, merges=True, proves=False)
    provider = "chat"

    def __init__(self, urls: Mapping[str, str]) -> None:
        self._urls, self.addresses = urls, frozenset(urls)

    def _load(self) -> None:
        import apprise  # noqa: F401 - all its plugins

    def _send(self, message: Message) -> Sent:
        from apprise import Apprise, NotifyFormat
        from apprise.logger import LogCapture

        url = self._urls.get(message.address)
        if url is None:
            raise Failed(ELSEWHERE, f"server.toml knows no chat named {message.address}")
        if message.silent:
            raise Failed(ELSEWHERE, "a silent alarm is told to persons, not to a group")
        scheme = url.partition("://")[0]
        if scheme not in SCHEMES:
            raise Failed(ADMINISTRATOR, f"the chat {message.address} is none of {', '.join(SCHEMES)}", 600.0)
        robot: Any = Apprise.instantiate(url)
        if not robot:
            raise Failed(ADMINISTRATOR, f"the address of chat {message.address} makes no sense", 600.0)
        if scheme in _ROBOTS:
            _read_bodies(scheme)
        _said.refusal = None
        with LogCapture(level=logging.WARNING, fmt="%(message)s") as log:  # type: ignore[no-untyped-call]
            taken = _once_encoded(robot).notify(body=message.long, title=message.title, body_format=NotifyFormat.TEXT)
            why = " ".join(log.getvalue().split())[:150].replace(url, "…")
        if _said.refusal is not None:
            code, text = _said.refusal
            raise Failed(AGAIN if code in _BUSY else ADMINISTRATOR, f"{scheme} refuses it: {text} ({code})", 60.0)
        if not taken:
            raise Failed(AGAIN, f"the chat {message.address} did not take it: {why}", 5.0)
        return Sent()


class _Said(threading.local):
    """What a robot refused in this thread: (code, text)."""

    refusal: tuple[int, str] | None = None


_said = _Said()


class _Reading:
    """`requests` as a plugin of Apprise sees it. These robots refuse with status 200 and a code in the body, which
    Apprise 2.2 does not read: it would take a refused message for sent."""

    def __init__(self, requests: Any) -> None:
        self._requests = requests

    def __getattr__(self, name: str) -> Any:
        return getattr(self._requests, name)

    def post(self, *args: Any, **named: Any) -> Any:
        answer = self._requests.post(*args, **named)
        try:
            body = answer.json()
            code = int(body.get("errcode") or body.get("code") or body.get("StatusCode") or 0)
            if code:
                _said.refusal = code, str(body.get("errmsg") or body.get("msg") or "")[:100]
        except (ValueError, TypeError, AttributeError):
            pass  # no JSON: the status says all
        return answer


def _read_bodies(scheme: str) -> None:
    plugin: Any = sys.modules[f"apprise.plugins.{scheme}"]
    if not isinstance(plugin.requests, _Reading):
        plugin.requests = _Reading(plugin.requests)


def _once_encoded(robot: Any) -> Any:
    """Apprise 2.2 encodes DingTalk's signature, and `requests` does so again: DingTalk finds that it does not match.
    Here it goes to `requests` as it is."""
    sign = getattr(robot, "get_signature", None)
    if sign is not None:

        def plain() -> tuple[str, str]:
            at, signature = sign()
            return at, unquote(signature)

        robot.get_signature = plain
    return robot
