"""What the walk over routes × roles × townships asks for of hand-overs and other sources: test_walk.py."""

from collections.abc import Callable
from typing import Any, TypeAlias

from heartlamp_server.responder.scope import Grant

from tests.server.interop.photos import FROM_A_CAMERA
from tests.server.responder.people import Somebody
from tests.server.responder.townships import Township

Asked: TypeAlias = dict[str, Any]
"""`path`, `query`, `body`: as in the walk's Call."""
MADE: dict[str, tuple[list[int], str, int]] = {}
"""A township's mark -> (calls that its centre took, a photo of a report, another system)."""
HOOKS: dict[str, int] = {}
"""A township's mark -> its subscription, to where nothing can be sent."""
TABLES = ("told", "hotline_call", "report_photo", "system", "hook", "drill")
"""What these routes may change."""


def make(t: Township) -> None:
    desk = Somebody(t.county, Grant("operator", t.areas["township"]), f"hotline-{t.mark}")
    taken = [desk.post("hotline", area=t.areas["village"]).json()["id"] for _ in range(2)]
    t.county.sql("UPDATE hotline_call SET due_at = now() + interval '1 hour' WHERE id = ANY(%s)", taken)
    photo = desk.http.post(f"/api/incidents/{t.open}/photos", content=FROM_A_CAMERA).json()["id"]
    administrator = Somebody(t.county, Grant("administrator", t.areas["township"]), f"systems-{t.mark}")
    system = administrator.post("systems", name=f"平台{t.mark}", areas=[t.areas["village"]], may=["report"])
    hook = administrator.post("hooks", url=f"https://127.0.0.1:1/{t.mark}", areas=[t.areas["group"]], whats=["slope"])
    HOOKS[t.mark] = hook.json()["id"]
    MADE[t.mark] = (taken, photo, system.json()["id"])


CALLS: dict[tuple[str, str], Callable[[Township], list[Asked]]] = {
    ("GET", "/api/incidents/{id}/script"): lambda t: [{"path": {"id": i}} for i in t.incidents().values()],
    ("POST", "/api/incidents/{id}/handover"): lambda t: [
        {"path": {"id": t.open}, "body": {"act": "offer", "service": "120"}}
    ],
    ("POST", "/api/handovers/import"): lambda t: [],  # answers row by row: test_handover
    ("POST", "/api/reports"): lambda t: [
        {"body": {"site": t.village.sites[0], "what": "flood"}},
        {"body": {"area": t.areas["group"], "where": f"井旁{t.mark}", "what": "fire"}},
    ],
    ("POST", "/api/incidents/{id}/photos"): lambda t: [],  # its body is no JSON: test_sources
    ("GET", "/api/photos/{id}"): lambda t: [],  # neither is its answer: test_sources
    ("POST", "/api/hotline"): lambda t: [{"body": {"area": t.areas["village"], "number": t.number}}],
    ("GET", "/api/hotline"): lambda t: [{"query": {"state": s}} for s in ("open", "settled")],
    ("GET", "/api/hotline/{id}/caller"): lambda t: [{"path": {"id": MADE[t.mark][0][0]}}],
    ("POST", "/api/hotline/{id}/incident"): lambda t: [
        {"path": {"id": MADE[t.mark][0][0]}, "body": {"site": t.village.sites[0], "what": "gas"}}
    ],
    ("POST", "/api/hotline/{id}/settle"): lambda t: [
        {"path": {"id": MADE[t.mark][0][1]}, "body": {"how": "nothing", "why": f"打错{t.mark}"}}
    ],
    ("POST", "/api/drills"): lambda t: [{"body": {"site": t.village.sites[1]}}],
    ("GET", "/api/drills"): lambda t: [{}],
    ("GET", "/api/hooks"): lambda t: [{}],
    ("POST", "/api/hooks"): lambda t: [
        {"body": {"url": f"https://platform.example/{t.mark}", "areas": [t.areas["village"]]}}
    ],
    ("POST", "/api/hooks/{id}/rotate"): lambda t: [{"path": {"id": HOOKS[t.mark]}, "body": {}}],
    ("POST", "/api/hooks/{id}/end"): lambda t: [{"path": {"id": HOOKS[t.mark]}, "body": {}}],
    ("GET", "/api/systems"): lambda t: [{}],
    ("POST", "/api/systems"): lambda t: [
        {"body": {"name": f"接口{t.mark}", "areas": [t.areas["village"]], "may": ["cap"]}}
    ],
    ("POST", "/api/systems/{id}/end"): lambda t: [{"path": {"id": MADE[t.mark][2]}, "body": {}}],
}
