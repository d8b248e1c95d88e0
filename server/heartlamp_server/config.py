"""server.toml: where the parts are. Paths in it are relative to its folder."""

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

PICTURE_DAYS = 7  # as long as the camera and the gateway keep theirs


class ConfigError(Exception):
    """What is wrong with the configuration, and what to do."""


@dataclass(frozen=True, slots=True)
class Listener:
    """`cert`, `key`: None where it speaks plain HTTP."""

    host: str
    port: int
    cert: Path | None
    key: Path | None


@dataclass(frozen=True, slots=True)
class Config:
    """`database`: "postgresql://…" or "embedded:<folder>"; `url`: under which gateways reach theirs; `picture_days`:
    how long pictures are kept; `notification`: its table as it stands, `folder`: to which its paths are relative:
    what is wrong with a channel keeps no alarm from being taken in."""

    database: str
    key_file: Path
    ca: Path
    ca_key: Path
    gateway: Listener
    url: str
    console: Listener
    picture_days: int = PICTURE_DAYS
    notification: Mapping[str, Any] = field(default_factory=dict)
    folder: Path = Path()
    file: Path = Path()

    def name(self) -> str:
        """The name in the certificate that gateways are shown."""
        from heartlamp_server.certificates import name_in

        host = urlsplit(self.url).hostname or ""
        return name_in(self.gateway.cert, host) if self.gateway.cert else host


def read(file: Path) -> Config:
    """DATABASE_URL in the environment goes before the file's. Raises ConfigError."""
    try:
        fields = tomllib.loads(file.read_text())
        base = file.absolute().parent
        database = os.environ.get("DATABASE_URL") or str(fields["database"])
        if database.startswith("embedded:"):
            database = f"embedded:{base / database.removeprefix('embedded:')}"
        gateway, console = _listener(fields["gateway"], base), _listener(fields["console"], base)
        if gateway.port == console.port != 0 and _meet(gateway.host, console.host):
            raise ConfigError(f"{file}: gateways and console cannot both have port {gateway.port}. Give one another.")
        return Config(
            database=database,
            key_file=base / fields["key_file"],
            ca=base / fields["ca"],
            ca_key=base / fields["ca_key"],
            gateway=gateway,
            url=str(fields["gateway"]["url"]),
            console=console,
            picture_days=_days(fields.get("pictures", {}).get("days", PICTURE_DAYS)),
            notification=_table(fields.get("notification", {})),
            folder=base,
            file=file.absolute(),
        )
    except OSError as error:
        raise ConfigError(f"cannot read {file}: {error.strerror}. `heartlamp-server init` makes one.") from error
    except (tomllib.TOMLDecodeError, KeyError, TypeError, ValueError) as error:
        raise ConfigError(f"{file} is not complete: {error}. `heartlamp-server init` shows a complete one.") from error


def _table(value: object) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise TypeError("notification must be tables: [notification.NAME]")
    return value


def _days(value: object) -> int:
    if type(value) is not int or not 1 <= value <= 365:
        raise ValueError("pictures.days must be a whole number from 1 to 365")
    return value


def _meet(one: str, other: str) -> bool:
    return one == other or bool({one, other} & {"0.0.0.0", "::"})


def _listener(fields: dict[str, object], base: Path) -> Listener:
    cert, key = fields.get("cert"), fields.get("key")
    return Listener(
        host=str(fields["host"]),
        port=int(str(fields["port"])),
        cert=base / str(cert) if cert else None,
        key=base / str(key) if key else None,
    )
