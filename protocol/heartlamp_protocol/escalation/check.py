"""Whether a plan is one that anybody meant: what is well formed may still call nobody, or call without end. Pure."""

from collections.abc import Collection, Iterator

from heartlamp_protocol.device.names import WHATS
from heartlamp_protocol.escalation.plan import DAY_MIN, Plan, Policy, Step

AGAIN_LEAST_MS = 15_000
"""Who is called again sooner has not hung up yet."""


def faults(plan: Plan, groups: Collection[str]) -> list[str]:
    """In words, () where there is none. `groups`: household groups of the village that is handed it."""
    return list(_faults(plan, groups))


def _faults(plan: Plan, groups: Collection[str]) -> Iterator[str]:
    for target in plan.targets:
        if not target.reaches:
            yield f"target {target.id}: no way leads to it"
        for reach in target.reaches:
            if reach.channel in ("voice", "sms") and not _is_number(reach.address):
                yield f"target {target.id}: {reach.address!r} is no telephone number"
    if not plan.policies:
        yield "it has no policy: nobody is ever called"
    for policy in plan.policies:
        for wrong in _of_policy(policy, groups):
            yield f"policy {policy.id}: {wrong}"
        for step in policy.steps:
            for wrong in _of_step(step):
                yield f"policy {policy.id}, step {step.n}: {wrong}"


def _of_policy(policy: Policy, groups: Collection[str]) -> Iterator[str]:
    for what in policy.whats:
        if what == "silent":
            yield "of a silent alarm the village learns nothing: it has no policy"
        elif what not in WHATS:
            yield f"{what!r} is no kind of alarm; there are {', '.join(w for w in WHATS if w != 'silent')}"
    for group in policy.groups:
        if group not in groups:
            yield f"{group!r} is no household group of this village; it has {', '.join(sorted(groups)) or 'none'}"
    if policy.from_min == policy.to_min and (policy.from_min, policy.to_min) != (0, DAY_MIN):
        yield "it begins and ends in the same minute: it never holds (0 to 1440 is always)"
    if not policy.steps:
        yield "it has no step"


def _of_step(step: Step) -> Iterator[str]:
    if not step.targets:
        yield "it calls nobody"
    if step.again_ms and step.again_ms < AGAIN_LEAST_MS:
        yield f"again after {step.again_ms} ms: who is called again before {AGAIN_LEAST_MS} ms has not hung up yet"
    if not step.times and not step.again_ms:
        yield "times is 0, without end, but again_ms is 0, never"


def _is_number(text: str) -> bool:
    """With the country's prefix, or as one dials it at home."""
    digits = text.removeprefix("+")
    return digits.isascii() and digits.isdigit() and 3 <= len(digits) <= 15
