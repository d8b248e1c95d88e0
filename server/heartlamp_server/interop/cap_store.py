"""What stands in the warnings, from the incidents of some areas."""

from datetime import timedelta

from heartlamp_server.interop.cap import KINDS, Message, Told, messages
from heartlamp_server.interop.store import Connection
from heartlamp_server.responder.scope import Reach
from heartlamp_server.responder.within import Where

KEPT = timedelta(days=7)
INCIDENTS_MAX = 500

# A group's name is left out: it has so few houses that it would be one.
_INCIDENTS = """
SELECT i.id, i.what, ARRAY(SELECT jsonb_array_elements_text(i.place -> 'path')), a.level = 'group',
    coalesce((SELECT v.code FROM area v WHERE v.id = CASE a.level WHEN 'group' THEN a.parent ELSE a.id END), ''),
    i.doubts <> '{}'
FROM incident i JOIN site s ON s.id = i.site JOIN area a ON a.id = s.area
WHERE i.what = ANY(%(whats)s) AND (i.closed_at IS NULL OR i.closed_at > clock_timestamp() - %(kept)s::interval)
    AND """
_LINES = """
SELECT incident, at, kind, detail FROM timeline
WHERE incident = ANY(%s) AND kind IN ('opened', 'opened_by', 'corrected', 'closed', 'false', 'reopened', 'answer',
    'drill', 'earnest')
ORDER BY kind NOT IN ('opened', 'opened_by'), id
"""


async def warnings(conn: Connection, areas: tuple[int, ...]) -> list[Message]:
    """Of what is open, and of what was closed in the last KEPT; at most of INCIDENTS_MAX incidents, the newest."""
    where = Where()
    inside = where.inside(Reach(areas=areas), "s.area")
    cursor = await conn.execute(
        f"{_INCIDENTS}{inside} ORDER BY i.opened_at DESC LIMIT {INCIDENTS_MAX}",
        {**where.values, "whats": list(KINDS), "kept": KEPT},
    )
    found = {
        id: Told(id, what, tuple(path[:-1] if in_group and len(path) > 1 else path), code, doubtful)
        for id, what, path, in_group, code, doubtful in await cursor.fetchall()
    }
    lines: dict[str, list[tuple[object, ...]]] = {}
    for incident, *line in await (await conn.execute(_LINES, (list(found),))).fetchall():
        lines.setdefault(incident, []).append(tuple(line))
    return [m for id, told in found.items() for m in messages(told, lines.get(id, []))]  # type: ignore[arg-type]
