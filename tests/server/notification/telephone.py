"""A county that telephones: its server.toml names a provider, and its keys lie beside it."""

import json
from collections.abc import Mapping

from tests.server.county import County
from tests.server.notification.providers import KEY, SECRET, Provider

CALLBACK = "c" * 48


def telephone(county: County, provider: Provider, templates: Mapping[str, str], head: str = "", more: str = "") -> None:
    """`templates`: "alarm.zh" -> its number; `head`, `more`: lines of [notification], and what stands behind."""
    for name, text in (("aliyun.key", f"{KEY}\n{SECRET}\n"), ("callback", CALLBACK)):
        (county.folder / name).touch(mode=0o600)
        (county.folder / name).write_text(text)
    numbers = ", ".join(f"{json.dumps(name)} = {json.dumps(number)}" for name, number in templates.items())
    with county.config.open("a") as file:
        file.write(f"""
[notification]
callback_file = "callback"
{head}
[notification.voice]
kind = "aliyun-voice"
access_key_file = "aliyun.key"
endpoint = "{provider.endpoint}"
scheme = "http"
shown = "057100000000"
templates = {{ {numbers} }}
{more}""")
