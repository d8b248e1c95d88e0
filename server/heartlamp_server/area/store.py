"""Places as rows."""

from typing import Any

from heartlamp_protocol.device.kinds import LAMPS

from heartlamp_server.area.model import Place

LAMP_KINDS = ", ".join(f"'{kind}'" for kind in LAMPS)
"""For SQL: the kinds that show calls."""
HEARD_BY = "g.village = ANY(a.also || ARRAY[a.id, a.parent])"
"""For SQL, of an area `a`: that `g` is a gateway that hears its devices. It is its village's, and where the group was
moved to another village also the one's that its devices were provisioned for."""

# The path is the chain of areas above a site, from the county down.
PLACES = f"""
WITH RECURSIVE up (site, parent, name, depth) AS (
    SELECT s.id, a.parent, a.name, 0 FROM site s JOIN area a ON a.id = s.area WHERE s.id = ANY(%(sites)s)
    UNION ALL
    SELECT up.site, a.parent, a.name, up.depth + 1 FROM up JOIN area a ON a.id = up.parent
), paths AS (SELECT site, jsonb_agg(name ORDER BY depth DESC) AS path FROM up GROUP BY site)
SELECT s.id,
    jsonb_build_object('name', s.name, 'address', s.address, 'landmark', s.landmark, 'path', paths.path) AS place,
    ARRAY(SELECT g.id FROM area a JOIN gateway g ON {HEARD_BY}
          WHERE a.id = s.area ORDER BY g.id) AS gateways,
    (SELECT count(*) FROM site n JOIN device d ON d.site = n.id
     WHERE n.area = s.area AND d.kind IN ({LAMP_KINDS}) AND d.revoked_at IS NULL) AS lamps,
    (SELECT CASE a.level WHEN 'group' THEN a.parent ELSE a.id END FROM area a WHERE a.id = s.area) AS village,
    (SELECT coalesce(jsonb_agg(jsonb_build_array(g.id, d.id, d.site)), '[]')
     FROM site n JOIN device d ON d.site = n.id JOIN gateway g ON g.device = d.id
     WHERE n.area = s.area AND d.kind IN ({LAMP_KINDS}) AND g.revoked_at IS NULL) AS of_one
FROM site s JOIN paths ON paths.site = s.id WHERE s.id = ANY(%(sites)s)
"""
"""Query with `sites`: rows for `to_place`, by `id`. Among the gateways of its village a revoked one too: what it said
before still counts. Every path at once: a batch of a hundred houses would else read every area a hundred times."""


def to_place(row: dict[str, Any]) -> Place:
    """`row`: of PLACES as JSON."""
    of_one = tuple((gateway, lamp, site) for gateway, lamp, site in row["of_one"])
    return Place(row["place"], row["village"], tuple(row["gateways"]), row["lamps"], of_one)
