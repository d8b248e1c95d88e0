"""Readings on their way up: how often, what of a backlog is kept, and that none of it costs an alarm anything."""

import random
from pathlib import Path

import apsw
import pytest
from heartlamp_gateway.disk.readings import MEMORY_ROWS, ReadingFile, Row
from heartlamp_gateway.notes import Notes
from heartlamp_gateway.rules import thinning
from heartlamp_gateway.rules.pace import AHEAD_MOST, AHEAD_MS, BURST, LEVEL_MAX, SPACING_MS, Pace, ahead, may, posted
from heartlamp_protocol.uplink import BATCH_ITEMS_MAX, QUIET_SECONDS

MINUTE = 60_000


def posts_of_an_hour(devices: int, took_ms: int = 50, status: int = 200) -> tuple[int, int]:
    """(posts, readings that wait in the end) of a village whose devices beat every 30 s; the county answers so."""
    pace, posts, waiting = Pace(since=0), 0, 0.0
    for second in range(3600):
        waiting += devices / 30
        now = second * 1000
        while waiting >= 1 and may(pace, now, waiting >= BATCH_ITEMS_MAX, urgent=False):
            posts += 1
            pace = posted(pace, now, took_ms, status)
            waiting -= min(waiting, BATCH_ITEMS_MAX) if status == 200 else 0
            if status != 200 or waiting < BATCH_ITEMS_MAX:
                break
    return posts, int(waiting)


def test_a_county_of_60_000_devices_is_a_few_requests_a_second() -> None:
    posts, waiting = posts_of_an_hour(300)
    villages = 60_000 / 300
    print(f"{posts} posts an hour for 300 devices, {posts * villages / 3600:.1f} a second for 60,000")
    assert posts * villages / 3600 <= 12
    assert waiting <= BATCH_ITEMS_MAX
    assert posts_of_an_hour(9)[0] <= 3600 / QUIET_SECONDS + BURST


def test_a_county_that_breathes_hard_is_asked_more_rarely_and_then_as_before() -> None:
    for took_ms, status in ((4_000, 200), (50, 429), (50, 503)):
        assert posts_of_an_hour(300, took_ms, status)[0] <= 20
    pace = Pace(since=0)
    for _ in range(20):
        pace = posted(pace, 0, 50, 503)
    assert pace.level == LEVEL_MAX
    now = 0
    assert not may(pace, now, full=True, urgent=False)
    while pace.level:
        now += 1000
        if may(pace, now, full=True, urgent=False):
            pace = posted(pace, now, 50, 200)
    assert now <= (SPACING_MS << LEVEL_MAX) * 2
    assert may(pace, now, full=True, urgent=False)


def test_what_people_wait_for_goes_at_once_and_a_quiet_village_is_told_at_once() -> None:
    pace = Pace(since=0)
    for _ in range(BURST):
        assert may(pace, 0, full=False, urgent=False)
        pace = posted(pace, 0, 50, 200)
    assert not may(pace, 1_000, full=False, urgent=False)
    assert not may(pace, 1_000, full=False, urgent=True)
    assert may(pace, 2_000, full=False, urgent=True)
    assert may(pace, SPACING_MS, full=False, urgent=False)


def test_a_backlog_fills_a_line_of_long_ways_and_never_a_thin_one() -> None:
    """An alarm that is pressed amid it stands behind what is on its way."""
    assert ahead(0) == ahead(20) == AHEAD_MOST
    for each_ms in (*range(1, 600, 7), 5_000):
        assert 1 <= ahead(each_ms) <= AHEAD_MOST
        assert (ahead(each_ms) - 1) * each_ms <= AHEAD_MS
    assert ahead(AHEAD_MS) == 2  # or one that waits for its answer would never be seen to be quicker in company


def test_the_same_values_are_one_series_whatever_their_order() -> None:
    assert thinning.series("reading", ["b", "a"]) == thinning.series("reading", ["a", "b"])
    assert len({thinning.series("reading", ["a"]), thinning.series("heartbeat", ["a"]), thinning.of_rubbish(b"a")}) == 3


def opened(path: Path, **limits: int) -> ReadingFile:
    file = ReadingFile(path / "readings.db", **limits)  # type: ignore[arg-type]
    file.open()
    return file


def frames(file: ReadingFile) -> list[bytes]:
    return [kept.item.frame for kept in file.oldest(1_000_000) if kept.item]


def test_a_backlog_keeps_the_newest_of_each_minute_and_of_heartbeats_the_newest(tmp_path: Path) -> None:
    seed = random.randrange(2**32)
    print(f"seed {seed}")
    dice = random.Random(seed)
    file = opened(tmp_path, rows_max=5_000)
    kept: dict[tuple[str, str, int], bytes] = {}
    at = 0
    for number in range(2_400):  # 40 % of it, so the last thinning kept one a minute
        at += dice.randrange(3_000)
        device = f"lamp{dice.randrange(5)}"
        kind = dice.choice(("heartbeat", "reading", "reading"))
        series = thinning.series(kind, [dice.choice(("temp_mc", "tilt_mdeg"))])
        frame = b"%d" % number
        file.add([("boot", at, device, f"{device}.1", series, frame)])
        kept[device, series, at // MINUTE if kind == "reading" else 0] = frame
    left = frames(file)
    assert set(kept.values()) <= set(left)  # what is newest of its minute never goes
    assert file.dropped == 0
    assert file.thinned > 0
    assert file.waiting == len(left) < 2_400
    assert left == sorted(left, key=int)


def test_as_it_fills_it_keeps_one_in_ten_minutes_and_drops_the_oldest_last(tmp_path: Path) -> None:
    file = opened(tmp_path, rows_max=1_000)
    series = thinning.series("reading", ["temp_mc"])
    for minute in range(3_000):
        file.add([("boot", minute * MINUTE, "lamp7", "lamp7.1", series, b"%d" % minute)])
        assert file.waiting <= 1_000
    left = [int(frame) for frame in frames(file)]
    assert left[-1] == 2_999
    assert file.dropped == 0
    assert left[0] < 60  # two days later the first hour still has its newest
    assert len({minute // 60 for minute in left}) == 50  # as has each


def test_the_file_is_bounded_in_bytes_too(tmp_path: Path) -> None:
    file = opened(tmp_path, bytes_max=400_000)
    for number in range(3_000):
        file.add([("boot", number, "lamp7", "lamp7.1", "", b"%d " % number + bytes(800))])
    left = frames(file)
    assert left[-1].startswith(b"2999 ")
    assert 200 < len(left) < 500
    assert file.dropped == 3_000 - len(left)
    file.close()
    assert (tmp_path / "readings.db").stat().st_size <= 400_000


def test_while_the_disk_is_for_alarms_alone_readings_leave_it_and_come_back(tmp_path: Path) -> None:
    short = False
    file = ReadingFile(tmp_path / "readings.db", short=lambda: short)
    file.open()
    rows: list[Row] = [("boot", n, "lamp7", "lamp7.1", "", b"%d" % n) for n in range(MEMORY_ROWS + 500)]
    file.add(rows)
    taken = file.oldest(1)[0]
    short = True
    file.add([("boot", 9_999, "lamp7", "lamp7.1", "", b"new")])
    assert not list(tmp_path.iterdir())
    assert file.waiting <= MEMORY_ROWS
    assert frames(file)[-1] == b"new"
    file.remove([taken.n])  # it was on its way when the others left
    before = frames(file)
    short = False
    file.add([("boot", 10_000, "lamp7", "lamp7.1", "", b"newer")])
    assert frames(file) == [*before, b"newer"]
    file.close()
    assert opened(tmp_path).oldest(1)[0].item is not None


def test_a_file_of_before_readings_had_a_series_is_read(tmp_path: Path) -> None:
    db = apsw.Connection(str(tmp_path / "readings.db"))
    db.execute(
        "CREATE TABLE reading(n INTEGER PRIMARY KEY, boot TEXT NOT NULL, at INTEGER NOT NULL, device TEXT NOT NULL,"
        " user TEXT NOT NULL, frame BLOB NOT NULL); INSERT INTO reading VALUES(7, 'b', 1, 'lamp7', 'lamp7.1', x'41')"
    )
    db.close()
    file = opened(tmp_path)
    file.add([("b", 2, "lamp7", "lamp7.1", "r", b"B")])
    assert frames(file) == [b"A", b"B"]


def test_too_many_notes_cost_availability_before_troubles() -> None:
    notes = Notes(most=3)
    notes.add("b", 0, "gwliu1-0000000000000001", "trouble", "missed - lamp7")
    for n in range(2, 7):
        notes.add("b", n, f"gwliu1-000000000000000{n}", "online", "lamp7")
    notes.add("b", 9, "gwliu1-0000000000000006", "online", "lamp7")  # again: it waits already
    assert [kept.event[-1] for kept in notes.waiting()] == ["1", "5", "6"]
    notes.done([kept.n for kept in notes.waiting()[:2]])
    assert [kept.event[-1] for kept in notes.waiting()] == ["6"]
    assert [notes.waits(f"gwliu1-000000000000000{n}") for n in (1, 6)] == [False, True]


@pytest.mark.parametrize(("rows", "minutes"), [(0, 0), (19, 0), (20, 1), (49, 1), (50, 10), (79, 10), (80, 60)])
def test_the_fuller_the_file_the_fewer_are_kept(rows: int, minutes: int) -> None:
    assert thinning.bucket_ms(rows, 100) == minutes * MINUTE
