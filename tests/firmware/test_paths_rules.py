"""Which path an event is offered on, and what the lamp may promise of them."""

from heartlamp.rules import watch
from heartlamp.rules.jitter import jittered
from heartlamp.rules.paths import HEARD_MS, Path, chain, offered_on
from heartlamp.rules.values import BYTES_MAX, parcels
from heartlamp_protocol.device.event import write_reading
from heartlamp_protocol.device.frame import sign, write_frame
from heartlamp_protocol.device.limits import FRAME_MAX, INTEGER_MAX, SECOND_PATH_MS, STALE_MS, VALUES_MAX
from hypothesis import given
from hypothesis import strategies as st


def path(name: str, up: bool = True, proven_at: int | None = 0, answerable: bool = True) -> Path:
    made = Path(name, None if up else 0)
    made.proven_at, made.answerable = proven_at, answerable
    return made


def test_one_path_at_first_and_the_next_after_ten_seconds_without_a_receipt() -> None:
    paths = [path("lan"), path("wan")]
    assert offered_on(paths, 0, False, 0) == (["lan"], SECOND_PATH_MS)
    assert offered_on(paths, 0, False, SECOND_PATH_MS - 1) == (["lan"], SECOND_PATH_MS)
    assert offered_on(paths, 0, False, SECOND_PATH_MS) == (["lan", "wan"], None)


def test_a_path_that_is_down_costs_no_time() -> None:
    assert offered_on([path("lan", up=False), path("wan")], 0, False, 0) == (["wan"], None)


def test_a_path_that_nobody_answered_on_lately_is_not_waited_for() -> None:
    paths = [path("lan", proven_at=0), path("relay", proven_at=STALE_MS), path("wan", proven_at=STALE_MS)]
    now = STALE_MS + 1
    assert offered_on(paths, now, False, now) == (["lan", "relay"], now + SECOND_PATH_MS)


def test_heard_but_not_received_tries_the_second_path_later() -> None:
    paths = [path("lan"), path("wan")]
    assert offered_on(paths, 0, True, SECOND_PATH_MS) == (["lan"], HEARD_MS)
    assert offered_on(paths, 0, True, HEARD_MS) == (["lan", "wan"], None)


def test_without_any_path_nothing_is_offered_and_nothing_is_due() -> None:
    assert offered_on([path("lan", up=False)], 0, False, 99_999) == ([], None)


def test_the_lamp_promises_what_its_best_path_can() -> None:
    now = STALE_MS + 10
    assert chain([path("lan", up=False, proven_at=5), path("wan", proven_at=now)], now) == (None, now, True)
    deaf = path("lan", proven_at=now, answerable=False)
    assert chain([deaf, path("wan", proven_at=now - 1)], now) == (None, now - 1, True)
    assert chain([deaf, path("wan", proven_at=1)], now) == (None, now, False)
    down_first, down_last = path("lan", up=False, proven_at=5), path("wan", up=False, proven_at=7)
    down_last.down_since = 9
    assert chain([down_first, down_last], now) == (9, 7, True)


def test_a_task_that_is_silent_for_a_minute_hangs() -> None:
    seen = {"pins": 0, "send lan": 50_000}
    assert watch.late(seen, watch.LATE_MS) is None
    assert watch.late(seen, watch.LATE_MS + 1) == "pins"


@given(st.integers(1, 10**9), st.integers(0, 65535))
def test_jitter_only_ever_hurries(ms: int, random16: int) -> None:
    assert ms - ms // 10 <= jittered(ms, random16) <= ms


@given(st.lists(st.tuples(st.from_regex(r"[a-z_]{1,24}", fullmatch=True), st.integers(-INTEGER_MAX, INTEGER_MAX))))
def test_values_are_parcelled_into_frames_in_order(values: list[tuple[str, int]]) -> None:
    made = parcels(values)
    assert [value for parcel in made for value in parcel] == values
    for parcel in made:
        assert len(parcel) <= VALUES_MAX
        body = write_reading("heartbeat", "d" * 20, 10**6, "0" * 8, INTEGER_MAX, INTEGER_MAX, parcel)
        assert len(write_frame(INTEGER_MAX, sign(b"k", body), body)) <= FRAME_MAX
    assert BYTES_MAX < FRAME_MAX
