"""What is to change in the alarm file, as values `(sql, parameters)`: a rule returns a new village, and what a full
disk refuses can be written later."""

import json
from dataclasses import asdict, fields
from typing import Any, TypeAlias

from heartlamp_gateway.clock import VillageClock
from heartlamp_gateway.outputs.adapter import Order
from heartlamp_gateway.rules.batch import Kept
from heartlamp_gateway.rules.model import KEEP_MS, Escalation, Incident, Lamp, Village

ROWS_MOST = 20  # of a statement

Write: TypeAlias = tuple[str, tuple[Any, ...]]


def word(name: str, value: str) -> Write:
    return "INSERT OR REPLACE INTO word(name, value) VALUES(?, ?)", (name, value)


def keep(kept: Kept, digest: bytes, lived: int) -> Write:
    sql = (
        "INSERT OR REPLACE INTO outbox(n, boot, at, kept, event, digest, device, user, frame, incident, what, subject)"
        " VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
    )
    head = (kept.n, kept.boot, kept.at, lived, kept.event, digest, kept.device)
    if kept.item is not None:
        return sql, (*head, kept.item.user, kept.item.frame, "", "", "")
    assert kept.note is not None
    return sql, (*head, "", None, kept.note.incident, kept.note.what, kept.note.subject)


def received(n: int, lived: int, receipt: str) -> Write:
    return "UPDATE outbox SET received = ?, receipt = ? WHERE n = ?", (lived, receipt, n)


def passed(n: int) -> Write:
    return "UPDATE outbox SET passed = 1 WHERE n = ?", (n,)


def offer_again() -> Write:
    """The county's store is another one: everything still kept is not received there."""
    return "UPDATE outbox SET received = NULL WHERE received IS NOT NULL", ()


def wanted(order: Order) -> Write:
    return "INSERT OR REPLACE INTO effect(key, value) VALUES(?, ?)", (order.key, _json(asdict(order)))


def ended(order: Order) -> Write:
    return "DELETE FROM effect WHERE key = ?", (order.key,)


def forget(lived: int) -> Write:
    return "DELETE FROM outbox WHERE received < ?", (lived - KEEP_MS,)


def clock(value: VillageClock) -> Write:
    return word("clock", json.dumps([value.lived, value.boot, value.at]))


def read_clock(text: str) -> VillageClock:
    return VillageClock(*json.loads(text)) if text else VillageClock(0, "", 0)


def difference(old: Village, new: Village) -> list[Write]:
    """The rows in which two villages differ: a rule returns values, this is what must be saved of them."""
    if old is new:
        return []
    writes: list[Write] = []
    for key, incident in new.incidents.items():
        if old.incidents.get(key) is not incident:
            writes.append(("INSERT OR REPLACE INTO incident(id, value) VALUES(?, ?)", (key, _json(_fields(incident)))))
    for key in old.incidents.keys() - new.incidents.keys():
        writes.append(("DELETE FROM incident WHERE id = ?", (key,)))
    writes += _lamps([(key, lamp) for key, lamp in new.lamps.items() if old.lamps.get(key) is not lamp])
    for key in old.lamps.keys() - new.lamps.keys():
        writes.append(("DELETE FROM lamp WHERE device = ?", (key,)))
    for key, way in new.ways.items():
        if old.ways.get(key) != way:
            writes.append(("INSERT OR REPLACE INTO way(device, lamp) VALUES(?, ?)", (key, way)))
    for key in old.ways.keys() - new.ways.keys():
        writes.append(("DELETE FROM way WHERE device = ?", (key,)))
    for key, escalation in new.escalations.items():
        if old.escalations.get(key) is not escalation:
            text = _escalation_text(escalation)
            writes.append(("INSERT OR REPLACE INTO escalation(incident, value) VALUES(?, ?)", (key, text)))
    for key in old.escalations.keys() - new.escalations.keys():
        writes.append(("DELETE FROM escalation WHERE incident = ?", (key,)))
    if old.uncalled != new.uncalled:
        writes.append(word("uncalled", _json(sorted(new.uncalled))))
    if old.plan is not new.plan:
        writes.append(word("plan", new.plan.to_json().decode()))
    if old.registry is not new.registry:
        writes.append(word("registry", new.registry.to_json().decode()))
    return writes


def _lamps(changed: list[tuple[str, Lamp]]) -> list[Write]:
    """Many rows in one statement: between two of them another thread may have the interpreter, and a group of lamps
    waited for it ten times."""
    writes: list[Write] = []
    for at in range(0, len(changed), ROWS_MOST):
        some = changed[at : at + ROWS_MOST]
        sql = "INSERT OR REPLACE INTO lamp(device, ver, shown, calls, lit) VALUES" + ", ".join(
            ["(?, ?, ?, ?, ?)"] * len(some)
        )
        writes.append((sql, tuple(value for key, lamp in some for value in _lamp(key, lamp))))
    return writes


def _lamp(key: str, lamp: Lamp) -> tuple[Any, ...]:
    return key, lamp.ver, lamp.shown, _json(lamp.calls), _json(sorted(lamp.lit))


def _escalation_text(of: Escalation) -> str:
    done = [[*key, *value] for key, value in of.done.items()]
    fields = {"course": of.course.to_fields(), "opened": of.opened, "done": done, "duty": of.duty, "since": of.since}
    return _json(fields)


_OF_INCIDENT = [f.name for f in fields(Incident)]


def _fields(incident: Incident) -> dict[str, Any]:
    """As asdict(), which copies what is in it, in a tenth of its time: an alarm waits for it."""
    return {name: getattr(incident, name) for name in _OF_INCIDENT}


_json = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode  # dumps() would make one each time
