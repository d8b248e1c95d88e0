"""A county is lost, and comes back from its backup: what it had then is there, and what came since is offered again."""

import stat
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest

from tests.server.county import PROGRAM, County, Operator

PASSPHRASE = "kept by two people"


@pytest.fixture
def lost(new_database: Callable[[], str], tmp_path: Path) -> Iterator[County]:
    """One that will be lost. It runs."""
    county = County(tmp_path / "before", new_database())
    county.make()
    county.start()
    yield county
    if county.process is not None and county.process.poll() is None:
        county.stop()


def run(*words: str | Path) -> "subprocess.CompletedProcess[str]":
    return subprocess.run([PROGRAM, *words], capture_output=True, text=True, timeout=120, check=False)


def test_a_restored_county_is_offered_again_what_it_lost(
    lost: County, new_database: Callable[[], str], tmp_path: Path
) -> None:
    village, operator = lost.village(), lost.account("duty")
    before, after = village.keys[0].press(), village.keys[1].press()
    assert [v.verdict for v in village.send(before)] == ["received"]
    epoch = operator.http.get("/healthz").json()["epoch"]
    secret = tmp_path / "passphrase"
    secret.write_text(PASSPHRASE)
    made = run("backup", tmp_path, "--config", lost.config, "--passphrase-file", secret)
    assert made.returncode == 0, made.stderr
    (file,) = tmp_path.glob("*.hlbak")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert b"heartlamp" in file.read_bytes()[:20]
    assert village.lamps[0].root.hex().encode() not in file.read_bytes()
    assert [v.verdict for v in village.send(after)] == ["received"]  # acknowledged, and then the disk burns
    lost.stop()

    again = County(tmp_path / "after", new_database())
    again.make()  # with a key of its own, under which nothing of the lost county could be read
    refused = run("restore", file, "--config", again.config, "--passphrase-file", secret)
    assert refused.returncode == 1
    assert "secret.key" in refused.stderr
    restored = run("restore", file, "--config", again.config, "--passphrase-file", secret, "--replace")
    assert restored.returncode == 0, restored.stderr
    assert f'database = "{again.database}"' in again.config.read_text()
    again.start()
    try:
        duty = Operator(again.console, "duty", operator.password)
        assert duty.http.get("/healthz").json()["epoch"] != epoch
        assert duty.card(before.id)["presses"] == 1
        assert duty.http.get(f"/api/incidents/{after.id}").status_code == 404
        village.http.base_url = again.gateways  # its certificate is the backup's: gateways go on trusting it
        assert [v.verdict for v in village.send(before, after)] == ["duplicate", "received"]
        assert duty.card(after.id)["presses"] == 1
        verified = run("audit", "verify", "--config", again.config)
        assert verified.returncode == 0, verified.stdout
    finally:
        again.stop()


@pytest.mark.prove
def test_what_is_not_whole_or_not_for_this_database_changes_nothing(lost: County, tmp_path: Path) -> None:
    lost.village()
    file = tmp_path / "county.hlbak"
    assert run("backup", file, "--config", lost.config).returncode == 0
    busy = run("restore", file, "--config", lost.config, "--replace")
    assert busy.returncode == 1
    assert "stop the server" in busy.stderr
    lost.stop()
    sites = lost.sql("SELECT id FROM site ORDER BY id")
    full = run("restore", file, "--config", lost.config)
    assert full.returncode == 1
    assert "not empty" in full.stderr
    cut = tmp_path / "cut.hlbak"
    cut.write_bytes(file.read_bytes()[:-100])
    assert run("restore", cut, "--config", lost.config, "--replace").returncode == 1
    lost.sql("UPDATE store SET epoch = 'f' || substr(epoch, 2)")
    assert lost.sql("SELECT id FROM site ORDER BY id") == sites
    assert lost.sql("SELECT nspname FROM pg_namespace WHERE nspname = 'heartlamp_before'") == []


@pytest.mark.prove
def test_a_backup_whose_audit_log_was_changed_is_not_taken(lost: County, tmp_path: Path) -> None:
    lost.village()
    lost.account("duty").get("incidents")
    lost.stop()
    assert lost.sql("SELECT 1 FROM audit_waiting") == []  # its end chained them: what is changed now is found
    with psycopg.connect(lost.conninfo, autocommit=True) as conn:
        conn.execute("GRANT UPDATE ON audit TO CURRENT_USER")
        conn.execute("ALTER TABLE audit DISABLE TRIGGER stays")
        conn.execute("UPDATE audit SET who = 'nobody' WHERE id = (SELECT min(id) FROM audit)")
    file = tmp_path / "county.hlbak"
    assert run("backup", file, "--config", lost.config).returncode == 0
    sites = lost.sql("SELECT id FROM site ORDER BY id")
    refused = run("restore", file, "--config", lost.config, "--replace")
    assert refused.returncode == 1
    assert "audit log" in refused.stderr
    assert lost.sql("SELECT id FROM site ORDER BY id") == sites
    assert lost.sql("SELECT who FROM audit ORDER BY id LIMIT 1") == [("nobody",)]


@pytest.mark.prove
def test_a_backup_chains_what_waits_and_one_with_a_row_outside_the_chain_is_not_taken(
    lost: County, tmp_path: Path
) -> None:
    lost.stop()
    lost.cli("user", "add", "relief", "--display", "值班员", "--config", lost.config)  # no server is there to chain it
    assert lost.sql("SELECT 1 FROM audit_waiting") != []
    file = tmp_path / "county.hlbak"
    assert run("backup", file, "--config", lost.config).returncode == 0
    own = lost.sql("SELECT id FROM audit WHERE what = 'county.backup'")
    assert lost.sql("SELECT entry FROM audit_waiting") == own  # the backup's own row alone came after it
    lost.sql("DELETE FROM audit_waiting")  # as by who wants no chain to hold that row
    assert run("backup", file, "--config", lost.config).returncode == 0
    refused = run("restore", file, "--config", lost.config, "--replace")
    assert refused.returncode == 1
    assert f"row id {own[0][0]} is neither in its chain nor waits for it" in refused.stderr


def test_no_half_file_is_left(lost: County, tmp_path: Path) -> None:
    lost.stop()
    lost.sql("DROP TABLE alembic_version")
    there = tmp_path / "county.hlbak"
    there.write_bytes(b"of yesterday")
    assert run("backup", there, "--config", lost.config).returncode == 1
    assert there.read_bytes() == b"of yesterday"
    assert list(tmp_path.glob("*.new")) == []
