"""Who is missed and what is wrong: one device, many at once, and both after a restart. Time is an argument."""

from collections.abc import Mapping
from dataclasses import replace

import pytest
from heartlamp_gateway.rules import trouble_words
from heartlamp_gateway.rules.health import FAULT, OK, Health, silent, troubles
from heartlamp_gateway.rules.model import EMPTY, Village
from heartlamp_gateway.rules.outage import Limits, together
from heartlamp_gateway.rules.remembered import read_state, write_state
from heartlamp_gateway.rules.supervision import MISSED, NEVER, UNKNOWN, WELL, State, Tell, Trouble, Word, look, merge
from heartlamp_protocol.device.frame import FrameError
from heartlamp_protocol.device.kinds import KINDS
from heartlamp_protocol.registry import Device, Registry, Site
from heartlamp_protocol.supervision import supervision_ms
from heartlamp_protocol.troubles import KINDS as TROUBLES
from heartlamp_protocol.troubles import SUBJECT_MAX, Told, read_trouble, write_trouble
from hypothesis import given
from hypothesis import strategies as st

LAMP = supervision_ms("lamp")
HOLD = Limits().hold_ms
MINUTE = 60_000


def village(houses: int, per_group: int = 10, kinds: tuple[str, ...] = ("lamp",)) -> Village:
    sites = tuple(Site(f"s{n}", f"{n // per_group}组 {n}号", f"g{n // per_group}") for n in range(houses))
    devices = tuple(
        Device(f"{kind}{n}", kind, f"s{n}", {f"{kind}{n}.1": "$7$"}) for n in range(houses) for kind in kinds
    )
    return replace(EMPTY, registry=Registry(1, "柳树村", sites, devices))


class Story:
    """A village under supervision, looked at every 5 s as the gateway does."""

    def __init__(self, of: Village, limits: Limits | None = None) -> None:
        self.village, self.limits = of, limits or Limits()
        self.now = 1_000_000
        self.listening: int | None = self.now
        self.state = State()
        self.spoke: dict[str, int] = {}
        self.words: dict[str, dict[str, Word]] = {}
        self.told: list[Tell] = []
        self.other: list[Trouble] = []
        self.alive = {d.id for d in of.registry.devices}

    def says(self, device: str, **values: int) -> None:
        self.spoke[device] = self.now
        self.words[device] = merge(self.words.get(device, {}), values, self.now)

    def passes(self, ms: int) -> "Story":
        """Everybody alive beats every 30 s, each at a moment of its own."""
        end = self.now + ms
        while self.now < end:
            self.now += 5_000
            for n, device in enumerate(sorted(self.alive)):
                if (self.now // 5_000 + n) % 6 == 0:
                    self.spoke[device] = self.now
                    said = {name: w.value for name, w in self.words.get(device, {}).items()}
                    self.words[device] = merge(self.words.get(device, {}), said, self.now)
            self.look()
        return self

    def look(self) -> None:
        self.state, tells = look(
            self.state, self.village, self.spoke, self.words, self.other, self.now, self.listening, self.limits
        )
        self.told += tells

    def restart(self) -> None:
        self.state, _ = read_state(*write_state(self.state, {}), self.now)
        self.spoke, self.words = {}, {device: dict(said) for device, said in self.state.words.items()}
        self.listening = self.now

    def said(self) -> list[tuple[str, str, str]]:
        """(what, kind, subject), in order; forgets them."""
        said = [(t.what, t.trouble.kind, t.trouble.subject) for t in self.told]
        self.told = []
        return said


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_is_missed_after_its_own_interval_and_restored_by_a_word(kind: str) -> None:
    story = Story(village(1, kinds=(kind,)))
    device = f"{kind}0"
    story.says(device)
    story.look()
    assert story.state.status == {device: WELL}
    story.now += supervision_ms(kind)
    story.look()
    assert story.state.status == {device: WELL}
    story.now += 1
    story.look()
    assert story.state.status == {device: MISSED}
    assert story.said() == []
    story.now += HOLD
    story.look()
    assert story.said() == [("trouble", "missed", device)]
    story.now += 3 * supervision_ms(kind)
    story.look()
    assert story.said() == []
    story.says(device)
    story.look()
    assert story.said() == [("restored", "missed", device)]
    assert story.state.status == {device: WELL}


def test_one_that_never_spoke_is_never_heard_and_a_trouble_after_a_day() -> None:
    story = Story(village(2))
    story.alive = {"lamp1"}
    story.look()
    assert story.state.status == {"lamp0": UNKNOWN, "lamp1": UNKNOWN}
    story.passes(2 * MINUTE)
    assert story.state.status == {"lamp0": NEVER, "lamp1": WELL}
    assert story.said() == []
    story.now += story.limits.never_ms
    story.says("lamp1")
    story.look()
    assert story.said() == [("trouble", "never", "lamp0")]
    story.says("lamp0")
    story.look()
    assert story.said() == [("restored", "never", "lamp0")]


def test_a_power_cut_of_the_whole_village_is_one_trouble_and_ends_as_one() -> None:
    story = Story(village(300)).passes(5 * MINUTE)
    assert story.said() == []
    story.alive = set()
    for n in range(200):  # the lamps have a cell, and say why
        story.says(f"lamp{n}", mains=0)
    story.passes(10 * MINUTE)
    assert story.said() == [("trouble", "outage", "village")]
    (outage,) = story.state.open.values()
    assert (outage.detail, len(outage.members), outage.of) == ("power", 300, 300)
    assert outage.words == "300/300:power"
    story.alive = {d.id for d in story.village.registry.devices}
    for n in range(200):
        story.says(f"lamp{n}", mains=1)
    story.passes(5 * MINUTE)
    assert story.said() == [("restored", "outage", "village")]
    assert story.state.open == {}


def test_what_stays_away_after_an_outage_is_told_one_by_one() -> None:
    story = Story(village(300)).passes(5 * MINUTE)
    gone = {f"lamp{n}" for n in range(37)}
    everybody = set(story.alive)
    story.alive = everybody - gone
    story.passes(5 * MINUTE)
    (outage,) = story.state.open.values()
    assert (outage.detail, len(outage.members), outage.of) == ("network", 37, 300)
    story.alive = everybody - {"lamp3", "lamp5"}
    story.passes(5 * MINUTE)
    assert sorted(story.said()) == sorted(
        [
            ("trouble", "outage", "village"),
            ("restored", "outage", "village"),
            ("trouble", "missed", "lamp3"),
            ("trouble", "missed", "lamp5"),
        ]
    )
    story.alive = everybody
    story.passes(2 * MINUTE)
    assert sorted(story.said()) == [("restored", "missed", "lamp3"), ("restored", "missed", "lamp5")]


def test_the_outage_of_one_group_is_the_groups_and_grows_into_the_villages() -> None:
    story = Story(village(60, per_group=6)).passes(5 * MINUTE)
    everybody = set(story.alive)
    story.alive = everybody - {f"lamp{n}" for n in range(5)}
    story.passes(4 * MINUTE)
    assert story.said() == [("trouble", "outage", "group g0")]
    story.alive = everybody - {f"lamp{n}" for n in range(40)}
    story.passes(4 * MINUTE)
    said = story.said()
    assert ("trouble", "outage", "village") in said
    assert not [s for s in said if s[1] == "missed"]
    story.alive = everybody
    story.passes(5 * MINUTE)
    assert story.state.open == {}


def test_two_that_go_by_chance_are_two_troubles() -> None:
    story = Story(village(300)).passes(5 * MINUTE)
    story.alive -= {"lamp3"}
    story.passes(10 * MINUTE)
    story.alive -= {"lamp77"}
    story.passes(10 * MINUTE)
    assert story.said() == [("trouble", "missed", "lamp3"), ("trouble", "missed", "lamp77")]


def test_a_short_loss_of_mains_is_no_trouble_and_a_long_one_is() -> None:
    story = Story(village(20)).passes(2 * MINUTE)
    story.says("lamp4", mains=0)
    story.passes(10_000)
    story.says("lamp4", mains=1)
    story.passes(2 * MINUTE)
    assert story.said() == []
    story.says("lamp4", mains=0)
    story.passes(MINUTE)
    story.says("lamp4", mains=1)
    story.look()
    assert story.said() == [("trouble", "mains", "lamp4"), ("restored", "mains", "lamp4")]


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("battery_low", "battery"),
        ("battery_fault", "battery"),
        ("tamper", "tamper"),
        ("key_stuck", "key"),
        ("smoke_stuck", "sensor"),
        ("gas_line_fault", "sensor"),
        ("flood_worn", "sensor"),
        ("temp_fault", "sensor"),
        ("rain_fault", "sensor"),
        ("probes_missing", "sensor"),
        ("sensors_wrong", "sensor"),
    ],
)
def test_what_a_device_says_is_wrong_ends_when_it_says_so(name: str, kind: str) -> None:
    story = Story(village(1))
    story.says("lamp0", **{name: 2, "temp_mc": 21_500})
    story.look()
    assert story.said() == [("trouble", kind, "lamp0")]
    assert [t.detail for t in story.state.open.values()] == [f"{name}=2"]
    story.passes(5 * MINUTE)
    assert story.said() == []
    story.says("lamp0", **{name: 0})
    story.look()
    assert story.said() == [("restored", kind, "lamp0")]


def test_what_a_device_says_no_more_is_over() -> None:
    story = Story(village(1))
    story.says("lamp0", temp_fault=1)
    story.look()
    story.alive = set()
    for _ in range(10):  # a heartbeat that does not name it: the probe was unplugged for good
        story.now += 30_000
        story.says("lamp0")
        story.look()
    assert story.said() == [("trouble", "sensor", "lamp0"), ("restored", "sensor", "lamp0")]


def test_nobody_is_missed_while_the_broker_is_away_nor_just_after() -> None:
    story = Story(village(20)).passes(2 * MINUTE)
    everybody, story.alive = story.alive, set()
    story.listening = None
    story.passes(10 * MINUTE)
    assert story.said() == []
    story.listening = story.now
    story.passes(LAMP - 10_000)
    assert story.said() == []
    story.alive = everybody
    story.passes(5 * MINUTE)
    assert story.said() == []


def test_a_restart_restores_nobody_and_makes_nothing_new() -> None:
    story = Story(village(20)).passes(2 * MINUTE)
    story.alive -= {"lamp3"}
    story.says("lamp4", tamper=1)
    story.passes(5 * MINUTE)
    assert sorted(story.said()) == [("trouble", "missed", "lamp3"), ("trouble", "tamper", "lamp4")]
    story.restart()
    story.passes(MINUTE)
    assert story.said() == []
    story.alive |= {"lamp3"}
    story.says("lamp4", tamper=0)
    story.passes(MINUTE)
    assert sorted(story.said()) == [("restored", "missed", "lamp3"), ("restored", "tamper", "lamp4")]


def test_who_is_revoked_or_taken_off_the_list_is_no_trouble_any_more() -> None:
    story = Story(village(20)).passes(2 * MINUTE)
    story.alive -= {"lamp3", "lamp9"}
    story.passes(5 * MINUTE)
    story.said()
    devices = [replace(d, users={}) if d.id == "lamp3" else d for d in story.village.registry.devices]
    devices = [d for d in devices if d.id != "lamp9"]
    story.village = replace(story.village, registry=replace(story.village.registry, devices=tuple(devices)))
    story.look()
    assert sorted(story.said()) == [("restored", "missed", "lamp3"), ("restored", "missed", "lamp9")]
    assert not {"lamp3", "lamp9"} & {*story.state.status, *story.state.words, *story.state.known}


def test_a_silent_button_is_hidden_and_counts_for_no_outage() -> None:
    story = Story(village(20, kinds=("silent",)))
    for n in range(20):
        story.says(f"silent{n}", battery_low=1)
    story.now += supervision_ms("silent") + 1
    story.look()
    story.now += HOLD
    story.look()
    assert {t.kind for t in story.state.open.values()} == {"missed", "battery"}
    assert all(t.hidden for t in story.state.open.values())


def test_the_box_is_a_trouble_as_long_as_it_is_one() -> None:
    story = Story(village(1))
    parts = [Health("disk", FAULT, "", ""), Health("clock", OK, "", ""), silent("ups"), Health("county", FAULT, "", "")]
    story.other = troubles(parts, story.now)
    story.look()
    story.other = troubles(parts, story.now + 5_000)
    story.look()
    assert story.said() == [("trouble", "box", "disk"), ("trouble", "box", "ups")]
    story.other = []
    story.look()
    assert sorted(story.said()) == [("restored", "box", "disk"), ("restored", "box", "ups")]


@given(
    st.lists(st.tuples(st.sampled_from(range(12)), st.booleans(), st.integers(0, 300_000)), max_size=40),
    st.booleans(),
)
def test_whatever_happens_each_trouble_is_told_once_ends_once_and_in_this_order(
    turns: list[tuple[int, bool, int]], restart: bool
) -> None:
    story = Story(village(12, per_group=4), Limits(village_many=5, village_share=10))
    story.passes(MINUTE)
    for turn, (n, there, ms) in enumerate(turns):
        story.alive = story.alive | {f"lamp{n}"} if there else story.alive - {f"lamp{n}"}
        if n % 3 == 0:
            story.says(f"lamp{n}", mains=int(there))
        story.passes(ms)
        if restart and turn == len(turns) // 2:
            story.restart()
        covered = [d for t in story.state.open.values() if t.kind == "outage" for d in t.members]
        singles = {t.subject for t in story.state.open.values() if t.kind in ("missed", "mains")}
        assert not singles & set(covered)
    story.alive = {f"lamp{n}" for n in range(12)}
    for n in range(12):
        story.says(f"lamp{n}", mains=1)
    story.passes(10 * MINUTE)
    assert story.state.open == {}
    lasting: dict[object, int] = {}
    for tell in story.told:
        name = (tell.trouble.key, tell.trouble.since)
        if tell.what == "trouble":
            lasting[name] = lasting.get(name, 0) + 1
        else:
            assert lasting.pop(name) == 1
    assert lasting == {}


@given(st.dictionaries(st.text("abc", min_size=1, max_size=3), st.integers(0, 100), max_size=20), st.integers(1, 5))
def test_together_finds_the_fullest_window(lost: Mapping[str, int], many: int) -> None:
    found = together(lost, many, 10)
    best = max((sum(1 for at in lost.values() if begin <= at <= begin + 10) for begin in lost.values()), default=0)
    assert len(found) == (best if best >= many else 0)
    if found:
        assert max(lost[d] for d in found) - min(lost[d] for d in found) <= 10


def test_what_is_remembered_and_makes_no_sense_is_as_none() -> None:
    for bad in ("{", "[]", '{"open": 3}', '{"open":[[1]],"gone":{},"words":{},"over":{}}'):
        assert read_state(bad, "", 0) == (State(), {})
    story = Story(village(3)).passes(2 * MINUTE)
    story.says("lamp1", tamper=1)
    story.look()
    over = {"gwliu1-0000000000000000": (7, "x missed - lamp1")}
    state, again = read_state(*write_state(story.state, over), story.now)
    assert again == over
    assert {t.key for t in state.open.values()} == {("tamper", "tamper", "lamp1")}
    assert (state.known, state.spoke) == (story.state.known, story.state.spoke)
    assert state.words["lamp1"] == story.state.words["lamp1"]


@pytest.mark.parametrize("kind", TROUBLES)
def test_a_trouble_is_read_as_it_was_written_and_has_words(kind: str) -> None:
    subject = {"outage": "group 三组 东", "box": "disk", "county": "gwliu1"}.get(kind, "lamp0")
    for began in ("", "gwliu1-0000000000000000"):
        told = Told(kind, "37/300:power", subject, began)
        assert read_trouble("restored" if began else "trouble", write_trouble(told)) == told
    zh, en = trouble_words.in_words(Trouble(kind, "", subject, 0, "power"), village(1))
    assert "" not in (zh, en)
    assert zh != en
    assert len(write_trouble(Told(kind, "x" * 500, "y" * 500, "gwliu1-0000000000000000"))) <= SUBJECT_MAX


@pytest.mark.parametrize(
    ("what", "text"),
    [
        ("trouble", ""),
        ("trouble", "missed"),
        ("trouble", "missed -"),
        ("trouble", "bored - lamp0"),
        ("trouble", "missed - not a device"),
        ("trouble", "gwliu1-0000000000000000 missed - lamp0"),
        ("restored", "missed - lamp0"),
        ("restored", "gwliu1-0000000000000000"),
    ],
)
def test_what_is_no_trouble_is_refused(what: str, text: str) -> None:
    with pytest.raises(FrameError):
        read_trouble(what, text)
