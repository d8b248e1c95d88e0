"""Files on the technician's laptop: written whole or not at all, and readable by nobody else."""

import contextlib
import fcntl
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from heartlamp_tech.trouble import Trouble


def home() -> Path:
    """Of images, claims, journals: HEARTLAMP_TECH_HOME, else below the user's own data."""
    named = os.environ.get("HEARTLAMP_TECH_HOME")
    return Path(named) if named else Path.home() / ".local/share/heartlamp-tech"


def folder(path: Path) -> Path:
    path.mkdir(parents=True, exist_ok=True, mode=0o700)
    return path


@contextlib.contextmanager
def locked(path: Path) -> Iterator[None]:
    """One at a time, of all threads and terminals: who reads a file to write it anew."""
    folder(path.parent)
    with path.with_name(path.name + ".lock").open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def write(path: Path, data: bytes) -> None:
    """On the disk when this returns; a cut before leaves what was there."""
    folder(path.parent)
    new = path.with_name(path.name + ".new")
    new.unlink(missing_ok=True)
    handle = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    new.replace(path)
    directory = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)


def write_json(path: Path, what: object) -> None:
    write(path, json.dumps(what, ensure_ascii=False, indent=1).encode() + b"\n")


def read_json(path: Path, default: Any = None) -> Any:
    """`default` where there is no such file. Raises Trouble where it cannot be read as JSON."""
    try:
        return json.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        return default
    except (OSError, ValueError) as error:
        raise Trouble(f"{path} cannot be read ({error})", "move it away, and do what made it again") from None
