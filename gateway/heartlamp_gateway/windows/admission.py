"""Who may look: whoever knows the access code, once; after that by a cookie that says nothing of it."""

import hashlib
import hmac
import os
import threading
from pathlib import Path

from heartlamp_gateway.say import log

COOKIE = "heartlamp_office"
WRONG_MAX, WRONG_ALL_MAX = 5, 60  # wrong codes a minute: of one address, of all together
MINUTE_MS = 60_000
KEY_BYTES = 32


class Admission:
    """`key_file`: random bytes that make cookies; kept, so that nobody is asked again after a restart."""

    def __init__(self, code: str, key_file: Path) -> None:
        self._code = code.encode()
        self._key_file = key_file
        self._key = b""
        self._lock = threading.Lock()
        self._wrong: dict[str, int] = {}  # by address, in the minute that began at `_since`
        self._since = 0

    def cookie(self) -> str:
        """Its value: the same until the code or the key changes."""
        with self._lock:
            self._key = self._key or _key(self._key_file)
        return hmac.new(self._key, self._code, hashlib.sha256).hexdigest()

    def is_cookie(self, value: str) -> bool:
        """In constant time. Not counted: it cannot be guessed."""
        return hmac.compare_digest(value.encode(), self.cookie().encode())

    def is_code(self, said: str, address: str, now: int) -> bool | None:
        """In constant time. None: too many wrong ones in this minute, it was not looked at. `now`: ms."""
        with self._lock:
            if now - self._since >= MINUTE_MS:
                self._since, self._wrong = now, {}
            if self._wrong.get(address, 0) >= WRONG_MAX or sum(self._wrong.values()) >= WRONG_ALL_MAX:
                return None
            digests = [hashlib.sha256(each).digest() for each in (said.encode(), self._code)]
            right = hmac.compare_digest(*digests)
            if not right:
                self._wrong[address] = self._wrong.get(address, 0) + 1
                if self._wrong[address] == WRONG_MAX:
                    log.warning(
                        "%s gave %d wrong access codes: refused for the rest of this minute", address, WRONG_MAX
                    )
            return right


def _key(path: Path) -> bytes:
    try:
        found = path.read_bytes()
        if len(found) == KEY_BYTES:
            return found
    except OSError:
        pass
    made = os.urandom(KEY_BYTES)
    try:
        path.unlink(missing_ok=True)
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
            out.write(made)
    except OSError as wrong:
        log.warning("%s cannot be kept (%s): after the next start everybody is asked for the code again", path, wrong)
    return made
