"""Places as rows."""

from collections.abc import Sequence
from typing import Any

import psycopg

# The path is the chain of areas above a site, from the county down.
_PLACES = """
WITH RECURSIVE up (site, area, depth) AS (
    SELECT id, area, 0 FROM site WHERE id = ANY(%(sites)s)
    UNION ALL
    SELECT up.site, a.parent, up.depth + 1 FROM up JOIN area a ON a.id = up.area WHERE a.parent IS NOT NULL
)
SELECT s.id,
    json_build_object('name', s.name, 'address', s.address, 'landmark', s.landmark, 'path',
        (SELECT json_agg(a.name ORDER BY up.depth DESC) FROM up JOIN area a ON a.id = up.area WHERE up.site = s.id)),
    ARRAY(SELECT g.id FROM area a JOIN gateway g ON g.village IN (a.id, a.parent)
          WHERE a.id = s.area AND g.revoked_at IS NULL ORDER BY g.id),
    (SELECT count(*) FROM site n JOIN device d ON d.site = n.id
     WHERE n.area = s.area AND d.kind = 'lamp' AND d.revoked_at IS NULL)
FROM site s WHERE s.id = ANY(%(sites)s)
"""


async def select_places(conn: psycopg.AsyncConnection[Any], sites: Sequence[str]) -> psycopg.AsyncCursor[Any]:
    """Rows (site id, place as an incident keeps it, gateways of its village, lamps of its group)."""
    return await conn.execute(_PLACES, {"sites": list(sites)})
