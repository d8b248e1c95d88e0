"""Links by which one answers: signed, for one message, for a day. Pure."""

import hashlib
import hmac
from dataclasses import dataclass

DIGITS = 32  # of hex: 128 bits
PATH = "/notify/a"


@dataclass(frozen=True, slots=True)
class Signer:
    """`base`: the county's address as a telephone reaches it; `key`: derived from the county's."""

    base: str
    key: bytes

    def link(self, id: int) -> str:
        return f"{self.base}{PATH}/{id}.{self._proof(id)}"

    def read(self, token: str) -> int | None:
        """The message's number; None: it is none of ours."""
        number, _, proof = token.partition(".")
        if not number.isascii() or not number.isdigit() or len(number) > 15:
            return None
        return int(number) if hmac.compare_digest(self._proof(int(number)), proof) else None

    def _proof(self, id: int) -> str:
        return hmac.new(self.key, f"heartlamp/notification/answer {id}".encode(), hashlib.sha256).hexdigest()[:DIGITS]


def link_key(county_key: bytes) -> bytes:
    """Out of the key that seals the devices' secrets: another one, that says nothing of it."""
    return hmac.new(county_key, b"heartlamp/notification/links", hashlib.sha256).digest()
