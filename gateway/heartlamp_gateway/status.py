"""What a technician wants to know first, out of the data folder, whether the gateway runs or not."""

import apsw

from heartlamp_gateway.config import Config
from heartlamp_gateway.run import ALARMS, READINGS


def status(config: Config) -> str:
    """Lines of text. Raises apsw.Error when there is no readable store."""
    db = apsw.Connection(str(config.data_dir / ALARMS), flags=apsw.SQLITE_OPEN_READWRITE)
    db.set_busy_timeout(2000)

    def one(sql: str) -> str:
        row = db.execute(sql).fetchone()
        return str(row[0]) if row and row[0] is not None else "none"

    def word(name: str) -> str:
        return one(f"SELECT value FROM word WHERE name = '{name}'")

    lamps, unshown = one("SELECT count(*) FROM lamp"), one("SELECT count(*) FROM lamp WHERE shown != ver")
    kept, waiting = one("SELECT count(*) FROM outbox"), one("SELECT count(*) FROM outbox WHERE received IS NULL")
    owed = one("SELECT count(*) FROM outbox WHERE passed = 0 AND receipt != ''")
    lines = [
        f"gateway            {config.id} ({config.name})",
        f"epoch              {word('epoch')}",
        f"waiting for county {waiting} of {kept} kept",
        f"receipts owed      {owed}",
        f"open incidents     {one('SELECT count(*) FROM incident')}",
        f"lamps              {lamps}, not showing their state: {unshown}",
        f"last command       {word('cursor')}",
        f"county epoch       {word('county epoch')}",
        f"county contact     {word('county contact')} (to the minute)",
    ]
    db.close()
    readings = apsw.Connection(str(config.data_dir / READINGS), flags=apsw.SQLITE_OPEN_READWRITE)
    row = readings.execute("SELECT count(*) FROM reading").fetchone()
    readings.close()
    lines.append(f"readings waiting   {row[0] if row else 0}")
    return "\n".join(lines)
