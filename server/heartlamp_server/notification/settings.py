"""[notification] of server.toml: which channels there are. Secrets are in files of their own; what is wrong with one
channel is said, and the others work."""

import ipaddress
import os
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from heartlamp_server.config import ConfigError
from heartlamp_server.database.pool import Database
from heartlamp_server.notification.channels import aliyun, tencent
from heartlamp_server.notification.channels.aliyun_sms import AliyunSms
from heartlamp_server.notification.channels.aliyun_voice import AliyunVoice
from heartlamp_server.notification.channels.app import App
from heartlamp_server.notification.channels.channel import Channel
from heartlamp_server.notification.channels.chat import Chat
from heartlamp_server.notification.channels.mail import Mail, Server
from heartlamp_server.notification.channels.village import Village
from heartlamp_server.notification.channels.webhook import Endpoint, Webhook
from heartlamp_server.notification.model import Trait
from heartlamp_server.notification.rate import Limit

SECRET_MIN = 32
_EVERY = ("kind", "per_minute", "burst")
_OWN = ("callback_file", "callback_sources", "link")


@dataclass(frozen=True, slots=True)
class Opened:
    """`channels`, `limits`: by name; `broken`: name -> what is wrong; `callback`: the part of a path that nobody
    guesses, "" where providers have no way in; `sources`: addresses that may use it, () all; `link`: the county's
    address as a telephone reaches it, "" where there are no links."""

    channels: Mapping[str, Channel]
    limits: Mapping[str, Limit]
    broken: Mapping[str, str] = field(default_factory=dict)
    callback: str = ""
    sources: tuple[str, ...] = ()
    link: str = ""

    def traits(self) -> dict[str, Trait]:
        """For `store.ask` and `model.wakes`."""
        return {name: channel.trait for name, channel in self.channels.items()}


def open_channels(table: Mapping[str, Any], here: Path, database: Database) -> Opened:
    """`table`: [notification] as parsed; `here`: the folder of server.toml. "app" is always there. Never raises: what
    is wrong keeps neither an alarm nor another channel."""
    channels: dict[str, Channel] = {"app": App(database)}
    limits: dict[str, Limit] = {"app": Limit(60_000, 1_000)}
    broken: dict[str, str] = {}
    for name, fields in table.items():
        if not isinstance(fields, dict):
            if name not in _OWN:
                broken[name] = f"[notification] has no setting {name}; channels are [notification.NAME]"
            continue
        try:
            if not name.isascii() or "/" in name or name == "app":
                raise ConfigError("a channel's name is of letters, digits and hyphens, and not app")
            limits[name] = Limit(_number(fields, "per_minute", 600.0), _number(fields, "burst", 60.0))
            channels[name] = _channel(fields, here, database)
        except (ConfigError, OSError, KeyError, ValueError, TypeError) as wrong:
            limits.pop(name, None)
            broken[name] = str(wrong) if not isinstance(wrong, KeyError) else f"{wrong.args[0]} is missing"
    own: dict[str, tuple[str, ...]] = {}
    for name, read in (("callback_file", _callback), ("callback_sources", _sources), ("link", _link)):
        try:
            own[name] = read(table, here)
        except (ConfigError, OSError, ValueError) as wrong:
            broken[name], own[name] = str(wrong), () if name == "callback_sources" else ("",)
    if "callback_sources" in broken:
        own["callback_file"] = ("",)  # rather nobody than everybody
    return Opened(channels, limits, broken, own["callback_file"][0], own["callback_sources"], own["link"][0])


def _callback(table: Mapping[str, Any], here: Path) -> tuple[str]:
    file = table.get("callback_file")
    if not file:
        return ("",)
    callback = _secret(here / str(file))
    if len(callback) < SECRET_MIN or not callback.isalnum():
        raise ConfigError(f"{file} must hold at least {SECRET_MIN} letters and digits: `openssl rand -hex 24`")
    return (callback,)


def _sources(table: Mapping[str, Any], here: Path) -> tuple[str, ...]:
    sources = table.get("callback_sources", [])
    if not isinstance(sources, list) or not all(isinstance(s, str) for s in sources):
        raise ConfigError("callback_sources must be a list of addresses")
    for source in sources:
        ipaddress.ip_network(source, strict=False)
    return tuple(sources)


def _link(table: Mapping[str, Any], here: Path) -> tuple[str]:
    link = str(table.get("link", "")).rstrip("/")
    if link and not link.startswith(("https://", "http://")):
        raise ConfigError("link must be the county's address, https://…")
    return (link,)


def _channel(fields: dict[str, Any], here: Path, database: Database) -> Channel:
    kind = str(fields["kind"])
    makers: dict[str, tuple[tuple[str, ...], Callable[[], Channel]]] = {
        "aliyun-voice": (
            ("access_key_file", "endpoint", "scheme", "templates", "shown", "play_times"),
            lambda: AliyunVoice(
                _aliyun(fields, here, "dyvmsapi.aliyuncs.com"),
                _templates(fields),
                str(fields.get("shown", "")),
                _times(fields),
            ),
        ),
        "aliyun-sms": (
            ("access_key_file", "endpoint", "scheme", "templates", "signature"),
            lambda: AliyunSms(
                _aliyun(fields, here, "dysmsapi.aliyuncs.com"), str(fields["signature"]), _templates(fields)
            ),
        ),
        "tencent-voice": (
            ("secret_file", "application", "region", "endpoint", "scheme", "templates", "play_times"),
            lambda: tencent.TencentVoice(_tencent(fields, here), _templates(fields), _times(fields)),
        ),
        "tencent-sms": (
            ("secret_file", "application", "region", "endpoint", "scheme", "templates", "signature"),
            lambda: tencent.TencentSms(_tencent(fields, here), str(fields["signature"]), _templates(fields)),
        ),
        "village-voice": ((), lambda: Village(database, "voice")),
        "village-sms": ((), lambda: Village(database, "sms")),
        "chat": (("urls_file",), lambda: Chat(_table(here / str(fields["urls_file"])))),
        "webhook": (("endpoints_file",), lambda: Webhook(_endpoints(here / str(fields["endpoints_file"])))),
        "mail": (
            ("host", "port", "security", "user", "password_file", "sender", "ca", "boxes_file"),
            lambda: Mail(_mail(fields, here), _boxes(fields, here)),
        ),
    }
    if kind not in makers:
        raise ConfigError(f"kind is one of {', '.join(makers)}")
    known, make = makers[kind]
    if strange := sorted(fields.keys() - {*known, *_EVERY}):
        raise ConfigError(f"a channel of kind {kind} has no {', '.join(strange)}")
    return make()


def _aliyun(fields: dict[str, Any], here: Path, endpoint: str) -> aliyun.Account:
    id, secret = _pair(here / str(fields["access_key_file"]))
    return aliyun.Account(id, secret, str(fields.get("endpoint", endpoint)), str(fields.get("scheme", "https")))


def _tencent(fields: dict[str, Any], here: Path) -> tencent.Account:
    id, secret = _pair(here / str(fields["secret_file"]))
    return tencent.Account(
        id,
        secret,
        str(fields["application"]),
        str(fields.get("region", "ap-beijing")),
        str(fields.get("endpoint", "")),
        str(fields.get("scheme", "https")),
    )


def _mail(fields: dict[str, Any], here: Path) -> Server:
    security = str(fields.get("security", "tls"))
    if security not in ("tls", "starttls", "none"):
        raise ConfigError("security is tls, starttls or none")
    password = _secret(here / str(fields["password_file"])) if "password_file" in fields else ""
    user, ca = str(fields.get("user", "")), fields.get("ca")
    if user and security == "none" and str(fields["host"]) not in ("127.0.0.1", "::1", "localhost"):
        raise ConfigError("a password goes over tls or starttls only")
    port = int(fields.get("port", 465 if security == "tls" else 587))
    return Server(
        str(fields["host"]), port, security, user, password, str(fields["sender"]), here / str(ca) if ca else None
    )


def _boxes(fields: dict[str, Any], here: Path) -> dict[str, str]:
    return _table(here / str(fields["boxes_file"])) if "boxes_file" in fields else {}


def _endpoints(file: Path) -> dict[str, Endpoint]:
    found = {}
    for name, fields in tomllib.loads(_private(file)).items():
        if not str(fields["url"]).startswith(("https://", "http://127.0.0.1", "http://localhost")):
            raise ConfigError(f"{file}: {name} must be https://…")
        found[name] = Endpoint(str(fields["url"]), str(fields["secret"]))
    return found


def _table(file: Path) -> dict[str, str]:
    return {str(name): str(value) for name, value in tomllib.loads(_private(file)).items()}


def _templates(fields: dict[str, Any]) -> dict[str, str]:
    templates = fields.get("templates", {})
    if not isinstance(templates, dict):
        raise ConfigError('templates is a table: "alarm.zh" = "TTS_…"')
    return {str(name): str(value) for name, value in templates.items()}


def _times(fields: dict[str, Any]) -> int:
    times = fields.get("play_times", 2)
    if type(times) is not int or not 1 <= times <= 3:
        raise ConfigError("play_times is 1, 2 or 3")
    return times


def _number(fields: dict[str, Any], name: str, default: float) -> float:
    value = fields.get(name, default)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value <= 1_000_000:
        raise ConfigError(f"{name} must be a number above 0")
    return float(value)


def _pair(file: Path) -> tuple[str, str]:
    lines = _private(file).split()
    if len(lines) != 2:
        raise ConfigError(f"{file} must have two lines: the key's id, and its secret")
    return lines[0], lines[1]


def _secret(file: Path) -> str:
    return _private(file).strip()


def _private(file: Path) -> str:
    """Raises ConfigError where others than its owner can read it."""
    text = file.read_text()
    if os.stat(file).st_mode & 0o077:
        raise ConfigError(f"{file} can be read by others: chmod 600 {file}")
    return text
