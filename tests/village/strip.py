"""The strip of the last press: which stations its alarm has reached, and when. Pure: fed with what the journal saw."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from heartlamp_protocol.device.names import owner_of

from tests.village.journal import Seen
from tests.village.plan import House

WHAT = {"red": "panic", "smoke": "fire", "flood": "flood"}
TRACES = ("stored", "sent", "heard", "received")


@dataclass(frozen=True, slots=True)
class Station:
    """`ms` since the key went down; None: it was so before."""

    hop: str
    ms: float | None


class Strip:
    """`house_of`: device id -> house. A press joins the open incident of its house and matter, and then that
    incident's name is an older press: so calls and cards are known by house and matter, not by the event's id."""

    def __init__(self, house_of: Mapping[str, House]) -> None:
        self._house_of = house_of
        self.stations: list[Station] = []
        self._press: Seen | None = None
        self._about = ("", "")  # site, what
        self._near: dict[str, list[dict[str, Any]]] = {}  # what each lamp tells of others
        self._closed: set[str] = set()
        self._presses: dict[str, int] = {}  # of each incident, by its newest card
        self._aver: dict[str, int] = {}
        self._aver_before: dict[str, int] = {}
        self._unseen: Counter[tuple[str, str]] = Counter()  # presses that no card has counted yet

    def take(self, seen: Seen) -> bool:
        """True where the strip grew or began anew."""
        if seen.what == "pressed":
            # An answer by a green key belongs to its neighbour's press.
            return "answer" not in seen.fields and self._begin(seen)
        if seen.what == "show":
            near = [c for c in seen.fields.get("calls", []) if c["role"] == "near"]
            self._near[seen.source] = near
            return self._lit(seen.source) and self._reach("neighbours lit", seen)
        if seen.source == "feed" and seen.what == "incident":
            return self._card(seen, seen.fields)
        if self._press is None or seen.source != self._press.source or seen.what not in TRACES:
            return False
        return seen.fields.get("event") == self._press.fields["event"] and self._reach(seen.what, seen)

    def _begin(self, seen: Seen) -> bool:
        self._press = seen
        self._about = (self._house_of[seen.source].site, WHAT[seen.fields["pin"]])
        self._aver_before = dict(self._aver)
        self._unseen[self._about] += 1
        self.stations = [Station("pressed", 0.0)]
        if any(self._lit(lamp) for lamp in self._near):
            self.stations.append(Station("neighbours lit", None))
        return True

    def _lit(self, lamp: str) -> bool:
        """Whether another house's lamp tells of what was pressed last."""
        return self._house_of[lamp].site != self._about[0] and any(
            (self._site(c["incident"]), c["what"]) == self._about
            and c["answer"] != "closed"
            and c["incident"] not in self._closed
            for c in self._near[lamp]
        )

    def _site(self, incident: str) -> str:
        house = self._house_of.get(owner_of(incident))
        return house.site if house else ""

    def _card(self, seen: Seen, card: dict[str, Any]) -> bool:
        id, about = card["id"], (card["site"]["id"], card["what"])
        self._unseen[about] = max(0, self._unseen[about] - card["presses"] + self._presses.get(id, 0))
        self._presses[id], self._aver[id] = card["presses"], card["aver"]
        if card["answer"] == "closed":
            self._closed.add(id)
        if about != self._about:
            return False
        # The first card after an outage may bring the press and an answer to it at once.
        grew = not self._unseen[about] and self._reach("shown", seen)
        if card["aver"] > self._aver_before.get(id, 0) and card["answer"] != "none":
            grew = self._reach(card["answer"], seen) or grew
        return grew

    def _reach(self, hop: str, seen: Seen) -> bool:
        if self._press is None or any(s.hop == hop for s in self.stations):
            return False
        self.stations.append(Station(hop, round((seen.at - self._press.at) / 1e6, 2)))
        return True
