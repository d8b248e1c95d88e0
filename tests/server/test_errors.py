"""Every refusal says what happened and what to do, in one form, on both listeners."""

import json
import socket
import ssl
import time
from urllib.parse import urlsplit

import httpx
import pytest

from tests.server.county import WAIT_SECONDS, County, Operator, Village


def said(reply: httpx.Response) -> tuple[int, set[str]]:
    return reply.status_code, set(reply.json())


FORM = {"error", "do"}


def test_the_consoles_refusals_have_the_promised_form(operator: Operator) -> None:
    http = operator.http
    assert said(http.delete("/api/incidents")) == (405, FORM)
    assert said(http.get("/api/login")) in ((404, FORM), (405, FORM))
    assert said(http.get("/api/nothing")) == (404, FORM)
    assert said(http.post("/healthz")) == (405, FORM)
    for body in (b"{", b"\xff", b"[" * 50_000, b""):
        status, fields = said(http.post("/api/login", content=body, headers={"Content-Type": "application/json"}))
        assert (status in (400, 422), fields) == (True, FORM)


def test_the_gateways_refusals_have_the_promised_form(village: Village) -> None:
    assert said(village.http.get("/nothing")) == (404, FORM)
    wrong = village.http.get("/gateway/v1/batch")
    assert said(wrong) == (405, FORM)
    assert wrong.headers["allow"] == "POST"
    assert said(village.http.delete("/gateway/v1/down")) == (405, FORM)


def test_what_the_api_says_is_kept_by_no_cache(operator: Operator, county: County) -> None:
    stranger = httpx.Client(base_url=county.console)
    replies = [
        operator.http.get("/api/me"),
        operator.http.get("/api/incidents"),
        operator.http.get("/api/nothing"),
        stranger.get("/api/me"),
        stranger.post("/api/login", json={}),
    ]
    assert [r.headers.get("cache-control") for r in replies] == ["no-store"] * 5


def test_chinese_stands_first(county: County) -> None:
    wrong = httpx.post(
        f"{county.console}/api/login", json={"name": "nobody", "password": "x"}, headers={"X-Heartlamp": "1"}
    )
    assert wrong.json() == {"error": "用户名或密码错误 · wrong name or password", "do": "请重试 · try again"}
    assert httpx.get(f"{county.console}/api/me").json() == {"error": "未登录 · not signed in", "do": "请登录 · sign in"}


def test_a_close_without_how_says_to_say_how(village: Village, operator: Operator) -> None:
    press = village.keys[0].press()
    village.send(press)
    assert "say how" in operator.say(press.id, "closed").json()["do"]
    assert operator.say(press.id, "closed", how="arrived").status_code == 200
    assert "reload" in operator.say(press.id, "accepted").json()["do"]


def answer(line: socket.socket, *pieces: bytes) -> bytes:
    """All that comes back on a connection until the other side ends it, which it does at once."""
    line.settimeout(5)
    for piece in pieces:
        line.sendall(piece)
    came = b""
    while more := line.recv(10_000):
        came += more
    return came


def test_nobody_fills_the_consoles_memory(county: County) -> None:
    where = urlsplit(county.console)
    head = b"POST /api/login HTTP/1.1\r\nHost: x\r\nX-Heartlamp: 1\r\nContent-Type: application/json\r\n"
    piece = b"8000\r\n" + b" " * 0x8000 + b"\r\n"
    announced = (head + b"Content-Length: 200000000\r\n\r\n",)
    unannounced = (head + b"Transfer-Encoding: chunked\r\n\r\n", piece, piece, b"1\r\n \r\n")
    for pieces in (announced, unannounced):
        with socket.create_connection((where.hostname or "", where.port or 0)) as line:
            came, _, body = answer(line, *pieces).partition(b"\r\n\r\n")
        assert came.startswith(b"HTTP/1.1 413 ")
        assert b"no-store" in came
        said = json.loads(body)
        assert (said["error"][:4], said["do"]) == ("请求超过", "请缩短后重试 · shorten it and send again")


def test_a_note_in_four_bytes_a_character_is_not_too_long(village: Village, operator: Operator) -> None:
    press = village.keys[0].press()
    village.send(press)
    assert operator.say(press.id, "accepted", note="𠀀" * 500).status_code == 200


def test_a_batch_that_is_too_long_is_not_read_to_its_end(village: Village, county: County) -> None:
    where = urlsplit(county.gateways)
    context = ssl.create_default_context(cafile=str(county.out / "gateways" / village.gateway / "ca.pem"))
    with socket.create_connection((where.hostname or "", where.port or 0)) as raw:
        head = f"POST /gateway/v1/batch HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {village.token}\r\n"
        line = context.wrap_socket(raw, server_hostname=where.hostname)
        came = answer(line, f"{head}Content-Length: 900000000\r\n\r\n".encode(), b" " * 1_000_001)
    assert came.startswith(b"HTTP/1.1 413 ")


@pytest.mark.parametrize("path", ["batch", "readings"])
def test_an_upload_that_is_cut_off_is_one_line_in_the_log(village: Village, county: County, path: str) -> None:
    where = urlsplit(county.gateways)
    context = ssl.create_default_context(cafile=str(county.out / "gateways" / village.gateway / "ca.pem"))
    before = len(county.said)
    with socket.create_connection((where.hostname or "", where.port or 0)) as raw:
        head = f"POST /gateway/v1/{path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {village.token}\r\n"
        line = context.wrap_socket(raw, server_hostname=where.hostname)
        line.sendall(f"{head}Content-Length: 100\r\nExpect: 100-continue\r\n\r\n".encode())
        assert b"100" in line.recv(1000)  # it waits for the body now
        line.sendall(b'{"v":1')
        line.close()
    deadline = time.monotonic() + WAIT_SECONDS
    while not any("cut off" in logged for logged in county.said[before:]):
        assert time.monotonic() < deadline, county.said[before:]
        time.sleep(0.01)
    assert not any("Traceback" in logged for logged in county.said[before:])
