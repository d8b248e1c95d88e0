"""What the walk over routes × roles × townships asks for of claims and devices: tests/server/responder/test_walk.py."""

import hashlib
import secrets
from collections.abc import Callable
from typing import Any, TypeAlias

from tests.server.responder.townships import Township

Asked: TypeAlias = dict[str, Any]
"""`path`, `query`, `body`: as in the walk's Call."""
TABLES = ("claim", "visit", "device_key", "firmware_offer", "rollout", "rollout_device")
"""What these routes may change."""
SECRET = "5e" * 16


MADE: dict[str, tuple[str, str, str, str]] = {}
"""A township's mark -> (a claim in use, one that is open, two devices that may go)."""
GOING: dict[str, tuple[int, int]] = {}
"""A township's mark -> staged updates of its group and its village, both halted."""
BUNDLE = "fee1" * 4


def make(t: Township) -> None:
    MADE[t.mark] = (_claim(t, True), _claim(t, False), _extra(t), _extra(t))
    t.county.sql(
        "INSERT INTO firmware (id, version, boards, kinds, min_version, micropython, rollback, size, data) "
        "VALUES (%s, 20000, '{b}', '{door}', 0, 12500, false, 1, 'x') ON CONFLICT DO NOTHING",
        BUNDLE,
    )
    add = "INSERT INTO rollout (bundle, area, soak_h, made_by, state) VALUES (%s, %s, 0, %s, 'halted') RETURNING id"
    ids = [t.county.sql(add, BUNDLE, t.areas[level], f"tech{t.mark}")[0][0] for level in ("group", "village")]
    GOING[t.mark] = (ids[0], ids[1])


def _claim(t: Township, used: bool) -> str:
    """A claim of the township's second house; used: of its lamp, in use since."""
    id, device = secrets.token_hex(8), f"smoke{secrets.token_hex(4)}"
    t.county.sql(
        "INSERT INTO claim (id, secret, site, device, kind, board, kv, mqtt_hash, offline, made_by, "
        "not_after, used_at) "
        "VALUES (%s, %s, %s, %s, %s, '', 1, '', false, %s, now() + interval '1 h', CASE WHEN %s THEN now() END)",
        id, hashlib.sha256(SECRET.encode()).digest(), t.village.sites[1], t.village.lamps[1].id if used else device,
        "lamp" if used else f"k{secrets.token_hex(4)}", f"tech{t.mark}", used,
    )  # fmt: skip
    return id


def _result(t: Township) -> Asked:
    said = {"id": secrets.token_hex(16), "secret": SECRET, "outcome": "done", "at": "2026-01-01T00:00:00Z"}
    return {"path": {"id": MADE[t.mark][0]}, "body": said | {"note": f"已装{t.mark}"}}


def _extra(t: Township) -> str:
    """A device of the township that may go."""
    id = f"door{secrets.token_hex(4)}"
    t.county.sql("INSERT INTO device (id, kind, site) VALUES (%s, 'door', %s)", id, t.village.sites[0])
    return id


CALLS: dict[tuple[str, str], Callable[[Township], list[Asked]]] = {
    ("GET", "/api/installing"): lambda t: [{}, {"query": {"village": t.areas["village"]}}],
    ("GET", "/api/uncovered"): lambda t: [{}, {"query": {"village": t.areas["village"]}}],
    ("GET", "/api/uncovered.csv"): lambda t: [{}, {"query": {"village": t.areas["village"]}}],
    ("GET", "/api/claims"): lambda t: [{}],
    ("GET", "/api/fleet"): lambda t: [{}, {"query": {"todo": "all", "village": t.areas["village"]}}],
    ("GET", "/api/devices/{id}"): lambda t: [{"path": {"id": t.village.lamps[0].id}}],
    ("POST", "/api/claims"): lambda t: [{"body": {"sites": [{"site": t.village.sites[0], "kind": "gas"}]}}],
    ("POST", "/api/claims/{id}/use"): lambda t: [],  # one that can be used: test_claims
    ("GET", "/api/claims/{id}/events"): lambda t: [{"path": {"id": MADE[t.mark][0]}}],
    ("POST", "/api/claims/{id}/drill"): lambda t: [{"path": {"id": MADE[t.mark][0]}, "body": {"secret": SECRET}}],
    ("POST", "/api/claims/{id}/result"): lambda t: [_result(t)],
    ("POST", "/api/claims/{id}/end"): lambda t: [{"path": {"id": MADE[t.mark][1]}, "body": {}}],
    ("GET", "/api/flash"): lambda t: [{}],
    ("GET", "/api/flash/{file}/manifest"): lambda t: [],  # one that is there: test_flash
    ("GET", "/api/flash/{file}/image"): lambda t: [],
    ("GET", "/api/rollouts"): lambda t: [{}],
    ("POST", "/api/rollouts"): lambda t: [{"body": {"bundle": BUNDLE, "area": t.areas["township"], "soak_h": 1}}],
    ("POST", "/api/rollouts/{id}/halt"): lambda t: [{"path": {"id": GOING[t.mark][0]}, "body": {}}],
    ("POST", "/api/rollouts/{id}/go"): lambda t: [{"path": {"id": GOING[t.mark][1]}, "body": {}}],
    ("POST", "/api/devices/{id}/replace"): lambda t: [{"path": {"id": MADE[t.mark][2]}, "body": {}}],
    ("POST", "/api/devices/{id}/rotate"): lambda t: [{"path": {"id": t.village.lamps[1].id}, "body": {}}],
    ("PUT", "/api/devices/{id}/desired"): lambda t: [
        {"path": {"id": t.village.lamps[1].id}, "body": {"settings": {"lang": "en"}}}
    ],
    ("POST", "/api/devices/{id}/revoke"): lambda t: [{"path": {"id": MADE[t.mark][3]}, "body": {"reason": "broken"}}],
}
