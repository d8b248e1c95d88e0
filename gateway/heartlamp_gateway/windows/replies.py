"""How an answer is written, and what a browser is told of it."""

import json
from http.cookies import CookieError, SimpleCookie
from typing import Any

from heartlamp_gateway.windows.door import Request


def path_of(request: Request) -> str:
    return request.path.partition("?")[0]


def cookie_of(request: Request, name: str) -> str:
    """Its value as the browser sent it, "" where there is none, or none that can be read."""
    try:
        found = SimpleCookie(request.headers.get("Cookie", "")).get(name)
    except CookieError:
        return ""
    return found.value if found is not None else ""


def code_of(request: Request) -> str | None:
    """The access code as it was typed, None where there is none. HTTP's headers are bytes that Python reads as Latin-1;
    who types Chinese sends UTF-8."""
    scheme, _, said = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer":
        return None
    said = said.strip(" \t")  # not all that Unicode calls a blank: it may be half a character here
    try:
        return said.encode("latin-1").decode("utf-8")
    except UnicodeError:
        return said


def as_json(fields: Any) -> bytes:
    return json.dumps(fields, ensure_ascii=False, separators=(",", ":")).encode()


def fail(request: Request, status: int, error: str, do: str, retry: int = 0) -> None:
    more = {"Retry-After": str(retry)} if retry else {}
    if status == 401:
        more["WWW-Authenticate"] = "Bearer"
    reply(request, status, as_json({"error": error, "do": do}), "application/json", more)


def reply(request: Request, status: int, body: bytes, kind: str, more: dict[str, str] | None = None) -> None:
    head(request, status, kind, more or {})
    request.send_header("Content-Length", str(len(body)))
    request.end_headers()
    if request.command != "HEAD":
        request.wfile.write(body)


def head(request: Request, status: int, kind: str, more: dict[str, str]) -> None:
    request.send_response_only(status)
    for name, value in {
        "Content-Type": kind,
        "Cache-Control": "no-store",
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",
        "Connection": "close",
        **more,
    }.items():
        request.send_header(name, value)
