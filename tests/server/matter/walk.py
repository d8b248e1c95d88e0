"""What the walk over routes × roles × townships asks for of matters and orders: tests/server/responder/test_walk.py."""

from collections.abc import Callable
from typing import Any, TypeAlias

from heartlamp_server.responder.scope import Grant

from tests.server.matter.people import LAMP, UNIT
from tests.server.responder.people import Somebody
from tests.server.responder.townships import Township

Asked: TypeAlias = dict[str, Any]
"""`path`, `query`, `body`: as in the walk's Call."""
MADE: dict[str, tuple[int, int]] = {}
"""A township's mark -> (a matter that was whistled for its department, an order that is on offer to its volunteers)."""
TABLES = ("matter", "matter_limit", "matter_line", "volunteer_order", "volunteer_order_line", "matter_catalogue")
"""What these routes may change."""


def make(t: Township) -> None:
    desk = Somebody(t.county, Grant("operator", t.areas["township"]), f"desk-{t.mark}")
    t.county.sql("UPDATE person_role SET unit = %s WHERE person = %s", UNIT, t.people["department"].name)
    report = {"code": LAMP, "words": f"路灯 {t.mark}", "source": "resident", "area": t.areas["group"]}
    matter = desk.post("matters", **report).json()["id"]
    assert desk.post(f"matters/{matter}/act", act="whistle").status_code == 200
    order = desk.post("orders", service="V01", site=t.village.sites[0], words=t.mark).json()["id"]
    assert desk.post(f"orders/{order}/act", act="offer").status_code == 200
    MADE[t.mark] = (matter, order)


def _kind(t: Township) -> Asked:
    row = {"group": "service", "zh": f"路灯{t.mark}", "en": "Lamp", "unit": UNIT, "report_in": 1, "done": 2}
    return row | {"time": "work", "proof": ["photo"]}


CALLS: dict[tuple[str, str], Callable[[Township], list[Asked]]] = {
    ("GET", "/api/matters"): lambda t: [{"query": {"limit": 500}}, {"query": {"state": "late"}}],
    ("GET", "/api/matters/{id}"): lambda t: [{"path": {"id": MADE[t.mark][0]}}],
    ("GET", "/api/matter-counts"): lambda t: [{}, {"query": {"by": "area", "area": t.areas["township"]}}],
    ("GET", "/api/matter-catalogue"): lambda t: [{}],
    ("GET", "/api/orders"): lambda t: [{"query": {"limit": 500}}],
    ("GET", "/api/orders/{id}"): lambda t: [{"path": {"id": MADE[t.mark][1]}}],
    ("POST", "/api/matters"): lambda t: [
        {"body": {"code": LAMP, "words": f"路灯 {t.mark}", "source": "operator", "area": t.areas["group"]}}
    ],
    ("POST", "/api/matters/{id}/act"): lambda t: [
        {"path": {"id": MADE[t.mark][0]}, "body": {"act": "note", "words": t.mark}}
    ],
    ("POST", "/api/orders"): lambda t: [{"body": {"service": "V01", "site": t.village.sites[0], "words": t.mark}}],
    ("POST", "/api/orders/{id}/act"): lambda t: [
        {"path": {"id": MADE[t.mark][1]}, "body": {"act": "note", "words": t.mark}}
    ],
    ("POST", "/api/matter-catalogue/{code}"): lambda t: [{"path": {"code": LAMP}, "body": _kind(t)}],
    ("POST", "/api/matter-catalogue/{code}/end"): lambda t: [{"path": {"code": LAMP}, "body": {}}],
}
