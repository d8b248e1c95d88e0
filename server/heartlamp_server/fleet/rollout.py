"""Whether a staged update goes on, waits or halts. Pure."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Literal

from heartlamp_protocol.supervision import supervision_ms

CANARY, TENTH, ALL = range(3)
PARTS = (100, 10, 1)
"""Of how many devices one is offered it by the end of each stage."""
MOST_FAILED = 20
"""One of so many may fail before it halts; of fewer, none."""
MOST_OUT = 10
"""A stage is through when all but one of so many run it: a few are always switched off."""
LOST = 2.0
"""Who was there and is silent for so many supervision intervals since it was offered is lost, as one that starts no
more."""

Step = Literal["wait", "next", "halt", "done"]


@dataclass(frozen=True, slots=True)
class Stage:
    """Of the devices that were offered it: what became of them. `forgiven`: failures that a person has seen."""

    stage: int
    since: datetime
    soak: timedelta
    outcomes: Counter[str]
    forgiven: int = 0


def stages(devices: Sequence[str], salt: str) -> dict[str, int]:
    """device -> its stage. Who is in a canary is drawn anew for each rollout, by `salt`: it is not always the same
    houses that try what is new."""
    drawn = sorted(devices, key=lambda id: sha256(f"{salt} {id}".encode()).digest())
    ends = [-(-len(drawn) // part) for part in PARTS]
    return {device: next(s for s, end in enumerate(ends) if n < end) for n, device in enumerate(drawn)}


def failed(outcomes: Counter[str]) -> int:
    return outcomes["refused"] + outcomes["lost"]


def decide(stage: Stage, now: datetime) -> tuple[Step, str]:
    """(what to do, why it halts: "中文 · English" or ""). A failure halts whatever else there is to do."""
    offered, bad = stage.outcomes.total(), failed(stage.outcomes) - stage.forgiven
    if bad > 0 and bad * MOST_FAILED > offered:
        return "halt", (
            f"已推送 {offered} 台，{failed(stage.outcomes)} 台失败 · {failed(stage.outcomes)} of {offered} failed"
        )
    through = stage.outcomes["runs"] + failed(stage.outcomes)
    if (offered - through) * MOST_OUT > offered:
        return "wait", ""
    if stage.stage == ALL:
        return "done", ""
    return ("next", "") if now - stage.since >= stage.soak else ("wait", "")


def outcome(said: str, kind: str, offered_at: datetime, last_seen: datetime | None, now: datetime) -> str:
    """Of one device. `said`: runs, trial, refused or waits, by its newest heartbeat (firmware.model.outcome)."""
    if said in ("runs", "refused"):
        return said
    limit = timedelta(milliseconds=LOST * supervision_ms(kind))
    there = last_seen is not None and last_seen > offered_at - limit  # when it was offered, it was there
    if there and last_seen is not None and now - max(last_seen, offered_at) > limit:
        return "lost"
    return said
