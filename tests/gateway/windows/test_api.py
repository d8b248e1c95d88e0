"""The local API of a real gateway."""

import json
import socket
import time
from typing import Any

import pytest
from heartlamp_protocol.supervision import COUNTY_TROUBLE_MS

from tests.gateway.rig.waiting import until
from tests.gateway.windows.schema import wrong
from tests.gateway.windows.seen import CODE, Village, village

CODED = {"Authorization": f"Bearer {CODE}"}


def test_every_answer_is_as_the_served_openapi_document_says(seen: Village) -> None:
    status, _, body = seen.ask("/api/v1/openapi.json")
    api = json.loads(body)
    assert status == 200
    lamp9, button = seen.device("lamp9"), seen.device("butt7")
    lamp9.read(battery_low=1, mains=0)
    press = button.press()
    lamp9.call(press)
    lamp9.answer(press, "coming")
    seen.incident(press, answer="coming")
    told = 0
    for path, methods in api["paths"].items():
        for method, operation in methods.items():
            if path == "/api/v1/live":
                continue
            good, headers, text = seen.ask(path, method.upper(), json.dumps({"code": CODE}), **CODED)
            kind = headers["Content-Type"].partition(";")[0]
            (expected,) = [int(code) for code in operation["responses"] if code.startswith("2")]
            assert good == expected, path
            content = operation["responses"][str(good)].get("content", {})
            if good != 204:
                assert list(content) == [kind]
            if "$ref" in content.get("application/json", {}).get("schema", {}):
                assert wrong(json.loads(text), content["application/json"]["schema"], api) == []
                told += 1
            bare, _, text = seen.ask(path, method.upper(), "{}")
            if operation.get("security") != []:
                assert bare == 401
                assert wrong(json.loads(text), api["components"]["schemas"]["Error"], api) == []
    assert told == 3


def test_the_stream_says_all_at_first_and_then_what_changed(seen: Village) -> None:
    api = json.loads(seen.ask("/api/v1/openapi.json")[2])
    schemas = {"incidents": "Incidents", "devices": "Devices", "status": "Status"}
    lamp9, button = seen.device("lamp9"), seen.device("butt7")
    with seen.live() as events:
        first = dict([next(events) for _ in range(3)])
        assert first.keys() == schemas.keys()
        assert first["incidents"] == {"incidents": []}
        press = button.press("fire")

        def next_with(name: str, good: Any) -> Any:
            until = time.monotonic() + 8
            for event, document in events:
                assert wrong(document, {"$ref": f"#/components/schemas/{schemas[event]}"}, api) == []
                if event == name and good(document):
                    return document
                assert time.monotonic() < until
            raise AssertionError("the stream ended")

        opened = next_with("incidents", lambda d: d["incidents"])
        assert (opened["incidents"][0]["id"], opened["incidents"][0]["place"]) == (press, "三组 7号")
        lamp9.answer(press, "coming")
        coming = next_with("incidents", lambda d: d["incidents"] and d["incidents"][0]["answer"] == "coming")
        assert coming["incidents"][0]["who"] == "三组 9号"
        lamp9.vanish()
        next_with(
            "devices", lambda d: {"lamp9": "offline"}.items() <= {e["id"]: e["state"] for e in d["devices"]}.items()
        )
        at = time.monotonic()
        next_with("status", lambda _: True)
        assert time.monotonic() - at < 6  # a page that hears nothing for 11 s has lost us


def test_the_closed_incident_leaves_and_the_county_that_knows_is_told(seen: Village) -> None:
    button = seen.device("butt7")
    press = button.press()
    until("the county knows", lambda: seen.incident(press)["knows"]["county"])
    seen.county.incident(press, "s7", "panic", (press,), 1, "coming", "A person", ["lamp7"])
    assert seen.incident(press, answer="coming")["who"] == ""
    assert "A person" not in json.dumps(seen.incidents())
    seen.county.incident(press, "s7", "panic", (press,), 2, "closed", "", ["lamp7"])
    until("it is closed", lambda: seen.incidents() == [])


def test_with_the_county_away_it_says_so_and_counts_what_waits(seen: Village) -> None:
    button = seen.device("butt7")
    seen.county.stop()
    press = button.press()
    button.is_heard(press)
    assert not seen.incident(press)["knows"]["county"]
    assert seen.get("/api/v1/status")["waiting"]["rows"] == 1


@pytest.mark.prove
@pytest.mark.timeout(200)
def test_a_county_that_is_away_is_a_trouble_in_words_after_90_s(seen: Village) -> None:
    def told() -> bool:
        return "county" in [trouble["code"] for trouble in seen.get("/api/v1/status")["troubles"]]

    seen.county.stop()
    began = time.monotonic()
    until("the county is away", lambda: not seen.get("/api/v1/status")["county"]["contact"], 25)
    assert not told()
    until("people are told", told, 120)
    assert time.monotonic() - began >= COUNTY_TROUBLE_MS / 1000 - 1


def test_a_wrong_code_is_refused_and_guessing_ends(seen: Village) -> None:
    right = json.dumps({"code": CODE})
    status, headers, _ = seen.ask("/login", "POST", right)
    cookie = headers["Set-Cookie"].partition(";")[0]
    assert (status, CODE in headers["Set-Cookie"]) == (204, False)
    assert {"HttpOnly", "SameSite=Strict"} <= set(headers["Set-Cookie"].split("; "))
    answers = [seen.ask("/login", "POST", json.dumps({"code": f"9999999{n}"}))[0] for n in range(6)]
    assert answers == [401] * 5 + [429]
    assert seen.ask("/login", "POST", right)[0] == 429  # who guesses is not told that it was right
    assert seen.ask("/api/v1/status", **CODED)[0] == 429
    assert seen.ask("/api/v1/status", Cookie=cookie)[0] == 200  # the screen on the wall goes on
    assert seen.ask("/api/v1/status", Cookie=cookie[:-1] + "x")[0] == 401
    with socket.create_connection(("127.0.0.1", seen.office_port), 5, ("127.0.0.2", 0)) as elsewhere:
        elsewhere.sendall(b"GET /api/v1/status HTTP/1.1\r\nAuthorization: Bearer %s\r\n\r\n" % CODE.encode())
        assert elsewhere.recv(100).startswith(b"HTTP/1.1 200")


def test_a_code_of_chinese_characters_opens_every_door() -> None:
    code = "柳树村的口令补充"  # whose last byte alone is a blank
    with village(code=code) as seen:
        bearer = f"Bearer {code}".encode().decode("latin-1")  # the bytes that curl and Prometheus send
        assert seen.ask("/api/v1/status", Authorization=bearer)[0] == 200
        assert seen.ask("/api/v1/status", Authorization=bearer[:-3])[0] == 401
        assert seen.ask("/api/v1/status", Authorization="Bearer caf\xe9")[0] == 401
        assert seen.ask("/login", "POST", json.dumps({"code": code}))[0] == 204


def test_a_cookie_lives_over_a_restart_and_dies_with_the_code(seen: Village) -> None:
    cookie = seen.ask("/login", "POST", json.dumps({"code": CODE}))[1]["Set-Cookie"].partition(";")[0]

    def restart() -> None:
        pages = seen.gateway.said("the office's page is at")
        seen.gateway.end()
        seen.gateway.start()
        until("the page is back", lambda: seen.gateway.said("the office's page is at") > pages)

    restart()
    assert seen.ask("/api/v1/status", Cookie=cookie)[0] == 200
    seen.config.write_text(seen.config.read_text().replace(CODE, "another code"))
    restart()
    assert seen.ask("/api/v1/status", Cookie=cookie)[0] == 401


def test_only_looking_is_possible(seen: Village) -> None:
    for method in ("POST", "PUT", "DELETE", "HEAD"):
        assert seen.ask("/api/v1/incidents", method, **CODED)[0] == 404
    assert seen.ask("/api/v1/../../gateway.toml", **CODED)[0] == 404
    assert seen.ask("/login", "POST", "[" * 1000)[0] == 400
    assert seen.ask("/login", "POST", "x" * 5000)[0] == 400


def test_who_says_nothing_or_drips_is_shown_out_and_takes_nobodys_place(seen: Village) -> None:
    crowd = [socket.create_connection(("127.0.0.1", seen.office_port), 5, ("127.0.0.2", 0)) for _ in range(10)]
    began = time.monotonic()
    one_more = socket.create_connection(("127.0.0.1", seen.office_port), 5, ("127.0.0.2", 0))
    one_more.settimeout(5)
    assert one_more.recv(100).startswith(b"HTTP/1.1 503")
    assert seen.get("/api/v1/incidents") == {"incidents": []}  # from another address
    press = seen.device("butt7").press()
    seen.incident(press)
    dripping = crowd[0]
    dripping.settimeout(0.2)

    def shown_out() -> bool:
        try:
            dripping.sendall(b"G")
            return dripping.recv(10) == b""
        except TimeoutError:
            return False
        except OSError:
            return True

    until("the one that drips is shown out", shown_out)
    assert time.monotonic() - began < 7
    for each in (*crowd, one_more):
        each.close()


def test_a_head_without_end_is_not_kept(seen: Village) -> None:
    with socket.create_connection(("127.0.0.1", seen.office_port), 5) as flood:
        flood.settimeout(5)

        def shown_out() -> bool:
            try:
                flood.sendall(b"x" * 4096)
                return False
            except OSError:
                return True

        until("it is shown out", shown_out, 4)


def test_a_port_that_is_taken_costs_the_page_and_nothing_else() -> None:
    with village() as made, socket.socket() as squatter:
        squatter.bind(("127.0.0.1", 0))
        squatter.listen()
        taken = squatter.getsockname()[1]
        made.gateway.end()
        made.config.write_text(made.config.read_text().replace(f"port = {made.office_port}\n", f"port = {taken}\n"))
        made.gateway.start()
        made.gateway.says("no page at")
        button = made.device("butt7")
        button.is_received(button.press())


def test_without_the_table_nothing_listens() -> None:
    with village() as made:
        made.gateway.end()
        made.config.write_text(made.config.read_text().partition("[http]")[0])
        sessions = made.gateway.said("gateway-alarms: session with the broker\n")
        made.gateway.start()
        until("it runs", lambda: made.gateway.said("gateway-alarms: session with the broker\n") > sessions)
        with socket.socket() as visitor:
            assert visitor.connect_ex(("127.0.0.1", made.office_port)) != 0
