"""What becomes of one call for help, told by the county's own rules: who answers what and when is drawn, what that
makes of the incident is not. Pure."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from random import Random

from heartlamp_protocol.device.event import write_alarm, write_answer, write_cancel
from heartlamp_protocol.device.frame import sign
from heartlamp_protocol.device.mac import device_key
from heartlamp_server.alarm.model import EventRow
from heartlamp_server.incident import acts, life
from heartlamp_server.incident import model as incidents
from heartlamp_server.incident.model import Change, Entry, Incident, Refused

from tests.county.size import Device, Site, Size, gateway, place, township_name, township_of

NOTES_DAYS = 31
"""So long a gateway's note is kept beside the line that it is on the timeline."""
_WHATS = (("panic", 78), ("smoke", 6), ("gas", 5), ("flood", 4), ("silent", 6), ("slope", 1))
_HOURS = [2, 1, 1, 1, 2, 4, 6, 6, 5, 5, 5, 5, 5, 4, 4, 4, 5, 6, 7, 7, 6, 4, 3, 2]
WHAT_OF = {"smoke": "fire", "gas": "gas", "flood": "flood", "silent": "silent", "slope": "slope"}


@dataclass
class Day:
    """What is to be stored of one day. `notes`: (id, gateway, incident, what, subject, at)."""

    incidents: list[Incident] = field(default_factory=list)
    entries: list[Entry] = field(default_factory=list)
    events: list[EventRow] = field(default_factory=list)
    notes: list[tuple[str, str, str, str, str, datetime]] = field(default_factory=list)


class Telling:
    """`by_kind`: kind of device -> every (site, device) of it."""

    def __init__(self, size: Size) -> None:
        self._size = size
        self._keys: dict[str, bytes] = {}
        self._by_kind: dict[str, list[tuple[Site, Device]]] = {}
        for site in size.sites:
            for device in site.devices:
                self._by_kind.setdefault(device.kind, []).append((site, device))
        self._kinds = [kind for kind, _ in _WHATS]
        self._weights = [weight for _, weight in _WHATS]

    def day(self, n: int) -> Day:
        """The n-th day's, whatever was told before."""
        rng, told = Random(f"{self._size.seed} day {n}"), Day()
        begins, left, taken = self._size.begins(n), self._size.alarms_of(n), set()
        moments = sorted(
            begins + timedelta(seconds=rng.choices(range(24), _HOURS)[0] * 3600 + rng.random() * 3600)
            for _ in range(left)
        )
        number = n * 100_000
        for at in moments:
            if left <= 0:
                break
            while True:
                site, device, what = self._who(rng)
                if (site.id, what) not in taken:  # nobody calls while one of theirs may still be open
                    break
            taken.add((site.id, what))
            number += 20
            one = _Story(self, told, site, device, what, at, number, rng, min(left, 3))
            left -= one.tell()
        told.entries.sort(key=lambda e: e.at)
        return told

    def _who(self, rng: Random) -> tuple[Site, Device, str]:
        kind = rng.choices(self._kinds, self._weights)[0]
        if kind == "panic":
            kind = "button" if rng.random() < 0.7 else "lamp"
        site, device = rng.choice(self._by_kind[kind])
        return site, device, WHAT_OF.get(kind, "panic")

    def key(self, device: str) -> bytes:
        key = self._keys.get(device)
        if key is None:
            key = self._keys[device] = device_key(self._size.root(device), 1)
        return key

    @property
    def size(self) -> Size:
        return self._size


class _Story:
    """One call, step by step, as far as `size.now`."""

    def __init__(
        self,
        telling: Telling,
        told: Day,
        site: Site,
        device: Device,
        what: str,
        at: datetime,
        number: int,
        rng: Random,
        most: int,
    ) -> None:
        self._telling, self._told, self._site, self._device, self._what = telling, told, site, device, what
        self._at, self._number, self._rng, self._most = at, number, rng, most
        self._now = telling.size.now
        self._lines: list[Entry] = []

    def tell(self) -> int:
        """How many alarms it had."""
        incident = self._open()
        alarms = 1
        for seconds, step in self._steps():
            at = self._at + timedelta(seconds=seconds)
            if at > self._now:
                break
            try:
                incident = step(incident, at)
            except Refused:
                continue  # the rules say no, as they would have then
            alarms = incident.presses
        self._told.incidents.append(incident)
        self._told.entries += self._lines
        return alarms

    # --- what happens, in the order of time ------------------------------------------------------------------------

    def _steps(self) -> Iterator[tuple[float, Callable[[Incident, datetime], Incident]]]:
        rng, steps = self._rng, []
        chance, silent = rng.random, self._what == "silent"
        if not silent:
            steps += [(0.4 + chance() * 2, self._lights(lamp)) for lamp in self._lamps() if chance() < 0.97]
            steps += [(1 + chance() * 2, self._village_step)]
        if self._most > 1 and chance() < 0.08:
            steps.append((20 + chance() * 60, self._press))
        if chance() < 0.05:
            steps.append((15 + chance() * 100, self._cancel))
        accepted = rng.lognormvariate(3.4, 0.7)
        steps.append((accepted, self._operator("accepted")))
        coming = accepted + rng.lognormvariate(3.6, 0.8)
        there = coming + rng.lognormvariate(5.6, 0.6)
        group = self._telling.size.of_group[self._site.village, self._site.group]
        neighbours = [s for s in group if s is not self._site]
        if not silent and neighbours and chance() < 0.55:
            neighbour = rng.choice(neighbours)
            steps += [(coming, self._key_of(neighbour, "coming")), (there, self._key_of(self._site, "arrived"))]
        else:
            steps += [(accepted + 20, self._sends), (coming, self._worker("coming"))]
            if chance() < 0.95:
                steps.append((there, self._worker("arrived")))
        end = there + rng.lognormvariate(6.4, 0.8)
        if chance() < 0.4:
            steps.append((there + 60, self._handled))
            end += 120
            if chance() < 0.5:
                steps.append((end - 20, self._asked_back))
        steps.append((min(end, 60_000), self._false if chance() < 0.09 else self._closed))
        if chance() < 0.004:
            steps += [(min(end, 60_000) + 300, self._reopened), (min(end, 60_000) + 1500, self._closed)]
        return iter(sorted(steps, key=lambda step: step[0]))

    def _lamps(self) -> Iterator[Device]:
        for site in self._telling.size.of_group[self._site.village, self._site.group]:
            yield from (d for d in site.devices if d.kind == "lamp")

    def _open(self) -> Incident:
        body = self._event("alarm", self._device, self._at, self._what)
        observed = self._at - timedelta(seconds=0.3)
        incident = Incident(
            id=body,
            site=self._site.id,
            what=self._what,
            place=place(self._site),
            opened_at=self._at,
            observed_at=observed,
            heard_age_ms=150 + self._number % 300,
            last_press_at=observed,
            lit_of=0 if self._what == "silent" else sum(1 for _ in self._lamps()),
            events=(body,),
        )
        detail = {"event": body, "what": self._what, "observed_at": observed.isoformat(), "via": self._gateway}
        self._line(Entry(body, observed, "opened", detail | self._source(self._device, self._site)))
        self._first = body
        return incident

    def _lights(self, lamp: Device) -> Callable[[Incident, datetime], Incident]:
        def step(incident: Incident, at: datetime) -> Incident:
            source = {"device": lamp.id, "kind": "lamp", "house": self._house(lamp)}
            self._note(incident.id, "lit", lamp.id, at)
            return self._took(incidents.light(incident, source, at, at))

        return step

    def _village_step(self, incident: Incident, at: datetime) -> Incident:
        subject = "1/0/siren/siren/0 done siren"
        detail = {"subject": subject, "gateway": self._gateway, "step": "0", "who": "siren"}
        detail |= {"channel": "siren", "state": "done", "why": ""}
        self._note(incident.id, "step", subject, at)
        self._line(Entry(incident.id, at, "village_step", detail))
        return incident

    def _press(self, incident: Incident, at: datetime) -> Incident:
        event = self._event("alarm", self._device, at, self._what)
        return self._took(incidents.press(incident, event, at, at, self._source(self._device, self._site)))

    def _cancel(self, incident: Incident, at: datetime) -> Incident:
        device = self._site.lamp()
        event = self._event("cancel", device, at, "")
        incident = incidents.attach(incident, event)
        return self._took(incidents.cancel(incident, event, at, self._source(device, self._site)))

    def _operator(self, said: str) -> Callable[[Incident, datetime], Incident]:
        def step(incident: Incident, at: datetime) -> Incident:
            name, display = self._duty
            changed, entry = incidents.answer(incident, f"person:{display}", display, said, at, name)
            return self._took((changed, self._by(entry)))

        return step

    def _sends(self, incident: Incident, at: datetime) -> Incident:
        worker, (name, display) = self._worker_name, self._duty
        sent, entry = acts.dispatch(incident, f"person:{worker}", worker, name, display, at)
        return self._took((sent, self._by(entry)))

    def _worker(self, said: str) -> Callable[[Incident, datetime], Incident]:
        def step(incident: Incident, at: datetime) -> Incident:
            name, _ = self._duty
            worker = self._worker_name
            changed, entry = incidents.answer(incident, f"person:{worker}", worker, said, at, name)
            return self._took((changed, self._by(entry)))

        return step

    def _key_of(self, site: Site, said: str) -> Callable[[Incident, datetime], Incident]:
        def step(incident: Incident, at: datetime) -> Incident:
            lamp, key, name = site.lamp(), f"site:{site.id}", site.name
            event = self._event("answer", lamp, at, said)
            incident = incidents.attach(incident, event)
            if said == "arrived":
                key, name = incidents.arriving(incident, site.id, name)
            changed, entry = incidents.answer(incident, key, name, said, at, event=event)
            return self._took((changed, replace(entry, detail=entry.detail | {"event": event, "device": lamp.id})))

        return step

    def _handled(self, incident: Incident, at: datetime) -> Incident:
        return self._took(acts.handle(incident, "已送医 · taken to hospital", self._duty[1], at))

    def _asked_back(self, incident: Incident, at: datetime) -> Incident:
        return self._took(acts.feedback(incident, "已好转 · better", True, self._duty[1], at))

    def _closed(self, incident: Incident, at: datetime) -> Incident:
        how = "arrived" if any(r.answer == "arrived" for r in incident.responders) else "spoke_to"
        changed, entry = incidents.close(incident, self._duty[1], how, at, self._worker_name)
        return self._took((changed, self._by(entry)))

    def _false(self, incident: Incident, at: datetime) -> Incident:
        if not life.may("false", incident.stage):
            return self._closed(incident, at)
        why = "误按 · pressed by mistake"
        changed, entry = acts.declare_false(incident, "spoke_to", self._worker_name, why, self._duty[1], at)
        return self._took((changed, self._by(entry)))

    def _reopened(self, incident: Incident, at: datetime) -> Incident:
        changed, entry = acts.reopen(incident, "又有人求助 · help is needed again", self._duty[1], at)
        return self._took((changed, self._by(entry)))

    # --- how it is written down ------------------------------------------------------------------------------------

    def _took(self, change: Change) -> Incident:
        self._line(change[1])
        return change[0]

    def _line(self, entry: Entry) -> None:
        self._lines.append(entry)

    def _by(self, entry: Entry) -> Entry:
        name, display = self._duty
        return replace(entry, detail=entry.detail | {"operator": name, "by": display})

    @property
    def _gateway(self) -> str:
        return gateway(self._site.village)

    @property
    def _duty(self) -> tuple[str, str]:
        """(account, name) of who is on duty: the township's operator."""
        township = township_of(self._site.village)
        shift = self._at.hour // 8 + 1
        return f"town{township:03}.{shift}", f"{township_name(township)}值班员{shift}号"

    @property
    def _worker_name(self) -> str:
        half = 1 if self._site.group <= 10 else 2
        return f"{self._site.village}村网格员{half}号"

    def _house(self, lamp: Device) -> str:
        site = f"s{lamp.id[4:11]}"
        return next(s.name for s in self._telling.size.of_group[self._site.village, self._site.group] if s.id == site)

    def _source(self, device: Device, site: Site) -> dict[str, str]:
        return {"device": device.id, "kind": device.kind, "house": site.name}

    def _note(self, incident: str, what: str, subject: str, at: datetime) -> None:
        if self._now - at < timedelta(days=NOTES_DAYS):
            self._number += 1
            id = self._telling.size.event(self._gateway, self._number)
            self._told.notes.append((id, self._gateway, incident, what, subject, at))

    def _event(self, kind: str, device: Device, at: datetime, detail: str) -> str:
        """Its id; signed as the device would."""
        self._number += 1
        size, seq = self._telling.size, self._number
        id, boot, up = size.event(device.id, seq), size.secret("boot", device.id).hex()[:8], seq * 1000
        match kind:
            case "alarm":
                body = write_alarm(id, device.id, 1, boot, seq, up, detail)
            case "answer":
                body = write_answer(id, device.id, 1, boot, seq, up, self._first, detail)
            case _:
                body = write_cancel(id, device.id, 1, boot, seq, up)
        incident = id if kind == "alarm" and not self._lines else self._first
        refers = self._first if kind == "answer" else ""
        mac = sign(self._telling.key(device.id), body)
        self._told.events.append(
            EventRow(
                id, incident, refers, kind, detail, device.id, 1, boot, seq, up, True, mac, body, self._gateway, at, at
            )
        )
        return id
