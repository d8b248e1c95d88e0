"""Tells other systems. Several may run: the feed is read by one at a time, deliveries are leased."""

import asyncio
import http.client
import logging
import socket
import ssl
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

from heartlamp_server.database.pool import Database, NotReady
from heartlamp_server.interop import hook, hook_store
from heartlamp_server.interop.hook_store import Delivery
from heartlamp_server.notification.channels.webhook import signed
from heartlamp_server.seal import Seal

log = logging.getLogger("heartlamp.hooks")

LOOK_S = 1.0
AT_ONCE = 8
SECONDS = 8.0
_FORGET_S = 3600.0


class NotTold(Exception):
    """Why not. `gone`: the other side wants no more of them."""

    def __init__(self, why: str, gone: bool = False) -> None:
        super().__init__(why)
        self.gone = gone


class Hooks:
    """`allowed`: networks that are no part of the internet and may be called all the same."""

    def __init__(self, database: Database, seal: Seal, allowed: Sequence[str]) -> None:
        self._database, self._seal, self._allowed = database, seal, tuple(allowed)
        # Threads of its own: other systems that hang hold up nobody who signs in.
        self._threads = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="hook")

    async def run(self) -> None:
        """For ever."""
        forget_at = 0.0
        while True:
            try:
                busy = await self.turn()
                if time.monotonic() >= forget_at:
                    forget_at = time.monotonic() + _FORGET_S
                    async with self._database.connection() as conn:
                        await hook_store.forget(conn)
            except NotReady:
                busy = False
            except Exception:
                log.exception("other systems could not be told; it is tried again")
                busy = False
            if not busy:
                await asyncio.sleep(LOOK_S)

    async def turn(self) -> bool:
        """Whether there was anything to do."""
        async with self._database.connection() as conn:
            async with conn.transaction():
                read = await hook_store.follow(conn)
            async with conn.transaction():
                found = await hook_store.due(conn, self._seal, AT_ONCE)
        await asyncio.gather(*map(self._deliver, found))
        return bool(read or found)

    async def _deliver(self, delivery: Delivery) -> None:
        try:
            await asyncio.get_running_loop().run_in_executor(self._threads, post, delivery, self._allowed)
        except NotTold as why:
            async with self._database.connection() as conn, conn.transaction():
                if why.gone:
                    await hook_store.end(conn, delivery.hook, str(why))
                else:
                    await hook_store.failed(conn, delivery, str(why))
            return
        async with self._database.connection() as conn, conn.transaction():
            await hook_store.delivered(conn, delivery)


def post(delivery: Delivery, allowed: Sequence[str]) -> None:
    """Raises NotTold."""
    body = delivery.body.encode()
    id, at = f"hook_{delivery.id}", int(time.time())
    headers = signed(delivery.secrets[0], id, at, body)
    more = [signed(secret, id, at, body)["webhook-signature"] for secret in delivery.secrets[1:]]
    headers["webhook-signature"] = " ".join((headers["webhook-signature"], *more))
    parts = urlsplit(delivery.url)
    try:
        connection = _connection(parts.scheme, parts.hostname or "", parts.port, allowed)
        try:
            target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
            connection.request(
                "POST",
                target,
                body,
                {"Content-Type": "application/json", "Connection": "close", "User-Agent": "heartlamp", **headers},
            )
            status = connection.getresponse().status
        finally:
            connection.close()
    except (OSError, http.client.HTTPException, ValueError) as wrong:
        raise NotTold(f"{type(wrong).__name__}: {wrong}") from wrong
    if status == 410:
        raise NotTold("the other side wants no more of them (410)", gone=True)
    if not 200 <= status < 300:  # a redirect too: the signature is for who has the secret
        raise NotTold(f"the other side answered {status}")


def _connection(scheme: str, host: str, port: int | None, allowed: Sequence[str]) -> http.client.HTTPConnection:
    """To an address that was looked up once and judged: no second look-up can lead elsewhere."""
    port = port or (443 if scheme == "https" else 80)
    found = [str(entry[4][0]) for entry in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]
    address = next((a for a in found if hook.may_call(a, allowed)), None)
    if address is None:
        raise NotTold(f"{host} is inside a network that [webhooks] allow does not name")
    if scheme != "https" and not any(hook.may_call(address, (net,)) and _inside(address) for net in allowed):
        raise NotTold("plain http is for networks that [webhooks] allow names")
    made = (
        http.client.HTTPSConnection(host, port, timeout=SECONDS, context=ssl.create_default_context())
        if scheme == "https"
        else http.client.HTTPConnection(host, port, timeout=SECONDS)
    )
    # http.client asks this to connect; the name stays for TLS and the Host header.
    made._create_connection = lambda _, *rest: socket.create_connection((address, port), *rest)  # type: ignore[attr-defined]
    return made


def _inside(address: str) -> bool:
    return not hook.may_call(address, ())
