"""Who is let in: at most so many at once, so that one listener never takes what the other one needs."""

import asyncio
import logging
import resource
import socket
import ssl
from collections.abc import Callable

from heartlamp_server.connection import Connection

log = logging.getLogger("heartlamp.door")

HANDSHAKE_SECONDS = 10.0
_GOODBYE_SECONDS = 5.0
_BACKLOG = 1024


class Door:
    """`sock`: bound; `tls`: None for plain HTTP; `most`: connections at once, those of the handshake too."""

    def __init__(
        self, sock: socket.socket, tls: ssl.SSLContext | None, most: int, connection: Callable[[], Connection]
    ) -> None:
        self._sock, self._tls, self._most, self._connection = sock, tls, most, connection
        self._inside: set[asyncio.Task[None]] = set()
        self._full = False

    def listen(self) -> None:
        """Raises OSError."""
        self._sock.listen(_BACKLOG)

    async def run(self) -> None:
        """For ever. Who comes when it is full is sent away at once: waiting would keep a descriptor too."""
        loop = asyncio.get_running_loop()
        while True:
            try:
                came, _ = await loop.sock_accept(self._sock)
            except ConnectionError:
                continue  # gone again before it was in
            except OSError as wrong:
                log.error("nobody can be let in: %s; tried again", wrong)
                await asyncio.sleep(0.2)
                continue
            if len(self._inside) >= self._most:
                if not self._full:
                    log.warning("%d connections at once are the most here: others are sent away", self._most)
                self._full = True
                came.close()
                continue
            task = asyncio.create_task(self._serve(came))
            self._inside.add(task)
            task.add_done_callback(self._left)

    async def _serve(self, came: socket.socket) -> None:
        patience = {"ssl_handshake_timeout": HANDSHAKE_SECONDS, "ssl_shutdown_timeout": _GOODBYE_SECONDS}
        connection = self._connection()
        try:
            # What it returns is, with TLS, uvloop's own protocol and not ours.
            await asyncio.get_running_loop().connect_accepted_socket(
                lambda: connection, came, ssl=self._tls, **(patience if self._tls else {})
            )
        except OSError:
            return  # a handshake that failed, or took too long
        await connection.lost.wait()

    def _left(self, task: "asyncio.Task[None]") -> None:
        self._inside.discard(task)
        if len(self._inside) < self._most // 2:
            self._full = False
        if not task.cancelled() and (wrong := task.exception()):
            log.error("a connection was not served: %r", wrong)


def descriptors() -> int:
    """How many files and connections this process may have, made as many as the system allows."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        soft = hard
    except (ValueError, OSError) as wrong:
        log.warning("only %d connections at once: %s", soft, wrong)
    return soft if soft > 0 else 1_000_000
