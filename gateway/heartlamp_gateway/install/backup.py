"""One file from which another box goes on: alarms as they are now, configuration, papers. Encrypted, and authentic.

`HLBK1\\n`, 16 bytes of salt, 32 bytes HMAC-SHA256 over salt and all that follows, and then an AES-256-CTR stream (of
`openssl enc`) around a tar.gz. Both keys are scrypt's of the passphrase.
"""

import hashlib
import hmac
import json
import os
import shutil
import tarfile
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import apsw

from heartlamp_gateway.config import Config
from heartlamp_gateway.disk.told import WITHOUT_SILENT
from heartlamp_gateway.install import openssl
from heartlamp_gateway.run import ALARMS

MAGIC = b"HLBK1\n"
_SALT, _SEAL = 16, 32
WORDS_MIN = 10  # characters: whoever has the file may try for ever


class BackupError(ValueError):
    """In words."""


@dataclass(frozen=True, slots=True)
class Found:
    """`epoch`: of the store that was saved; `at`: seconds since 1970, by the clock of that box."""

    gateway: str
    epoch: str
    at: float
    waiting: int


def backup(config: Config, config_path: Path, target: Path, words: str) -> Found:
    """While it runs or not. `target` appears whole or not at all, and takes the place of an earlier backup only. Raises
    BackupError, OSError, apsw.Error."""
    if target.exists() and not _is_backup(target):
        raise BackupError(f"{target} is there, is no backup of a gateway, and stays as it is: name another file")
    if len(words) < WORDS_MIN:
        raise BackupError(f"the passphrase needs {WORDS_MIN} characters: whoever has the file has the village's token")
    papers = {
        "county-ca.pem": config.county_ca,
        "token": config.token_file,
        "broker.crt": config.broker.cert,
        "broker.key": config.broker.key,
    }
    with tempfile.TemporaryDirectory(dir=target.resolve().parent, prefix=".backup-") as name:
        room = Path(name)
        epoch, waiting = snapshot(config.data_dir / ALARMS, room / ALARMS)
        shutil.copyfile(config_path, room / "gateway.toml")
        for as_name, path in papers.items():
            shutil.copyfile(path, room / as_name)
        found = Found(config.id, epoch, time.time(), waiting)
        about = {"gateway": found.gateway, "epoch": epoch, "at": found.at, "waiting": waiting}
        (room / "about.json").write_text(json.dumps(about))
        packed = room / "packed"
        with tarfile.open(packed, "w:gz", compresslevel=6) as tar:
            for each in sorted(p.name for p in room.iterdir() if p != packed):
                tar.add(room / each, each)
        _seal(packed, room / "sealed", words)
        os.replace(room / "sealed", target)
    _sync_folder(target.resolve().parent)
    return found


def _is_backup(path: Path) -> bool:
    if not path.is_file():
        return False
    with path.open("rb") as file:
        return file.read(len(MAGIC)) == MAGIC


def snapshot(source: Path, target: Path) -> tuple[str, int]:
    """(epoch, rows that wait) of a copy of one moment, taken beside a gateway that goes on writing."""
    reading = apsw.Connection(str(source), flags=apsw.SQLITE_OPEN_READWRITE)
    reading.set_busy_timeout(5000)
    writing = apsw.Connection(str(target))
    # One step: SQLite begins anew whenever another process writes in between, and under load would never end.
    with writing.backup("main", reading, "main") as copy:
        while not copy.done:
            copy.step(-1)
    reading.close()
    writing.pragma("journal_mode", "delete")
    checked = writing.execute("PRAGMA quick_check(1)").fetchone()
    if checked is None or checked[0] != "ok":
        raise BackupError(f"{source} is damaged: {checked}. The next start of the gateway sets it aside: then again")
    epoch = writing.execute("SELECT value FROM word WHERE name = 'epoch'").fetchone()
    waiting = writing.execute(f"SELECT count(*) FROM outbox WHERE received IS NULL AND {WITHOUT_SILENT}").fetchone()
    writing.close()
    return (str(epoch[0]) if epoch else ""), (int(waiting[0]) if waiting else 0)


def unpack(source: Path, folder: Path, words: str) -> Found:
    """Into an empty folder. Raises BackupError where the file is none, was changed, or the passphrase is another."""
    with source.open("rb") as file:
        if file.read(len(MAGIC)) != MAGIC:
            raise BackupError(f"{source} is no backup of a gateway")
        salt, seal = file.read(_SALT), file.read(_SEAL)
        body = folder / "body"
        with body.open("wb") as out:
            shutil.copyfileobj(file, out)
    secret, key = _keys(words, salt)
    if not hmac.compare_digest(_mac(key, salt, body), seal):
        raise BackupError(f"{source}: the passphrase is another one, or the file was changed")
    packed = folder / "packed"
    openssl.cipher("-d", body, packed, secret)
    try:
        with tarfile.open(packed, "r:gz") as tar:
            tar.extraction_filter = getattr(
                tarfile, "data_filter", None
            )  # Debian 12's has none; the seal says it is ours
            tar.extractall(folder)
        about = json.loads((folder / "about.json").read_text())
        return Found(str(about["gateway"]), str(about["epoch"]), float(about["at"]), int(about["waiting"]))
    except (OSError, ValueError, KeyError, TypeError, tarfile.TarError) as wrong:
        raise BackupError(f"{source} is of another program: {wrong}") from None
    finally:
        body.unlink()
        packed.unlink()


def _seal(source: Path, target: Path, words: str) -> None:
    salt = os.urandom(_SALT)
    secret, key = _keys(words, salt)
    body = target.with_suffix(".body")
    openssl.cipher("-e", source, body, secret)
    with os.fdopen(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
        out.write(MAGIC + salt + _mac(key, salt, body))
        with body.open("rb") as file:
            shutil.copyfileobj(file, out)
        out.flush()
        os.fsync(out.fileno())
    body.unlink()


def _keys(words: str, salt: bytes) -> tuple[str, bytes]:
    """(the cipher's passphrase, the seal's key). 64 MB and about 0.3 s on a desk machine, a second on a Pi."""
    made = hashlib.scrypt(words.encode(), salt=salt, n=1 << 16, r=8, p=1, maxmem=1 << 27, dklen=64)
    return made[:32].hex(), made[32:]


def _mac(key: bytes, salt: bytes, body: Path) -> bytes:
    made = hmac.new(key, MAGIC + salt, hashlib.sha256)
    with body.open("rb") as file:
        while piece := file.read(1 << 20):
            made.update(piece)
    return made.digest()


def _sync_folder(path: Path) -> None:
    folder = os.open(path, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
