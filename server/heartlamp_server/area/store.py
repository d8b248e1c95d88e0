"""Places as rows."""

from typing import Any

from heartlamp_protocol.device.kinds import LAMPS

from heartlamp_server.area.model import Place

LAMP_KINDS = ", ".join(f"'{kind}'" for kind in LAMPS)
"""For SQL: the kinds that show calls."""
HEARD_BY = "g.village = ANY(a.also || ARRAY[a.id, a.parent])"
"""For SQL, of an area `a`: that `g` is a gateway that hears its devices. It is its village's, and where the group was
moved to another village also the one's that its devices were provisioned for."""

# The path is the chain of areas above a site, from the county down. What is asked of an area is asked once for all the
# houses of a batch that lie in it, and each area above is looked up by its id (OFFSET 0: or all would be read).
PLACES = f"""
WITH RECURSIVE mine AS MATERIALIZED (
    SELECT id, name, address, landmark, area FROM site WHERE id = ANY(%(sites)s)
), here AS MATERIALIZED (
    SELECT a.* FROM area a WHERE a.id = ANY(ARRAY(SELECT area FROM mine))
), up (area, parent, name, depth) AS (
    SELECT here.id, here.parent, here.name, 0 FROM here
    UNION ALL
    SELECT up.area, a.parent, a.name, up.depth + 1
    FROM up CROSS JOIN LATERAL (SELECT parent, name FROM area WHERE id = up.parent OFFSET 0) a
), around AS MATERIALIZED (
    SELECT a.id, CASE a.level WHEN 'group' THEN a.parent ELSE a.id END AS village, shown.lamps, shown.of_one,
        (SELECT json_agg(up.name ORDER BY up.depth DESC) FROM up WHERE up.area = a.id) AS path,
        ARRAY(SELECT g.id FROM gateway g WHERE {HEARD_BY} ORDER BY g.id) AS gateways
    FROM here a CROSS JOIN LATERAL
        (SELECT count(*) FILTER (WHERE d.revoked_at IS NULL) AS lamps,
            coalesce(json_agg(json_build_array(g.id, d.id, d.site)) FILTER (WHERE g.id IS NOT NULL), '[]') AS of_one
         FROM site n JOIN device d ON d.site = n.id LEFT JOIN gateway g ON g.device = d.id AND g.revoked_at IS NULL
         WHERE n.area = a.id AND d.kind IN ({LAMP_KINDS})) AS shown
)
SELECT s.id,
    json_build_object('name', s.name, 'address', s.address, 'landmark', s.landmark, 'path', around.path) AS place,
    around.gateways, around.lamps, around.village, around.of_one
FROM mine s JOIN around ON around.id = s.area
"""
"""Query with `sites`: rows for `to_place`, by `id`. Among the gateways of its village a revoked one too: what it said
before still counts. Every path at once: a batch of a hundred houses would else read every area a hundred times."""


def to_place(row: dict[str, Any]) -> Place:
    """`row`: of PLACES as JSON."""
    of_one = tuple((gateway, lamp, site) for gateway, lamp, site in row["of_one"])
    return Place(row["place"], row["village"], tuple(row["gateways"]), row["lamps"], of_one)
