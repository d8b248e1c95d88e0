"""Puts Mosquitto's files in place, whole or not at all, and tells it."""

import hashlib
import json
import os
import pwd
import secrets
import signal
import time
from pathlib import Path

from heartlamp_protocol.passwords import mosquitto_hash
from heartlamp_protocol.registry import Registry

from heartlamp_gateway.broker import files
from heartlamp_gateway.config import Config
from heartlamp_gateway.say import log
from heartlamp_gateway.windows.home_assistant import users

STARTS_S = 2.0  # how long a broker may take from its pid file to its signals


def write_atomically(path: Path, text: str) -> bool:
    """Mode 0600. False: it was so already."""
    if path.exists() and path.read_text(encoding="utf-8") == text:
        return False
    beside = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as out:
            out.write(text)
            out.flush()
            os.fsync(out.fileno())
        beside.rename(path)
    finally:
        beside.unlink(missing_ok=True)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
    return True


def own_passwords(config: Config) -> dict[str, str]:
    """Our own users' passwords, random, made at the first start."""
    path = config.broker_dir / "own-users.json"
    names = (*files.OWN, users.PUBLISHER)
    found: dict[str, str] = {}
    try:
        read = json.loads(path.read_text())
        found = {name: str(read[name]) for name in names if name in read} if isinstance(read, dict) else {}
    except (OSError, ValueError):
        pass
    made = {name: found.get(name) or secrets.token_hex(32) for name in names}
    if made == found:
        return made
    config.broker_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    write_atomically(path, json.dumps(made))
    return made


def write_broker_files(config: Config, registry: Registry) -> bool:
    """Configuration, passwords and ACL. True: who may log in has changed, or what is logged of it."""
    here = config.broker_dir
    config.data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)  # `parents` alone would let others enter
    here.mkdir(parents=True, exist_ok=True, mode=0o700)
    # The salt comes from the password itself (256 random bits), so that the file does not change at every start.
    ours = own_passwords(config)
    own = {name: mosquitto_hash(p, bytes.fromhex(p)[:12]) for name, p in ours.items()}
    more: list[str] = []
    home = config.home_assistant
    if home is None or home.other is not None:
        own.pop(users.PUBLISHER)
    else:
        more = users.acl()
        salt = hashlib.sha256((ours[users.PUBLISHER] + home.password).encode()).digest()[:12]
        own[users.READER] = mosquitto_hash(home.password, salt)
    for user in files.left_out(registry):
        log.error("the registry's user %r has no usable name or hash: it cannot log in", user)
    run_as = pwd.getpwuid(os.getuid()).pw_name
    changed = write_atomically(here / "mosquitto.conf", files.mosquitto_conf(config, run_as, registry))
    # The ACL first: a new user must not be let in before its topics are there.
    changed = write_atomically(here / "acl", files.acl(registry, more)) or changed
    return write_atomically(here / "passwords", files.passwords(registry, own)) or changed


def reload_broker(config: Config) -> bool:
    """SIGHUP to the Mosquitto whose pid file is ours: it reads the files again and ends sessions that are no longer
    allowed. False: none runs, it will read them when it starts."""
    try:
        pid = int((config.broker_dir / "mosquitto.pid").read_text())
        status = Path(f"/proc/{pid}/status")
        if status.read_text().split()[1] != "mosquitto":
            return False  # a pid file left behind, and the number is somebody else's now
        deadline = time.monotonic() + STARTS_S
        while not _catches_hangups(status.read_text()) and time.monotonic() < deadline:
            time.sleep(0.01)  # it starts, may have read the old files, and would die of the signal
        os.kill(pid, signal.SIGHUP)
    except (OSError, ValueError, IndexError):
        return False
    return True


def _catches_hangups(status: str) -> bool:
    """`status`: of /proc, with the mask of signals that are caught in hexadecimal."""
    caught = next((line.split()[1] for line in status.splitlines() if line.startswith("SigCgt:")), "0")
    return bool(int(caught, 16) >> (signal.SIGHUP - 1) & 1)
