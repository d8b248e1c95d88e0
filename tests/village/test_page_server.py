"""The demo page's controls answer whatever is sent to them."""

import http.client
from collections.abc import Iterator
from typing import Any

import pytest

from tests.village.page_server import BODY_MAX, PageServer

JSON = {"Content-Type": "application/json"}


def act(path: str, fields: dict[str, Any]) -> None:
    if fields["pin"] == "stuck":
        raise OSError("the pin is stuck")


@pytest.fixture
def connection() -> Iterator[http.client.HTTPConnection]:
    server = PageServer(dict, act)
    server.start()
    opened = http.client.HTTPConnection(server.url.removeprefix("http://"), timeout=5)
    yield opened
    opened.close()
    server.stop()


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
