"""Alarms of days gone by, written into the store as the rules would have left them."""

import json
import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from heartlamp_server.responder.scope import Grant

from tests.server.county import County, Village
from tests.server.responder.people import Somebody

BEIJING = ZoneInfo("Asia/Shanghai")
Lines = Sequence[tuple[float, str, dict[str, Any]]]
"""(seconds after the press, kind, detail)."""


PLACE = '{"name": "三组 7号", "address": "", "landmark": "", "path": ["庆丰县"]}'


def alarm(county: County, site: str, at: datetime, what: str = "panic", lines: Lines = ()) -> str:
    """Its id. Nothing else of the row counts in figures."""
    id = f"past{secrets.token_hex(6)}-1"
    rows = [(0.0, "opened", {"what": what, "house": site}), *lines]
    times, kinds, details = columns(at, rows)
    county.sql(
        "WITH made AS (INSERT INTO incident (id, site, what, place, opened_at, presses, last_press_at, events, rver,"
        " aver, answer, who, responders, doubts, cancelled, lit, lit_of, closed_at, closed_by, closed_how)"
        " VALUES (%s, %s, %s, %s, %s, 1, %s, '{}', 1, 0, 'closed', '', '[]', '{}', false, '{}', 0, %s, '', ''))"
        f" INSERT INTO timeline (incident, at, kind, detail) {WRITTEN}",
        id, site, what, PLACE, at, at, at, id, times, kinds, details,
    )  # fmt: skip
    return id


WRITTEN = "SELECT %s, * FROM unnest(%s::timestamptz[], %s::text[], %s::jsonb[])"


def columns(at: datetime, rows: Lines) -> tuple[list[datetime], list[str], list[str]]:
    return (
        [at + timedelta(seconds=seconds) for seconds, _, _ in rows],
        [kind for _, kind, _ in rows],
        [json.dumps(detail) for _, _, detail in rows],
    )


def more(county: County, id: str, at: datetime, lines: Lines) -> None:
    """Lines that came late."""
    county.sql(f"INSERT INTO timeline (incident, at, kind, detail) {WRITTEN}", id, *columns(at, lines))


RANG = (5.0, "told", {"state": "rang"})
ACCEPTED = (20.0, "answer", {"who": "值班员", "answer": "accepted"})
CLOSED = (600.0, "closed", {"who": "值班员", "by": "值班员", "how": "spoke_to"})


class Desk:
    """One village, its areas' ids by level, and people there. `first`: an alarm that a test made."""

    first = ""

    def __init__(self, county: County, houses: int = 2) -> None:
        self.county = county
        self.village: Village = county.village(houses)
        found = county.sql(
            "WITH RECURSIVE up AS (SELECT a.* FROM site s JOIN area a ON a.id = s.area WHERE s.id = %s "
            "UNION ALL SELECT a.* FROM up JOIN area a ON a.id = up.parent) SELECT level, id FROM up",
            self.village.sites[0],
        )
        self.areas: dict[str, int] = dict(found)

    def who(self, role: str = "commander", level: str = "") -> Somebody:
        return Somebody(self.county, Grant(role, self.areas[level] if level else None))
