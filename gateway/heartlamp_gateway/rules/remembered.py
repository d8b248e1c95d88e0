"""What supervision remembers over a restart, as JSON. A text that makes no sense is as none: it starts anew."""

import json

from heartlamp_gateway.rules.supervision import State, Trouble, Word

Over = dict[str, tuple[int, str]]
"""A note's id -> (village clock, subject) of a trouble that is over, which the county has not confirmed."""


def write_state(state: State, over: Over) -> tuple[str, str]:
    """(troubles, which change seldom; what was heard of whom)."""
    troubles = [
        [t.kind, t.cause, t.subject, t.since, t.detail, t.opened, sorted(t.members), t.of, t.eased, t.hidden, t.told]
        for t in state.open.values()
    ]
    words = {
        d: bad
        for d, said in state.words.items()
        if (bad := {n: [w.value, w.since] for n, w in said.items() if w.is_bad(n)})
    }
    lasting = {"open": troubles, "gone": dict(state.gone), "words": words, "over": over}
    return _json(lasting), _json({"known": dict(state.known), "spoke": dict(state.spoke)})


def read_state(troubles: str, heard: str, now: int) -> tuple[State, Over]:
    """`now`: village clock; what devices said last counts as said now, until they say otherwise."""
    try:
        first = json.loads(troubles) if troubles else {"open": [], "gone": {}, "words": {}, "over": {}}
        second = json.loads(heard) if heard else {"known": {}, "spoke": {}}
        lasting = [
            Trouble(kind, cause, subject, since, detail, opened, None, frozenset(members), of, eased, hidden, told)
            for kind, cause, subject, since, detail, opened, members, of, eased, hidden, told in first["open"]
        ]
        words = {d: {n: Word(value, since, now) for n, (value, since) in s.items()} for d, s in first["words"].items()}
        over = {id: (int(at), str(subject)) for id, (at, subject) in first["over"].items()}
        gone = {device: (int(last), int(missed)) for device, (last, missed) in first["gone"].items()}
        return State(second["known"], second["spoke"], gone, words, {t.key: t for t in lasting}), over
    except (ValueError, KeyError, TypeError, AttributeError):
        return State(), {}


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
