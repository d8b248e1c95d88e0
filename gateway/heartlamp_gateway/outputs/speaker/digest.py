"""Who we are, to a loudspeaker that asks: Basic, or Digest (RFC 7616) as HTTP and SIP both have it. Pure."""

import base64
import hashlib
import re
from dataclasses import dataclass

_HASHES = {"SHA-256": hashlib.sha256, "MD5": hashlib.md5}  # the stronger first; what speakers ask for is MD5
_FIELD = re.compile(r'([A-Za-z0-9_-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^",\s]+))')


@dataclass(frozen=True, slots=True)
class Login:
    user: str
    password: str


@dataclass(frozen=True, slots=True)
class Challenge:
    """`algorithm`: of _HASHES, or "basic"."""

    algorithm: str
    realm: str
    nonce: str
    opaque: str | None
    qop: bool


def read_challenges(headers: list[str]) -> list[Challenge]:
    """Those of the headers that we can answer, the strongest first; one challenge in each header."""
    found = []
    for header in headers:
        scheme, _, rest = header.strip().partition(" ")
        fields = {name.lower(): quoted or bare for name, quoted, bare in _FIELD.findall(rest)}
        qops = [q.strip() for q in fields.get("qop", "").split(",") if q.strip()]
        algorithm = fields.get("algorithm", "MD5").upper()
        if scheme.lower() == "basic":
            found.append(Challenge("basic", fields.get("realm", ""), "", None, False))
        elif (
            scheme.lower() == "digest" and algorithm in _HASHES and fields.get("nonce") and (not qops or "auth" in qops)
        ):
            found.append(
                Challenge(algorithm, fields.get("realm", ""), fields["nonce"], fields.get("opaque"), bool(qops))
            )
    return sorted(found, key=lambda c: [*_HASHES, "basic"].index(c.algorithm))


def answer(challenge: Challenge, login: Login, method: str, uri: str, count: int, cnonce: str) -> str:
    """The value of an Authorization header. `count`: times that this nonce was used, with this one."""
    if challenge.algorithm == "basic":
        return "Basic " + base64.b64encode(f"{login.user}:{login.password}".encode()).decode()

    def hashed(text: str) -> str:
        return _HASHES[challenge.algorithm](text.encode()).hexdigest()

    secret, asked = hashed(f"{login.user}:{challenge.realm}:{login.password}"), hashed(f"{method}:{uri}")
    times = f"{count:08x}"
    middle = f"{times}:{cnonce}:auth:" if challenge.qop else ""
    out = (
        f'Digest username="{login.user}", realm="{challenge.realm}", nonce="{challenge.nonce}", uri="{uri}", '
        f'response="{hashed(f"{secret}:{challenge.nonce}:{middle}{asked}")}", algorithm={challenge.algorithm}'
    )
    if challenge.opaque is not None:
        out += f', opaque="{challenge.opaque}"'
    if challenge.qop:
        out += f', qop=auth, nc={times}, cnonce="{cnonce}"'
    return out
