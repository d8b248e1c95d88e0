"""The API's answers, out of a view. windows/openapi.json describes them; times are ages, because the box may not know
the date."""

import time
from typing import Any

from heartlamp_gateway.windows.view import SPOKE_STEP_MS, Call, Seen, View


def status(view: View) -> dict[str, Any]:
    box = view.box
    return {
        "gateway": {"id": box.id, "village": box.village},
        "county": {"contact": box.county, "last_spoke_s": None if box.contact is None else box.contact // 1000},
        "broker": {"up": box.broker},
        "disk": box.disk,
        "waiting": {"rows": box.waiting, "at_least": box.more, "readings": box.readings},
        "readings_lost": box.readings_lost,
        "troubles": [{"code": t.code, "zh": t.zh, "en": t.en} for t in box.troubles],
        "parts": [{"name": name, "state": state} for name, state in box.parts],
        "pictures_waiting": box.stock.pictures,
        "updates_cached": box.stock.bundles,
        "certificate_until": None if box.certificate_ends is None else _day(box.certificate_ends),
        "open_incidents": len(view.calls),
        "devices": _count(view),
    }


def incidents(view: View) -> dict[str, Any]:
    return {"incidents": [_incident(view, call) for call in view.calls]}


def devices(view: View) -> dict[str, Any]:
    return {"devices": [_device(view, seen) for seen in view.devices]}


def _incident(view: View, call: Call) -> dict[str, Any]:
    return {
        "id": call.id,
        "site": call.site,
        "place": call.place,
        "group": call.group,
        "what": call.what,
        "drill": call.drill,
        "open_s": max(0, view.lived - call.opened) // 1000,
        "knows": {
            "gateway": call.heard,
            "county": call.county,
            "neighbour_lamps": call.neighbours,
            "neighbour_lamps_showing": call.showing,
        },
        "answer": call.answer,
        "who": call.who,
        "answered_by": call.by,
    }


def _device(view: View, seen: Seen) -> dict[str, Any]:
    return {
        "id": seen.id,
        "kind": seen.kind,
        "site": seen.site,
        "place": seen.place,
        "group": seen.group,
        "state": seen.state,
        "last_spoke_s": None if seen.spoke is None else _spoke(view.now - seen.spoke),
        "flaws": list(seen.flaws),
    }


def _day(seconds: float) -> str:
    return time.strftime("%Y-%m-%d", time.gmtime(seconds))


def _spoke(ms: int) -> int:
    """Seconds, in whole steps."""
    return max(0, ms) // SPOKE_STEP_MS * SPOKE_STEP_MS // 1000


def _count(view: View) -> dict[str, int]:
    counts: dict[str, int] = {}
    for seen in view.devices:
        counts[seen.state] = counts.get(seen.state, 0) + 1
    return counts
