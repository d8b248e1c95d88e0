"""What became of a message, as a line of its incident's timeline."""

from heartlamp_server.incident import store as incidents
from heartlamp_server.incident.model import Entry
from heartlamp_server.notification.model import Said
from heartlamp_server.notification.store import Connection


async def said(conn: Connection, told: Said, name: str = "") -> None:
    """A hook of handover.Hooks. `name`: of the target, for people. What is no incident's, or one's that the county does
    not know, is told nowhere."""
    incident, _, step, target, *_ = told.key.split("/")
    known = await (await conn.execute("SELECT FROM incident WHERE id = %s", (incident,))).fetchone()
    if known is not None:
        detail = {"step": step, "who": name or target, "state": told.state, **told.detail}
        await incidents.save(conn, [], [Entry(incident, told.at, "told", detail)])
