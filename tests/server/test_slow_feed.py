"""A screen that takes nothing of its feed: nobody waits for it, it is let go, and goes on by its cursor."""

import json
import socket
import time
from urllib.parse import urlsplit

import pytest

from tests.server.county import County, Operator

MANY, LONG = 60, 200_000


def long_words(county: County) -> int:
    """MANY notices of LONG bytes on the feed at once; the number of the last."""
    [(head,)] = county.sql("UPDATE feed_head SET seq = seq + %s RETURNING seq", MANY)
    data = json.dumps({"at": "2026-01-01T00:00:00Z", "gateway": "", "verdict": "rejected", "reason": "x" * LONG})
    county.sql(
        "INSERT INTO feed (seq, kind, data) SELECT %s + n, 'notice', %s FROM generate_series(1, %s) AS n",
        head - MANY, data, MANY,
    )  # fmt: skip
    county.sql("SELECT pg_notify('heartlamp_feed', '')")
    return int(head)


def stuck(operator: Operator, cursor: str) -> socket.socket:
    """A feed that is opened and then not read."""
    to = urlsplit(str(operator.http.base_url))
    sock = socket.socket()
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8192)
    sock.connect((to.hostname, to.port))
    cookie = f"heartlamp_session={operator.http.cookies['heartlamp_session']}"
    sock.sendall(f"GET /api/feed?cursor={cursor} HTTP/1.1\r\nHost: x\r\nCookie: {cookie}\r\n\r\n".encode())
    assert b"200 OK" in sock.recv(200)
    return sock


@pytest.mark.prove
def test_nobody_waits_for_a_screen_that_takes_nothing_and_it_goes_on_by_its_cursor(county: County) -> None:
    operator, other = county.account(), county.account()
    cursor = operator.get("incidents")["cursor"]
    slow, quick = stuck(operator, cursor), other.feed(cursor)
    quick.next(lambda e: e.kind == "ping")
    last = long_words(county)
    began = time.monotonic()
    quick.next(lambda e: e.id.endswith(f":{last}"), seconds=8)

    slow.settimeout(30)
    read = b""
    ended = False
    time_left = began + 30
    while not ended and time.monotonic() < time_left:
        peeked = county.sql("SELECT 1")  # the county serves others meanwhile
        assert peeked == [(1,)]
        village = county.village()
        village.send(press := village.keys[0].press())
        quick.next(lambda e, id=press.id: e.kind == "incident" and e.data["id"] == id, seconds=5)  # type: ignore[misc]
        ended = time.monotonic() - began > 12
    try:
        while part := slow.recv(1 << 20):
            read += part
    except ConnectionResetError:
        pass
    assert 0 < read.count(b"event: notice") < MANY, "it was let go before all of it was told"

    whole = read[: read.rindex(b"\n\n")] if b"\n\n" in read else b""
    ids = [line[4:].decode().strip() for line in whole.split(b"\n") if line.startswith(b"id: ")]
    missing = operator.feed(ids[-1] if ids else cursor)
    seen: list[str] = []
    while not seen or not seen[-1].endswith(f":{last}"):
        seen.append(missing.next(lambda e: e.kind == "notice").id)
    assert len(ids) + len(seen) == MANY, "each once: none is missed, none comes twice"
