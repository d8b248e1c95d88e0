"""The county's log: an object a line for machines, with the event's id; and no alarm waits for who reads it."""

import json
import logging
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from heartlamp_server import logs

from tests.server.county import County


def test_an_event_is_found_by_its_id(tmp_path: Path, new_database: Callable[[], str]) -> None:
    county = County(tmp_path, new_database())
    county.make()
    county.start(after=("--log", "json"))
    village = county.village()
    press = village.keys[0].press()
    village.send(press)
    county.stop()
    lines = [json.loads(line) for line in county.said if line.startswith("{")]
    (told,) = [line for line in lines if press.id in line.get("events", "").split()]
    assert (told["gateway"], told["level"], told["part"]) == (village.gateway, "info", "ingest")
    assert press.id in told["message"]


def test_a_log_that_nobody_takes_away_holds_up_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logs, "WAIT_MOST", 10)
    stuck, written = threading.Event(), []

    def write(line: str) -> None:
        stuck.wait(10)
        written.append(line)

    handler = logs.Beside(write)
    began = time.monotonic()
    for n in range(1000):
        handler.emit(logging.LogRecord("heartlamp", logging.INFO, "", 0, "%d", (n,), None))
    assert time.monotonic() - began < 5
    stuck.set()
    handler.wait(10)
    assert "lines before this one were dropped" in "".join(written)
    assert len(written) <= 12
