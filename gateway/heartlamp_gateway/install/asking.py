"""One question to the county, on a connection of its own, for what happens before there is a configuration."""

import http.client
import json
import re
import ssl
from pathlib import Path
from urllib.parse import urlsplit

from heartlamp_gateway.county.tls import pinned_context

PATIENCE_S = 15.0


class Away(OSError):
    """The county cannot be reached."""


class Refused(ValueError):
    """The county answers, and says no. `status`: of HTTP."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status


def county_url(typed: str) -> str:
    """https://host:port of what somebody typed. Raises ValueError."""
    text = typed.strip().rstrip("/")
    url = urlsplit(text if "://" in text else f"https://{text}")
    try:
        port = url.port
    except ValueError:
        port = -1
    named = re.fullmatch(r"[A-Za-z0-9.:-]+", url.hostname or "")
    if url.scheme != "https" or not named or url.path or port == -1:
        raise ValueError(f"{typed!r} is no address of a county: https://HOST:PORT")
    host = f"[{named[0]}]" if ":" in named[0] else named[0]
    return f"https://{host}:{port or 8443}"


def ask(url: str, path: str, body: bytes, ca: Path | None) -> bytes:
    """POSTs, and returns the answer of 200. `ca` None: nothing is known of the other side yet, and nothing that it says
    is believed before it has proven that it knows the code. Raises Away or Refused."""
    parts = urlsplit(url)
    context = pinned_context(ca) if ca else _unverified()
    line = http.client.HTTPSConnection(parts.hostname or "", parts.port, timeout=PATIENCE_S, context=context)
    try:
        line.request("POST", path, body, {"Content-Type": "application/json"})
        reply = line.getresponse()
        said = reply.read(1_000_000)
    except ssl.SSLCertVerificationError as wrong:
        raise Away(
            f"whoever answers at {url} is not this county, or is not called that in its certificate: "
            f"{wrong.verify_message}. Type the address that `gateway invite` printed"
        ) from None
    except (OSError, http.client.HTTPException) as wrong:
        raise Away(f"{url} cannot be reached: {wrong or type(wrong).__name__}. Is the uplink there?") from None
    finally:
        line.close()
    if reply.status != 200:
        raise Refused(reply.status, _reason(reply.status, said))
    return said


def _unverified() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def _reason(status: int, said: bytes) -> str:
    try:
        fields = json.loads(said)
        return f"{fields['error']}: {fields['do']}"
    except (ValueError, KeyError, TypeError):
        return f"it answers {status}: {said[:200].decode(errors='replace')}"
