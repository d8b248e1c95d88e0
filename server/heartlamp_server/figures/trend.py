"""A few figures of an area, month after month: as they were locked, or as they are now where nobody stands for them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from zoneinfo import ZoneInfo

from heartlamp_server.figures import keep, lock_store, store
from heartlamp_server.figures.compute import Connection
from heartlamp_server.figures.definition import Value, values
from heartlamp_server.figures.period import Period, months_until
from heartlamp_server.figures.store import Area

MONTHS = 12
SHOWN = ("alarms", "on_time", "arrive.p90")
"""None of them is of what is around incidents."""


@dataclass(frozen=True, slots=True)
class Month:
    """`version`: that was locked, None where it was computed now; `over`: nothing more happens in it."""

    period: Period
    values: Mapping[str, Value]
    version: int | None
    over: bool


async def trend(conn: Connection, area: Area, day: date, zone: ZoneInfo, silent: bool) -> list[Month]:
    """MONTHS of them until the one of `day`, the oldest first. `silent`: as for `store.facts`."""
    periods = months_until(day, MONTHS)
    locks = {lock.month: lock for lock in reversed(await lock_store.locks(conn, area.id))}  # the first counts
    await keep.refresh(conn, zone)
    months = []
    async with conn.transaction():
        await conn.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        today = await store.today(conn, zone)
        for of in periods:
            lock = locks.get(of.first)
            if lock is not None:
                found = await lock_store.read(conn, lock.id, area.id)
                assert found is not None, "a lock that holds the area has its row"
                known = found[0].values(silent)
            else:
                facts = await store.facts(conn, [area.id], of, zone, silent, around=False)
                known = values(facts[area.id], area.level)
            shown = {name: known[name] for name in SHOWN if name in known}
            months.append(Month(of, shown, lock.version if lock else None, of.last < today))
    return months
