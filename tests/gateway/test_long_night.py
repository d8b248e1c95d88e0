"""A day without the county, in virtual time: 50 alarms, and every local step on time by the plan."""

import random
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from heartlamp_gateway import clock
from heartlamp_gateway.chain import Chain
from heartlamp_gateway.disk.alarms import AlarmFile
from heartlamp_gateway.from_county import FromCounty
from heartlamp_gateway.from_devices import FromDevices
from heartlamp_gateway.from_outputs import FromOutputs
from heartlamp_gateway.outbox import Outbox
from heartlamp_gateway.outputs.adapter import Order, Report
from heartlamp_gateway.presence import Presence
from heartlamp_protocol.device import event
from heartlamp_protocol.device.frame import write_frame
from heartlamp_protocol.device.names import event_id
from heartlamp_protocol.escalation.decide import TAKEOVER_MS
from heartlamp_protocol.escalation.plan import DAY_MIN, Plan, Policy, Reach, Step, Target
from heartlamp_protocol.registry import Device, Registry, Site

TICK_MS = 250  # of the ticker
DAY_MS = 24 * 3_600_000
ALARMS = 50
HOUSES = 60
MINUTE = 60_000


def target(id: str, *channels: str) -> Target:
    return Target(id, id, "zh", tuple(Reach(channel, f"{channel}:{id}") for channel in channels))


TARGETS = (
    target("siren", "siren"), target("head", "voice", "sms"), target("grid", "voice"), target("office", "voice"),
    target("town", "sms"), target("county", "voice"),
)  # fmt: skip
STEPS = (
    Step(1, "village", 0, "accepted", ("siren", "head", "grid"), again_ms=20_000, times=3),
    Step(2, "village", MINUTE, "accepted", ("office",)),
    Step(3, "county", 3 * MINUTE, "coming", ("town",)),
    Step(4, "county", 5 * MINUTE, "arrived", ("county",), again_ms=10 * MINUTE, times=4),
)
PLAN = Plan(1, 480, TARGETS, (Policy("all", (), (), 0, DAY_MIN, 300_000, STEPS),))


@dataclass
class Night:
    """The gateway's own parts under a clock of ours; outputs that do nothing but remember."""

    now: int = 1_000_000
    given: list[tuple[int, Order]] = field(default_factory=list)

    def give(self, orders: Iterable[Order]) -> None:
        self.given += [(self.now, order) for order in orders]

    def working(self) -> frozenset[str]:
        return frozenset(("voice", "sms", "siren"))

    def away_ms(self) -> int:
        return self.now  # since long ago


@pytest.fixture
def seed(request: pytest.FixtureRequest) -> int:
    made = random.SystemRandom().randrange(2**32)
    print("seed", made)
    return made


def test_every_step_of_a_day_without_the_county_is_on_time(
    seed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dice, night = random.Random(seed), Night()
    monkeypatch.setattr(clock, "boottime", lambda: night.now)
    file = AlarmFile(tmp_path / "alarms.db", synchronous="OFF")
    file.open()
    presence = Presence()
    chain = Chain("gwliu1", file, Outbox(), lambda name, payload: True, presence.in_session, night.away_ms, night)
    chain.start()
    devices, county, outputs = FromDevices(chain, presence), FromCounty(chain, presence), FromOutputs(chain)
    sites = tuple(Site(f"s{n}", f"{n // 10}组 {n}号", f"g{n // 10}") for n in range(HOUSES))
    listed = tuple(Device(f"lamp{n:04}", "lamp", f"s{n}", {f"lamp{n:04}.1": "$7$"}) for n in range(HOUSES))
    county.registry(Registry(1, "柳树村", sites, listed))
    county.plan(PLAN)

    # What will happen: house -> when it presses; of a third of the calls somebody on duty says, after a while, "I go".
    presses = {house: night.now + dice.randrange(DAY_MS) for house in dice.sample(range(HOUSES), ALARMS)}
    # Steps are due at whole seconds; who says so in the quarter of a second after one is heard before it is done.
    some = dice.sample(sorted(presses), ALARMS // 3)
    accepts = {house: dice.randrange(2, 4 * 60) * 1000 + 700 for house in some}
    script = sorted((at, "press", house) for house, at in presses.items())
    script = sorted(script + [(presses[h] + ms, "accept", h) for h, ms in accepts.items()])
    incidents: dict[int, str] = {}
    end = night.now + DAY_MS + 60 * MINUTE
    while night.now < end:
        while script and script[0][0] <= night.now:
            _, what, house = script.pop(0)
            if what == "press":
                incidents[house] = _press(devices, house)
            else:
                order = next(o for _, o in night.given if o.incident == incidents[house] and o.name == "head")
                outputs.report(order, Report("coming"))
        chain.advance()
        night.now += TICK_MS

    wrong = []
    for house, at in presses.items():
        done = sorted((when - at, _name(order)) for when, order in night.given if order.incident == incidents[house])
        wanted = sorted(_wanted(accepts.get(house)))
        for (when, name), (due, wanted_name) in zip(done, wanted, strict=True):
            if name != wanted_name or not due <= when <= due + 2 * TICK_MS:
                wrong.append((house, when, name, due, wanted_name))
    assert wrong == []
    keys = [order.key for _, order in night.given]
    assert len(keys) == len(set(keys))
    chain.close()


def _press(devices: FromDevices, house: int) -> str:
    device = f"lamp{house:04}"
    id = event_id(device, house.to_bytes(8, "big"))
    body = event.write_alarm(id, device, 1, "0" * 8, 1, 5, "panic")
    devices.messages([(f"hl/1/{device}/event", write_frame(0, "a" * 64, body))])
    return id


def _name(order: Order) -> str:
    _, _, step, who, channel, _ = order.key.split("/")
    return f"{step} {who} {channel}"


def _wanted(accepted: int | None) -> list[tuple[int, str]]:
    """(ms after the press, what) by the plan's words. The county has been away for long: its steps are ours."""
    assert TAKEOVER_MS == 20_000
    ends = accepted if accepted is not None else 10**12
    lapses = ends + 300_000  # who said "I go" never arrives here
    due = []
    for step in STEPS:
        for who in step.targets:
            times = [step.at_ms + k * step.again_ms for k in range(step.times)]
            if step.until != "arrived":  # until somebody accepted or is coming, and again once that has lapsed
                before = [t for t in times if t < ends]
                left = step.times - len(before)
                first = max(lapses, times[len(before)]) if left else 0
                times = before + [first + k * step.again_ms for k in range(left)]
            for target_ in TARGETS:
                if target_.id == who:
                    due += [(t, f"{step.n} {who} {reach.channel}") for t in times for reach in target_.reaches]
    return due
