"""Another system is told by webhook: signed, in order, again until it has it, and never into a network that nobody
allowed."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from queue import Queue
from typing import Any

import pytest
from heartlamp_server import config
from heartlamp_server.config import ConfigError
from heartlamp_server.interop import hook
from heartlamp_server.interop.hook import CLOSED, EVENTS, STATES, further, may_call, news
from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks import Webhook

from tests.server.county import WAIT_SECONDS, County, Operator
from tests.server.interop.test_sources import area_of


class Receiver(ThreadingHTTPServer):
    """Another system. `answers`: the statuses of the next requests; then 204."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.got: Queue[tuple[dict[str, str], bytes]] = Queue()
        self.answers: list[int] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/hook"

    def next(self, *secrets: str) -> Any:
        """What it is told next; every one of the secrets must have signed it."""
        headers, body = self.got.get(timeout=WAIT_SECONDS)
        for secret in secrets:
            Webhook(secret).verify(body, headers)
        return json.loads(body) | {"id": headers["webhook-id"]}


class _Handler(BaseHTTPRequestHandler):
    server: Receiver

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.got.put(({k.lower(): v for k, v in self.headers.items()}, body))
        self.send_response(self.server.answers.pop(0) if self.server.answers else 204)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


@pytest.fixture(scope="module")
def county(new_database: Callable[[], str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[County]:
    """A closed network that other systems are in."""
    county = County(tmp_path_factory.mktemp("hooks"), new_database())
    county.make()
    with county.config.open("a") as file:
        file.write('\n[webhooks]\nallow = ["127.0.0.0/8"]\n')
    county.start()
    yield county
    county.stop()


@pytest.fixture(scope="module")
def administrator(county: County) -> Operator:
    return county.more_than("administrator")


def subscribe(administrator: Operator, url: str, area: int, **more: Any) -> dict[str, Any]:
    reply = administrator.http.post("/api/hooks", json={"url": url, "areas": [area], **more})
    assert reply.status_code == 201, reply.text
    made: dict[str, Any] = reply.json()
    return made


def listed(administrator: Operator, id: int) -> dict[str, Any]:
    found: dict[str, Any] = next(h for h in administrator.get("hooks")["hooks"] if h["id"] == id)
    return found


def until(so: Callable[[], bool]) -> None:
    """What the county writes down after the other side has its answer."""
    deadline = time.monotonic() + WAIT_SECONDS
    while not so():
        assert time.monotonic() < deadline
        time.sleep(0.05)


# --- what is told ---------------------------------------------------------------------------------------------------


def test_another_system_is_told_from_the_press_to_the_close(
    county: County, administrator: Operator, receiver: Receiver
) -> None:
    village, other = county.village(), county.village()
    made = subscribe(administrator, receiver.url, area_of(village))
    press = village.keys[0].press("fire")
    other.send(other.keys[0].press("fire"))
    village.send(village.lamps[0].press("silent"), press)
    opened = receiver.next(made["secret"])
    assert (opened["type"], opened["data"]["incident"], opened["data"]["what"]) == (
        "incident.opened",
        press.id,
        "fire",
    )
    administrator.say(press.id, "accepted")
    assert receiver.next(made["secret"])["type"] == "incident.accepted"
    administrator.say(press.id, "coming", who="网格员")
    administrator.say(press.id, "arrived", who="网格员")
    arrived = receiver.next(made["secret"])
    assert arrived["type"] == "incident.arrived", "who comes after somebody accepted is no news"
    assert "网格员" not in json.dumps(arrived, ensure_ascii=False)
    administrator.say(press.id, "closed", how="arrived")
    assert receiver.next(made["secret"])["type"] == "incident.closed"
    assert receiver.got.empty(), "nothing of the silent one, nothing of the other village"


def test_only_what_it_subscribed_to(county: County, administrator: Operator, receiver: Receiver) -> None:
    village = county.village()
    subscribe(administrator, receiver.url, area_of(village), whats=["gas"], events=["incident.closed"])
    fire, gas = village.keys[0].press("fire"), village.keys[0].press("gas")
    village.send(fire, gas)
    for incident in (fire, gas):
        administrator.say(incident.id, "closed", how="spoke_to")
    told = receiver.next()
    assert (told["type"], told["data"]["incident"]) == ("incident.closed", gas.id)
    assert receiver.got.empty()


def test_what_fails_is_told_again_under_the_same_id_and_in_order(
    county: County, administrator: Operator, receiver: Receiver
) -> None:
    village = county.village()
    receiver.answers = [503, 302]
    made = subscribe(administrator, receiver.url, area_of(village))
    press = village.keys[0].press("fire")
    village.send(press)
    administrator.say(press.id, "accepted")
    first = receiver.next(made["secret"])
    county.sql("UPDATE hook_delivery SET due_at = clock_timestamp() WHERE hook = %s AND attempts > 0", made["id"])
    second = receiver.next(made["secret"])
    assert (second["id"], second["type"]) == (first["id"], "incident.opened")
    until(lambda: listed(administrator, made["id"])["why"] == "the other side answered 302")
    assert listed(administrator, made["id"])["waiting"] == 2
    county.sql("UPDATE hook_delivery SET due_at = clock_timestamp() WHERE hook = %s AND attempts > 0", made["id"])
    assert receiver.next(made["secret"])["id"] == first["id"]
    assert receiver.next(made["secret"])["type"] == "incident.accepted"


def test_for_a_day_both_secrets_sign(county: County, administrator: Operator, receiver: Receiver) -> None:
    village = county.village()
    made = subscribe(administrator, receiver.url, area_of(village))
    rotated = administrator.http.post(f"/api/hooks/{made['id']}/rotate").json()
    assert rotated["secret"] != made["secret"]
    village.send(village.keys[0].press("fire"))
    receiver.next(made["secret"], rotated["secret"])
    county.sql("UPDATE hook SET rotated_at = rotated_at - interval '25 hours' WHERE id = %s", made["id"])
    village.send(village.keys[0].press("gas"))
    headers, body = receiver.got.get(timeout=WAIT_SECONDS)
    Webhook(rotated["secret"]).verify(body, headers)
    assert len(headers["webhook-signature"].split()) == 1


def test_who_is_gone_is_told_no_more(county: County, administrator: Operator, receiver: Receiver) -> None:
    village = county.village()
    receiver.answers = [410]
    made = subscribe(administrator, receiver.url, area_of(village))
    village.send(village.keys[0].press("fire"))
    receiver.next(made["secret"])
    until(lambda: listed(administrator, made["id"])["ended_at"] is not None)
    assert "410" in listed(administrator, made["id"])["why"]


@pytest.mark.parametrize("url", ["ftp://x.example/", "https://", "https://a:b@x.example/", "https://x.example:99999/"])
def test_what_is_no_address_is_refused(county: County, administrator: Operator, url: str) -> None:
    village = county.village()
    reply = administrator.http.post("/api/hooks", json={"url": url, "areas": [area_of(village)]})
    assert reply.status_code == 422, reply.text


# --- the rules ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "address",
    ["127.0.0.1", "10.0.0.1", "192.168.1.1", "172.16.0.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "::1", "fe80::1",
     "fc00::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "64:ff9b::7f00:1", "2002:7f00:1::", "224.0.0.1", "fe80::1%eth0"],
)  # fmt: skip
def test_nobody_reaches_what_is_inside_through_us(address: str) -> None:
    assert not may_call(address, ())


def test_what_the_county_allowed_and_the_internet_may_be_called() -> None:
    assert may_call("8.8.8.8", ())
    assert may_call("2400:3200::1", ())
    assert may_call("10.20.1.1", ("10.20.0.0/16",))
    assert may_call("::ffff:10.20.1.1", ("10.20.0.0/16",))
    assert not may_call("10.21.1.1", ("10.20.0.0/16", "fd00::/8"))


def test_a_network_that_is_none_is_refused(county: County, tmp_path: Path) -> None:
    file = tmp_path / "server.toml"
    file.write_text(county.config.read_text().replace('"127.0.0.0/8"', '"10.20.0.1/16"'))
    with pytest.raises(ConfigError, match="host bits"):
        config.read(file)


@given(st.lists(st.sampled_from(STATES), max_size=12))
def test_each_step_is_told_once_until_it_is_opened_again(states: list[str]) -> None:
    before, told = "", list[str]()
    for now in states:
        told += news(before, now)
        before = further(before, now)
    rounds: list[list[str]] = []
    for event in told:
        if event == "incident.opened":
            rounds.append([])
        rounds[-1].append(event)
    for one in rounds:
        assert one == sorted(set(one), key=EVENTS.index), "in order, and each once"
    assert (before == CLOSED) == bool(states and states[-1] == CLOSED)


def test_it_waits_longer_each_time_and_never_more_than_an_hour() -> None:
    waits = [hook.again(n).total_seconds() for n in range(1, 40)]
    assert waits == sorted(waits)
    assert (waits[0], waits[-1]) == (5, 3600)
