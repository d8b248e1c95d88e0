"""When the camera may take a still. What is promised to a household is tested over random histories."""

from typing import NamedTuple

from heartlamp.rules import pieces, still
from heartlamp.rules.still import Facts, Still
from hypothesis import given, settings
from hypothesis import strategies as st

ME, NEIGHBOUR = "lamp0a1b-0000000000000001", "lamp0c2d-0000000000000002"
HOUR = 3_600_000
ALLOWED = Facts(consent=1, shutter=0, safe=0, fitted=1)


class Lens:
    """A camera, and what it did: (ms, effect)."""

    def __init__(self, facts: Facts = ALLOWED) -> None:
        self.facts = facts
        self.still = Still()
        self.did: list[tuple[int, tuple[str, str]]] = []
        self.look: int | None = None

    def until(self, now: int, exposure_ms: int = 200) -> "Lens":
        while self.look is not None and self.look <= now:
            self.step(self.look, exposure_ms)
        return self.step(now, exposure_ms)

    def step(self, now: int, exposure_ms: int = 200) -> "Lens":
        self.still, effects, self.look = still.step(self.still, self.facts, now)
        self.did += [(now, effect) for effect in effects]
        if effects and effects[-1][0] == "expose":
            self.still = still.exposed(self.still, now + exposure_ms)
            self.look = now + exposure_ms + still.AFTER_MS
        return self

    def pressed(self, now: int, incident: str = ME, what: str = "panic") -> "Lens":
        self.until(now)
        self.still = still.alarmed(self.still, incident, what, now)
        return self.step(now)

    def told(self, now: int, *calls: tuple[str, str, str, str], followed: bool = True) -> "Lens":
        self.until(now)
        self.still = still.called(self.still, list(calls), followed, now)
        return self.step(now)

    def effects(self) -> list[tuple[str, str]]:
        return [effect for _, effect in self.did]

    def exposed(self) -> list[str]:
        return [incident for _, (what, incident) in self.did if what == "expose"]


def test_the_light_is_on_a_second_before_and_until_after_the_exposure() -> None:
    lens = Lens().pressed(5000).until(60_000)
    assert lens.did == [
        (5000, ("light", "on")),
        (6050, ("expose", ME)),
        (6750, ("light", "off")),
    ]


def test_a_neighbours_call_and_a_silent_alarm_take_no_still() -> None:
    lens = Lens().told(0, (NEIGHBOUR, "near", "panic", "none"), (ME, "own", "silent", "none")).pressed(10, ME, "silent")
    assert lens.until(HOUR).did == []


def test_an_own_call_from_another_button_of_the_house_takes_one() -> None:
    lens = Lens().told(0, (ME, "own", "fire", "none")).until(HOUR)
    assert lens.exposed() == [ME]
    assert lens.told(HOUR + 1, (ME, "own", "fire", "coming")).until(2 * HOUR).exposed() == [ME], (
        "one call is one reason"
    )


def test_a_call_that_is_found_after_a_start_may_be_hours_old() -> None:
    lens = Lens().told(0, (ME, "own", "fire", "none"), followed=False).until(HOUR)
    assert lens.told(HOUR, (ME, "own", "fire", "none")).until(2 * HOUR).did == []


def test_a_press_and_the_call_that_comes_of_it_are_one_reason() -> None:
    lens = Lens().pressed(0).told(300, (ME, "own", "panic", "none")).until(HOUR)
    assert lens.exposed() == [ME]


def test_without_consent_with_the_shutter_closed_or_in_safe_mode_nothing_lights() -> None:
    for facts, why in (
        (Facts(0, 0, 0, 1), "no consent"),
        (Facts(1, 1, 0, 1), "shutter"),
        (Facts(1, 0, 1, 1), "safe mode"),
        (Facts(1, 0, 0, 0), "no camera"),
    ):
        assert Lens(facts).pressed(0).until(HOUR).effects() == [("refused", why)]


def test_opening_the_shutter_later_takes_no_still_of_what_is_over() -> None:
    lens = Lens(Facts(1, 1, 0, 1)).pressed(0)
    lens.facts = ALLOWED
    assert lens.until(HOUR).exposed() == []


def test_consent_withdrawn_or_the_shutter_closed_while_the_light_is_on_stops_it() -> None:
    for facts, why in ((Facts(0, 0, 0, 1), "no consent"), (Facts(1, 1, 0, 1), "shutter")):
        lens = Lens().pressed(0)
        lens.facts = facts
        assert lens.until(HOUR).effects() == [("light", "on"), ("light", "off"), ("refused", why)]


def test_many_presses_take_a_few_stills_and_not_a_film() -> None:
    lens = Lens()
    for n in range(600):
        lens.pressed(n * 1000)
    lens.until(HOUR)
    assert lens.exposed() == [ME] * still.PER_INCIDENT


def test_many_alarms_in_an_hour_take_a_few_stills_and_not_a_film() -> None:
    lens = Lens()
    for n in range(60):
        lens.pressed(n * 59_000, f"lamp0a1b-{n:016x}")
    assert len(lens.until(HOUR - 1).exposed()) == still.PER_HOUR


def test_a_camera_that_hung_takes_no_still_of_a_press_that_is_over() -> None:
    lens = Lens()
    lens.pressed(0).until(2000, exposure_ms=30_000)
    lens.still = still.alarmed(lens.still, "lamp0a1b-0000000000000009", "panic", 3000)
    lens.until(HOUR)
    assert lens.exposed() == [ME]
    assert lens.effects()[-1] == ("refused", "too late")


class Exposure(NamedTuple):
    at: int
    incident: str


_CALL = st.tuples(
    st.sampled_from([ME, NEIGHBOUR, "lamp0a1b-0000000000000003", "smoke01-0000000000000004"]),
    st.sampled_from(["own", "near"]),
    st.sampled_from(["panic", "fire", "silent"]),
    st.sampled_from(["none", "coming", "closed"]),
)
_EVENT = st.one_of(
    st.tuples(st.just("press"), st.sampled_from(["panic", "silent", "fire"])),
    st.tuples(st.just("calls"), st.lists(_CALL, max_size=4)),
    st.tuples(st.just("lost"), st.lists(_CALL, max_size=4)),
    st.tuples(st.just("facts"), st.tuples(*[st.integers(0, 1)] * 4)),
    st.tuples(st.just("facts"), st.just((1, 0, 0, 1))),
    st.tuples(st.just("facts"), st.just((1, 0, 0, 1))),
    st.tuples(st.just("wait"), st.sampled_from([1, 300, 999, 1000, 5000, 21_000, HOUR])),
)


@settings(max_examples=400)
@given(st.lists(_EVENT, max_size=60), st.integers(0, 3000))
def test_no_history_exposes_without_all_that_was_promised(events: list[tuple[str, object]], exposure_ms: int) -> None:
    lens, now, n = Lens(), 0, 0
    reasons: dict[str, int] = {}  # incident -> when this house gave a reason last
    facts_since = 0
    exposures: list[Exposure] = []
    for what, value in [*events, ("wait", HOUR)]:
        before = len(lens.did)
        if what == "wait":
            now += value  # type: ignore[operator]
            lens.until(now, exposure_ms)
        elif what == "facts":
            lens.until(now, exposure_ms)
            lens.facts, facts_since = Facts(*value), now  # type: ignore[misc]
            lens.step(now, exposure_ms)
        elif what == "press":
            n += 1
            id = f"lamp0a1b-{n:016x}"
            if value != "silent":
                reasons[id] = now
            lens.pressed(now, id, str(value))
        else:
            calls: list[tuple[str, str, str, str]] = value  # type: ignore[assignment]
            for incident, role, kind, answer in calls:
                if what == "calls" and role == "own" and kind != "silent" and answer != "closed":
                    reasons[incident] = now
            lens.told(now, *calls, followed=what == "calls")
        for i, (at, (did, incident)) in enumerate(lens.did):
            if i < before or did != "expose":
                continue
            f = lens.facts
            assert (f.consent, f.shutter, f.safe, f.fitted) == (1, 0, 0, 1)
            lit, (_, light) = next(d for d in reversed(lens.did[:i]) if d[1][0] == "light")
            assert light == "on"
            assert at - lit >= 1000
            assert facts_since <= at
            assert at - reasons[incident] <= still.ASKED_MS + still.LIGHT_MS
            assert all(at - e.at >= still.SPACING_MS for e in exposures)
            assert len([e for e in exposures if e.incident == incident]) < still.PER_INCIDENT
            assert len([e for e in exposures if at - e.at < HOUR]) < still.PER_HOUR
            exposures.append(Exposure(at, incident))
    lights = [(t, e[1]) for t, e in lens.did if e[0] == "light"]
    assert [on for _, on in lights] == ["on", "off"] * (len(lights) // 2), "the light goes off in the end"
    for exposure in exposures:
        off = min(t for t, on in lights if on == "off" and t >= exposure.at)
        assert off >= exposure.at + exposure_ms + still.AFTER_MS


def test_pieces_go_one_by_one_and_a_repeated_have_doubles_nothing() -> None:
    sending = pieces.Sending(ME, 5000)
    assert pieces.due_at(sending, 70) == 70
    sending = pieces.sent(sending, 100)
    assert pieces.due_at(sending, 101) == 100 + pieces.FIRST_MS
    assert pieces.have(sending, 0) is sending, "it is on its way"
    after = pieces.have(sending, 2048)
    assert after is not None
    assert pieces.due_at(after, 200) == 200
    assert pieces.have(pieces.sent(after, 200), 5000) is None
    assert pieces.have(after, 9999) is after


def test_a_side_that_lost_its_store_gets_the_picture_from_the_start() -> None:
    sending = pieces.sent(pieces.Sending(ME, 5000, 4096), 100)
    back = pieces.have(sending, 0)
    assert back is not None
    assert (back.at, pieces.due_at(back, 101)) == (0, 101)


def test_without_a_have_the_piece_comes_again_ever_more_rarely() -> None:
    sending, at = pieces.Sending(ME, 5000), []
    for now in range(0, HOUR, 1000):
        if pieces.due_at(sending, now) <= now:
            at.append(now)
            sending = pieces.sent(sending, now)
    assert at[:4] == [0, 5000, 15_000, 35_000]
    assert len(at) <= 65


def test_only_a_have_is_a_have() -> None:
    good = {"kind": "have", "still": ME, "at": 4096}
    assert pieces.read_have(good) == (ME, 4096)
    for spoilt in ({"at": -1}, {"at": True}, {"at": "1"}, {"at": 1 << 40}, {"still": 5}, {"kind": "had"}):
        assert pieces.read_have({**good, **spoilt}) is None


def test_an_own_call_counts_once_the_county_has_signed_for_it_soon_after() -> None:
    unsigned, signed = (ME, "own", "fire", "none", 0), (ME, "own", "fire", "none", 1)
    first, heard = still.vouched({}, [unsigned], True, 1000)
    assert (first, heard) == ({ME: 1000}, [])
    assert still.vouched(first, [signed], True, 1000 + still.SIGNED_MS)[1] == [signed[:4]]
    assert still.vouched(first, [signed], True, 1001 + still.SIGNED_MS)[1] == [], "half a minute old"
    assert still.vouched({}, [signed], True, 5)[1] == [signed[:4]]


def test_an_own_call_that_was_found_stays_no_reason_when_its_signature_comes() -> None:
    first, _ = still.vouched({}, [(ME, "own", "fire", "none", 0)], False, 1000)
    assert still.vouched(first, [(ME, "own", "fire", "none", 1)], True, 1001)[1] == []


def test_what_is_no_longer_shown_is_forgotten() -> None:
    first, _ = still.vouched({ME: 5}, [("lamp0c2d-" + "0" * 16, "near", "fire", "none", 0)], True, 9)
    assert first == {}
