"""What the lamp was told to show, by the village and by the county, and the press that they have not told it of yet."""

from heartlamp_protocol.device.frame import FrameError

from heartlamp.rules import lamp, paths
from heartlamp.rules.calls import NOTHING, Call, forget, is_newer, read_lamp, shown, take_county, take_epoch

OFFERED_MS = 330_000  # a button that still has its alarm offers it again after its longest nap, 300 s
CARRIED = 16  # carried alarms that are remembered, so that an old one is not told of twice


class Showing:
    """`device`: whose keys check the county's word; `trace(what, **fields)`."""

    def __init__(self, device, trace) -> None:
        self._device = device
        self._trace = trace
        self.press = None
        self._carried = []
        self._mute_since = None  # since when it shows a call of this house that no store is known to have
        self.village = NOTHING  # the gateway's state, by whichever way it came
        self.direct = NOTHING  # the county's own, on the way past the village
        self.marks = {}
        self.county_epochs = []
        self.shown = None  # (epoch, ver) of the village's state that the light shows by now
        self.reported = None  # what of it the village was told
        self.direct_lit = []  # incidents that the light shows by the county's own word alone

    def pressed(self, id: str, at: int) -> None:
        """An alarm was made here."""
        self.press = lamp.Press(id, at)
        self._device.to_show.ring()

    def carried(self, id: str, now: int) -> None:
        """This house's own button offers its alarm through us, for the first time or again. Its receipts may go another
        way, so the village's state may tell of it first, and it counts for as long as it is offered."""
        if self.press is not None and self.press.id == id:
            self.press.offered_at = now
        elif id not in self._carried:
            self._carried = (self._carried + [id])[-CARRIED:]
            self.press = lamp.Press(id, now)
            self.press.offered_at = now
        self._device.to_show.ring()

    def receipted(self, id: str, receipt: str) -> None:
        """receipt: "heard" or "received"."""
        if self.press is not None and self.press.id == id:
            if receipt == "heard":
                self.press.heard = True
            else:
                self.press.received = True
            self._device.to_show.ring()

    def take(self, path: str, said: dict) -> None:
        """A lamp's state that came on `path`. Raises FrameError."""
        epoch, ver, wanted = read_lamp(said)
        direct = path == "wan"
        if is_newer(self.direct if direct else self.village, epoch, ver):
            other = self.village if direct else self.direct
            self.marks = forget(self.marks, wanted + other[2])
            for call in wanted:
                self._county_word(call)
            if direct:
                self.direct = (epoch, ver, wanted)
            else:
                self.village = (epoch, ver, wanted)
            if self.press is not None and [c for c in wanted if c.role == "own"]:
                if self.press.heard or self.press.received or self._told_of(wanted):
                    self.press = None  # from here on the lamp's state carries it
            self._trace("lamp", ver=ver, calls=len(wanted))
            mute = [c for c in self.calls() if c.role == "own" and not (c.heard or c.received or c.answer != "none")]
            if not mute:
                self._mute_since = None
            elif self._mute_since is None:
                self._mute_since = self._device.now()
        if not direct:
            self.reported = None  # also where it was told before: it asks
            self._device.to_report.ring()

    def _told_of(self, wanted: list) -> bool:
        """Whether a carried press is known to be heard by what the lamp is to show."""
        return self.press.offered_at is not None and bool([c for c in wanted if c.role == "own" and c.heard])

    def shows(self) -> None:
        """The light shows what facts() said."""
        epoch, ver, _ = self.village
        if epoch and self.shown != (epoch, ver):
            self.shown = (epoch, ver)
            self._device.to_report.ring()
        known = [call.incident for call in self.village[2]]
        direct = [call.incident for call in self.direct[2] if call.incident not in known]
        if direct != self.direct_lit:
            self.direct_lit = direct
            self._device.to_report.ring()

    def county_epoch(self, epoch: str) -> None:
        self.county_epochs = take_epoch(self.county_epochs, epoch)

    def _county_word(self, call: Call) -> None:
        if not call.county:
            return
        said = self._device.county(call.county.encode())
        if said is None or said.get("incident") != call.incident:
            return
        try:
            self.marks, self.county_epochs = take_county(self.marks, self.county_epochs, said)
        except FrameError as error:
            self._device.found_forged(str(error))

    def calls(self) -> "list[Call]":
        """The village's calls, and those that only the county told us of."""
        known = [call.incident for call in self.village[2]]
        told = self.village[2] + [call for call in self.direct[2] if call.incident not in known]
        return shown(told, self.marks)

    def facts(self, now: int) -> lamp.Facts:
        """What rules/lamp.py turns into a picture."""
        device = self._device
        down_since, refreshed_at, answerable = paths.chain(device.paths, now)
        unheard, press = _earliest(device.unheard_since(), self._mute_since), self.press
        if press is not None and press.offered_at is not None:
            if now - press.offered_at > OFFERED_MS:
                self.press = press = None
            elif not (press.heard or press.received):
                unheard = _earliest(unheard, press.at)
        return lamp.Facts(device.boot_at, down_since, refreshed_at, answerable, unheard, press, self.calls())


def _earliest(one: "int | None", other: "int | None") -> "int | None":
    if one is None or other is None:
        return other if one is None else one
    return min(one, other)
