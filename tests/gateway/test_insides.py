"""What the gateway knows of its own parts, for the page, the metrics and `status`."""

import json
import threading
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from heartlamp_gateway.config import read_config
from heartlamp_gateway.insides import TOLD, Insides, Told
from heartlamp_gateway.outputs.opening import Opened
from heartlamp_gateway.rules.health import ABSENT, FAULT, OK, WARN, Health
from heartlamp_gateway.rules.model import EMPTY
from heartlamp_gateway.supervision import certificate, outputs
from heartlamp_gateway.supervision.box import Box
from heartlamp_gateway.supervision.watch import Watch
from heartlamp_gateway.windows import view
from heartlamp_gateway.windows.view import Trouble

from tests.gateway.test_status import CONFIG

PARTS = f"""
[[speaker]]
name = "村口"
kind = "command"
command = ["true", "{{file}}"]
check_command = ["true", "{{file}}"]
[[speaker]]
name = "北坡"
kind = "command"
command = ["true", "{{file}}"]
check_command = ["false"]
[modem]
[modem.sim]
payer = "村委会"
balance = 0
expires = {date.today() + timedelta(days=3)}
"""


@pytest.fixture
def insides(tmp_path: Path) -> Insides:
    (tmp_path / "gateway.toml").write_text(CONFIG + PARTS)
    config = read_config(tmp_path / "gateway.toml")
    opened = Opened(
        config, lambda: None, lambda _: True, lambda *_: None, lambda *_: False, threading.Event().wait, Watch()
    )
    for adapter in opened.adapters:
        if adapter.channel == "speaker":
            adapter.health()
    box = Box(
        {
            "ups": lambda: Health("ups", WARN, "停电", "Power is out."),
            "disk": lambda: Health("disk", OK, "好", "Fine."),
            "temperature": lambda: Health("temperature", ABSENT, "无", "None."),
            "county": lambda: Health("county", FAULT, "断", "Away."),
        },
        lambda seconds: True,
    )
    box.look()
    nothing: Any = None  # no pictures, no updates
    away = view.troubles(90_000, False, True, "ok")
    return Insides(box, outputs.checks(opened), nothing, lambda: away, lambda: EMPTY, lambda: None)


def test_each_trouble_is_said_once_in_its_language_and_all_of_the_card_together(insides: Insides) -> None:
    found = {trouble.code: trouble for trouble in insides.troubles()}
    assert list(found) == ["county", "ups", "speakers", "card"]
    assert found["county"].en.startswith("The county cannot be reached")  # in the view's words, after 90 s
    assert "北坡：检查不通过" in found["speakers"].zh
    assert "ended with" not in found["speakers"].zh
    assert "北坡: Its check false ended with 1" in found["speakers"].en
    assert "村口" not in found["speakers"].zh
    assert "ends on" in found["card"].en
    assert "balance on record is 0" in found["card"].en
    assert "余额" in found["card"].zh
    assert "balance" not in found["card"].zh


def test_a_part_that_this_box_has_not_is_not_listed(insides: Insides) -> None:
    assert insides.parts() == (("disk", "ok"), ("ups", "warn"))


def test_the_troubles_are_left_for_status_and_written_when_they_change(tmp_path: Path) -> None:
    now = [Trouble("ups", "停电", "Power is out.")]
    written: list[int] = []

    def pause(seconds: float) -> bool:
        written.append((tmp_path / TOLD).stat().st_ino)
        if len(written) == 2:
            now.clear()
        return len(written) == 3

    Told(tmp_path, lambda: list(now)).run(pause)
    assert written[0] == written[1] != written[2]
    assert json.loads((tmp_path / TOLD).read_text()) == []
    (tmp_path / TOLD).write_bytes(b"\xff\xfe")  # a card that gives back nonsense ends nothing
    Told(tmp_path, lambda: list(now)).run(lambda seconds: True)


def test_a_certificate_that_was_not_renewed_in_time_is_warned_of() -> None:
    day, now = 24 * 3600.0, 1_800_000_000.0
    assert certificate.judge(now + 31 * day, now).state == OK
    assert certificate.judge(now + 29 * day, now).state == WARN
    assert certificate.judge(now, now).state == FAULT
    assert certificate.judge(now, 1_000.0).state == ABSENT  # a box that wakes in 1970 warns of nothing
