"""What is kept of households is sealed with the county's key file; who opens it is given from outside."""

from typing import Protocol


class Sealer(Protocol):
    """As device/vault.py's. What is sealed is bound to the name and the number, so that rows cannot be swapped."""

    def seal(self, name: str, version: int, plain: bytes, /) -> bytes: ...

    def unseal(self, name: str, version: int, sealed: bytes, /) -> bytes: ...
