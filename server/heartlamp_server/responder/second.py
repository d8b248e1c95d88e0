"""The second factor: codes of an authenticator app (RFC 6238, 30 s, six digits), and recovery codes. Pure but for
chance."""

import hashlib
import hmac
import io
import re
import secrets
from datetime import datetime

STEP_SECONDS = 30
DRIFT = 1
"""A telephone's clock may be a step off either way."""
RECOVERY_CODES = 10
_ISSUER = "心灯 Heart-Lamp"


def fresh_secret() -> str:
    """160 bits, base32, as authenticator apps take it."""
    import pyotp

    return pyotp.random_base32()


def uri(secret: str, name: str) -> str:
    import pyotp

    return pyotp.TOTP(secret).provisioning_uri(name=name, issuer_name=_ISSUER)


def picture(text: str) -> str:
    """A QR code as an SVG document."""
    import segno

    out = io.BytesIO()
    segno.make(text, error="m").save(out, kind="svg", scale=5, xmldecl=False, nl=False)
    return out.getvalue().decode()


def step(secret: str, code: str, now: datetime, after: int) -> int | None:
    """The time step of a code that counts; None where it is wrong, too old, or of a step that was used: `after` is the
    last that was taken."""
    import pyotp

    digits = re.sub(r"[\s-]", "", code)
    if not re.fullmatch(r"[0-9]{6}", digits):
        return None
    totp, present = pyotp.TOTP(secret), int(now.timestamp()) // STEP_SECONDS
    found = None
    for at in range(present - DRIFT, present + DRIFT + 1):  # all of them: the time tells nothing
        if hmac.compare_digest(totp.generate_otp(at), digits) and at > after:
            found = at
    return found


def fresh_codes() -> list[str]:
    """For the drawer: each opens the account once, in place of the app."""
    letters = "abcdefghjkmnpqrstuvwxyz23456789"
    return [
        "-".join("".join(secrets.choice(letters) for _ in range(5)) for _ in range(3)) for _ in range(RECOVERY_CODES)
    ]


def code_hash(code: str) -> bytes:
    """As rows keep a recovery code: it has 74 bits of chance, so no slow hash is needed."""
    return hashlib.sha256("".join(code.split()).lower().encode()).digest()


def about(person: str) -> str:
    """What a person's sealed secret is about."""
    return f"second factor of {person}"
