"""Signed webhooks by Standard Webhooks 1.0: https://www.standardwebhooks.com. Other systems get them, nobody wakes."""

import base64
import hashlib
import hmac
import http.client
import json
import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from heartlamp_server.notification.channels.blocking import Blocking
from heartlamp_server.notification.channels.channel import ADMINISTRATOR, AGAIN, ELSEWHERE, Failed, Message, Sent
from heartlamp_server.notification.model import Trait

SECONDS = 8.0
PREFIX = "whsec_"


@dataclass(frozen=True, slots=True)
class Endpoint:
    """`secret`: whsec_ and base64 of 24 to 64 bytes."""

    url: str
    secret: str


class Webhook(Blocking):
    """`endpoints`: by name, which is the address. The other side drops what comes twice by its `webhook-id`."""

    trait = Trait(wakes=False, merges=False, proves=False)
    provider = "webhook"

    def __init__(self, endpoints: Mapping[str, Endpoint]) -> None:
        self._endpoints, self.addresses = endpoints, frozenset(endpoints)

    def _send(self, message: Message) -> Sent:
        endpoint = self._endpoints.get(message.address)
        if endpoint is None:
            raise Failed(ELSEWHERE, f"server.toml knows no webhook named {message.address}")
        body = json.dumps(_payload(message), ensure_ascii=False, separators=(",", ":")).encode()
        headers = signed(endpoint.secret, f"msg_{message.id}", int(time.time()), body)
        try:
            status, after = _post(endpoint.url, body, headers)
        except (OSError, http.client.HTTPException) as wrong:
            raise Failed(AGAIN, f"{message.address} cannot be reached: {wrong or type(wrong).__name__}", 2) from wrong
        if 200 <= status < 300:
            return Sent(state="delivered")
        if status == 410:
            raise Failed(ELSEWHERE, f"{message.address} wants no more of them (410)")
        if status in (401, 403, 404):
            raise Failed(ADMINISTRATOR, f"{message.address} refuses it ({status})", 60)
        raise Failed(AGAIN, f"{message.address} answered {status}", after)


def signed(secret: str, id: str, at: int, body: bytes) -> dict[str, str]:
    """The three headers. `at`: seconds since 1970. Raises ValueError where the secret is none."""
    key = base64.b64decode(secret.removeprefix(PREFIX), validate=True)
    said = hmac.new(key, f"{id}.{at}.".encode() + body, hashlib.sha256).digest()
    return {
        "webhook-id": id,
        "webhook-timestamp": str(at),
        "webhook-signature": f"v1,{base64.b64encode(said).decode()}",
    }


def _payload(message: Message) -> dict[str, object]:
    data = {
        "key": message.key,
        "incident": message.incident,
        "kind": message.kind,
        "what": message.what,
        "drill": message.drill,
        "title": message.title,
        "text": message.long,
    }
    return {"type": f"notification.{message.kind}", "data": data}


def _post(url: str, body: bytes, headers: Mapping[str, str]) -> tuple[int, float]:
    """(status, Retry-After in seconds). No redirect is followed: the signature is for that one who has the secret."""
    parts = urlsplit(url)
    connection = (
        http.client.HTTPSConnection(parts.netloc, timeout=SECONDS, context=ssl.create_default_context())
        if parts.scheme == "https"
        else http.client.HTTPConnection(parts.netloc, timeout=SECONDS)
    )
    try:
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        connection.request("POST", target, body, {"Content-Type": "application/json", "Connection": "close", **headers})
        answer = connection.getresponse()
        after = answer.headers.get("Retry-After", "")
        return answer.status, float(after) if after.isdigit() else 5.0
    finally:
        connection.close()
