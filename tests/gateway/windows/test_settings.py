"""[http] and [home_assistant], and what is said of them when they are wrong."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from heartlamp_gateway.config import read_config
from heartlamp_gateway.windows.settings import HomeAssistant, Http, OtherBroker

from tests.gateway.rig.little import LITTLE

Write = Callable[[str, dict[str, Any]], Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def made(name: str, table: dict[str, Any]) -> Path:
        path = tmp_path / "gateway.toml"
        lines = "".join(f"{key} = {json.dumps(value)}\n" for key, value in table.items())
        path.write_text(f"{LITTLE}[{name}]\n{lines}" if name else LITTLE)
        return path

    return made


def test_without_the_tables_nobody_looks(write: Write) -> None:
    config = read_config(write("", {}))
    assert (config.http, config.home_assistant) == (None, None)


def test_what_is_left_out_has_a_default(write: Write, tmp_path: Path) -> None:
    assert read_config(write("http", {"code": "12345678"})).http == Http("0.0.0.0", 8080, "12345678")
    own = read_config(write("home_assistant", {"password": "12345678"})).home_assistant
    assert own == HomeAssistant(False, "12345678", "zh", None)
    table = {"on": True, "password": "x", "host": "ha.lan", "user": "heartlamp", "ca": "ha.pem", "language": "en"}
    other = read_config(write("home_assistant", table)).home_assistant
    assert other == HomeAssistant(True, "x", "en", OtherBroker("ha.lan", 8883, "heartlamp", tmp_path / "ha.pem"))


@pytest.mark.parametrize(
    ("name", "table", "said"),
    [
        ("http", {}, r"\[http\]: `code` is missing"),
        ("http", {"code": "1234567"}, "at least 8 characters"),
        ("http", {"code": "12345678", "port": 0}, "`port` must be a number"),
        ("http", {"code": "12345678", "port": True}, "`port` must be a number"),
        ("http", {"code": "12345678", "answer_code": "12345678"}, "`answer_code` must be another one"),
        ("home_assistant", {"on": "yes", "password": "12345678"}, r"\[home_assistant\]: `on` must be true or false"),
        ("home_assistant", {"password": "short"}, "`password` must have at least 8"),
        ("home_assistant", {"password": "12345678", "language": "fr"}, "`language` must be"),
        ("home_assistant", {"password": "x", "host": "ha.lan"}, "`user` is missing"),
    ],
)
def test_what_is_wrong_is_said_in_words(write: Write, name: str, table: dict[str, Any], said: str) -> None:
    config = read_config(write(name, table))
    assert (config.http, config.home_assistant) == (None, None)
    (flaw,) = config.flaws
    assert re.search(said, flaw.en)
