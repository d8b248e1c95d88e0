"""What the walk over routes × roles × townships asks for of phones, patrols and households' pages:
tests/server/responder/test_walk.py."""

import secrets
from collections.abc import Callable
from typing import Any, TypeAlias

from heartlamp_server.house.model import fresh_code
from heartlamp_server.responder.scope import Grant

from tests.server.matter.people import LAMP
from tests.server.phone.photo import jpeg
from tests.server.responder.people import Somebody
from tests.server.responder.townships import Township

Asked: TypeAlias = dict[str, Any]
"""`path`, `query`, `body`: as in the walk's Call."""
MADE: dict[str, tuple[str, str, int, int]] = {}
"""A township's mark -> (a site's code, a photo of a matter there, a fault, a paired phone)."""
TABLES = ("phone_act", "patrol", "site_code", "pairing", "site_fault")
"""What these routes may change."""


def make(t: Township) -> None:
    site, code, sql = t.village.sites[0], fresh_code(), t.county.sql
    worker = Somebody(t.county, Grant("grid_worker", t.areas["township"]), f"walker-{t.mark}")
    photo = secrets.token_hex(16)
    assert worker.http.put(f"/api/matter-photos/{photo}", content=jpeg()).status_code == 200
    report = {"code": LAMP, "words": f"路灯 {t.mark}", "source": "grid_worker", "area": t.areas["group"]}
    matter = worker.post("matters", **report, photos=[f"photo:{photo}"])
    assert matter.status_code == 200, matter.text
    desk = Somebody(t.county, Grant("operator", t.areas["township"]))
    assert desk.post(f"matters/{matter.json()['id']}/act", act="whistle").status_code == 200
    sql("INSERT INTO site_code (code, site, made_by) VALUES (%s, %s, 'test')", code, site)
    fault = sql(
        "INSERT INTO site_fault (site, what, words, source) VALUES (%s, 'dark', %s, 'phone') RETURNING id", site, t.mark
    )[0][0]
    phone = sql(
        "INSERT INTO pairing (site, token, agent, until, paired_at) VALUES (%s, %s, %s, now(), now()) RETURNING id",
        site,
        secrets.token_bytes(32),
        t.mark,
    )[0][0]
    MADE[t.mark] = (code, photo, fault, phone)


def _act(t: Township, incident: str) -> Asked:
    return {
        "path": {"id": secrets.token_hex(16)},
        "body": {"incident": incident, "act": "coming", "made_ms": 1, "sent_ms": 2},
    }


CALLS: dict[tuple[str, str], Callable[[Township], list[Asked]]] = {
    ("PUT", "/api/acts/{id}"): lambda t: [_act(t, incident) for incident in t.incidents().values()],
    ("PUT", "/api/matter-photos/{id}"): lambda t: [{"path": {"id": secrets.token_hex(16)}, "body": jpeg()}],
    ("GET", "/api/matter-photos/{id}"): lambda t: [{"path": {"id": MADE[t.mark][1]}}],
    ("GET", "/api/duty"): lambda t: [{}],
    ("PUT", "/api/patrols/{id}"): lambda t: [
        {"path": {"id": secrets.token_hex(16)}, "body": {"site": t.village.sites[0], "said": "well"}}
    ],
    ("GET", "/api/patrols"): lambda t: [{}, {"query": {"site": t.village.sites[0]}}],
    ("GET", "/api/sites/{id}/code"): lambda t: [{"path": {"id": t.village.sites[0]}}],
    ("GET", "/api/sites/{id}/phones"): lambda t: [{"path": {"id": t.village.sites[0]}}],
    ("POST", "/api/sites/{site}/phones/{id}/end"): lambda t: [
        {"path": {"site": t.village.sites[0], "id": MADE[t.mark][3]}, "body": {}}
    ],
    ("GET", "/api/site-faults"): lambda t: [{}],
    ("POST", "/api/site-faults/{id}/end"): lambda t: [{"path": {"id": MADE[t.mark][2]}, "body": {}}],
    ("GET", "/api/houses"): lambda t: [{}],
    ("POST", "/api/sites/{id}/code"): lambda t: [{"path": {"id": t.village.sites[0]}, "body": {}}],
}
