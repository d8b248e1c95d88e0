"""argon2. Slow on purpose, so it never runs on the event loop that alarms run on, and two at a time at most."""

import asyncio
import secrets
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pwdlib import PasswordHash

LENGTH_MIN = 12
_TWO_AT_A_TIME = asyncio.Semaphore(2)


@cache
def _argon2() -> "PasswordHash":
    from pwdlib import PasswordHash  # not needed before somebody logs in

    return PasswordHash.recommended()


def fresh() -> str:
    """A random password for people to type: 20 letters and digits without look-alikes, about 98 bits."""
    return "-".join("".join(secrets.choice("abcdefghjkmnpqrstuvwxyz23456789") for _ in range(5)) for _ in range(4))


def hash(password: str) -> str:
    return _argon2().hash(password)


async def hashed(password: str) -> str:
    async with _TWO_AT_A_TIME:
        return await asyncio.to_thread(hash, password)


@cache
def _nobody() -> str:
    return hash(secrets.token_hex())


async def matches(password: str, hashed: str | None) -> bool:
    """`hashed` None: no such person; takes as long as a wrong password."""
    async with _TWO_AT_A_TIME:
        return await asyncio.to_thread(lambda: _argon2().verify(password, hashed or _nobody())) and hashed is not None
