"""[sound] and [[speaker]] of gateway.toml."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from heartlamp_gateway.config import ConfigError
from heartlamp_gateway.outputs.speaker.by_command import CommandSpeaker
from heartlamp_gateway.outputs.speaker.by_http import HttpSpeaker
from heartlamp_gateway.outputs.speaker.by_sip import SipSpeaker
from heartlamp_gateway.outputs.speaker.digest import Login
from heartlamp_gateway.outputs.speaker.kind import Kind
from heartlamp_gateway.outputs.speaker.speakers import Speaker
from heartlamp_gateway.rules.loudness import DAY_MIN, Night
from heartlamp_gateway.settings_file import SettingsFile, has_port

_EVERY = ("name", "kind", "groups", "lang", "timeout_s", "user", "password_file")
_OF_KIND = {
    "http": ("url", "method", "send", "body", "content_type", "stop_url", "check_url", "ca"),
    "sip": ("uri",),
    "command": ("command", "check_command"),
}
SOUND = ("prompts", "repeats", "most_s", "deadline_s", "night")
NIGHT = Night()


@dataclass(frozen=True, slots=True)
class SoundSettings:
    """`prompts`: the folder of docs/prompts.md; `deadline_s`: of one announcement, with waiting and trying again."""

    prompts: Path
    repeats: int = 3
    most_s: float = 60.0
    deadline_s: float = 180.0
    night: Night = NIGHT


def read_sound(table: dict[str, Any], here: Path) -> SoundSettings:
    """Every field has a default. Raises ConfigError."""
    _known(table, "[sound]", SOUND)
    night = table.get("night", ["22:00", "06:00"])
    if not isinstance(night, list) or len(night) != 2:
        raise ConfigError('`sound.night` must be two times, such as ["22:00", "06:00"]')
    repeats = table.get("repeats", 3)
    if type(repeats) is not int or not 1 <= repeats <= 10:
        raise ConfigError("`sound.repeats` must be a number from 1 to 10")
    return SoundSettings(
        here / _text(table, "sound", "prompts", "prompts"),
        repeats,
        _number(table, "sound", "most_s", 60.0, 5, 300),
        _number(table, "sound", "deadline_s", 180.0, 30, 900),
        Night(*(_minute(t) for t in night)),
    )


def read_speakers(file: SettingsFile) -> tuple[Speaker, ...]:
    """The list that [[speaker]] makes. One that is written wrongly silences none of the others."""
    tables = file.fields.get("speaker", [])
    if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
        file.wrong("[speaker]", "loudspeakers are written as [[speaker]], with two brackets")
        return ()
    found: dict[str, Speaker] = {}
    for table in tables:
        more = _OF_KIND.get(str(table.get("kind")))
        shown = f"[[speaker]] {table.get('name', '?')}"
        made = file.read(shown, table, None if more is None else (*_EVERY, *more), read_speaker)
        if made is not None and made.name in found:
            file.wrong(shown, f"two loudspeakers are called {made.name}")
        elif made is not None:
            found[made.name] = made
    return tuple(found.values())


def read_speaker(table: dict[str, Any], here: Path) -> Speaker:
    """Its password is read from its file here, once. Raises ConfigError."""
    name = _text(table, "speaker", "name")
    where = f"speaker {name}"
    kind = _text(table, where, "kind")
    if kind not in _OF_KIND:
        raise ConfigError(f"{where}: `kind` is one of {', '.join(_OF_KIND)}")
    _known(table, where, (*_EVERY, *_OF_KIND[kind]))
    made: Kind
    if kind == "http":
        made = _http(table, where, here)
    elif kind == "sip":
        made = _sip(table, where, here)
    else:
        command = _texts(table, where, "command", least=1)
        if not any("{file}" in part for part in command):
            raise ConfigError(f"{where}: `command` must have {{file}} where the sound's file goes")
        made = CommandSpeaker(
            command,
            _texts(table, where, "check_command"),
            _number(table, where, "timeout_s", 5.0, 1, 60),
        )
    return Speaker(name, _texts(table, where, "groups"), _text(table, where, "lang", "zh"), made)


def _http(table: dict[str, Any], where: str, here: Path) -> HttpSpeaker:
    urls = {n: _text(table, where, n, "") for n in ("url", "stop_url", "check_url")}
    for name, url in urls.items():
        parts = urlsplit(url)
        if (url or name == "url") and (parts.scheme not in ("http", "https") or not parts.hostname or parts.username):
            raise ConfigError(f"{where}: `{name}` must be http://host/… ; name and password have fields of their own")
        if not has_port(parts):
            raise ConfigError(f"{where}: the port in `{name}` must be a number from 1 to 65535")
    method, send = _text(table, where, "method", "POST"), _text(table, where, "send", "wav")
    if method not in ("POST", "PUT") or send not in ("wav", "url"):
        raise ConfigError(f"{where}: `method` is POST or PUT, `send` is wav or url")
    body = _text(table, where, "body", '{"url":"{url}"}')
    if "{url}" not in body:
        raise ConfigError(f"{where}: `body` must have {{url}} where the sound's address goes")
    ca = _text(table, where, "ca", "")
    return HttpSpeaker(
        urls["url"],
        method,
        send,
        body,
        _text(table, where, "content_type", "audio/wav" if send == "wav" else "application/json"),
        urls["stop_url"],
        urls["check_url"] or urls["url"],
        _login(table, where, here),
        here / ca if ca else None,
        _number(table, where, "timeout_s", 5.0, 1, 60),
    )


def _sip(table: dict[str, Any], where: str, here: Path) -> SipSpeaker:
    uri = _text(table, where, "uri")
    parts = urlsplit("//" + uri.removeprefix("sip:"))
    try:
        port = parts.port or 5060
    except ValueError:
        port = 0
    if not uri.startswith("sip:") or not parts.hostname or not port or any(c in uri for c in " <>;?\r\n"):
        raise ConfigError(f"{where}: `uri` must be sip:number@host or sip:number@host:port")
    login = _login(table, where, here)
    user = login.user if login is not None else "heartlamp"
    return SipSpeaker(uri, parts.hostname, port, user, login, _number(table, where, "timeout_s", 10.0, 1, 60))


def _login(table: dict[str, Any], where: str, here: Path) -> Login | None:
    user, file = _text(table, where, "user", ""), _text(table, where, "password_file", "")
    if bool(user) != bool(file):
        raise ConfigError(f"{where}: `user` and `password_file` go together")
    if not user:
        return None
    if '"' in user or "\\" in user:
        raise ConfigError(
            f"{where}: `user` has a quotation mark or a backslash, which no loudspeaker understands alike"
        )
    try:
        return Login(user, (here / file).read_text(encoding="utf-8").strip())
    except (OSError, UnicodeDecodeError) as wrong:
        raise ConfigError(f"{where}: {here / file} cannot be read: {wrong}") from None


def _text(table: dict[str, Any], where: str, name: str, default: str | None = None) -> str:
    value = table.get(name, default)
    if not isinstance(value, str) or (default is None and not value):
        raise ConfigError(f"{where}: `{name}` is missing or not a text")
    if "\n" in value or "\r" in value:
        raise ConfigError(f"{where}: `{name}` has more than one line")
    return value


def _texts(table: dict[str, Any], where: str, name: str, least: int = 0) -> tuple[str, ...]:
    value = table.get(name, [])
    if not isinstance(value, list) or not all(isinstance(v, str) and v for v in value) or len(value) < least:
        raise ConfigError(f"{where}: `{name}` must be a list of texts")
    return tuple(value)


def _number(table: dict[str, Any], where: str, name: str, default: float, least: float, most: float) -> float:
    value = table.get(name, default)
    if type(value) not in (int, float) or not least <= value <= most:
        raise ConfigError(f"{where}: `{name}` must be a number from {least:g} to {most:g}")
    return float(value)


def _minute(text: object) -> int:
    hours, colon, minutes = str(text).partition(":")
    if colon and hours.isascii() and hours.isdigit() and minutes.isascii() and minutes.isdigit():
        minute = int(hours) * 60 + int(minutes)
        if int(minutes) < 60 and minute < DAY_MIN:
            return minute
    raise ConfigError(f"`sound.night`: {text} is no time of day such as 22:00")


def _known(table: dict[str, Any], where: str, names: Iterable[str]) -> None:
    if unknown := sorted(set(table) - set(names)):
        raise ConfigError(f"{where} has no `{unknown[0]}`; it has {', '.join(names)}")
