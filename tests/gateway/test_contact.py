"""Whether the county is there: it is heard, and it hears. A gateway that stood still could not hear it."""

import pytest
from heartlamp_gateway.county import contact as contacts
from heartlamp_gateway.county.contact import ALARMS, READINGS, Contact
from heartlamp_gateway.rules.pulse import CONTACT_MS
from heartlamp_gateway.rules.retry import HASTE_MS, PATIENCE_MS, Retry, failed, patience_ms
from heartlamp_gateway.rules.watch import LOOK_MS, SLACK_MS, STILL_MS, Looks, looked
from heartlamp_gateway.supervision.watch import Watch


class Clock:
    def __init__(self) -> None:
        self.now = 1_000_000

    def __call__(self) -> int:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(contacts, "boottime", made)
    return made


def test_it_is_away_since_its_last_word(clock: Clock) -> None:
    contact = Contact(clock)
    assert not contact
    contact.touch()
    clock.now += CONTACT_MS - 1
    assert contact
    assert contact.away_ms() == CONTACT_MS - 1
    clock.now += 1
    assert not contact


def test_a_stream_that_flows_down_says_nothing_of_alarms_that_do_not_get_up(clock: Clock) -> None:
    contact = Contact(clock)
    contact.failed(ALARMS, clock.now)
    for _ in range(5):
        clock.now += 5_000
        contact.failed(ALARMS, clock.now)
        contact.touch()
    assert not contact
    assert contact.away_ms() == 25_000
    contact.took(READINGS)  # they do not bring the alarms there
    assert contact.away_ms() == 25_000
    contact.took(ALARMS)
    assert contact
    assert contact.away_ms() == 0


def test_where_alarms_pass_readings_that_do_not_say_nothing_of_the_county(clock: Clock) -> None:
    contact = Contact(clock)
    contact.touch()
    contact.failed(READINGS, clock.now - 60_000)
    assert not contact
    contact.took(ALARMS)
    assert contact


def test_a_standstill_is_nobodys_silence(clock: Clock) -> None:
    looks = Looks(clock.now, clock.now)
    stood = looked(looks, clock.now + 100_000)
    assert (stood.woke, stood.slept) == (clock.now + 100_000, 100_000 - LOOK_MS - SLACK_MS)
    went_on = looked(stood, clock.now + 100_000 + LOOK_MS)
    assert (went_on.woke, went_on.slept) == (stood.woke, stood.slept)

    shortly = looked(looks, clock.now + STILL_MS - 1)  # nobody is told of it, and it is no silence of the county's
    assert (shortly.woke, shortly.slept) == (looks.woke, STILL_MS - 1 - LOOK_MS - SLACK_MS)

    watch = Watch(clock)
    before = watch.awake()
    times = []
    for _ in range(STILL_MS // 500):
        clock.now += 500
        times.append(watch.awake() - before)
    assert times == sorted(times)
    assert times[-1] == LOOK_MS + SLACK_MS

    awake = Clock()
    contact = Contact(awake)
    contact.touch()
    clock.now += 100_000  # `awake` stood still
    awake.now += 300
    assert contact.away_ms() == 300
    assert not contact  # but it has to be heard again before anybody counts on it


def test_its_clock_goes_on_while_it_is_away(clock: Clock) -> None:
    contact = Contact(clock)
    assert contact.ahead_s(5.0) is None
    contact.dated(1_800_000_000.0)
    contact.dated(None)
    clock.now += 60_000
    assert contact.ahead_s(1_800_000_060.0) == pytest.approx(0)
    assert contact.ahead_s(1_800_000_060.0 - 3 * 86_400) == pytest.approx(-3 * 86_400)


def test_an_answer_is_awaited_briefly_where_a_new_connection_may_be_better() -> None:
    assert patience_ms(Retry(), 40, 900) == HASTE_MS
    assert patience_ms(failed(Retry(), 0), 40, 900) == PATIENCE_MS  # it was tried
    assert patience_ms(Retry(), 4_000, 900) == PATIENCE_MS  # it is slow
    assert patience_ms(Retry(), 40, 200_000) == PATIENCE_MS  # most of that is still under way
