"""What a technician wants to know first, out of the data folder, whether the gateway runs or not; also where the disk
is full, or a file of it damaged or locked."""

import contextlib
import fcntl
import json
import shutil
import time
from collections.abc import Iterator
from datetime import date
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import apsw
from heartlamp_protocol.device.frame import FrameError
from heartlamp_protocol.escalation.plan import NO_PLAN, Plan

from heartlamp_gateway.broker.child import running
from heartlamp_gateway.config import Config
from heartlamp_gateway.disk.opening import DAMAGE
from heartlamp_gateway.disk.room import Room
from heartlamp_gateway.disk.told import WITHOUT_SILENT
from heartlamp_gateway.insides import TOLD
from heartlamp_gateway.install import openssl
from heartlamp_gateway.install.papers import wanted_token
from heartlamp_gateway.rules.languages import both
from heartlamp_gateway.run import ALARMS, READINGS
from heartlamp_gateway.supervision import plan

BUSY_MS = 2_000
FULL_BYTES = 100_000


def facts(config: Config) -> dict[str, Any]:
    """JSON: `docs/install.md` has the fields. What cannot be read is None, and `wrong` says why, in words."""
    wrong: list[str] = []
    data = config.data_dir
    found: dict[str, Any] = {
        "gateway": config.id,
        "name": config.name,
        "version": _version(),
        "running": is_running(config),
        "broker": bool(running(config.broker_dir / "mosquitto.pid")),
        "county": f"https://{config.county_host}:{config.county_port}",
        "new_token_waits": wanted_token(config).exists(),
        "certificate_until": _until(config),
    }
    found |= _alarms(data / ALARMS, wrong)
    found["readings_waiting"] = None
    with _opened(data / READINGS, wrong) as db:
        found["readings_waiting"] = _first(db, "SELECT count(*) FROM reading")
    found |= _disk(config, wrong)
    found |= {
        "pictures_waiting": _pictures(data / "pictures") if config.pictures else None,
        "updates_cached": len(list((data / "bundles").glob("*.hlb"))) if config.updates else None,
        "sim_warnings": sim_warnings(config),
        "plan_missing": found["plan_policies"] == 0 and config.has_outputs,
        "config_flaws": [flaw.en for flaw in config.flaws],
        "troubles": _told(data / TOLD) if found["running"] else [],
    }
    return found | {"wrong": wrong}


def status(found: dict[str, Any]) -> str:
    """Lines of text."""
    f: dict[str, Any] = {name: "?" if value is None else value for name, value in found.items()}
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
        f"plan               version {f['plan_version']}: {f['plan_policies']} policies, {f['plan_targets']} targets",
        f"epoch              {f['epoch'] or 'none'}",
        f"county epoch       {f['county_epoch'] or 'none'}",
        f"last command       {f['last_command'] or 'none'}",
        f"certificate until  {f['certificate_until'] or 'unknown'}",
        f"disk free          {f['disk_free_mb']} MB, the reserve for alarms {_there(found['disk_reserve'])}",
    ]
    if found["pictures_waiting"] is not None:
        lines.append(f"pictures waiting   {f['pictures_waiting']}")
    if found["updates_cached"] is not None:
        lines.append(f"updates cached     {f['updates_cached']}")
    if found["restored"]:
        lines.append(f"restored           {f['restored']}, from a backup")
    if f["new_token_waits"]:
        lines.append("token              waits for the county, to take the place of the restored one")
    lines += [f"! card             {both(text)[1]}" for text in f["sim_warnings"]]
    lines += [f"! config           {text}" for text in f["config_flaws"]]
    if found["plan_missing"]:
        lines.append(f"! plan             {plan.judge(NO_PLAN, True).en}")
    seen = ("card", "config", plan.NAME)  # above, from what is now and not from what ran
    lines += [f"! {each['code']:16} {each['en']}" for each in f["troubles"] if each["code"] not in seen]
    return "\n".join([*lines, *(f"✗ {text}" for text in f["wrong"])])


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


_COUNTS = {
    # A silent alarm touches nothing in the village, and a screen in its office neither.
    "waiting": f"SELECT count(*) FROM outbox WHERE received IS NULL AND {WITHOUT_SILENT}",
    "kept": f"SELECT count(*) FROM outbox WHERE {WITHOUT_SILENT}",
    "receipts_owed": f"SELECT count(*) FROM outbox WHERE passed = 0 AND receipt != '' AND {WITHOUT_SILENT}",
    "open_incidents": "SELECT count(*) FROM incident WHERE json_extract(value, '$.what') != 'silent'",
    "lamps": "SELECT count(*) FROM lamp",
    "lamps_not_showing": "SELECT count(*) FROM lamp WHERE shown != ver",
}
_WORDS = {
    "county_contact": "county contact",
    "epoch": "epoch",
    "last_command": "cursor",
    "county_epoch": "county epoch",
    "restored": "restored",
}


def _alarms(path: Path, wrong: list[str]) -> dict[str, Any]:
    found: dict[str, Any] = dict.fromkeys((*_COUNTS, *_WORDS))
    with _opened(path, wrong) as db:
        for name, sql in _COUNTS.items():
            found[name] = _first(db, sql)
        for name, word in _WORDS.items():
            found[name] = _first(db, "SELECT value FROM word WHERE name = ?", word) or ""
    known = stored_plan(path, wrong)
    found["plan_version"] = None if known is None else known.version
    found["plan_policies"] = None if known is None else len(known.policies)
    found["plan_targets"] = None if known is None else len(known.targets)
    return found


def stored_plan(path: Path, wrong: list[str]) -> Plan | None:
    """NO_PLAN: the county gave none; None: it cannot be read, and `wrong` says so where it did not yet."""
    found: list[str] = []
    with _opened(path, found) as db:
        text = _first(db, "SELECT value FROM word WHERE name = 'plan'")
        try:
            return Plan.from_json(str(text).encode()) if text else NO_PLAN
        except FrameError as malformed:
            found.append(f"{path}: the plan in it cannot be read: {malformed}")
    wrong += [text for text in found if text not in wrong]
    return None


@contextlib.contextmanager
def _opened(path: Path, wrong: list[str]) -> Iterator[apsw.Connection]:
    """What goes wrong inside ends what is inside, and is put into words: once. Where its journal cannot be had, as on a
    full disk, the file alone is read."""
    said = ""
    try:
        db = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READWRITE)
        db.set_busy_timeout(BUSY_MS)
        db.execute("SELECT 1 FROM sqlite_master").fetchall()
    except (apsw.Error, OSError) as error:
        said, db = _in_words(path, error), apsw.Connection(":memory:")
        if path.exists() and isinstance(error, apsw.IOError | apsw.FullError | apsw.CantOpenError | apsw.ReadOnlyError):
            readable = apsw.SQLITE_OPEN_READONLY | apsw.SQLITE_OPEN_URI
            with contextlib.suppress(apsw.Error):
                db = apsw.Connection(f"{path.absolute().as_uri()}?immutable=1", flags=readable)
    try:
        yield db
    except apsw.Error as error:
        said = said or _in_words(path, error)
    finally:
        with contextlib.suppress(apsw.Error):
            db.close()
    if said:
        wrong.append(said)


def _in_words(path: Path, error: Exception) -> str:
    if path.name == READINGS and not path.exists() and (path.parent / ALARMS).exists():
        return f"there is no {path}: alarms go on. Was the disk full? Free it, then restart the gateway"
    if not path.exists():
        return f"there is no {path}: this gateway has not run yet, or its disk is not mounted"
    if isinstance(error, DAMAGE):
        do = (
            "it is damaged. Restart the gateway: it sets the file aside and begins a new one, and devices offer again "
            "what the county has not received. Then replace the card or disk"
        )
    elif _is_full(path) and path.stat().st_size == 0:
        do = "the disk is full, and nothing was kept on it yet: free space, the gateway cannot begin without"
    elif isinstance(error, apsw.FullError) or _is_full(path):
        do = "the disk is full: free space. Alarms go on; what stands above may be of a while ago"
    elif isinstance(error, apsw.BusyError | apsw.LockedError):
        do = "another program holds it: ask again. Who opens it by hand keeps the gateway from writing"
    elif isinstance(error, apsw.CantOpenError | apsw.PermissionsError | apsw.ReadOnlyError | PermissionError):
        do = "it may not be opened: run this with sudo. If that is so already, the disk is full or read-only"
    elif isinstance(error, apsw.IOError | OSError):
        do = "the disk gives errors. Alarms go on from memory where the gateway runs; replace the card or disk"
    else:
        do = "it cannot be read"
    return f"{path}: {do} ({error})"


def _is_full(path: Path) -> bool:
    """SQLite then has no room for what it needs to read, and calls that an I/O error."""
    with contextlib.suppress(OSError):
        return shutil.disk_usage(path.parent).free < FULL_BYTES
    return False


def _first(db: apsw.Connection, sql: str, *values: str) -> Any:
    row = db.execute(sql, values).fetchone()
    return row[0] if row else None


def _disk(config: Config, wrong: list[str]) -> dict[str, Any]:
    try:
        free = shutil.disk_usage(config.data_dir).free // 1_000_000
    except OSError as error:
        wrong.append(f"{config.data_dir}: {error}")
        return {"disk_free_mb": None, "disk_reserve": None}
    return {"disk_free_mb": free, "disk_reserve": Room(config.data_dir, config.supervision.reserve).is_kept()}


def _pictures(folder: Path) -> int:
    """That the county has yet to get: of the others only the word is kept. Those of silent alarms do not exist."""
    return len(list(folder.glob("*.bytes")))


def sim_warnings(config: Config) -> list[str]:
    """Of the telephone card, for people."""
    if config.modem is None:
        return []
    from heartlamp_gateway.outputs.modem.usage import Usage  # few boxes have a modem

    usage = Usage(config.data_dir / "modem-usage.json", config.modem.sim)
    usage.open()
    return usage.warnings(date.today())


def _told(path: Path) -> list[dict[str, str]]:
    """What the running gateway says is wrong."""
    try:
        return [{name: str(each[name]) for name in ("code", "zh", "en")} for each in json.loads(path.read_bytes())]
    except (OSError, ValueError, TypeError, KeyError):
        return []


def _until(config: Config) -> str:
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


def _there(is_so: bool | None) -> str:
    return "unknown" if is_so is None else "is there" if is_so else "IS NOT THERE"
