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
    words = {d: {n: [w.value, w.since, w.at] for n, w in said.items()} for d, said in state.words.items() if said}
    heard = {"known": dict(state.known), "spoke": dict(state.spoke), "words": words}
    return _json({"open": troubles, "gone": dict(state.gone), "over": over}), _json(heard)


def read_state(troubles: str, heard: str) -> tuple[State, Over]:
    try:
        first = json.loads(troubles) if troubles else {"open": [], "gone": {}, "over": {}}
        second = json.loads(heard) if heard else {"known": {}, "spoke": {}, "words": {}}
        lasting = [
            Trouble(kind, cause, subject, since, detail, opened, None, frozenset(members), of, eased, hidden, told)
            for kind, cause, subject, since, detail, opened, members, of, eased, hidden, told in first["open"]
        ]
        words = {d: {n: Word(*w) for n, w in said.items()} for d, said in second["words"].items()}
        over = {id: (int(at), str(subject)) for id, (at, subject) in first["over"].items()}
        gone = {device: (int(last), int(missed)) for device, (last, missed) in first["gone"].items()}
        return State(second["known"], second["spoke"], gone, words, {t.key: t for t in lasting}), over
    except (ValueError, KeyError, TypeError, AttributeError):
        return State(), {}


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
