"""Who is offered an update, and when it has to wait. Pure; times are milliseconds of one clock."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from heartlamp_protocol.registry import Registry, Update

from heartlamp_gateway.rules.model import Incident

AT_ONCE = 8  # devices that are under way: a village whose lamps all start anew in the same minute would be without
ANSWER_MS = 15_000  # who takes an offer asks within a second or two; who does not, holds up nobody
STALL_MS = 120_000  # who took it and asks no more
AGAIN_MS = 30 * 60_000  # an offer is made again: it may have been lost, or the device was busy
PAUSE_MOST_MS = 24 * 3_600_000  # an incident that nobody closes must not keep a village's devices old for ever


@dataclass(frozen=True, slots=True)
class Turn:
    """Of one device: `bundle` was offered at `offered`; `asked`: its last question, None: none yet; `runs`: it runs it,
    so it said itself."""

    bundle: str
    offered: int
    asked: int | None = None
    runs: bool = False

    def under_way(self, now: int) -> bool:
        if self.runs:
            return False
        return now - self.offered < ANSWER_MS if self.asked is None else now - self.asked < STALL_MS


def offers(registry: Registry) -> dict[str, Update]:
    """What each device is to be offered, of those that may log in."""
    there = {device.id for device in registry.devices if device.users}
    return {device: update for update in registry.updates for device in update.devices if device in there}


def next_offers(
    wanted: Mapping[str, Update], turns: Mapping[str, Turn], there: Collection[str], cached: Collection[str], now: int
) -> list[str]:
    """The devices to be offered theirs now: `there` is online, `cached` is on our disk."""
    room = AT_ONCE - sum(turn.under_way(now) for turn in turns.values())
    due: list[tuple[int, str]] = []
    for device, update in wanted.items():
        turn = turns.get(device)
        if turn is not None and turn.bundle != update.bundle:
            turn = None
        if device not in there or update.bundle not in cached:
            continue
        if turn is None or not (turn.runs or turn.under_way(now) or now - turn.offered < AGAIN_MS):
            due.append((turn.offered if turn else -1, device))
    return [device for _, device in sorted(due)[: max(0, room)]]


def must_wait(incidents: Iterable[Incident], lived: int) -> bool:
    """An incident is open in the village: the network, and everybody's attention, are its own. `lived`: village
    clock."""
    return any(lived - incident.opened < PAUSE_MOST_MS for incident in incidents)
