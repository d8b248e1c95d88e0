"""What a screen shows of an incident: one JSON object, the same in the list, in the answer to a key and in the feed."""

from datetime import datetime
from typing import Any

from heartlamp_server.database import jsons
from heartlamp_server.incident.handover import to_police
from heartlamp_server.incident.model import Entry, Incident


def card(incident: Incident) -> dict[str, Any]:
    """Times are ISO 8601 with offset, ages milliseconds."""
    place = incident.place
    return {
        "id": incident.id,
        "what": incident.what,
        "site": {
            "id": incident.site,
            "name": place["name"],
            "address": place["address"],
            "landmark": place["landmark"],
        },
        "path": place["path"],
        "opened_at": incident.opened_at.isoformat(),
        "observed_at": _iso(incident.observed_at),
        "time_unknown": incident.observed_at is None,
        "presses": incident.presses,
        "last_press_at": incident.last_press_at.isoformat(),
        "heard_age_ms": incident.heard_age_ms,
        "answer": incident.answer,
        "aver": incident.aver,
        "who": incident.who,
        "unverified": bool(incident.doubts),
        "cancelled": incident.cancelled,
        "lit": len(incident.lit),
        "lit_of": incident.lit_of,
        "responders": [
            {"name": r.name, "answer": r.answer, "at": r.at.isoformat(), "by": r.by} for r in incident.responders
        ],
        "closed_at": _iso(incident.closed_at),
        "closed_by": incident.closed_by,
        "closed_how": incident.closed_how,
        "stage": incident.stage,
        "verdict": incident.verdict,
        "merged_into": incident.merged_into,
        "after": incident.after,
        "drill": incident.drill,
        "handed_over": to_police(incident),
        "handovers": [
            {
                "service": h.service,
                "state": h.state,
                "offered_at": h.offered_at.isoformat(),
                "by": h.by,
                "case": h.case,
                "officer": h.officer,
                "how": h.how,
                "taken_at": _iso(h.taken_at),
                "outcome": h.outcome,
                "there": h.there,
                "ended_at": _iso(h.ended_at),
            }
            for h in incident.handovers
        ],
    }


def passed(entry: Entry) -> dict[str, Any]:
    """Of a line `passed_on`: whose post it went on from and to; `area`: of the latter, None the county's."""
    told = entry.detail
    area = int(told["area"]) if told["area"] else None
    return {"id": entry.incident, "area": area, "from": told["from"], "to": told["to"], "at": entry.at.isoformat()}


def feed_row(incident: Incident) -> tuple[str, str]:
    """As the log that screens follow takes it."""
    return "incident", jsons.text(card(incident))


def _iso(at: datetime | None) -> str | None:
    return at.isoformat() if at else None
