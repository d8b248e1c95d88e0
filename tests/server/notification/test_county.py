"""The county as it runs: the server, a worker beside it, a village's gateway, a person's browser and a provider's
callbacks, by HTTP."""

import asyncio
import os
import re
import secrets
import signal
import socketserver
import threading
import time
from collections.abc import Callable, Iterator
from email import message_from_bytes
from email.header import decode_header, make_header
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest
from heartlamp_protocol.downlink import BroadcastCommand, CallCommand
from heartlamp_server import config
from heartlamp_server.database.pool import Database
from heartlamp_server.device.vault import read_key
from heartlamp_server.notification import store
from heartlamp_server.notification.callbacks import Callbacks
from heartlamp_server.notification.channels.channel import Failed, Message
from heartlamp_server.notification.channels.mail import Mail, Server
from heartlamp_server.notification.links import Signer, link_key
from heartlamp_server.notification.model import Wanted, Way
from heartlamp_server.notification.settings import open_channels
from heartlamp_server.notification.texts import Texts
from starlette.applications import Starlette

from tests.gateway.rig.waiting import until
from tests.server.county import County, Operator, Village
from tests.server.notification import providers
from tests.server.notification.outbox import FIELDS, opened
from tests.server.notification.providers import Provider
from tests.server.notification.telephone import CALLBACK, telephone

SEEN = """callback_sources = ["127.0.0.0/8"]
link = "https://county.example"
"""
ODD = """
[notification.village]
kind = "village-voice"

[notification.fax]
kind = "fax"
"""
GRID = "+8613800000002"


@pytest.fixture(scope="module")
def provider() -> Iterator[Provider]:
    with providers.aliyun().listening() as provider:
        yield provider


@pytest.fixture(scope="module")
def county(
    new_database: Callable[[], str], tmp_path_factory: pytest.TempPathFactory, provider: Provider
) -> Iterator[County]:
    county = County(tmp_path_factory.mktemp("county"), new_database())
    county.make()
    telephone(county, provider, {"alarm.zh": "TTS_1", "test.zh": "TTS_2", "thanks.zh": "TTS_9"}, SEEN, ODD)
    county.start()
    yield county
    county.stop()


@pytest.fixture(scope="module")
def operator(county: County) -> Operator:
    return county.account()


def ask(county: County, *ways: Way, **other: object) -> int:
    settings = config.read(county.config)
    ways_out = open_channels(settings.notification, settings.folder, Database(""))
    fields: dict[str, object] = {
        "incident": f"keya1-{secrets.token_hex(8)}", "version": 3, "step": 1, "target": "grid1", "kind": "alarm",
        "fields": FIELDS, "ways": ways,
    }  # fmt: skip

    async def work() -> int:
        traits = ways_out.traits()
        wanted = Wanted(**(fields | other))  # type: ignore[arg-type]
        async with (
            opened(county.conninfo, ways_out.channels) as outbox,
            outbox.database.connection() as conn,
            conn.transaction(),
        ):
            [id] = await store.ask(conn, wanted, traits, await store.now(conn))
        return id

    return asyncio.run(work())


def state(county: County, id: int, wanted: str) -> str:
    """Waits until it is so, by the database's own word."""
    with psycopg.connect(county.conninfo, autocommit=True) as conn:
        conn.execute("LISTEN heartlamp_notification")
        deadline = time.monotonic() + 20
        while True:
            row = conn.execute("SELECT state FROM notification WHERE id = %s", (id,)).fetchone()
            assert row is not None
            if row[0] == wanted or time.monotonic() > deadline:
                return str(row[0])
            for _ in conn.notifies(timeout=0.5, stop_after=1):
                pass


def answers(county: County, id: int) -> list[tuple[str, str]]:
    return county.sql(
        "SELECT value->>'said', value->>'proof' FROM notification_said s JOIN notification n ON n.key = value->>'key'"
        " WHERE s.what = 'answered' AND n.id = %s ORDER BY s.id",
        id,
    )


# --- the process that sends -----------------------------------------------------------------------------------------


@pytest.mark.prove
def test_the_server_keeps_a_process_that_sends(county: County) -> None:
    """Killed, it comes again; and it does not outlive a server that is killed."""

    def sender(after: int = 0) -> int:
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            found = re.findall(r"messages are sent by process (\d+)", "".join(county.said))
            if len(found) > after:
                return int(found[-1])
            threading.Event().wait(0.1)
        raise AssertionError("".join(county.said))

    first = sender()
    id = ask(county, Way("voice", GRID))
    assert state(county, id, "sent") == "sent"
    os.kill(first, signal.SIGKILL)
    second = sender(after=1)
    assert second != first
    id = ask(county, Way("voice", GRID))
    assert state(county, id, "sent") == "sent"
    county.kill()
    deadline = time.monotonic() + 15
    while Path(f"/proc/{second}/stat").exists() and time.monotonic() < deadline:
        if Path(f"/proc/{second}/stat").read_text().rpartition(")")[2].split()[0] == "Z":
            break
        threading.Event().wait(0.1)
    else:
        assert not Path(f"/proc/{second}").exists()
    county.start()


# --- what comes in from providers -----------------------------------------------------------------------------------


def test_a_key_pressed_in_a_call_comes_back_by_the_callback(county: County, provider: Provider) -> None:
    id = ask(county, Way("voice", GRID))
    assert state(county, id, "sent") == "sent"
    [(call,)] = county.sql("SELECT provider_id FROM notification_attempt WHERE notification = %s", id)
    report = [{"call_id": call, "ring_time": "2026-07-01 10:00:00", "start_time": "2026-07-01 10:00:05",
               "end_time": "2026-07-01 10:00:09", "status_code": "200000", "dtmf": "2"}]  # fmt: skip
    for path in (f"/notify/{'d' * 48}/voice", f"/notify/{CALLBACK}/fax", f"/notify/{CALLBACK}/nothing"):
        assert httpx.post(county.console + path, json=report).status_code == 404
    for bad in (b"{", b"[1]", b'[{"call_id":{}}, null]'):
        assert httpx.post(f"{county.console}/notify/{CALLBACK}/voice", content=bad).status_code == 400
    assert state(county, id, "sent") == "sent"
    reply = httpx.post(f"{county.console}/notify/{CALLBACK}/voice", json=report)
    assert (reply.status_code, reply.json()["code"]) == (200, 0)
    assert state(county, id, "answered") == "answered"
    assert answers(county, id) == [("cannot", f"aliyun-voice {call}: 2")]


def test_a_callback_from_elsewhere_is_refused(county: County) -> None:
    settings, database = config.read(county.config), Database("")
    opened = open_channels(settings.notification, settings.folder, database)
    app = Starlette(routes=Callbacks(database, opened, Texts(), None).routes())
    path = f"/notify/{CALLBACK}/voice"

    async def status(source: str) -> int:
        transport = httpx.ASGITransport(app=app, client=(source, 5))
        async with httpx.AsyncClient(transport=transport, base_url="http://county") as client:
            return (await client.post(path, json=[])).status_code

    assert asyncio.run(status("203.0.113.9")) == 404
    assert asyncio.run(status("127.0.0.5")) == 200


def told_to_grid(line: Any) -> bool:
    """Not what escalation told the county's operators of the same call."""
    return bool(line["kind"] == "told" and line["detail"]["who"] == "grid1")


def test_what_became_of_a_message_is_on_its_incidents_timeline(county: County, operator: Operator) -> None:
    village = county.village()
    press = village.keys[0].press()
    village.send(press)
    id = ask(county, Way("voice", GRID), incident=press.id)
    assert state(county, id, "sent") == "sent"
    feed = operator.feed(operator.get("incidents")["cursor"])
    lines = [line for line in operator.get(f"incidents/{press.id}")["timeline"] if told_to_grid(line)]
    while len(lines) < 2:  # it is handed over beside the sending
        feed.next(lambda event: event.kind == "ping")
        lines = [line for line in operator.get(f"incidents/{press.id}")["timeline"] if told_to_grid(line)]
    assert [(line["text_zh"], line["text_en"]) for line in lines] == [
        ("通知grid1（打电话给 …0002）：待发。", "grid1 by telephone to …0002: waits to be sent."),
        ("通知grid1（打电话给 …0002）：已发出。", "grid1 by telephone to …0002: sent."),
    ]
    assert operator.card(press.id)["answer"] == "none"


# --- links ----------------------------------------------------------------------------------------------------------


def test_a_signed_link_is_answered_by_a_button_and_not_by_looking_at_it(county: County) -> None:
    id = ask(county, Way("voice", GRID))
    assert state(county, id, "sent") == "sent"
    link = Signer(county.console, link_key(read_key(county.folder / "secret.key"))).link(id)
    page = httpx.get(link)
    assert (page.status_code, "柳树村 三组 7号：求救" in page.text) == (200, True)
    assert re.findall(r'value="(\w+)"', page.text) == ["coming", "cannot"]
    assert "default-src 'none'" in page.headers["content-security-policy"]
    assert answers(county, id) == []  # a chat's preview looks at links too
    assert httpx.post(link, data={"said": "maybe"}).status_code == 200
    assert answers(county, id) == []
    done = httpx.post(link, data={"said": "coming"})
    assert (done.status_code, "已记下" in done.text) == (200, True)
    assert answers(county, id) == [("coming", "link")]
    assert httpx.post(link[:-1] + ("0" if link[-1] != "0" else "1"), data={"said": "cannot"}).status_code == 404
    county.sql("UPDATE notification SET sent_at = sent_at - interval '25 hours' WHERE id = %s", id)
    assert httpx.post(link, data={"said": "cannot"}).status_code == 410
    assert answers(county, id) == [("coming", "link")]


# --- in the console -------------------------------------------------------------------------------------------------


def test_a_notice_is_on_its_persons_screen_and_on_nobody_elses(county: County, operator: Operator) -> None:
    other = county.account()
    cursor = operator.get("incidents")["cursor"]
    feed = operator.feed(cursor)
    id = ask(county, Way("app", operator.name), drill=True)
    assert feed.next(lambda event: event.kind == "told").data == {"to": operator.name}
    assert state(county, id, "sent") == "sent"
    [notice] = [n for n in operator.get("notices")["notices"] if n["id"] == id]
    assert (notice["answerable"], notice["drill"]) == (True, True)
    assert notice["text_zh"].startswith("演练")
    assert notice["text_en"].startswith("This is a drill")
    assert other.get("notices")["notices"] == []
    assert other.http.post(f"/api/notices/{id}/seen").status_code == 404
    assert operator.http.post(f"/api/notices/{id}/seen").status_code == 204
    assert state(county, id, "seen") == "seen"
    assert operator.http.post(f"/api/notices/{id}/answer", json={"said": "coming"}).status_code == 204
    assert answers(county, id) == [("coming", f"console: {operator.name}")]
    assert httpx.get(f"{county.console}/api/notices").status_code == 401


def test_the_channels_and_their_faults_are_shown(county: County, operator: Operator) -> None:
    id = ask(county, Way("fax", "1"))
    assert state(county, id, "failed") == "failed"
    found = {c["name"]: c for c in operator.get("notification/channels")["channels"]}
    assert (found["voice"]["wakes"], found["voice"]["set_up"], found["app"]["wakes"]) == (True, True, False)
    assert (found["fax"]["set_up"], "kind is one of" in found["fax"]["fault"]) == (False, True)


@pytest.mark.prove
def test_a_desk_whose_feed_nobody_follows_is_a_fault_until_somebody_does(own_county: County) -> None:
    operator = own_county.account()

    def app() -> dict[str, Any]:
        found: dict[str, Any] = {c["name"]: c for c in operator.get("notification/channels")["channels"]}["app"]
        return found

    found = app()
    assert (found["seats"]["feeds"], found["seats"]["posts"] >= found["seats"]["staffed"] >= 1) == (0, True)
    assert "no screen follows the feed" in found["fault"]
    assert "reload the desk" in found["do"]
    operator.feed(operator.get("incidents")["cursor"])
    until("it is followed", lambda: app()["seats"]["feeds"] == 1, 60)
    assert "no screen follows" not in app()["fault"]


# --- the village's own modem ----------------------------------------------------------------------------------------


def test_a_call_by_the_villages_modem_goes_down_once_and_its_end_comes_up(county: County) -> None:
    village, other = county.village(), county.village()
    stream = village.down()
    id = ask(county, Way("village", f"{GRID}@{village.gateway}"))
    event = stream.next(lambda e: e.kind == "command" and e.data["kind"] == "call")
    call = CallCommand.from_fields(event.data)
    assert (call.id, call.channel, call.address, call.what, call.place) == (str(id), "voice", GRID, "panic", "三组 7号")
    assert 0 < event.data["not_after_ms"] <= 300_000
    assert state(county, id, "sent") == "sent"
    other.send_items([], [other.note(1, "", "ordered", f"{id} coming")])  # another village's gateway lies
    for n, said in enumerate((f"{id} rang", f"{id} coming")):
        assert [v.verdict for v in village.send_items([], [village.note(n, "", "ordered", said)])] == ["received"]
    assert state(county, id, "answered") == "answered"
    assert answers(county, id) == [("coming", f"village {id}: 1")]
    gone = ask(county, Way("village", f"{GRID}@gwnobody"))
    assert state(county, gone, "failed") == "failed"
    offline = ask(county, Way("village", f"{GRID}@{village.gateway}"), kind="offline")  # it would sound like an alarm
    assert state(county, offline, "failed") == "failed"


# --- broadcasts -----------------------------------------------------------------------------------------------------


def area(county: County, village: Village) -> int:
    [(found,)] = county.sql("SELECT village FROM gateway WHERE id = %s", village.gateway)
    return int(found)


def test_a_broadcast_is_prepared_read_again_and_confirmed(county: County, operator: Operator) -> None:
    village = county.village()
    stream = village.down()
    said = {"village": area(county, village), "text": "山洪预警，请马上到学校集合。", "times": 2}
    prepared = operator.http.post("/api/broadcasts", json=said)
    assert prepared.status_code == 201
    told = prepared.json()
    assert (told["village"], told["gateways"], told["confirm_within_s"]) == (village.name, [village.gateway], 60)
    assert county.sql("SELECT 1 FROM command WHERE gateway = %s AND kind = 'broadcast'", village.gateway) == []
    other = county.account()
    assert other.http.post(f"/api/broadcasts/{told['id']}/confirm").status_code == 409  # what another one prepared
    confirmed = operator.http.post(f"/api/broadcasts/{told['id']}/confirm")
    assert (confirmed.status_code, confirmed.json()["gateways"]) == (200, [village.gateway])
    event = stream.next(lambda e: e.kind == "command" and e.data["kind"] == "broadcast")
    command = BroadcastCommand.from_fields(event.data)
    assert (command.text, command.times, command.drill) == ("山洪预警，请马上到学校集合。", 2, 0)
    assert 0 < event.data["not_after_ms"] <= 600_000
    again = operator.http.post(f"/api/broadcasts/{told['id']}/confirm")
    assert (again.status_code, "已经播出" in again.json()["error"]) == (409, True)
    notes = [village.note(1, "", "ordered", f"{command.id} done"), village.note(2, "", "ordered", "b00 done")]
    village.send_items([], notes)
    [line] = operator.get("broadcasts", village=said["village"])["broadcasts"]
    assert [(h["gateway"], h["state"]) for h in line["heard"]] == [(village.gateway, "done")]
    assert (line["by"], line["confirmed_at"] is not None) == ("值班员", True)


def test_a_broadcast_that_is_not_confirmed_in_time_is_not_said(county: County, operator: Operator) -> None:
    village = county.village()
    said = {"village": area(county, village), "clip": "evacuate"}
    id = operator.http.post("/api/broadcasts", json=said).json()["id"]
    county.sql("UPDATE broadcast SET prepared_at = prepared_at - interval '61 s' WHERE id = %s", id)
    late = operator.http.post(f"/api/broadcasts/{id}/confirm")
    assert (late.status_code, "60 s" in late.json()["error"]) == (409, True)
    assert county.sql("SELECT 1 FROM command WHERE gateway = %s AND kind = 'broadcast'", village.gateway) == []


def test_a_broadcast_that_makes_no_sense_is_refused(county: County, operator: Operator) -> None:
    here = area(county, county.village())
    wrong: list[tuple[dict[str, Any], int]] = [
        ({"text": ""}, 422),
        ({"text": "x" * 201}, 422),
        ({"text": "x", "times": 99}, 422),
        ({"village": 10**9, "text": "x"}, 404),
    ]
    for said, status in wrong:
        assert operator.http.post("/api/broadcasts", json={"village": here, **said}).status_code == status


# --- at the command line ----------------------------------------------------------------------------------------------


def test_an_administrator_sees_what_is_set_up_and_what_is_wrong(county: County) -> None:
    done = county.cli("notify", "channels", "--config", county.config, check=False)
    assert done.returncode == 1
    lines = done.stdout.splitlines()
    assert [" ".join(line.split()) for line in lines[:3]] == ["app wakes nobody", "village rings", "voice rings"]
    assert lines[3].startswith("fax ")
    assert "does not work: kind is one of" in lines[3]


def test_a_test_call_is_made_and_its_answer_proves_the_number(county: County) -> None:
    done = county.cli("notify", "test", "voice", GRID, "--config", county.config)
    assert re.fullmatch(r"the provider took it as call\d+\^1\n", done.stdout)
    [(id, call)] = county.sql(
        "SELECT n.id, provider_id FROM notification n JOIN notification_attempt a ON a.notification = n.id"
        " WHERE kind = 'test' ORDER BY n.id DESC LIMIT 1"
    )
    report = [{"call_id": call, "start_time": "2026-07-01 10:00:05", "status_code": "200000", "dtmf": "1"}]
    assert httpx.post(f"{county.console}/notify/{CALLBACK}/voice", json=report).status_code == 200
    assert state(county, id, "answered") == "answered"
    assert county.sql("SELECT value->>'address' FROM notification_said WHERE what = 'proven'") == [(GRID,)]


def test_a_test_that_fails_says_why_and_what_to_do(county: County) -> None:
    def said(*words: str) -> str:
        done = county.cli("notify", "test", *words, "--config", county.config, check=False)
        assert done.returncode == 1
        return done.stderr

    assert "fax does not work: kind is one of" in said("fax", "1")
    assert "server.toml has no [notification.pigeon]" in said("pigeon", "1")
    assert 'server.toml has no template "test.xx"' not in said("village", "+86138@gwnobody")
    assert "there is no gateway gwnobody\nthis address does not do: correct it" in said("village", "+86138@gwnobody")


# --- mail ------------------------------------------------------------------------------------------------------------


class PostOffice:
    """A small SMTP server. `refuses`: an answer to RCPT."""

    def __init__(self, refuses: str = "") -> None:
        it = self
        self.mails: list[str] = []

        class Handler(socketserver.StreamRequestHandler):
            def handle(self) -> None:
                def say(line: str) -> None:
                    self.wfile.write(f"{line}\r\n".encode())

                say("220 post.example ESMTP")
                while line := self.rfile.readline().decode():
                    word = line.split()[0].upper() if line.split() else ""
                    if word == "EHLO":
                        say("250-post.example\r\n250 8BITMIME")
                    elif word == "RCPT" and refuses:
                        say(refuses)
                    elif word == "DATA":
                        say("354 go on")
                        text = ""
                        while (part := self.rfile.readline().decode()) != ".\r\n":
                            text += part
                        it.mails.append(text)
                        say("250 taken")
                    elif word == "QUIT":
                        say("221 bye")
                        return
                    else:
                        say("250 ok")

        self._server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.port = self._server.server_address[1]
        threading.Thread(target=lambda: self._server.serve_forever(0.05), daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.mark.parametrize(
    ("refuses", "what"), [("", ""), ("550 no such mailbox", "elsewhere"), ("451 come again", "again")]
)
def test_mail_is_sent_by_smtp(refuses: str, what: str) -> None:
    office = PostOffice(refuses)
    mail = Mail(Server("127.0.0.1", office.port, "none", "", "", "heartlamp@county.example"))
    message = Message("8812", "k", "duty@county.example", "zh", "alarm", {}, "报警：柳树村", "", "", "柳树村：求救。")
    try:
        if what:
            with pytest.raises(Failed) as failed:
                asyncio.run(mail.send(message))
            assert failed.value.what == what
            return
        asyncio.run(mail.send(message))
    finally:
        office.close()
    [text] = office.mails
    got = message_from_bytes(text.encode())
    assert str(make_header(decode_header(got["Subject"]))) == "报警：柳树村"
    assert got["Message-ID"] == "<heartlamp-8812@county.example>"
    body = got.get_payload(decode=True)
    assert isinstance(body, bytes)
    assert "柳树村：求救。" in body.decode()
