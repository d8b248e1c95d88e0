"""One event of the feed, encoded once for all screens, and who may see it. Pure."""

import json
from functools import cached_property
from typing import Any

from heartlamp_protocol.downlink import cursor_text

from heartlamp_server.database.feed import Row
from heartlamp_server.responder.scope import Scope, Spot, anywhere, may, reach, sees, views


class Frame:
    def __init__(self, row: Row, epoch: str) -> None:
        self.seq, self.kind, self._data = row
        self.encoded = f"id: {cursor_text(epoch, self.seq)}\nevent: {self.kind}\ndata: {self._data}\n\n".encode()

    @cached_property
    def data(self) -> dict[str, Any]:
        """Read only where somebody asks who does not see everything."""
        found = json.loads(self._data)
        return found if isinstance(found, dict) else {}

    @property
    def site(self) -> str:
        """Of an incident, or of one that was passed on; "" of anything else."""
        return str(self.data["site"]["id"]) if self.kind in ("incident", "passed") else ""

    @property
    def gateway(self) -> str:
        """Of a notice; "" of anything else."""
        return str(self.data["gateway"]) if self.kind == "notice" else ""


def sees_all(scope: Scope) -> bool:
    """Whether nothing of the feed is kept from this person."""
    every_incident = any(v.reach.everywhere and v.silent and v.past and v.unhanded for v in views(scope))
    return every_incident and reach(scope, "quarantine.see").everywhere


def visible(scope: Scope, frame: Frame, spot: Spot) -> bool:
    """`spot`: of the frame's site or gateway. What is none of these kinds is for who sees everything."""
    if frame.kind in ("incident", "passed"):
        # An incident that was just closed is shown once more to who saw it open, so that it leaves their screen.
        return sees(scope, spot, frame.data["what"] == "silent", False, bool(frame.data.get("handed_over")))
    if frame.kind == "told":  # there is a notice for somebody, who fetches it
        return bool(frame.data.get("to") == scope.person.name)
    return frame.kind == "notice" and may(scope, "quarantine.see", spot)


def follows(scope: Scope) -> bool:
    """Whether there is anything in the feed for this person at all."""
    return anywhere(scope, "incident.see") or anywhere(scope, "quarantine.see")
