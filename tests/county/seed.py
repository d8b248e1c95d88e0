"""`make county`: a county as it would be after two years, in minutes."""

import argparse
import json
import secrets
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import psycopg
from heartlamp_server import config as configuration
from heartlamp_server.database.embedded import Embedded
from heartlamp_server.device.vault import Vault, read_key

from tests.county import alarms, people, places, series
from tests.county.size import Size

ROOT = Path(__file__).parents[2]
PROGRAM = Path(sys.executable).parent / "heartlamp-server"
ALARMS_OF_A_VILLAGE = 5_000
_LOOKS = """
INSERT INTO audit (at, who, what, about, site, detail)
SELECT %(now)s::timestamptz - n * interval '150 s', 'town' || lpad((1 + n %% %(townships)s)::text, 3, '0') || '.1',
    'look.incident', i.id, i.site, '{}'
FROM (SELECT id, site, row_number() OVER (ORDER BY opened_at DESC) AS n FROM incident
    ORDER BY opened_at DESC LIMIT 100000) AS i ORDER BY n DESC
"""


def options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--villages", type=int, default=200, help="of 300 devices each")
    parser.add_argument("--alarms", type=int, help=f"{ALARMS_OF_A_VILLAGE} for each village unless told")
    parser.add_argument("--days", type=int, default=730, help="over which the alarms are spread")
    parser.add_argument("--readings-days", type=int, default=30)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--dir", type=Path, default=ROOT / "build" / "county")
    parser.add_argument("--now", type=datetime.fromisoformat, help="when it shall be; this minute unless told")


def main(args: argparse.Namespace) -> int:
    folder: Path = args.dir
    now = (args.now or datetime.now(UTC)).astimezone(UTC).replace(second=0, microsecond=0)
    many = args.alarms if args.alarms is not None else args.villages * ALARMS_OF_A_VILLAGE
    size = Size(now, args.villages, many, args.days, args.readings_days, args.seed)
    began = time.monotonic()
    if not (folder / "server.toml").exists():
        _cli("init", "--dir", folder)
    config = configuration.read(folder / "server.toml")
    embedded = None
    if config.database.startswith("embedded:"):
        embedded = Embedded(Path(config.database.removeprefix("embedded:")))
        embedded.ensure_running()
    try:
        _cli("migrate", "--config", folder / "server.toml")
        return _fill(embedded.conninfo if embedded else config.database, size, folder, config.key_file, began)
    finally:
        if embedded:
            embedded.stop()


def _fill(conninfo: str, size: Size, folder: Path, key_file: Path, began: float) -> int:
    with psycopg.connect(conninfo, autocommit=True) as conn:
        taken = conn.execute("SELECT count(*) FROM area").fetchone()
        if taken and taken[0]:
            print(f"there is a county already: {taken[0]} areas. Remove {folder}, or give an empty DATABASE_URL")
            return 1
        conn.execute("SET synchronous_commit = off")
        conn.execute("SET maintenance_work_mem = '1GB'")
        key, password = read_key(key_file), secrets.token_hex(8)
        places.fill(conn, size, Vault(key))
        people.fill(conn, size, key, password)
        alarms.fill(conn, size)
        series.fill(conninfo, size)
        conn.execute(_LOOKS, {"now": size.now, "townships": size.townships})
        print("· statistics", file=sys.stderr)
        conn.execute("VACUUM (ANALYZE)")
        row = conn.execute(
            "SELECT (SELECT count(*) FROM device), (SELECT count(*) FROM event WHERE kind = 'alarm'), "
            "(SELECT count(*) FROM incident), (SELECT count(*) FROM timeline), (SELECT count(*) FROM reading_hour), "
            "(SELECT count(*) FROM reading), pg_size_pretty(pg_database_size(current_database()))"
        ).fetchone()
    assert row is not None
    (folder / "seed.json").write_text(
        json.dumps({"villages": size.villages, "seed": size.seed, "now": size.now.isoformat(), "password": password})
    )
    had = "{:,} devices, {:,} alarms in {:,} incidents with {:,} lines, {:,} hours and {:,} values of readings: {}"
    print(had.format(*row))
    print(f"made in {time.monotonic() - began:.0f} s. Every account's password is {password}; county.operator.1 is one")
    print(f"run it: {PROGRAM.relative_to(ROOT) if PROGRAM.is_relative_to(ROOT) else PROGRAM} run --config "
          f"{folder / 'server.toml'}")  # fmt: skip
    return 0


def _cli(*words: str | Path) -> None:
    done = subprocess.run([PROGRAM, *words], capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(done.stderr)
