"""What hours came to is what their readings say, whenever it is asked for, and however late they came."""

import random
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pytest
from alembic import command
from alembic.config import Config
from heartlamp_server.database import migrate as migrations
from heartlamp_server.database.migrate import migrate
from heartlamp_server.telemetry import hours
from heartlamp_server.telemetry.model import Point, Sample
from heartlamp_server.telemetry.store import PostgresSeries

from tests.server.telemetry.kept import Kept

DAYS_AGO = hours.hour_of(datetime.now(UTC)) - timedelta(days=3)


@pytest.fixture
def kept(new_database: Callable[[], str]) -> Iterator[Kept]:
    conninfo = new_database()
    made = Kept(conninfo, lambda: PostgresSeries(90))
    made.do(lambda conn: hours.rewind(conn, DAYS_AGO))
    yield made
    made.end()


def roll(kept: Kept) -> None:
    while kept.do(hours.roll):
        pass


def said(points: list[Point], since: datetime, until: datetime, seconds: int) -> dict[str, list[Sample]]:
    """By the readings themselves."""
    bins: dict[tuple[str, int], list[int]] = {}
    for p in points:
        if since <= p.at < until:
            bins.setdefault((p.name, int(p.at.timestamp()) // seconds), []).append(p.value)
    found: dict[str, list[Sample]] = {}
    for (name, n), values in sorted(bins.items()):
        at = datetime.fromtimestamp(n * seconds, UTC)
        sample = Sample(at, min(values), max(values), round(sum(values) / len(values), 6), len(values))
        found.setdefault(name, []).append(sample)
    return found


def samples(kept: Kept, since: datetime, until: datetime, seconds: int) -> dict[str, list[Sample]]:
    found = kept.sampled(since, until, seconds)
    return {
        name: [Sample(s.at, s.low, s.high, round(s.mean, 6), s.many) for s in found[name]] for name in sorted(found)
    }


def test_samples_are_exact_before_and_after_hours_are_rolled_up_and_when_more_comes_late(kept: Kept) -> None:
    seed = random.randrange(2**32)
    print("seed", seed)
    dice = random.Random(seed)
    now, written = datetime.now(UTC), []
    for batch in range(4):
        fresh = [
            Point(
                kept.device,
                dice.choice(["temp_mc", "rssi_dbm"]),
                now - timedelta(seconds=dice.randrange(3 * 86400)),
                dice.randrange(-500, 500),
                "a1b2c3d4",
                batch * 1000 + n,
            )
            for n in range(150)
        ]
        kept.write(*fresh)
        written += fresh
        for rolled in (False, True):
            if rolled:
                roll(kept)
            for _ in range(6):
                seconds = dice.choice([3600, 3 * 3600, 86400])
                since = now - timedelta(seconds=dice.randrange(4 * 86400))
                until = since + timedelta(seconds=dice.randrange(4 * 86400))
                assert samples(kept, since, until, seconds) == said(written, since, until, seconds), (since, until)


def test_a_month_is_looked_up_in_hours_and_not_in_readings(kept: Kept) -> None:
    kept.write(*(kept.point(at, at) for at in range(0, 7200, 60)))
    roll(kept)
    before = samples(kept, DAYS_AGO, datetime.now(UTC), 3600)
    kept.do(lambda conn: conn.execute("DELETE FROM reading"))
    assert samples(kept, DAYS_AGO, datetime.now(UTC), 3600) == before


def test_what_is_young_waits_until_its_hour_is_over_for_a_while(kept: Kept) -> None:
    roll(kept)
    until = kept.do(hours.rolled_until)
    assert timedelta(minutes=10) <= datetime.now(UTC) - until < timedelta(minutes=71)


def test_readings_of_the_former_version_stay_and_are_rolled_up(empty_database: Callable[[], str]) -> None:
    """Their partitions were months, one of which is of today."""
    conninfo = empty_database()
    config = Config()
    config.set_main_option("script_location", str(Path(migrations.__file__).parent / "migrations"))
    config.attributes["conninfo"] = conninfo
    command.upgrade(config, "0007")
    today = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    month = today.replace(day=1)
    after = (month + timedelta(days=32)).replace(day=1)
    with psycopg.connect(conninfo, autocommit=True) as conn:
        span = f"FROM ('{month.isoformat()}') TO ('{after.isoformat()}')"
        conn.execute(f"CREATE TABLE reading_{month:%Y%m} PARTITION OF reading FOR VALUES {span}")
        conn.execute("INSERT INTO reading VALUES ('lamp01', 'temp_mc', %s, 7, 'a1b2c3d4', 1)", (month,))
        conn.execute("INSERT INTO person (name, display, password) VALUES ('duty', '值班员', 'x')")
    migrate(conninfo)
    kept = Kept(conninfo, lambda: PostgresSeries(90))
    kept.device = "lamp01"
    kept.write(Point("lamp01", "temp_mc", month, 7, "a1b2c3d4", 1), Point("lamp01", "temp_mc", month, 9, "a1b2c3d4", 2))
    kept.do(lambda conn: kept.series.upkeep(conn, datetime.now(UTC)))
    roll(kept)
    assert kept.sampled(month, month + timedelta(hours=1), 3600) == {"temp_mc": [Sample(month, 7, 9, 8.0, 2)]}
    with psycopg.connect(conninfo) as conn:
        assert conn.execute("SELECT name FROM person").fetchall() == [("duty",)]
        assert conn.execute("SELECT count(*) FROM audit").fetchone() == (0,)
    kept.end()
