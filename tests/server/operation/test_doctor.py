"""What the doctor says of what it finds; and that it finds what a real county is like."""

import subprocess
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from heartlamp_server.notification.seats import Seats
from heartlamp_server.operation.doctor import BAD, LOOK, WELL, Facts, Room, Waiting, code, findings

from tests.server.county import PROGRAM, County

NOW = datetime(2026, 3, 1, 8, tzinfo=UTC)
GB = 10**9
WELL_ALL = Facts(
    ours=NOW,
    theirs=NOW,
    certificates=(("the county's CA", NOW + timedelta(days=4000)),),
    synchronised=True,
    rooms=(Room("/county", 50 * GB, 100 * GB),),
    beats=(("county", "c1", NOW - timedelta(seconds=9)), ("messages", "c1", NOW - timedelta(seconds=3))),
    messages=True,
    waiting=(Waiting("a message in the outbox", None, ""),),
    numbers=(4, 4),
    backup=NOW - timedelta(hours=20),
    gateways=(3, ()),
    seats=Seats(2, 3, 1, None),
)


def test_where_all_is_well_nothing_is_to_be_done() -> None:
    found = findings(WELL_ALL)
    assert {f.level for f in found} == {WELL}
    assert not any(f.do for f in found)
    assert code(found) == 0


@pytest.mark.parametrize(
    ("wrong", "about", "level"),
    [
        ({"open_files": (("/county/secret.key", 0o644),)}, "keys", LOOK),
        ({"certificates": (("the console's certificate", NOW + timedelta(days=3)),)}, "certificate", LOOK),
        ({"certificates": (("the console's certificate", NOW - timedelta(days=3)),)}, "certificate", LOOK),
        ({"theirs": NOW + timedelta(seconds=9)}, "clock", LOOK),
        ({"synchronised": False}, "clock", LOOK),
        ({"rooms": (Room("/county", 3 * GB, 100 * GB),)}, "disk", LOOK),
        ({"rooms": (Room("/county", GB // 2, 100 * GB),)}, "disk", BAD),
        ({"beats": (("messages", "c1", NOW),)}, "process", BAD),
        ({"beats": (("county", "c1", NOW), ("messages", "c1", NOW - timedelta(minutes=2)))}, "process", BAD),
        ({"messages": False}, "messages", LOOK),
        ({"waiting": (Waiting("a message", NOW - timedelta(minutes=9), "look"),)}, "work", BAD),
        ({"faults": {"voice": "no money"}}, "channel", BAD),
        ({"seats": Seats(0, 3, 0, None)}, "channel", LOOK),
        ({"seats": Seats(0, 3, 1, None)}, "channel", LOOK),
        ({"unstaffed": {"nights": "nobody"}}, "policy", BAD),
        ({"numbers": (4, 3)}, "numbers", LOOK),
        ({"gateways": (3, ("gw1",))}, "villages", LOOK),
        ({"backup": None}, "backup", LOOK),
        ({"backup": NOW - timedelta(days=3)}, "backup", LOOK),
        ({"backup": NOW - timedelta(days=30)}, "backup", BAD),
        ({"problems": ("村已不存在",)}, "re-zoning", LOOK),
        ({"twins": ("990101",)}, "areas", LOOK),
    ],
)
def test_each_thing_that_is_wrong_is_said_with_what_to_do(wrong: dict[str, object], about: str, level: str) -> None:
    found = findings(replace(WELL_ALL, **wrong))  # type: ignore[arg-type]
    bad = [f for f in found if f.level != WELL]
    assert [(f.about, f.level) for f in bad] == [(about, level)]
    assert all(f.do for f in bad)
    assert code(found) == (2 if level == BAD else 1)


def test_the_console_is_told_with_the_oldest_question_that_nobody_answered() -> None:
    found = findings(replace(WELL_ALL, seats=Seats(2, 3, 1, NOW - timedelta(minutes=2))))
    [said] = [f.said for f in found if f.about == "channel"]
    assert said.startswith("console: screens that follow: 2; posts staffed: 1 of 3; ")
    assert said.endswith("the oldest “are you there” is unanswered for 2 min")


def test_a_call_within_the_last_two_minutes_is_not_late() -> None:
    waiting = (Waiting("a message", NOW - timedelta(seconds=100), "look"),)
    assert code(findings(replace(WELL_ALL, waiting=waiting))) == 0


def doctor(county: County) -> "subprocess.CompletedProcess[str]":
    words: list[str | Path] = [PROGRAM, "doctor", "--config", county.config]
    return subprocess.run(words, capture_output=True, text=True, timeout=120, check=False)


def test_a_real_county_is_looked_at(new_database: Callable[[], str], tmp_path: Path) -> None:
    county = County(tmp_path, new_database())
    county.make()
    before = doctor(county)
    assert before.returncode == 2
    assert "none does `heartlamp-server run`" in before.stdout
    county.start()
    village = county.village()
    running = doctor(county)
    assert running.returncode == 1, running.stdout
    assert "county: 1 on" in running.stdout
    assert f"1 of 1 gateways are silent: {village.gateway}" in running.stdout
    assert "server.toml has no [notification]" in running.stdout
    desk = county.account()
    assert "posts that count as staffed: 1, and no screen follows the feed" in doctor(county).stdout
    desk.feed(desk.get("incidents")["cursor"])
    for _ in range(60):  # it says so with its next beat
        if county.sql("SELECT 1 FROM process WHERE feeds = 1"):
            break
        time.sleep(0.5)
    assert "console: screens that follow: 1; posts staffed: 1 of 1" in doctor(county).stdout
    county.stop()
    (tmp_path / "secret.key").write_text("short")
    assert doctor(county).returncode == 2
