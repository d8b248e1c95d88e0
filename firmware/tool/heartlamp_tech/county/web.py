"""HTTPS to the county: JSON there and back, and the cookie of a session in a file that is nobody else's."""

import http.cookiejar
import json
import ssl
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from heartlamp_tech import kept
from heartlamp_tech.trouble import Trouble

TIMEOUT_S = 20.0
OURS = {"X-Heartlamp": "1", "Content-Type": "application/json", "Accept": "application/json"}
LOG_IN = "`heartlamp-tech login URL NAME`"


class Offline(Trouble):
    """The county cannot be reached; what is to be told it waits on the disk."""


class Refused(Trouble):
    """The county said no. `code`: why, where it says so; `status`: of HTTP."""

    def __init__(self, error: str, do: str, code: str, status: int) -> None:
        super().__init__(error, do)
        self.code = code
        self.status = status


class County:
    """`folder`: of county.json (address, CA) and session (the cookie)."""

    def __init__(self, folder: Path) -> None:
        self._about = folder / "county.json"
        self._session = folder / "session"
        self._cookies = http.cookiejar.CookieJar()
        self._opener: urllib.request.OpenerDirector | None = None
        self._url = ""

    def log_in(self, url: str, name: str, password: str, code: str = "", ca: Path | None = None) -> None:
        """Keeps the session, and never the password. Raises Trouble."""
        if urlsplit(url).scheme != "https" and urlsplit(url).hostname not in ("127.0.0.1", "localhost", "::1"):
            raise Trouble(f"{url} is not https", "take the county's address as the office gave it to you")
        text = None if ca is None else ca.read_text("utf-8")
        kept.write_json(self._about, {"url": url.rstrip("/"), "ca": text})
        self._opener = None
        self._session.unlink(missing_ok=True)
        self.post("/api/login", {"name": name, "password": password, "code": code})
        cookies = [[c.name, c.value, c.domain, c.path] for c in self._cookies]
        kept.write_json(self._session, cookies)

    @property
    def known(self) -> bool:
        """Whether somebody logged in here, ever."""
        return self._about.exists() and self._session.exists()

    def get(self, path: str) -> Any:
        return self._ask("GET", path, None)

    def post(self, path: str, body: object = None) -> Any:
        return self._ask("POST", path, {} if body is None else body)

    def put(self, path: str, body: object) -> Any:
        return self._ask("PUT", path, body)

    def _ask(self, method: str, path: str, body: object) -> Any:
        opener = self._ready()
        data = None if body is None else json.dumps(body, ensure_ascii=False).encode()
        request = urllib.request.Request(self._url + path, data=data, headers=OURS, method=method)
        try:
            with opener.open(request, timeout=TIMEOUT_S) as answer:
                text = answer.read()
        except urllib.error.HTTPError as error:
            raise self._refused(error) from None
        except (urllib.error.URLError, OSError) as error:
            reason = getattr(error, "reason", error)
            if isinstance(reason, ssl.SSLCertVerificationError):
                raise Trouble(
                    f"{self._url} is not the county that was named: {reason.verify_message}",
                    "log in with `--ca`, the county's ca.pem from the office",
                ) from None
            raise Offline(
                f"the county does not answer ({reason})", "go on without it, and `heartlamp-tech upload` in the evening"
            ) from None
        return json.loads(text) if text else None

    def _ready(self) -> urllib.request.OpenerDirector:
        if self._opener is not None:
            return self._opener
        about = kept.read_json(self._about)
        if about is None:
            raise Trouble("this laptop knows no county", LOG_IN)
        self._url = about["url"]
        for name, value, domain, path in kept.read_json(self._session, []):
            self._cookies.set_cookie(_cookie(name, value, domain, path))
        context = ssl.create_default_context(cadata=about["ca"]) if about["ca"] else ssl.create_default_context()
        self._opener = urllib.request.build_opener(
            urllib.request.ProxyHandler({}),
            urllib.request.HTTPSHandler(context=context),
            urllib.request.HTTPCookieProcessor(self._cookies),
        )
        return self._opener

    def _refused(self, error: urllib.error.HTTPError) -> Trouble:
        try:
            said = json.loads(error.read())
        except ValueError:
            said = {}
        said = said.get("detail", said) if isinstance(said, dict) else {}
        said = said if isinstance(said, dict) else {"error": json.dumps(said)[:300]}
        words = said.get("error", f"the county answered {error.code}")
        words = words.get("en", str(words)) if isinstance(words, dict) else str(words)
        do = str(said.get("do") or "")
        if error.code == 401 and "login" not in error.url:
            do = f"your session is over: {LOG_IN}"
        if error.code >= 500:
            return Offline(f"the county has a fault of its own ({error.code})", "try again; what you did is kept")
        return Refused(words, do or "ask the office", str(said.get("code", "")), error.code)


def _cookie(name: str, value: str, domain: str, path: str) -> http.cookiejar.Cookie:
    local = domain in ("127.0.0.1", "localhost.local", "localhost")
    return http.cookiejar.Cookie(
        0, name, value, None, False, domain, True, domain.startswith("."), path, True,
        not local, None, False, None, None, {},
    )  # fmt: skip
