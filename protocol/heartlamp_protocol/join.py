"""Joining: a village's gateway and its county have never met, and know each other by a code that somebody read out.

`docs/protocol.md` §14; why it is so: `docs/decisions/0010-join.md`.
"""

import hashlib
import hmac
import json
from dataclasses import dataclass
from typing import Any

from heartlamp_protocol.device.frame import FrameError
from heartlamp_protocol.device.limits import VERSION
from heartlamp_protocol.device.names import is_device_id, is_hex
from heartlamp_protocol.fields import read_object, read_text

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford's: no I, L, O, U
SECRET_BYTES = 10  # 80 bits: nobody finds it by trying within the day that it is valid
VALID_HOURS = 24
BODY_MAX = 16_384  # bytes of a request or an answer
_SEEN_AS = str.maketrans({"I": "1", "L": "1", "O": "0"})


def write_code(secret: bytes) -> str:
    """Ten bytes as four groups of four."""
    number = int.from_bytes(secret)
    text = "".join(ALPHABET[number >> shift & 31] for shift in range(75, -1, -5))
    return "-".join(text[at : at + 4] for at in range(0, 16, 4))


def read_code(text: str) -> bytes:
    """As people type it: small letters, other groups, O for 0, I and l for 1. Raises FrameError."""
    typed = "".join(c for c in text.upper().translate(_SEEN_AS) if c.isalnum())
    strange = sorted({c for c in typed if c not in ALPHABET})
    if strange:
        raise FrameError(f"no code has {' or '.join(strange)} in it")
    if len(typed) != 16:
        raise FrameError(f"a code has 16 letters and digits, this one has {len(typed)}")
    number = 0
    for c in typed:
        number = number * 32 + ALPHABET.index(c)
    return number.to_bytes(SECRET_BYTES)


def invite_name(secret: bytes) -> str:
    """By which the county finds the invitation, 32 hex; it tells nothing of the key."""
    return _hmac(secret, b"heartlamp/join/name").hex()[:32]


def invite_key(secret: bytes) -> bytes:
    """What both sides prove that they know."""
    return _hmac(secret, b"heartlamp/join/key")


def county_proof(key: bytes, nonce: str, said: str) -> str:
    return _hmac(key, f"heartlamp/join/county {nonce} {said}".encode()).hex()


def gateway_proof(key: bytes, said: str) -> str:
    return _hmac(key, f"heartlamp/join/gateway {said}".encode()).hex()


def same(one: str, other: str) -> bool:
    return hmac.compare_digest(one.encode(), other.encode())


@dataclass(frozen=True, slots=True)
class Meet:
    """The first question, over a line that nothing is known of. `nonce`: 32 hex, fresh."""

    invite: str
    nonce: str

    def to_json(self) -> bytes:
        return _write(invite=self.invite, nonce=self.nonce)

    @classmethod
    def from_json(cls, data: bytes) -> "Meet":
        fields = read_object(data)
        return cls(_hex(fields, "invite", 32), _hex(fields, "nonce", 32))


@dataclass(frozen=True, slots=True)
class Met:
    """`said`: Village as text, `proof` that whoever said it knows the code."""

    proof: str
    said: str

    def to_json(self) -> bytes:
        return _write(proof=self.proof, said=self.said)

    @classmethod
    def from_json(cls, data: bytes) -> "Met":
        fields = read_object(data)
        return cls(_hex(fields, "proof", 64), read_text(fields, "said", BODY_MAX))


@dataclass(frozen=True, slots=True)
class Village:
    """What the county says of itself and of the village. `gateway`: the id; `village`: its name; `broker`: the name in
    the certificate of its broker; `host`, `port`: where its devices were told to look for that, "" and 0 where none
    was; `ca`: the county's, PEM."""

    gateway: str
    village: str
    broker: str
    host: str
    port: int
    ca: str

    def to_text(self) -> str:
        named = {"gateway": self.gateway, "village": self.village, "broker": self.broker, "host": self.host}
        return _write(**named, port=self.port, ca=self.ca).decode()

    @classmethod
    def from_text(cls, text: str) -> "Village":
        fields = read_object(text.encode())
        port = fields.get("port")
        if not is_device_id(fields.get("gateway")) or type(port) is not int or not 0 <= port < 65536:
            raise FrameError("no gateway's id, or no port")
        village, broker, host = (read_text(fields, name, 253) for name in ("village", "broker", "host"))
        return cls(str(fields["gateway"]), village, broker, host, port, read_text(fields, "ca", BODY_MAX))


@dataclass(frozen=True, slots=True)
class Join:
    """The second question, over TLS under the CA that the first one brought. `said`: Box as text."""

    invite: str
    proof: str
    said: str

    def to_json(self) -> bytes:
        return _write(invite=self.invite, proof=self.proof, said=self.said)

    @classmethod
    def from_json(cls, data: bytes) -> "Join":
        fields = read_object(data)
        return cls(_hex(fields, "invite", 32), _hex(fields, "proof", 64), read_text(fields, "said", BODY_MAX))


@dataclass(frozen=True, slots=True)
class Box:
    """`token`: 64 hex that the box chose, valid from now on; `host`: its address on the village's LAN; `request`: for
    its broker's certificate, a PKCS#10 request as PEM: the key stays there."""

    token: str
    host: str
    request: str

    def to_text(self) -> str:
        return _write(token=self.token, host=self.host, request=self.request).decode()

    @classmethod
    def from_text(cls, text: str) -> "Box":
        fields = read_object(text.encode())
        return cls(_hex(fields, "token", 64), read_text(fields, "host", 253), read_text(fields, "request", BODY_MAX))


@dataclass(frozen=True, slots=True)
class Renewal:
    """A new certificate is wanted for the broker; fields as in Box. Sent under the token."""

    host: str
    request: str

    def to_json(self) -> bytes:
        return _write(host=self.host, request=self.request)

    @classmethod
    def from_json(cls, data: bytes) -> "Renewal":
        fields = read_object(data)
        return cls(read_text(fields, "host", 253), read_text(fields, "request", BODY_MAX))


@dataclass(frozen=True, slots=True)
class Certificate:
    """PEM, of the broker."""

    certificate: str

    def to_json(self) -> bytes:
        return _write(certificate=self.certificate)

    @classmethod
    def from_json(cls, data: bytes) -> "Certificate":
        return cls(read_text(read_object(data), "certificate", BODY_MAX))


@dataclass(frozen=True, slots=True)
class NewToken:
    """From now on this one, 64 hex; sent under the one before, which is void with the answer."""

    token: str

    def to_json(self) -> bytes:
        return _write(token=self.token)

    @classmethod
    def from_json(cls, data: bytes) -> "NewToken":
        return cls(_hex(read_object(data), "token", 64))


def _write(**fields: Any) -> bytes:
    return json.dumps({"v": VERSION, **fields}, ensure_ascii=False).encode()


def _hex(fields: dict[str, Any], name: str, length: int) -> str:
    if not is_hex(fields.get(name), length):
        raise FrameError(f"{name} is not {length} hex characters")
    return str(fields[name])


def _hmac(key: bytes, data: bytes) -> bytes:
    return hmac.new(key, data, hashlib.sha256).digest()
