"""gateway.toml, read once."""

import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlsplit

from heartlamp_protocol.device.names import is_device_id

from heartlamp_gateway.pictures.table import PicturesTable, read_pictures
from heartlamp_gateway.sntp_table import TimeTable, read_time
from heartlamp_gateway.supervision.config import Supervision, read_supervision, read_ups
from heartlamp_gateway.supervision.ups import Door
from heartlamp_gateway.updates.table import UpdatesTable, read_updates
from heartlamp_gateway.windows.settings import HomeAssistant, Http, read_home_assistant, read_http

if TYPE_CHECKING:
    from heartlamp_gateway.outputs.loud import Loud
    from heartlamp_gateway.outputs.modem.config import ModemConfig

Table = TypeVar("Table")
SOCKET_PATH_MAX = 100  # bytes; the kernel's limit is 107


class ConfigError(ValueError):
    """What is wrong with the file, in words for who wrote it."""


@dataclass(frozen=True, slots=True)
class Broker:
    """The TLS door that devices use (`host`, `port`, `cert`, `key`, `ca`), and the socket that only we use; `socket`
    None: its path would be too long, we come through the TLS door too."""

    host: str
    port: int
    cert: Path
    key: Path
    ca: Path
    socket: Path | None


@dataclass(frozen=True, slots=True)
class Config:
    id: str
    name: str
    county_host: str
    county_port: int
    county_ca: Path
    token_file: Path
    data_dir: Path
    broker: Broker
    supervision: Supervision
    pictures: PicturesTable | None = None
    updates: UpdatesTable | None = None
    time: TimeTable | None = None
    ups: Door | None = None
    http: Http | None = None
    home_assistant: HomeAssistant | None = None
    loud: "Loud | None" = None  # siren and loudspeakers
    modem: "ModemConfig | None" = None

    @property
    def broker_dir(self) -> Path:
        return self.data_dir / "broker"


def read_config(path: Path) -> Config:
    """Relative paths are relative to the file. Raises ConfigError."""
    try:
        fields = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as wrong:
        raise ConfigError(f"{path} cannot be read: {wrong}") from None
    except ValueError as wrong:
        raise ConfigError(f"{path} is not TOML: {wrong}") from None
    here = path.resolve().parent
    try:
        return _config(fields, here)
    except ConfigError as wrong:
        raise ConfigError(f"{path}: {wrong}") from None


def _config(fields: dict[str, Any], here: Path) -> Config:
    def text(table: dict[str, Any], name: str) -> str:
        value = table.get(name)
        if not isinstance(value, str) or not value:
            raise ConfigError(f"`{name}` is missing or not a text")
        return value

    gateway = text(fields, "id")
    if not is_device_id(gateway):
        raise ConfigError("`id` must be 4 to 20 of a-z 0-9, first a letter")
    url = urlsplit(text(fields, "county_url"))
    if url.scheme != "https" or not url.hostname or url.path not in ("", "/"):
        raise ConfigError("`county_url` must be https://host:port")
    data = here / text(fields, "data_dir")
    broker = fields.get("broker")
    if not isinstance(broker, dict):
        raise ConfigError("the table [broker] is missing")
    port = broker.get("port")
    if type(port) is not int or not 0 < port < 65536:
        raise ConfigError("`broker.port` must be a number from 1 to 65535")
    socket: Path | None = here / str(broker.get("socket", data / "broker" / "mqtt.sock"))
    if len(str(socket).encode()) > SOCKET_PATH_MAX:
        socket = None
    return Config(
        id=gateway,
        name=str(fields.get("name", gateway)),
        county_host=url.hostname,
        county_port=url.port or 443,
        county_ca=here / text(fields, "county_ca"),
        token_file=here / text(fields, "token_file"),
        data_dir=data,
        broker=Broker(
            host=text(broker, "host"),
            port=port,
            cert=here / text(broker, "cert"),
            key=here / text(broker, "key"),
            ca=here / text(broker, "ca"),
            socket=socket,
        ),
        pictures=_part(fields, "pictures", here, read_pictures),
        updates=_part(fields, "updates", here, read_updates),
        time=_part(fields, "time", here, read_time),
        supervision=_part(fields, "supervision", here, read_supervision) or Supervision(),
        ups=_part(fields, "ups", here, read_ups),
        http=_part(fields, "http", here, read_http),
        home_assistant=_part(fields, "home_assistant", here, read_home_assistant),
        loud=_loud(fields, here),
        modem=_modem(fields, here),
    )


def _part(fields: dict[str, Any], name: str, here: Path, read: Callable[[dict[str, Any], Path], Table]) -> Table | None:
    """A part that not every box has: None where its table is missing. `read` raises ValueError."""
    table = fields.get(name)
    if table is None:
        return None
    if not isinstance(table, dict):
        raise ConfigError(f"`{name}` must be a table")
    try:
        return read(table, here)
    except ValueError as wrong:
        raise ConfigError(f"[{name}]: {wrong}") from None


def _loud(fields: dict[str, Any], here: Path) -> "Loud | None":
    if not {"siren", "speaker"} & fields.keys():
        return None
    from heartlamp_gateway.outputs.loud import read_loud  # lazily: few boxes have one

    return read_loud(fields, here)


def _modem(fields: dict[str, Any], here: Path) -> "ModemConfig | None":
    if "modem" not in fields:
        return None
    from heartlamp_gateway.outputs.modem.config import read_modem

    return _part(fields, "modem", here, read_modem)
