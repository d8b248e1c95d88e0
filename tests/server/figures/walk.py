"""What the walk over routes × roles × townships asks for of figures: tests/server/responder/test_walk.py."""

from collections.abc import Callable
from typing import Any, TypeAlias

from heartlamp_server.responder.scope import Grant

from tests.server.responder.people import Somebody
from tests.server.responder.townships import Township

Asked: TypeAlias = dict[str, Any]
"""`path`, `query`, `body`: as in the walk's Call."""
CARDS: dict[str, int] = {}
"""A township's mark -> its village's card."""
TABLES = ("sim_card", "sim_month", "figure_lock", "figure_locked", "figure_template")
"""What these routes may change."""


def make(t: Township) -> None:
    administrator = Somebody(t.county, Grant("administrator", t.areas["township"]), f"cards-{t.mark}")
    reply = administrator.post("figures/cards", village=t.areas["village"], label=f"卡{t.mark}")
    assert reply.status_code == 200, reply.text
    CARDS[t.mark] = reply.json()["id"]
    locked = administrator.post("figures/locks", area=t.areas["village"], month="2026-05-01")
    assert locked.status_code == 200, locked.text


CALLS: dict[tuple[str, str], Callable[[Township], list[Asked]]] = {
    ("GET", "/api/figures"): lambda t: [
        {"query": {"area": t.areas[level], "day": "2026-05-01", "kind": kind}}
        for level, kind in (("township", "year"), ("village", "month"), ("group", "day"))
    ],
    ("GET", "/api/figures/trend"): lambda t: [{"query": {"area": t.areas["village"], "day": "2026-05-01"}}],
    ("GET", "/api/figures/definitions"): lambda t: [{}],
    ("GET", "/api/figures/locks"): lambda t: [{"query": {"area": t.areas["village"]}}],
    ("POST", "/api/figures/locks"): lambda t: [
        {"body": {"area": t.areas["village"], "month": "2026-05-01", "reason": f"补录{t.mark}"}}
    ],
    ("GET", "/api/figures/cards"): lambda t: [{}],
    ("POST", "/api/figures/cards"): lambda t: [{"body": {"village": t.areas["village"], "label": f"新卡{t.mark}"}}],
    ("POST", "/api/figures/cards/{id}/months"): lambda t: [
        {"path": {"id": CARDS[t.mark]}, "body": {"month": "2026-05-01", "cost_fen": 1900, "megabytes": 200}}
    ],
    ("GET", "/api/reports/month.html"): lambda t: [{"query": {"area": t.areas["village"], "month": "2026-05-01"}}],
    ("GET", "/api/reports/month.xlsx"): lambda t: [{"query": {"area": t.areas["village"], "month": "2026-05-01"}}],
    ("GET", "/api/reports/brief"): lambda t: [{"query": {"area": t.areas["township"]}}],
    ("GET", "/api/reports/brief.html"): lambda t: [{"query": {"area": t.areas["village"]}}],
    ("GET", "/api/reports/brief.txt"): lambda t: [{"query": {"area": t.areas["village"]}}],
    ("GET", "/api/reports/form"): lambda t: [{"query": {"area": t.areas["village"]}}],
    ("POST", "/api/reports/form"): lambda t: [{"query": {"area": t.areas["village"], "name": f"{t.mark}.xlsx"}}],
}
