"""The hops of one press, out of the journal. Milliseconds from the moment the rig moved the pin."""

from dataclasses import dataclass

from tests.village.journal import Journal, Seen
from tests.village.plan import House


@dataclass(frozen=True, slots=True)
class Hop:
    hop: str
    ms: float


def trace(journal: Journal, device: str, what: str, since: int, event: str = "", seconds: float = 30) -> Seen:
    """Waits until the board's own trace says so."""
    return journal.wait(
        lambda s: s.source == device and s.what == what and (not event or s.fields.get("event") == event),
        since,
        seconds,
        f"{device} to trace `{what}`",
    )


def calls(seen: Seen, role: str) -> dict[str, dict[str, object]]:
    """Incident id -> call, of one `show` entry."""
    return {c["incident"]: c for c in seen.fields.get("calls", []) if c["role"] == role}


def shows(journal: Journal, lamp: str, role: str, incident: str, since: int, answer: str = "") -> Seen:
    """Waits until this lamp shows this incident's call (with this answer)."""

    def wanted(s: Seen) -> bool:
        if s.source != lamp or s.what != "show":
            return False
        call = calls(s, role).get(incident)
        return call is not None and (not answer or call.get("answer") == answer)

    return journal.wait(wanted, since, why=f"{lamp} to show {role} call {incident} {answer}")


def on_feed(journal: Journal, incident: str, since: int, presses: int = 1) -> Seen:
    """Waits until the console's feed brings the incident with so many presses."""
    return journal.wait(
        lambda s: s.source == "feed" and s.fields.get("id") == incident and s.fields.get("presses", 0) >= presses,
        since,
        why=f"the console's feed to bring {incident}",
    )


def hop(name: str, start: int, seen: Seen) -> Hop:
    return Hop(name, round((seen.at - start) / 1e6, 2))


def of_press(journal: Journal, house: House, device: str, neighbours: list[str], start: int, since: int) -> list[Hop]:
    """Waits for every hop of one press of `device` and returns them. Raises TimeoutError naming the missing one."""
    pressed = trace(journal, device, "pressed", since)
    event = str(pressed.fields["event"])
    hops = [
        hop("pressed→stored", start, trace(journal, device, "stored", since, event)),
        hop("pressed→sent", start, trace(journal, device, "sent", since, event)),
        hop("pressed→heard", start, trace(journal, device, "heard", since, event)),
        hop("pressed→received", start, trace(journal, device, "received", since, event)),
        hop("pressed→shown", start, on_feed(journal, event, since)),
        hop("pressed→lamp told", start, shows(journal, house.device("lamp"), "own", event, since)),
    ]
    lit = [shows(journal, lamp, "near", event, since) for lamp in neighbours]
    hops.append(hop("pressed→neighbours lit", start, max(lit, key=lambda s: s.at)))
    return hops
