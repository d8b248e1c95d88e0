"""Joining the county by a code (docs/protocol.md §14). Run again after a power cut, it goes on where it was."""

import json
import secrets
from dataclasses import dataclass
from pathlib import Path

from heartlamp_protocol import join
from heartlamp_protocol.device.frame import FrameError
from heartlamp_protocol.device.names import is_hex

from heartlamp_gateway.broker.writing import write_atomically
from heartlamp_gateway.install import openssl
from heartlamp_gateway.install.asking import Refused, ask


@dataclass(frozen=True, slots=True)
class Papers:
    """The files of a joined gateway, below its data: all of them change while it runs, none of them in /etc."""

    folder: Path

    @property
    def ca(self) -> Path:
        return self.folder / "county-ca.pem"

    @property
    def token(self) -> Path:
        return self.folder / "token"

    @property
    def key(self) -> Path:
        return self.folder / "broker.key"

    @property
    def certificate(self) -> Path:
        return self.folder / "broker.crt"

    @property
    def begun(self) -> Path:
        """The token that is being joined with; gone once that is done."""
        return self.folder / "joining.json"


def meet(url: str, secret: bytes) -> join.Village:
    """What the county says, once it has proven that it knows the code. Raises Away, Refused, FrameError."""
    nonce = secrets.token_hex(16)
    asked = join.Meet(join.invite_name(secret), nonce)
    met = join.Met.from_json(ask(url, "/gateway/v1/meet", asked.to_json(), None))
    if not join.same(join.county_proof(join.invite_key(secret), nonce, met.said), met.proof):
        raise Refused(0, f"whoever answers at {url} does not know this code: it is not your county. Nothing was sent")
    return join.Village.from_text(met.said)


def enter(url: str, secret: bytes, told: join.Village, host: str, papers: Papers) -> None:
    """Afterwards token, CA, key and certificate are in their files. `host`: this box's address on the village's LAN.
    Raises Away, Refused, FrameError, OSError; what was begun is taken up by the next call."""
    papers.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    invite = join.invite_name(secret)
    token = _begun(papers, invite)
    openssl.make_key(papers.key)
    write_atomically(papers.ca, told.ca)
    said = join.Box(token, host, openssl.request(papers.key, told.gateway)).to_text()
    asked = join.Join(invite, join.gateway_proof(join.invite_key(secret), said), said)
    answer = ask(url, "/gateway/v1/join", asked.to_json(), papers.ca)
    write_atomically(papers.certificate, join.Certificate.from_json(answer).certificate)
    write_atomically(papers.token, token + "\n")


def _begun(papers: Papers, invite: str) -> str:
    """The token of an attempt with this code that was cut short, else a new one, on the disk before it is sent."""
    try:
        fields = json.loads(papers.begun.read_text())
        if fields["invite"] == invite and is_hex(fields["token"], 64):
            return str(fields["token"])
    except (OSError, ValueError, KeyError, TypeError):
        pass
    token = secrets.token_hex(32)
    write_atomically(papers.begun, json.dumps({"invite": invite, "token": token}))
    return token


__all__ = ["FrameError", "Papers", "enter", "meet"]
