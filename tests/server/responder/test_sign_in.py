"""Signing in at the real server: guesses, second factor, sessions, cookies and what a foreign page can do."""

import asyncio
import re
import time

import httpx
import pyotp
import pytest
from heartlamp_server import config
from heartlamp_server.app import County as Server
from heartlamp_server.responder.scope import Grant
from heartlamp_server.screens import build

from tests.server.county import County, Operator
from tests.server.responder.people import PASSWORD, Somebody

NEW = "another long enough sentence"


def browser(county: County) -> httpx.Client:
    return httpx.Client(base_url=county.console, headers={"X-Heartlamp": "1"}, timeout=20)


def sign_in(http: httpx.Client, name: str, password: str, code: str = "") -> httpx.Response:
    return http.post("/api/login", json={"name": name, "password": password, "code": code})


def account(county: County, role: str = "operator") -> Operator:
    """Made in the database: a process for each would take most of the time here."""
    made = Somebody(county, Grant(role))
    county.sql("DELETE FROM session WHERE person = %s", made.name)
    return Operator(county.console, made.name, PASSWORD)


@pytest.fixture
def operator(county: County) -> Operator:
    """One of their own for each test, at an address from which nobody guessed before."""
    county.sql("DELETE FROM login_guess")
    return account(county)


@pytest.fixture
def commander(county: County) -> Operator:
    county.sql("DELETE FROM login_guess")
    return account(county, "commander")


def test_an_attacker_slows_down_itself_and_not_a_browser_that_was_here_before(
    county: County, operator: Operator
) -> None:
    attacker = browser(county)
    codes = [sign_in(attacker, operator.name, f"wrong {n}").status_code for n in range(7)]
    assert codes == [401] * 5 + [429] * 2
    late = sign_in(attacker, operator.name, operator.password)
    assert late.status_code == 429
    assert 1 <= int(late.headers["retry-after"]) <= 31
    assert "wait" in late.json()["do"]
    assert sign_in(operator.http, operator.name, operator.password).status_code == 200


def test_the_cookie_of_a_browser_opens_nothing_and_is_of_one_person(county: County, operator: Operator) -> None:
    other = account(county)
    cookie = operator.http.cookies["heartlamp_browser"]
    thief = browser(county)
    thief.cookies.set("heartlamp_browser", cookie)
    assert thief.get("/api/me").status_code == 401
    for n in range(6):
        sign_in(thief, other.name, f"wrong {n}")
    assert sign_in(thief, other.name, other.password).status_code == 429


def test_a_known_browser_that_guesses_waits_too(county: County, operator: Operator) -> None:
    codes = [sign_in(operator.http, operator.name, f"wrong {n}").status_code for n in range(6)]
    assert codes == [401] * 5 + [429]


def test_a_right_password_forgets_the_wrong_ones_before_it(county: County, operator: Operator) -> None:
    http = browser(county)
    for _ in range(3):
        for n in range(4):
            assert sign_in(http, operator.name, f"wrong {n}").status_code == 401
        assert sign_in(http, operator.name, operator.password).status_code == 200
        http.cookies.clear()


@pytest.mark.prove
def test_a_restart_forgives_nobody_and_signs_nobody_out(own_county: County) -> None:
    operator, attacker = own_county.account(), browser(own_county)
    for n in range(6):
        sign_in(attacker, operator.name, f"wrong {n}")
    session = dict(operator.http.cookies)
    own_county.kill()
    own_county.start()
    assert sign_in(browser(own_county), operator.name, operator.password).status_code == 429
    again = browser(own_county)
    again.cookies.update(session)
    assert again.get("/api/me").json()["name"] == operator.name


def test_alarms_come_in_while_somebody_guesses(county: County, operator: Operator) -> None:
    village, attacker = county.village(), browser(county)
    for n in range(12):
        sign_in(attacker, operator.name, f"wrong {n}")
        press = village.keys[0].press()
        assert village.send(press)[0].verdict == "received"


# --- the second factor ------------------------------------------------------------------------------------------------


def enrol(person: Operator) -> tuple[pyotp.TOTP, list[str], str]:
    """(the app, recovery codes, the code that confirmed it)"""
    shown = person.http.post("/api/second/begin", json={"password": person.password})
    assert shown.status_code == 200, shown.text
    assert shown.json()["picture"].startswith("<svg")
    totp = pyotp.parse_uri(shown.json()["uri"])
    assert isinstance(totp, pyotp.TOTP)
    used = totp.now()
    codes = person.http.post("/api/second/confirm", json={"code": used})
    assert codes.status_code == 200, codes.text
    return totp, codes.json()["codes"], used


def test_a_commander_commands_nothing_without_the_second_factor(county: County, commander: Operator) -> None:
    me = commander.get("me")
    assert (me["roles"], me["waiting"], me["second"]) == ([], ["commander"], False)
    refused = commander.http.get("/api/incidents")
    assert refused.status_code == 403
    assert "动态码" in refused.json()["error"]
    enrol(commander)
    me = commander.get("me")
    assert ([r["role"] for r in me["roles"]], me["waiting"], me["second"]) == (["commander"], [], True)
    assert commander.get("incidents")["incidents"] is not None


def test_a_code_is_asked_for_and_counts_once(county: County, commander: Operator) -> None:
    totp, _, used = enrol(commander)
    http = browser(county)
    asked = sign_in(http, commander.name, commander.password)
    assert (asked.status_code, asked.json()["need"]) == (401, "code")
    assert sign_in(http, commander.name, commander.password, used).status_code == 401
    ahead = totp.at(int(time.time()) + 30)
    assert sign_in(http, commander.name, commander.password, ahead).status_code == 200
    replayed = sign_in(browser(county), commander.name, commander.password, ahead)
    assert replayed.status_code == 401
    assert replayed.json().get("need", "") == ""


def test_who_has_the_password_cannot_guess_codes_for_ever(county: County, commander: Operator) -> None:
    totp, *_ = enrol(commander)
    http, codes = browser(county), []
    for n in range(7):
        codes.append(sign_in(http, commander.name, commander.password, f"{n:06}").status_code)
        codes.append(sign_in(http, commander.name, commander.password).status_code)  # a right password in between
    assert 429 in codes
    assert sign_in(http, commander.name, commander.password, totp.at(int(time.time()) + 30)).status_code == 429


def test_a_recovery_code_opens_once(county: County, commander: Operator) -> None:
    _, codes, _ = enrol(commander)
    assert sign_in(browser(county), commander.name, commander.password, codes[3].upper()).status_code == 200
    assert sign_in(browser(county), commander.name, commander.password, codes[3]).status_code == 401
    kept = county.sql("SELECT hash FROM recovery_code WHERE person = %s", commander.name)
    assert len(kept) == 10
    assert all(code.encode() not in bytes(row[0]) for code in codes for row in kept)


def test_the_secret_is_sealed_and_a_second_one_does_not_replace_it(county: County, commander: Operator) -> None:
    totp, *_ = enrol(commander)
    sealed = bytes(county.sql("SELECT totp FROM person WHERE name = %s", commander.name)[0][0])
    assert totp.secret.encode() not in sealed
    again = commander.http.post("/api/second/begin", json={"password": commander.password})
    assert again.status_code == 409
    assert commander.http.post("/api/second/confirm", json={"code": totp.now()}).status_code == 409


def test_an_open_screen_sets_up_nothing_without_the_password(operator: Operator) -> None:
    assert operator.http.post("/api/second/begin", json={"password": "not mine"}).status_code == 401
    change = {"old": "not mine", "new": NEW}
    assert operator.http.post("/api/password", json=change).status_code == 401


def test_the_command_line_sets_it_up_and_takes_it_off(county: County, commander: Operator) -> None:
    said = county.cli("user", "totp", commander.name, "--config", county.config).stdout
    uri = next(line for line in said.splitlines() if line.startswith("otpauth://"))
    totp = pyotp.parse_uri(uri)
    assert isinstance(totp, pyotp.TOTP)
    assert commander.http.get("/api/me").status_code == 401  # signed out by it
    assert sign_in(commander.http, commander.name, commander.password, totp.now()).status_code == 200
    again = county.cli("user", "totp", commander.name, "--config", county.config, check=False)
    assert again.returncode == 1
    county.cli("user", "totp", commander.name, "--off", "--config", county.config)
    assert commander.http.get("/api/me").status_code == 401
    assert sign_in(commander.http, commander.name, commander.password).status_code == 200


# --- sessions ---------------------------------------------------------------------------------------------------------


def test_one_sees_and_ends_ones_own_sessions_and_no_others(county: County, operator: Operator) -> None:
    elsewhere, other = browser(county), account(county)
    sign_in(elsewhere, operator.name, operator.password)
    listed = operator.get("sessions")["sessions"]
    assert sorted(s["here"] for s in listed) == [False, True]
    assert all(s["address"] == "127.0.0.1" and s["agent"] for s in listed)
    theirs = other.get("sessions")["sessions"][0]["id"]
    assert operator.http.post(f"/api/sessions/{theirs}/end").status_code == 404
    away = next(s["id"] for s in listed if not s["here"])
    assert operator.http.post(f"/api/sessions/{away}/end").status_code == 204
    assert elsewhere.get("/api/me").status_code == 401
    assert other.get("me")["name"] == other.name


def test_signing_out_everywhere_ends_all_of_them(county: County, operator: Operator) -> None:
    elsewhere = browser(county)
    sign_in(elsewhere, operator.name, operator.password)
    assert operator.http.post("/api/logout/everywhere").status_code == 204
    assert elsewhere.get("/api/me").status_code == 401


def test_a_new_password_ends_the_other_sessions_and_the_old_one_is_void(county: County, operator: Operator) -> None:
    elsewhere = browser(county)
    sign_in(elsewhere, operator.name, operator.password)
    too_short = operator.http.post("/api/password", json={"old": operator.password, "new": "short"})
    assert too_short.status_code == 422
    change = {"old": operator.password, "new": NEW}
    assert operator.http.post("/api/password", json=change).status_code == 204
    assert operator.get("me")["name"] == operator.name
    assert elsewhere.get("/api/me").status_code == 401
    assert sign_in(elsewhere, operator.name, operator.password).status_code == 401
    assert sign_in(elsewhere, operator.name, NEW).status_code == 200


def test_who_was_disabled_is_out_at_once_and_stays_out(county: County, operator: Operator) -> None:
    county.cli("user", "disable", operator.name, "--config", county.config)
    assert operator.http.get("/api/me").status_code == 401
    assert sign_in(operator.http, operator.name, operator.password).status_code == 401
    county.cli("user", "disable", operator.name, "--enable", "--config", county.config)
    assert sign_in(operator.http, operator.name, operator.password).status_code == 200


def test_a_level_is_staffed_while_somebody_answers(county: County, operator: Operator) -> None:
    asked = operator.get("presence")
    assert not asked["asked"]
    assert operator.get("me")["display"] in there(operator)
    county.sql("UPDATE session SET answered_at = now() - interval '21 min' WHERE person = %s", operator.name)
    assert operator.get("presence")["asked"]
    county.sql("UPDATE session SET answered_at = now() - interval '1 h' WHERE person = %s", operator.name)
    assert operator.get("me")["display"] not in there(operator)
    assert operator.http.post("/api/presence").json()["asked"] is False
    assert operator.get("me")["display"] in there(operator)


def there(operator: Operator) -> list[str]:
    levels = {level["area"]: level["people"] for level in operator.get("staffed")["levels"]}
    return list(levels.get(None, []))


# --- what browsers are told -------------------------------------------------------------------------------------------


def test_over_tls_cookies_are_bound_to_this_host_and_tls_is_for_good(county: County, operator: Operator) -> None:
    """The application as it is served over TLS, on the county's database."""
    server = Server(config.read(county.config), bytes(32), 10)

    async def ask() -> httpx.Response:
        await server.database.open(server._meet, server.ingest.warm)
        try:
            async with httpx.AsyncClient(
                transport=httpx.ASGITransport(build(server, secure=True)), base_url="https://county"
            ) as http:
                login = {"name": operator.name, "password": operator.password}
                return await http.post("/api/login", json=login, headers={"X-Heartlamp": "1"})
        finally:
            await server.database.close()

    said = asyncio.run(ask())
    assert said.status_code == 200
    assert said.headers["strict-transport-security"].startswith("max-age=")
    cookies = said.headers.get_list("set-cookie")
    assert {c.partition("=")[0] for c in cookies} == {"__Host-heartlamp_session", "__Host-heartlamp_browser"}
    for cookie in cookies:
        parts = {part.strip().lower() for part in cookie.split(";")}
        assert {"httponly", "secure", "samesite=strict", "path=/"} <= parts
        assert not any(part.startswith("domain") for part in parts)


def test_every_answer_says_what_a_browser_must_not_do(county: County, operator: Operator) -> None:
    for path in ("/api/me", "/", "/api/nothing", "/healthz"):
        headers = operator.http.get(path).headers
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "no-referrer"
        assert "camera=()" in headers["permissions-policy"]
        assert headers["cross-origin-opener-policy"] == "same-origin"
        assert "strict-transport-security" not in headers  # it is plain HTTP here
        if path != "/healthz":
            policy = headers["content-security-policy"]
            assert "frame-ancestors 'none'" in policy
            assert not re.search(r"unsafe-|\*", policy)
    assert "default-src 'none'" in operator.http.get("/api/me").headers["content-security-policy"]


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_a_foreign_page_changes_nothing_by_any_method(operator: Operator, method: str) -> None:
    without = operator.http.request(method, "/api/logout", headers={"X-Heartlamp": ""})
    assert without.status_code == 403
    foreign = operator.http.request(method, "/api/logout", headers={"Sec-Fetch-Site": "cross-site"})
    assert foreign.status_code == 403
    assert operator.get("me")["name"] == operator.name
