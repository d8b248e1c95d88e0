"""The console's door: who gets in, how often somebody may guess, and what a foreign page can do."""

import re

import httpx
from heartlamp_server.responder import gate
from heartlamp_server.screens import openapi

from tests.server.county import County, Operator


def test_every_route_but_the_public_ones_is_closed_without_a_session(county: County) -> None:
    http = httpx.Client(base_url=county.console, headers={"X-Heartlamp": "1"})
    walked = 0
    for path, methods in openapi()["paths"].items():
        for method in methods:
            if (method.upper(), path) in gate.PUBLIC:
                continue
            reply = http.request(method, re.sub(r"\{.*?\}", "x", path), json={} if method == "post" else None)
            assert reply.status_code == 401, (method, path)
            assert set(reply.json()) == {"error", "do"}
            walked += 1
    assert walked >= 10


def test_a_made_up_cookie_opens_nothing(county: County) -> None:
    for value in ("x", "", "a" * 5000, "\u00ff"):
        reply = httpx.get(
            f"{county.console}/api/me", headers={b"Cookie": f"heartlamp_session={value}".encode("latin1")}
        )
        assert reply.status_code in (400, 401)


def test_the_session_cookie_is_out_of_reach_of_scripts_and_other_sites(county: County) -> None:
    operator = county.account()
    reply = operator.http.post("/api/login", json={"name": operator.name, "password": operator.password})
    cookie = reply.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=strict" in cookie
    stored = county.sql("SELECT hash FROM session")
    assert all(operator.http.cookies["heartlamp_session"].encode() not in row[0] for row in stored)


def test_after_logging_out_the_cookie_is_worth_nothing(county: County) -> None:
    operator = county.account()
    cookie = operator.http.cookies["heartlamp_session"]
    assert operator.http.post("/api/logout").status_code == 204
    reply = httpx.get(f"{county.console}/api/me", cookies={"heartlamp_session": cookie})
    assert reply.status_code == 401


def test_guessing_is_slowed_for_this_name_only(county: County) -> None:
    operator, other = county.account(), county.account()
    http = httpx.Client(base_url=county.console, headers={"X-Heartlamp": "1"})
    codes = [
        http.post("/api/login", json={"name": operator.name, "password": f"wrong{n}"}).status_code for n in range(7)
    ]
    assert codes == [401] * 5 + [429] * 2
    good = http.post("/api/login", json={"name": operator.name, "password": operator.password})
    assert good.status_code == 429
    assert "wait" in good.json()["do"]
    assert http.post("/api/login", json={"name": other.name, "password": other.password}).status_code == 200


def test_an_unknown_name_says_the_same_as_a_wrong_password(county: County, operator: Operator) -> None:
    http = httpx.Client(base_url=county.console, headers={"X-Heartlamp": "1"})
    unknown = http.post("/api/login", json={"name": "nobodyhere", "password": "x"})
    wrong = http.post("/api/login", json={"name": county.account().name, "password": "x"})
    assert (unknown.status_code, unknown.json()) == (wrong.status_code, wrong.json())


def test_a_post_without_the_own_header_is_refused(operator: Operator) -> None:
    reply = operator.http.post("/api/logout", headers={"X-Heartlamp": ""})
    assert reply.status_code == 403
    assert operator.get("me")["name"] == operator.name


def test_passwords_and_device_secrets_are_not_readable_in_the_database(county: County) -> None:
    operator, village = county.account(), county.village()
    hashed = county.sql("SELECT password FROM person WHERE name = %s", operator.name)[0][0]
    assert hashed.startswith("$argon2id$")
    sealed = county.sql("SELECT secret FROM device_key WHERE device = %s", village.lamps[0].id)[0][0]
    assert village.lamps[0].root not in bytes(sealed)
    tokens = county.sql("SELECT hash FROM gateway_token WHERE gateway = %s", village.gateway)
    assert [len(t[0]) for t in tokens] == [32]


def test_the_page_or_how_to_build_it_with_a_strict_policy(county: County) -> None:
    reply = httpx.get(county.console)
    assert reply.status_code in (200, 503)
    assert "default-src 'self'" in reply.headers["content-security-policy"]
    assert "unsafe-inline" not in reply.headers["content-security-policy"]
    assert reply.headers["cache-control"] in ("no-cache", "no-store")
    assert httpx.get(f"{county.console}/../server.toml").status_code != 200 or "key_file" not in reply.text
    assert httpx.get(f"{county.console}/assets/none.js").status_code == 404
    assert httpx.get(f"{county.console}/healthz").json()["ok"]


def test_bad_requests_say_what_to_do(operator: Operator) -> None:
    for path, params in (("incidents", {"limit": "0"}), ("incidents", {"state": "x"}), ("readings", {})):
        reply = operator.http.get(f"/api/{path}", params=params)
        assert reply.status_code == 422
        assert set(reply.json()) == {"error", "do"}
    assert operator.http.get("/api/nothing").status_code == 404


def test_texts_that_cannot_be_stored_are_said_so(operator: Operator) -> None:
    replies = [
        operator.http.post("/api/login", json={"name": "a\0b", "password": "x"}),
        operator.http.get("/api/incidents/%00"),
        operator.http.get("/api/readings", params={"device": "\0", "name": "x"}),
        operator.http.post(
            "/api/login", content=b'{"name":"\\ud800","password":"x"}', headers={"content-type": "application/json"}
        ),
    ]
    assert [r.status_code for r in replies] == [422] * 4
    assert all(set(r.json()) == {"error", "do"} for r in replies)


def test_a_feed_ends_with_its_login(county: County) -> None:
    operator = county.account()
    feed = operator.feed(operator.get("incidents")["cursor"])
    feed.next(lambda e: e.kind == "ping")
    operator.http.post("/api/logout")
    assert feed.ended(12)
