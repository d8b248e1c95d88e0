"""What a technician wants to know first, out of the data folder, whether the gateway runs or not."""

import fcntl
import json
import shutil
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import apsw

from heartlamp_gateway.broker.child import running
from heartlamp_gateway.config import Config
from heartlamp_gateway.install import openssl
from heartlamp_gateway.install.papers import wanted_token
from heartlamp_gateway.run import ALARMS, READINGS


def facts(config: Config) -> dict[str, Any]:
    """JSON: `docs/install.md` has the fields. Raises apsw.Error when there is no readable store."""
    db = apsw.Connection(str(config.data_dir / ALARMS), flags=apsw.SQLITE_OPEN_READWRITE)
    db.set_busy_timeout(2000)

    def number(sql: str) -> int:
        row = db.execute(sql).fetchone()
        return int(row[0]) if row else 0

    def word(name: str) -> str:
        row = db.execute("SELECT value FROM word WHERE name = ?", (name,)).fetchone()
        return str(row[0]) if row else ""

    found = {
        "gateway": config.id,
        "name": config.name,
        "version": _version(),
        "running": is_running(config),
        "broker": bool(running(config.broker_dir / "mosquitto.pid")),
        "county": f"https://{config.county_host}:{config.county_port}",
        "county_contact": word("county contact"),
        "epoch": word("epoch"),
        "waiting": number("SELECT count(*) FROM outbox WHERE received IS NULL"),
        "kept": number("SELECT count(*) FROM outbox"),
        "receipts_owed": number("SELECT count(*) FROM outbox WHERE passed = 0 AND receipt != ''"),
        # A silent alarm touches nothing in the village, and a screen in its office neither.
        "open_incidents": number("SELECT count(*) FROM incident WHERE json_extract(value, '$.what') != 'silent'"),
        "lamps": number("SELECT count(*) FROM lamp"),
        "lamps_not_showing": number("SELECT count(*) FROM lamp WHERE shown != ver"),
        "last_command": word("cursor"),
        "county_epoch": word("county epoch"),
        "restored": word("restored"),
        "new_token_waits": wanted_token(config).exists(),
        "certificate_until": _until(config),
        "disk_free_mb": shutil.disk_usage(config.data_dir).free // 1_000_000,
    }
    db.close()
    readings = apsw.Connection(str(config.data_dir / READINGS), flags=apsw.SQLITE_OPEN_READWRITE)
    row = readings.execute("SELECT count(*) FROM reading").fetchone()
    readings.close()
    return found | {"readings_waiting": int(row[0]) if row else 0}


def status(config: Config, as_json: bool = False) -> str:
    """Lines of text. Raises apsw.Error as `facts`."""
    f = facts(config)
    if as_json:
        return json.dumps(f, ensure_ascii=False, indent=1)
    lines = [
        f"gateway            {f['gateway']} ({f['name']}), program {f['version']}",
        f"running            {_yes(f['running'])}, its broker: {_yes(f['broker'])}",
        f"county             {f['county']}",
        f"county contact     {f['county_contact'] or 'none'} (to the minute)",
        f"waiting for county {f['waiting']} of {f['kept']} kept",
        f"receipts owed      {f['receipts_owed']}",
        f"open incidents     {f['open_incidents']}",
        f"lamps              {f['lamps']}, not showing their state: {f['lamps_not_showing']}",
        f"readings waiting   {f['readings_waiting']}",
        f"epoch              {f['epoch'] or 'none'}",
        f"county epoch       {f['county_epoch'] or 'none'}",
        f"last command       {f['last_command'] or 'none'}",
        f"certificate until  {f['certificate_until'] or 'unknown'}",
        f"disk free          {f['disk_free_mb']} MB",
    ]
    if f["restored"]:
        lines.append(f"restored           {f['restored']}, from a backup")
    if f["new_token_waits"]:
        lines.append("token              waits for the county, to take the place of the restored one")
    return "\n".join(lines)


def is_running(config: Config) -> bool:
    """Whether a gateway holds the data folder."""
    try:
        with (config.data_dir / "lock").open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False


def _until(config: Config) -> str:
    import time

    try:
        return time.strftime("%Y-%m-%d", time.gmtime(openssl.dates(config.broker.cert)[1]))
    except OSError:
        return ""


def _version() -> str:
    try:
        return version("heartlamp-gateway")
    except PackageNotFoundError:
        return "unknown"


def _yes(is_so: bool) -> str:
    return "yes" if is_so else "NO"
