"""Whose token a gateway's request carries. Remembered for seconds, so that a press does not wait for the question; a
revocation is told at once and forgets everything remembered."""

import time

from heartlamp_server.database.pool import Database
from heartlamp_server.device import store

TOLD_SECONDS = 600.0
_REMEMBER_SECONDS = 3.0  # an open stream asks every 2 s, which keeps the answer fresh


class Tokens:
    def __init__(self, database: Database) -> None:
        self._database = database
        self._known: dict[bytes, tuple[str, float]] = {}
        self._told: dict[str, float] = {}

    async def gateway(self, authorization: str) -> str | None:
        """The gateway that an Authorization header speaks for; None for unknown or revoked. Raises NotReady."""
        token = _token(authorization)
        if token is None:
            return None
        known, at = self._known.get(store.token_hash(token), ("", 0.0))
        return known if known and time.monotonic() - at < _REMEMBER_SECONDS else await self.ask(authorization)

    async def ask(self, authorization: str) -> str | None:
        """The same from the store, remembering nothing of before."""
        token = _token(authorization)
        if token is None:
            return None
        hashed, asked = store.token_hash(token), time.monotonic()
        async with self._database.connection() as conn:
            gateway = await store.gateway_of_token(conn, hashed)
        if gateway is None:
            self._known.pop(hashed, None)
        elif asked >= self._forgotten:
            self._known[hashed] = (gateway, asked)
        return gateway

    async def refused(self, authorization: str) -> str | None:
        """The gateway that comes with a token which is valid no more, where nobody was told for TOLD_SECONDS."""
        token = _token(authorization)
        if token is None:
            return None
        async with self._database.connection() as conn:
            gateway = await store.gateway_of_old_token(conn, store.token_hash(token))
        now = time.monotonic()
        if gateway is None or now - self._told.get(gateway, -TOLD_SECONDS) < TOLD_SECONDS:
            return None
        self._told[gateway] = now
        return gateway

    def forget(self, _: str = "") -> None:
        """Somebody was revoked."""
        self._forgotten = time.monotonic()
        self._known.clear()

    _forgotten = 0.0  # an answer that was asked for before this may be wrong by now


def _token(authorization: str) -> str | None:
    scheme, _, token = authorization.partition(" ")
    return token if scheme.lower() == "bearer" and 0 < len(token) <= 200 else None
