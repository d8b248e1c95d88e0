"""The wall's counts of this second, for as many walls as there are: asked of the database once, encoded once."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta

from heartlamp_protocol.supervision import COUNTY_TROUBLE_MS

from heartlamp_server.database.pool import Database
from heartlamp_server.responder.scope import Reach
from heartlamp_server.wall import store
from heartlamp_server.wall.forms import WallDrills, WallKind, WallToday, WallTownship, WallView
from heartlamp_server.wall.model import Place, by_kind, by_stage, townships, waiting_since

FRESH_SECONDS = 1.0
SLOW_SECONDS = 15.0  # areas, today's figures: they may be older
_REACHES_MAX = 50


@dataclass(slots=True)
class _Kept:
    """`at`, `slow_at`: when each part was asked for, of the process's clock."""

    at: float = float("-inf")
    slow_at: float = float("-inf")
    encoded: bytes = b""
    title: str = ""
    places: list[Place] = field(default_factory=list)
    today: store.Today = field(default_factory=lambda: store.Today({}, 0, None, None))
    drills: tuple[int, int, int] = (0, 0, 0)
    asking: asyncio.Lock = field(default_factory=asyncio.Lock)


class Snapshots:
    """`online`: ids of gateways that are there now."""

    def __init__(self, database: Database, online: Callable[[], set[str]]) -> None:
        self._database, self._online = database, online
        self._kept: dict[Reach, _Kept] = {}

    async def of(self, reach: Reach) -> bytes:
        """A WallView as JSON, at most a second old. Raises NotReady."""
        if len(self._kept) >= _REACHES_MAX and reach not in self._kept:
            self._kept.clear()
        kept = self._kept.setdefault(reach, _Kept())
        async with kept.asking:  # the first wall asks, the others find it there
            if time.monotonic() - kept.at >= FRESH_SECONDS:
                kept.encoded = await self._ask(reach, kept)
                kept.at = time.monotonic()
        return kept.encoded

    async def _ask(self, reach: Reach, kept: _Kept) -> bytes:
        async with self._database.connection() as conn:
            if time.monotonic() - kept.slow_at >= SLOW_SECONDS:
                kept.title, kept.places = await store.title(conn, reach), await store.places(conn, reach)
                kept.today = await store.today(conn, reach)
                kept.drills = await store.drills(conn, reach)
                kept.slow_at = time.monotonic()
            now, calls = await store.calls(conn, reach)
            gateways, dark = await store.gateways(conn, reach), await store.without_power(conn)
        found = townships(kept.places, calls, sick(now, gateways, self._online(), dark))
        stages, today = by_stage(calls), kept.today
        view = WallView(
            now=now,
            area=kept.title,
            waiting=stages["waiting"],
            accepted=stages["accepted"],
            coming=stages["coming"],
            arrived=stages["arrived"],
            waiting_since=waiting_since(calls),
            kinds=[WallKind(what=what, waiting=w, in_hand=h) for what, w, h in by_kind(calls)],  # type: ignore[arg-type]
            townships=[WallTownship(**asdict(township)) for township in found],
            today=WallToday(
                raised=today.raised, closed=today.closed, accept_s=today.accept_s, arrive_s=today.arrive_s
            ),
            drills=WallDrills(drilled=kept.drills[0], houses=kept.drills[1], now=kept.drills[2]),
        )  # fmt: skip
        return view.model_dump_json().encode()


def sick(
    now: datetime, gateways: list[tuple[str, int, datetime | None]], online: set[str], dark: set[str]
) -> dict[int, str]:
    """village -> what is wrong there, of SICK; the worst where it has several gateways. Pure."""
    found: dict[int, str] = {}
    order = ("", "never", "power", "silent")
    for id, village, heard in gateways:
        if id in online or (heard is not None and now - heard < timedelta(milliseconds=COUNTY_TROUBLE_MS)):
            word = "power" if id in dark else ""
        else:
            word = "never" if heard is None else "silent"
        found[village] = max(found.get(village, ""), word, key=order.index)
    return found
