"""Reading what providers post to a callback: their JSON, and the times of their clocks, which are China's."""

import json
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

from heartlamp_server.notification.channels.channel import Unreadable

CHINA = timezone(timedelta(hours=8))


def read_json(body: bytes) -> Any:
    """Raises Unreadable."""
    try:
        return json.loads(body)
    except (ValueError, RecursionError) as wrong:
        raise Unreadable("not JSON") from wrong


def objects(value: Any) -> list[dict[str, Any]]:
    """A list of objects; one alone is a list of it. Raises Unreadable."""
    found = value if isinstance(value, list) else [value]
    if not all(isinstance(one, dict) for one in found):
        raise Unreadable("not a list of objects")
    return found


def text(fields: dict[str, Any], *names: str) -> str:
    """The first of the names that says something."""
    for name in names:
        value = fields.get(name)
        if value not in (None, ""):
            return str(value)
    return ""


def local_time(value: object) -> datetime | None:
    """`2017-06-01 10:00:00`, or seconds since 1970; None for anything else."""
    said = str(value or "")
    try:
        if said.isdigit():
            return datetime.fromtimestamp(int(said), UTC)
        return datetime.strptime(said, "%Y-%m-%d %H:%M:%S").replace(tzinfo=CHINA)
    except (ValueError, OverflowError, OSError):
        return None


def first_time(values: Iterable[object]) -> datetime | None:
    return next((at for value in values if (at := local_time(value)) is not None), None)
