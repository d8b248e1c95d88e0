"""The demo page's controls answer whatever is sent to them."""

import http.client
import re
import socket
from collections.abc import Iterator
from typing import Any

import pytest

from tests.village.page_server import BODY_MAX, PageServer

JSON = {"Content-Type": "application/json"}


def act(path: str, fields: dict[str, Any]) -> None:
    if fields["pin"] == "stuck":
        raise OSError("the pin is stuck")


class Served:
    """`address` of a running page; `done`: what it was asked to do, in order."""

    def __init__(self) -> None:
        self.done: list[dict[str, Any]] = []
        self.server = PageServer(dict, self.act)
        self.address = self.server.url.removeprefix("http://")

    def act(self, path: str, fields: dict[str, Any]) -> None:
        act(path, fields)
        self.done.append(fields)

    def say(self, *lines: str, body: str = "") -> list[int]:
        """Sends a request as it is on a connection of its own. -> the status of every answer until its end."""
        host, port = self.address.split(":")
        with socket.create_connection((host, int(port)), timeout=5) as line:
            line.sendall("\r\n".join([*lines, "", body]).encode())
            heard = b"".join(iter(lambda: line.recv(65536), b""))
        return [int(status) for status in re.findall(rb"HTTP/1.1 (\d+) ", heard)]


@pytest.fixture
def served() -> Iterator[Served]:
    served = Served()
    served.server.start()
    yield served
    served.server.stop()


@pytest.fixture
def connection(served: Served) -> Iterator[http.client.HTTPConnection]:
    opened = http.client.HTTPConnection(served.address, timeout=5)
    yield opened
    opened.close()


def post(connection: http.client.HTTPConnection, body: str) -> tuple[int, str]:
    connection.request("POST", "/pin", body, JSON)
    answer = connection.getresponse()
    return answer.status, answer.read().decode()


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("[]", "a JSON object, please"),
        ("7", "a JSON object, please"),
        ("null", "a JSON object, please"),
        ("{", "Expecting property name"),
        ("[" * 4000, ""),  # too deep or not ended: each Python says it in its own words
        ("{}", "no 'pin'"),
        ('{"pin":"stuck"}', "the pin is stuck"),
        ('"' + "x" * BODY_MAX + '"', f"at most {BODY_MAX}"),
    ],
)
def test_what_cannot_be_done_is_answered_with_a_reason(
    connection: http.client.HTTPConnection, body: str, reason: str
) -> None:
    status, said = post(connection, body)
    assert status == 400
    assert said.startswith("not done: ")
    assert reason in said


def test_after_a_refusal_the_same_connection_goes_on(connection: http.client.HTTPConnection) -> None:
    assert post(connection, "[]")[0] == 400
    assert post(connection, '{"pin":"red"}') == (200, "{}")


PIN = '{"pin":"red"}'


def request(served: Served, **changed: str) -> list[str]:
    """A press as our own page sends it, but for the changed headers (`_` for `-`; empty: left out)."""
    usual = {"Host": served.address, "Content-Type": JSON["Content-Type"], "Content-Length": str(len(PIN))}
    headers = usual | {name.replace("_", "-"): value for name, value in changed.items()}
    return ["POST /pin HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items() if value)]


def test_a_foreign_body_is_not_taken_for_the_next_request(served: Served) -> None:
    """A browser sends text/plain for any page without asking anybody."""
    hidden = "\r\n".join([*request(served, Connection="close"), "", PIN])
    outside = request(served, Content_Type="text/plain", Content_Length=str(len(hidden)))
    assert served.say(*outside, body=hidden) == [415]
    assert served.done == []


@pytest.mark.parametrize("length", ["many", "-1", "1e2", "٣", str(BODY_MAX + 1), "9" * 5000])
def test_after_a_length_that_is_none_nothing_more_is_read(served: Served, length: str) -> None:
    hidden = "\r\n".join([*request(served, Connection="close"), "", PIN])
    assert served.say(*request(served, Content_Length=length), body=hidden) == [400]
    assert served.done == []


def test_a_body_in_pieces_is_refused_whole(served: Served) -> None:
    hidden = "\r\n".join([*request(served, Connection="close"), "", PIN])
    assert served.say(*request(served, Content_Length="", Transfer_Encoding="chunked"), body=hidden) == [400]
    assert served.done == []


@pytest.mark.parametrize("origin", ["http://example.org", "null", "http://127.0.0.1:1", "https://{address}"])
def test_another_pages_press_is_refused(served: Served, origin: str) -> None:
    assert served.say(*request(served, Origin=origin.format(address=served.address)), body=PIN) == [403]
    assert served.done == []


@pytest.mark.parametrize(
    "host", ["rebound.example.org", "rebound.example.org:{port}", "127.0.0.1.example.org:{port}", ""]
)
def test_a_foreign_name_that_points_here_is_refused(served: Served, host: str) -> None:
    """Its pages are of our own origin, as their browser sees it: they read nothing here either."""
    name = host.format(port=served.address.split(":")[1])
    assert served.say(*request(served, Host=name, Origin=f"http://{name}"), body=PIN) == [403]
    assert served.say("GET /state HTTP/1.1", *([f"Host: {name}"] if name else [])) == [403]
    assert served.done == []


@pytest.mark.parametrize("name", ["127.0.0.1", "localhost"])
def test_our_own_page_presses(served: Served, name: str) -> None:
    host = f"{name}:{served.address.split(':')[1]}"
    mine = request(served, Host=host, Origin=f"http://{host}", Connection="close")
    assert served.say(*mine, body=PIN) == [200]
    assert served.done == [{"pin": "red"}]
