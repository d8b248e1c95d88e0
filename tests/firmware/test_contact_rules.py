"""A detector's contact: what it says, when it wants a visit, and that nothing ever mutes it."""

import itertools

from heartlamp.rules import contact, line, thresholds, wired
from heartlamp.rules.contact import WIRINGS, Contact, Wiring
from heartlamp.rules.given import Given
from hypothesis import given, settings
from hypothesis import strategies as st

SMOKE = WIRINGS["smoke"]
HOUR = 3_600_000


class Told:
    """A contact and all it said: (ms, effect)."""

    def __init__(self, wiring: Wiring = SMOKE) -> None:
        self.wiring = wiring
        self.contact: Contact = contact.begin(wiring, 0)
        self.said: list[tuple[int, str]] = []
        self.testing_until = 0
        self._look: int | None = 0

    def until(self, now: int) -> "Told":
        """Looks whenever it asked to be looked at."""
        while self._look is not None and self._look < now:
            self._settle(self._look)
        return self._settle(now)

    def _settle(self, now: int) -> "Told":
        testing = now < self.testing_until
        self.contact, effects, look = contact.settle(self.contact, self.wiring, testing, now)
        assert look is None or look > now, "it asks to be looked at in the past"
        self._look = look
        self.said += [(now, effect) for effect in effects]
        return self

    def level(self, level: int, now: int) -> "Told":
        self.until(now)
        self.contact = contact.edge(self.contact, self.wiring, level, now)
        return self._settle(now)

    def alarms(self) -> list[int]:
        return [at for at, effect in self.said if effect == "alarm"]


def test_a_spark_is_no_fire_and_a_contact_that_stands_is() -> None:
    told = Told().level(1, 0).level(0, 5).until(1000)
    assert told.said == []
    told.level(1, 2000).until(2029)
    assert told.said == []
    assert told.until(3000).said == [(2030, "closed"), (2030, "alarm")]
    assert told.level(0, 5000).until(6000).said[2:] == [(5030, "opened")]


def test_a_corroded_contact_that_trembles_through_a_fire_still_says_so() -> None:
    told = Told()
    for at in range(0, 200, 20):  # never 30 ms at rest, but closed three quarters of the time
        told.level(1, at).level(0, at + 15)
    assert len(told.alarms()) == 1


def test_a_contact_that_hardly_ever_closes_raises_nothing_but_a_visit() -> None:
    told = Told()
    for n in range(60):
        told.level(1, n * 1000).level(0, n * 1000 + 8)
    assert told.alarms() == []
    assert told.contact.trembling


def test_each_closing_alarms_again_even_after_it_was_stuck() -> None:
    told = Told().level(1, 0).until(9 * HOUR)
    assert contact.is_stuck(told.contact, SMOKE, 9 * HOUR)
    told.level(0, 9 * HOUR).until(9 * HOUR + 100)
    assert not contact.is_stuck(told.contact, SMOKE, 9 * HOUR + 100)
    told.level(1, 9 * HOUR + 1000).until(10 * HOUR)
    assert told.alarms() == [30, 9 * HOUR + 1030]


def test_a_trembling_contact_leaves_room_on_the_flash_and_says_each_closing_in_the_end() -> None:
    told = Told()
    for n in range(600):  # closes every six seconds for an hour
        told.level(1, n * 6000).level(0, n * 6000 + 3000)
    told.until(2 * HOUR)
    alarms = told.alarms()
    print("alarms in an hour of trembling:", len(alarms))
    assert len(alarms) <= 20
    assert alarms[:4] == [30, 6030, 12030, 18030], "the first ones come at once"
    assert alarms[-1] >= 599 * 6000 + 30, "the last closing was told too"
    assert max(b - a for a, b in itertools.pairwise(alarms)) <= contact.GAP_MOST_MS


def test_after_some_hours_of_calm_a_closing_alarms_at_once_again() -> None:
    told = Told()
    for n in range(100):
        told.level(1, n * 6000).level(0, n * 6000 + 3000)
    told.until(4 * HOUR)
    assert not told.contact.trembling
    assert told.level(1, 4 * HOUR).until(4 * HOUR + 100).alarms()[-1] == 4 * HOUR + 30


def test_a_normally_closed_contact_alarms_when_it_opens_and_when_its_wire_is_cut() -> None:
    nc = Wiring("fire", 30, 8 * HOUR, 0, nc=1)
    told = Told(nc).level(1, 0).until(10_000)  # it is closed, as the hal says at once
    assert told.alarms() == []
    assert told.level(0, 20_000).until(21_000).alarms() == [20_030]
    assert Told(nc).until(3000).alarms() == [2030], "cut before the power came: nobody ever says that it is closed"


def test_the_test_button_is_a_test_and_a_fire_in_these_minutes_is_a_minute_late_at_most() -> None:
    told = Told()
    told.testing_until = contact.TEST_MS
    told.level(1, 1000).level(0, 12_000).until(20_000)  # ten seconds on the button
    assert [e for _, e in told.said] == ["closed", "opened", "tested"]
    told.level(1, 30_000).until(200_000)
    assert told.alarms() == [30_030 + contact.TEST_HOLD_MS]


def test_what_still_stands_when_the_test_ends_is_a_fire() -> None:
    told = Told()
    told.testing_until = contact.TEST_MS
    told.level(1, contact.TEST_MS - 5000).until(contact.TEST_MS)
    assert told.alarms() == [contact.TEST_MS]


def test_a_door_tells_and_never_alarms() -> None:
    told = Told(WIRINGS["door"]).level(1, 0).until(24 * HOUR)
    assert told.said == [(30, "closed")]
    assert not contact.is_stuck(told.contact, WIRINGS["door"], 24 * HOUR)


def test_a_detector_past_its_years_says_so() -> None:
    assert not contact.is_worn(SMOKE, 3651)
    assert contact.is_worn(SMOKE, 3652)
    assert contact.is_worn(WIRINGS["gas"], 1826)
    assert not contact.is_worn(WIRINGS["flood"], 36_500), "water contacts have no sensor that ages"


@settings(max_examples=20)
@given(st.lists(st.integers(1, 400), min_size=400, max_size=400))
def test_however_fast_it_trembles_it_never_fills_the_flash(pauses: list[int]) -> None:
    told, now = Told(), 0
    for n, ms in enumerate(pauses):
        now += ms
        told.level(n % 2, now)
    assert len(told.alarms()) <= 12


def test_a_steady_quick_tremble_is_one_too() -> None:
    told = Told()
    for n in range(0, 400, 2):
        told.level(1, n * 40).level(0, n * 40 + 40)
    assert told.contact.trembling
    assert len(told.alarms()) <= 12


def test_a_technicians_five_tests_are_no_trembling() -> None:
    told = Told()
    told.testing_until = contact.TEST_MS
    for n in range(20):
        told.level(1, n * 20_000).level(0, n * 20_000 + 8000)
    assert not told.until(contact.TEST_MS + 1).contact.trembling
    assert told.alarms() == []


@given(
    st.lists(st.tuples(st.integers(0, 1), st.integers(1, 90_000)), max_size=60),
    st.booleans(),
    st.integers(0, 600_000),
)
def test_whatever_went_before_a_contact_that_stays_closed_alarms_and_soon(
    moves: list[tuple[int, int]], nc: bool, testing_until: int
) -> None:
    wiring = Wiring("gas", 30, 8 * HOUR, 0, int(nc))
    told = Told(wiring)
    told.testing_until = testing_until
    now = 0
    for level, ms in moves:
        told.level(level, now)
        now += ms
    told.level(int(nc), now).until(now + 3000)  # at rest
    before = len(told.alarms())
    now += 3000
    told.level(1 - int(nc), now).until(now + contact.GAP_MOST_MS + contact.TEST_HOLD_MS + 1000)
    assert len(told.alarms()) > before
    if not told.contact.trembling and before == 0 and now > testing_until:
        assert told.alarms()[0] == now + 30


def test_a_supervised_line_tells_rest_alarm_short_and_cut_apart() -> None:
    pair = line.Pair(4700, 680)
    zones = {
        0: "short",
        40: "short",
        600: "alarm",
        750: "alarm",
        1500: "odd",
        4500: "rest",
        5400: "rest",
        90_000: "open",
    }
    assert {ohm: line.zone_of(pair, ohm) for ohm in zones} == zones
    assert line.zone_of(pair, None) == "unread"
    assert line.zone_of(line.Pair(4700, line.SHORTED), 3) == "alarm"
    assert line.zone_of(line.Pair(4700, line.CUT), 900_000) == "alarm"


def test_a_line_fault_must_stand_and_changes_no_belief() -> None:
    pair = line.Pair(4700, 680)
    watched, level = line.take(line.Line(), pair, 90_000, 0)
    assert (watched.fault, level) == (0, None)
    watched, level = line.take(watched, pair, 90_000, 2000)
    assert (watched.fault, level) == (2, None)
    watched, level = line.take(watched, pair, 700, 2100)
    assert (watched.fault, level) == (0, 1), "a fire on a line that was cut a moment ago is a fire"


def test_settings_stand_over_the_defaults_and_a_wrong_one_stops_nothing() -> None:
    given = Given({"smoke": {"nc": 1, "rest_ohm": 4700, "alarm_ohm": 680}, "heat": {"fire_mc": "hot"}, "rain": []})
    wirings, pairs = wired.wirings(given), wired.pairs(given)
    assert (wirings["smoke"].nc, wirings["gas"].nc) == (1, 0)
    assert (pairs["smoke"].rest_ohm, pairs["smoke"].alarm_ohm, list(pairs)) == (4700, 680, ["smoke"])
    assert thresholds.of_heat(given).fire_mc == 57_000
    assert thresholds.of_rain(given).heavy_um == 100_000
    assert given.wrong == 2
    for nothing, wrong in ((None, 0), ("garbage", 1)):
        given = Given(nothing)
        assert wired.age_days(given) == 0
        assert given.wrong == wrong
