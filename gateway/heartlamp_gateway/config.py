"""gateway.toml, read once."""

import tomllib
import unicodedata
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import SplitResult, urlsplit

from heartlamp_protocol.device.names import is_device_id

from heartlamp_gateway import sntp_table
from heartlamp_gateway.pictures import table as pictures
from heartlamp_gateway.pictures.table import PicturesTable, read_pictures
from heartlamp_gateway.settings_file import ENCODING, Flaw, SettingsFile, has_port
from heartlamp_gateway.sntp_table import TimeTable, read_time
from heartlamp_gateway.supervision import config as supervision
from heartlamp_gateway.supervision.config import Supervision, read_supervision, read_ups
from heartlamp_gateway.supervision.ups import Door
from heartlamp_gateway.updates import table as updates
from heartlamp_gateway.updates.table import UpdatesTable, read_updates
from heartlamp_gateway.windows import settings as windows
from heartlamp_gateway.windows.settings import HomeAssistant, Http, read_home_assistant, read_http

if TYPE_CHECKING:
    from heartlamp_gateway.outputs.loud import Loud
    from heartlamp_gateway.outputs.modem.config import ModemConfig

TOP = (
    *("id", "name", "county_url", "county_ca", "token_file", "data_dir", "broker"),
    *(
        "pictures",
        "updates",
        "time",
        "supervision",
        "ups",
        "http",
        "home_assistant",
        "siren",
        "sound",
        "speaker",
        "modem",
    ),
)
BROKER = ("host", "port", "cert", "key", "ca", "socket")
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
    """`flaws`: what of the file is not understood; the village is served without it."""

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
    flaws: tuple[Flaw, ...] = ()

    @property
    def has_outputs(self) -> bool:
        """It can telephone, or make itself heard."""
        return self.modem is not None or (self.loud is not None and bool(self.loud.siren or self.loud.speakers))

    @property
    def broker_dir(self) -> Path:
        return self.data_dir / "broker"


def read_config(path: Path) -> Config:
    """Relative paths are relative to the file. Raises ConfigError where the village cannot be served at all; of parts
    that not every box has, `flaws` says what is wrong with them."""
    try:
        fields = tomllib.loads(path.read_text(encoding=ENCODING))
    except FileNotFoundError:
        raise ConfigError(
            f"there is no {path}: this box is no gateway yet. `sudo heartlamp-gateway setup` makes it one, with a code "
            "from the county; `restore` makes it the one of a backup"
        ) from None
    except PermissionError:
        raise ConfigError(f"{path} is nobody's but root's and the gateway's: run this with sudo") from None
    except OSError as wrong:
        raise ConfigError(f"{path} cannot be read: {wrong}") from None
    except ValueError as wrong:
        raise ConfigError(f"{path} is not TOML: {wrong}") from None
    here = path.resolve().parent
    try:
        return _config(SettingsFile(fields, here))
    except ConfigError as wrong:
        raise ConfigError(f"{path}: {wrong}") from None


def _config(file: SettingsFile) -> Config:
    fields, here = file.fields, file.here
    file.tables(TOP)
    gateway = _text(fields, "id")
    if not is_device_id(gateway):
        raise ConfigError("`id` must be 4 to 20 of a-z 0-9, first a letter")
    url = _county(_text(fields, "county_url"))
    data = here / _text(fields, "data_dir")
    broker = file.read("[broker]", _broker_table(fields), BROKER, lambda table, _: table) or {}
    port = broker.get("port")
    if type(port) is not int or not 0 < port < 65536:
        raise ConfigError("`broker.port` must be a number from 1 to 65535")
    own = _text(broker, "socket", "broker.") if "socket" in broker else data / "broker" / "mqtt.sock"
    socket: Path | None = here / own
    if len(str(socket).encode()) > SOCKET_PATH_MAX:
        socket = None
    loud, modem = _loud(file), _modem(file)
    return Config(
        id=gateway,
        name=str(fields.get("name", gateway)),
        county_host=str(url.hostname),
        county_port=url.port or 443,
        county_ca=here / _text(fields, "county_ca"),
        token_file=here / _text(fields, "token_file"),
        data_dir=data,
        broker=Broker(
            host=_host(_text(broker, "host", "broker.")),
            port=port,
            cert=here / _text(broker, "cert", "broker."),
            key=here / _text(broker, "key", "broker."),
            ca=here / _text(broker, "ca", "broker."),
            socket=socket,
        ),
        pictures=file.part("pictures", pictures.KEYS, read_pictures),
        updates=file.part("updates", updates.KEYS, read_updates),
        time=file.part("time", sntp_table.KEYS, read_time),
        supervision=file.part("supervision", supervision.KEYS, read_supervision) or Supervision(),
        ups=file.part("ups", supervision.UPS_KEYS, read_ups),
        http=file.part("http", windows.HTTP, read_http),
        home_assistant=file.part("home_assistant", windows.HOME_ASSISTANT, read_home_assistant),
        loud=loud,
        modem=modem,
        flaws=tuple(file.flaws),
    )


def _text(table: dict[str, Any], name: str, of: str = "") -> str:
    """These go into Mosquitto's file and into HTTP, where a line break begins something else."""
    value = table.get(name)
    if not isinstance(value, str) or not value:
        raise ConfigError(f"`{of}{name}` is missing or not a text")
    if any(unicodedata.category(character) == "Cc" for character in value):
        raise ConfigError(f"`{of}{name}` has a line break, or another character that cannot be seen")
    return value


def _host(host: str) -> str:
    if " " in host:
        raise ConfigError("`broker.host` must be one address, without blanks")
    return host


def _county(text: str) -> SplitResult:
    try:
        url = urlsplit(text)
    except ValueError as wrong:
        raise ConfigError(f"`county_url` must be https://host:port: {wrong}") from None
    if url.scheme != "https" or not url.hostname or url.path not in ("", "/"):
        raise ConfigError("`county_url` must be https://host:port")
    if not has_port(url):
        raise ConfigError("the port in `county_url` must be a number from 1 to 65535")
    return url


def _broker_table(fields: dict[str, Any]) -> dict[str, Any]:
    broker = fields.get("broker")
    if not isinstance(broker, dict):
        raise ConfigError("the table [broker] is missing")
    return broker


def _loud(file: SettingsFile) -> "Loud | None":
    if not {"siren", "speaker"} & file.fields.keys():
        return None
    from heartlamp_gateway.outputs.loud import read_loud  # lazily: few boxes have one

    return read_loud(file)


def _modem(file: SettingsFile) -> "ModemConfig | None":
    if "modem" not in file.fields:
        return None
    from heartlamp_gateway.outputs.modem.config import modem_of

    return modem_of(file)
