"""The tables [http] and [home_assistant] of gateway.toml. What is wrong is a ValueError, in words for people."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

HTTP = ("host", "port", "code", "answer_code")
HOME_ASSISTANT = ("on", "password", "language", "host", "port", "user", "ca")
CODE_MIN = 8  # characters: at five tries a minute, eight digits last for decades


@dataclass(frozen=True, slots=True)
class Http:
    """Where the office's page, the API and /metrics are served. `code`: asked of everybody who looks; `answer_code`: of
    who answers for somebody on duty, "" nobody may."""

    host: str
    port: int
    code: str
    answer_code: str = ""


@dataclass(frozen=True, slots=True)
class OtherBroker:
    """`ca` None: without TLS."""

    host: str
    port: int
    user: str
    ca: Path | None


@dataclass(frozen=True, slots=True)
class HomeAssistant:
    """`on` False: what was published vanishes. `password`: with our own broker (`other` None) that of the user
    `homeassistant`, with another one ours there. `language`: of the entities' names, "zh" or "en"."""

    on: bool
    password: str
    language: str
    other: OtherBroker | None


def read_http(table: dict[str, Any], here: Path) -> Http:
    code = _text(table, "code")
    if len(code) < CODE_MIN:
        raise ValueError(f"`code` must have at least {CODE_MIN} characters")
    answer = _text(table, "answer_code") if "answer_code" in table else ""
    if answer and (len(answer) < CODE_MIN or answer == code):
        raise ValueError(f"`answer_code` must be another one than `code`, of at least {CODE_MIN} characters")
    return Http(_text(table, "host", "0.0.0.0"), _port(table, 8080), code, answer)


def read_home_assistant(table: dict[str, Any], here: Path) -> HomeAssistant:
    on = table.get("on", False)
    if type(on) is not bool:
        raise ValueError("`on` must be true or false")
    language = _text(table, "language", "zh")
    if language not in ("zh", "en"):
        raise ValueError('`language` must be "zh" or "en"')
    password = _text(table, "password")
    if "host" not in table:
        if len(password) < CODE_MIN:
            raise ValueError(f"`password` must have at least {CODE_MIN} characters")
        return HomeAssistant(on, password, language, None)
    ca = here / _text(table, "ca") if "ca" in table else None
    other = OtherBroker(_text(table, "host"), _port(table, 8883 if ca else 1883), _text(table, "user"), ca)
    return HomeAssistant(on, password, language, other)


def _text(table: dict[str, Any], name: str, default: str = "") -> str:
    value = table.get(name, default)
    if not isinstance(value, str) or not value:
        raise ValueError(f"`{name}` is missing or not a text")
    return value


def _port(table: dict[str, Any], default: int) -> int:
    port = table.get("port", default)
    if type(port) is not int or not 0 < port < 65536:
        raise ValueError("`port` must be a number from 1 to 65535")
    return port
