"""server.toml: where the parts are. Paths in it are relative to its folder."""

import ipaddress
import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

ZONE = "Asia/Shanghai"
BRIEF_AT = "08:00"
PICTURE_DAYS = 7  # as long as the camera and the gateway keep theirs
READING_DAYS = 90
INTAKE_SECONDS = 120
WORDS_DAYS = 730
HOUSEHOLD_DAYS = 30
_BUFFER_MB = 64


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
class Influx:
    """`bucket`: also `database/retention policy` of 1.8; `database`: as InfluxQL calls the bucket."""

    url: str
    bucket: str
    database: str
    org: str = ""
    token: str = field(default="", repr=False)
    buffer_bytes: int = _BUFFER_MB * 1_000_000


@dataclass(frozen=True, slots=True)
class Telemetry:
    """`days`: how long a reading is kept; `influx`: None where readings are in PostgreSQL."""

    days: int = READING_DAYS
    influx: Influx | None = None


@dataclass(frozen=True, slots=True)
class Figures:
    """`zone`: in which days and months are the county's; `brief_at`: minute of the day until which a brief is, and at
    which it goes out; `brief_of`: official code of an area -> its own."""

    zone: ZoneInfo = field(default_factory=lambda: ZoneInfo(ZONE))
    brief_at: int = 8 * 60
    brief_of: Mapping[str, int] = field(default_factory=dict)

    def minute(self, code: str) -> int:
        """Of the area with this official code."""
        return self.brief_of.get(code, self.brief_at)


@dataclass(frozen=True, slots=True)
class Centre:
    """The command centre. `callback`: its number as 110, 119 and 120 may ring it, "" where nobody wrote it down;
    `intake_seconds`: so soon a call that was taken must have become an incident, or be settled."""

    callback: str = ""
    intake_seconds: int = INTAKE_SECONDS


@dataclass(frozen=True, slots=True)
class Retention:
    """In days. `words`: what people typed, after a call was closed; `household`: what a household gave of itself, after
    its last device was revoked."""

    words_days: int = WORDS_DAYS
    household_days: int = HOUSEHOLD_DAYS


@dataclass(frozen=True, slots=True)
class Config:
    """`database`: "postgresql://…" or "embedded:<folder>"; `url`: under which gateways reach theirs; `picture_days`:
    how long pictures are kept; `notification`: its table as it stands, `folder`: to which its paths are relative:
    what is wrong with a channel keeps no alarm from being taken in;
    `metrics_token`: with which Prometheus asks, "" it is on this machine; `update_key`: the file of the key by which
    new devices trust updates; `images`: the folder of what is written into bare boards; `webhook_networks`: closed
    networks that webhooks may lead into."""

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
    telemetry: Telemetry = Telemetry()
    figures: Figures = field(default_factory=Figures)
    centre: Centre = Centre()
    metrics_token: str = field(default="", repr=False)
    update_key: Path | None = None
    images: Path | None = None
    webhook_networks: tuple[str, ...] = ()
    retention: Retention = Retention()

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
            picture_days=_days("pictures", fields.get("pictures", {}).get("days", PICTURE_DAYS), 365),
            notification=_table(fields.get("notification", {})),
            telemetry=_telemetry(fields.get("telemetry", {}), base),
            figures=_figures(fields.get("figures", {})),
            centre=_centre(fields.get("centre", {})),
            webhook_networks=_networks(fields.get("webhooks", {}).get("allow", [])),
            metrics_token=_token(fields.get("metrics", {}), base),
            images=_file(fields.get("devices", {}), "images", base),
            update_key=_file(fields.get("devices", {}), "update_key", base),
            retention=_retention(fields.get("retention", {})),
            folder=base,
            file=file.absolute(),
        )
    except OSError as error:
        if error.filename not in (None, str(file), file):
            raise ConfigError(f"{file} names a file that cannot be read: {error.filename}: {error.strerror}") from error
        raise ConfigError(f"cannot read {file}: {error.strerror}. `heartlamp-server init` makes one.") from error
    except (tomllib.TOMLDecodeError, KeyError, TypeError, ValueError) as error:
        raise ConfigError(f"{file} is not complete: {error}. `heartlamp-server init` shows a complete one.") from error


def _centre(fields: dict[str, Any]) -> Centre:
    seconds = fields.get("intake_seconds", INTAKE_SECONDS)
    if type(seconds) is not int or not 30 <= seconds <= 900:
        raise ValueError("centre.intake_seconds must be a whole number from 30 to 900")
    return Centre(str(fields.get("callback", "")), seconds)


def _networks(value: object) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(net, str) for net in value):
        raise ValueError('webhooks.allow must be a list of networks: ["10.20.0.0/16"]')
    return tuple(str(ipaddress.ip_network(net)) for net in value)


def _token(fields: dict[str, Any], base: Path) -> str:
    file = fields.get("token_file", "")
    token = (base / str(file)).read_text().strip() if file else ""
    if file and len(token) < 20:
        raise ValueError(f"{file} must hold at least 20 characters: `openssl rand -hex 24`")
    return token


def _file(fields: dict[str, Any], name: str, base: Path) -> Path | None:
    return base / str(fields[name]) if fields.get(name) else None


def _table(value: object) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise TypeError("notification must be tables: [notification.NAME]")
    return value


def _days(of: str, value: object, most: int) -> int:
    if type(value) is not int or not 1 <= value <= most:
        raise ValueError(f"{of}.days must be a whole number from 1 to {most}")
    return value


def _retention(fields: dict[str, Any]) -> Retention:
    return Retention(
        _days("retention", fields.get("words_days", WORDS_DAYS), 3660),
        _days("retention", fields.get("household_days", HOUSEHOLD_DAYS), 3660),
    )


def _telemetry(fields: dict[str, Any], base: Path) -> Telemetry:
    days = _days("telemetry", fields.get("days", READING_DAYS), 3660)
    if days < 31:
        raise ValueError("telemetry.days must be 31 or more: so late a village may send what it kept")
    if (store := fields.get("store", "postgresql")) == "postgresql":
        return Telemetry(days)
    if store != "influx":
        raise ValueError('telemetry.store must be "postgresql" or "influx"')
    bucket, token_file = str(fields["bucket"]), fields.get("token_file", "")
    if not (url := str(fields["url"])).startswith(("http://", "https://")):
        raise ValueError("telemetry.url must begin with http:// or https://")
    return Telemetry(
        days,
        Influx(
            url=url.rstrip("/"),
            bucket=bucket,
            database=str(fields.get("database", bucket.partition("/")[0])),
            org=str(fields.get("org", "")),
            token=(base / str(token_file)).read_text().strip() if token_file else "",
            buffer_bytes=int(fields.get("buffer_mb", _BUFFER_MB)) * 1_000_000,
        ),
    )


def _figures(fields: dict[str, Any]) -> Figures:
    zone, at = str(fields.get("zone", ZONE)), str(fields.get("brief_at", BRIEF_AT))
    try:
        found = ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError) as wrong:
        raise ValueError(f"figures.zone is no time zone: {zone!r} (such as {ZONE})") from wrong
    own = fields.get("brief_of", {})
    if not isinstance(own, dict):
        raise ValueError(f'figures.brief_of names areas by their codes, such as {{ "330326" = "{BRIEF_AT}" }}')
    minutes = {code: _minute(f"brief_of.{code}", str(one)) for code, one in own.items()}
    return Figures(found, _minute("brief_at", at), minutes)


def _minute(name: str, at: str) -> int:
    hours, _, minutes = at.partition(":")
    if not (hours.isdecimal() and minutes.isdecimal() and len(at) <= 5 and int(hours) < 24 and int(minutes) < 60):
        raise ValueError(f"figures.{name} must be a time of day such as {BRIEF_AT}")
    return int(hours) * 60 + int(minutes)


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
