"""Who is told by which way and when, as pure rules."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from heartlamp_server.notification import model, rate
from heartlamp_server.notification.compose import compose
from heartlamp_server.notification.links import Signer
from heartlamp_server.notification.model import FLOOD, NEXT, PROOF, STATES, NotTold, Row, Trait, Wanted, Way
from heartlamp_server.notification.outcome import read_reply
from heartlamp_server.notification.texts import Texts
from hypothesis import given
from hypothesis import strategies as st

NOW = datetime(2026, 7, 1, 2, 0, tzinfo=UTC)
VOICE = Trait(wakes=True, merges=False, proves=True)
SMS = Trait(merges=True, proves=True)
TRAITS = {"voice": VOICE, "sms": SMS, "chat": Trait(), "village": Trait(wakes=True, merges=False, by_village=True)}
FIELDS = {"village": "柳树村", "place": "三组 7号", "what": "panic"}


def wanted(*ways: Way, **other: object) -> Wanted:
    fields: dict[str, object] = {
        "incident": "keya1-0000000000000001", "version": 3, "step": 1, "target": "grid1", "kind": "alarm",
        "fields": FIELDS, "ways": ways,
    }  # fmt: skip
    return Wanted(**(fields | other))  # type: ignore[arg-type]


def row(id: int, rank: int = 0, **other: object) -> Row:
    fields: dict[str, object] = {
        "id": id, "key": f"i{id}/3/1/grid1/sms/0", "ask": "a", "channel": "sms", "address": "+8613800000001",
        "rank": rank, "kind": "alarm", "fields": FIELDS, "incident": f"i{id}", "village": 5, "due_at": NOW,
    }  # fmt: skip
    return Row(**(fields | other))  # type: ignore[arg-type]


def test_what_rings_comes_first_where_it_is_urgent_else_the_persons_own_order_counts() -> None:
    own = (Way("chat", "duty", 0), Way("sms", "+8613800000001", 1), Way("voice", "+8613800000001", 2))
    assert [w.channel for w in model.ways(wanted(*own), TRAITS)] == ["voice", "chat", "sms"]
    assert [w.channel for w in model.ways(wanted(*own, urgent=False), TRAITS)] == ["chat", "sms", "voice"]


def test_ways_of_one_rank_are_tried_at_once_and_ranks_are_counted_from_nought() -> None:
    found = model.ways(wanted(Way("chat", "a", 4), Way("sms", "b", 9), Way("chat", "c", 4), urgent=False), TRAITS)
    assert [(w.address, w.rank) for w in found] == [("a", 0), ("c", 0), ("b", 1)]


def test_a_way_that_is_not_set_up_comes_last_and_fails_for_all_to_see() -> None:
    found = model.ways(wanted(Way("fax", "1", 0), Way("sms", "2", 1)), TRAITS)
    assert [(w.channel, w.rank) for w in found] == [("sms", 0), ("fax", 1)]


def test_a_push_never_counts_as_waking() -> None:
    assert not model.wakes((Way("chat", "a"), Way("sms", "b"), Way("fax", "c")), TRAITS)
    assert model.wakes((Way("chat", "a"), Way("voice", "b")), TRAITS)


def test_of_a_silent_alarm_only_the_chosen_are_told_and_never_through_the_village() -> None:
    ways = (Way("village", "+8613800000001@gwliu1", 0), Way("voice", "+8613800000001", 1))
    with pytest.raises(NotTold, match="only police and persons chosen beforehand"):
        model.ways(wanted(*ways, kind="silent"), TRAITS)
    for why in ("police", "chosen"):
        assert [w.channel for w in model.ways(wanted(*ways, kind="silent", silent_for=why), TRAITS)] == ["voice"]
    with pytest.raises(NotTold, match="there is no way"):
        model.ways(wanted(ways[0], kind="silent", silent_for="police"), TRAITS)


@pytest.mark.parametrize("name", ["health", "note", "name", "dog"])
def test_a_text_is_told_where_and_what_and_nothing_of_the_person(name: str) -> None:
    with pytest.raises(NotTold, match=f"no text may be told {name}"):
        model.ways(wanted(Way("sms", "1"), fields={**FIELDS, name: "心脏病"}), TRAITS)


def test_the_next_way_is_tried_within_fifteen_seconds_of_one_that_hangs() -> None:
    assert NEXT + timedelta(seconds=3) <= timedelta(seconds=15)
    assert [model.first_due(rank, NOW) - NOW for rank in range(3)] == [timedelta(0), NEXT, 2 * NEXT]


def test_once_a_way_was_sent_the_others_wait_for_its_proof() -> None:
    ask = [row(1, 0, state="sent", attempts=1), row(2, 1), row(3, 2)]
    assert model.follow(ask, 0, "sent", True, NOW) == {2: NOW + PROOF, 3: NOW + PROOF + NEXT}
    assert model.follow(ask, 0, "sent", False, NOW) == {2: None, 3: None}
    assert model.follow(ask, 0, "rang", True, NOW) == {2: None, 3: None}


def test_a_way_that_failed_gives_way_at_once() -> None:
    ask = [row(1, 0, state="failed", attempts=1), row(2, 1), row(3, 2)]
    assert model.follow(ask, 0, "failed", False, NOW) == {2: NOW, 3: NOW + NEXT}
    beside = [row(1, 0, state="failed", attempts=1), row(4, 0, state="rang", attempts=1), row(2, 1)]
    assert model.follow(beside, 0, "failed", False, NOW) == {}


def test_what_was_begun_is_never_put_off() -> None:
    ask = [row(1, 0, state="sent", attempts=1), row(2, 1, attempts=1)]
    assert model.follow(ask, 0, "sent", False, NOW) == {}


@given(st.lists(st.sampled_from(STATES[1:]), max_size=12))
def test_reports_in_any_order_never_lose_a_proof(said: list[str]) -> None:
    state = "queued"
    for one in said:
        if model.may_follow(state, one):
            state = one
    for final in ("answered", "seen"):
        if final in said:
            assert state in ("answered", "seen")
    assert not model.may_follow(state, state)


def test_a_proof_outweighs_a_failure_that_only_was_our_impatience() -> None:
    assert model.may_follow("failed", "rang")
    assert model.may_follow("expired", "answered")
    assert not model.may_follow("failed", "sent")
    assert model.may_follow("sent", "failed")
    assert not model.may_follow("answered", "failed")


def test_a_retry_waits_longer_each_time_and_as_long_as_the_provider_wants() -> None:
    waits = [(model.again_at(n, NOW) - NOW).total_seconds() for n in (1, 2, 3, 6, 50)]
    assert waits == [2, 4, 8, 60, 60]
    assert model.again_at(1, NOW, after_s=30) == NOW + timedelta(seconds=30)


@given(
    st.lists(
        st.tuples(st.integers(0, 2), st.sampled_from(["rang", "silent", "fails", "hangs", "fails later"])),
        min_size=1,
        max_size=5,
    )
)
def test_nobody_waits_fifteen_seconds_for_a_way_that_does_not_do(told: list[tuple[int, str]]) -> None:
    """Each way with what its provider makes of it, played by the second. While nothing was sent, the next way is begun
    within 15 s of the one before; where nothing proves, every way is tried in the end."""
    ranks = sorted({rank for rank, _ in told})
    rows = {
        n: row(n, ranks.index(rank), due_at=model.first_due(ranks.index(rank), NOW)) for n, (rank, _) in enumerate(told)
    }
    fate = {n: outcome for n, (_, outcome) in enumerate(told)}
    at: dict[int, int] = {}

    def become(n: int, state: str, proves: bool, now: datetime) -> None:
        if state != "queued":
            rows[n] = replace(rows[n], state=state)
        after = "failed" if state == "queued" else state
        for id, due in model.follow(list(rows.values()), rows[n].rank, after, proves, now).items():
            rows[id] = replace(rows[id], due_at=due)

    for second in range(400):
        now = NOW + timedelta(seconds=second)
        for n, one in list(rows.items()):
            if n in at and fate[n] == "fails later" and second == at[n] + 20 and one.state == "sent":
                become(n, "failed", True, now)
            if n not in at and one.due_at is not None and one.due_at <= now:
                at[n] = second
                rows[n] = replace(one, attempts=1)
                if fate[n] == "fails":
                    become(n, "failed", False, now)
                elif fate[n] != "hangs":
                    become(n, "sent", True, now)
                    if fate[n] == "rang":
                        become(n, "rang", True, now)
    begun = sorted(at.values())
    proven = [at[n] for n in at if fate[n] == "rang"]
    sent = [at[n] for n in at if fate[n] in ("rang", "silent", "fails later")]
    quiet = [second for second in begun if not sent or second <= min(sent)]
    assert begun[0] == 0
    assert all(b - a <= 15 for a, b in pairwise(quiet))
    if not proven:
        assert set(at) == set(rows)


# --- one text for many -----------------------------------------------------------------------------------------------


def test_in_a_flood_the_first_text_goes_at_once_and_the_rest_of_the_minute_is_one() -> None:
    assert model.together([row(1)], {}, NOW) == ([[row(1)]], [])
    last = {model.group(row(1)): NOW - timedelta(seconds=20)}
    more = [row(n) for n in range(2, 9)]
    assert model.together(more, last, NOW) == ([], [(r, NOW + FLOOD - timedelta(seconds=20)) for r in more])
    assert model.together(more, last, NOW + FLOOD) == ([more], [])


def test_what_would_be_too_late_at_the_minutes_end_is_not_held() -> None:
    last = {model.group(row(1)): NOW}
    soon, later = row(2, not_after=NOW + timedelta(seconds=30)), row(3, not_after=NOW + timedelta(seconds=90))
    assert model.together([soon, later], last, NOW) == ([[soon]], [(later, NOW + FLOOD)])


def test_what_comes_at_one_moment_is_one_text() -> None:
    burst = [row(n) for n in range(5)]
    assert model.together(burst, {}, NOW) == ([burst], [])


def test_silent_alarms_and_drills_are_not_counted_among_the_others() -> None:
    rows = [
        row(1),
        row(2, silent=True, kind="silent"),
        row(3, drill=True, kind="drill"),
        row(4, kind="offline"),
        row(5),
    ]
    now, held = model.together(rows, {}, NOW)
    assert (sorted(sorted(r.id for r in batch) for batch in now), held) == ([[1, 5], [2], [3], [4]], [])


def test_other_villages_and_other_persons_have_texts_of_their_own() -> None:
    rows = [row(1), row(2, village=6), row(3, address="+8613800000002")]
    assert model.together(rows, {}, NOW)[0] == [[r] for r in rows]


@given(st.lists(st.integers(0, 200), min_size=1, max_size=40))
def test_no_alarm_is_merged_away_and_one_person_gets_at_most_one_text_a_minute(seconds: list[int]) -> None:
    """Each alarm of a village by the second; the outbox looks every second."""
    waiting: list[Row] = []
    last: dict[model.Group, datetime] = {}
    texts: list[tuple[int, list[int]]] = []
    for second in range(max(seconds) + 200):
        now = NOW + timedelta(seconds=second)
        waiting += [row(n, due_at=now) for n, at in enumerate(seconds) if at == second]
        due = [r for r in waiting if r.due_at and r.due_at <= now]
        batches, held = model.together(due, last, now)
        waiting = [r for r in waiting if r not in due] + [replace(r, due_at=until) for r, until in held]
        for batch in batches:
            texts.append((second, [r.id for r in batch]))
            last[model.group(batch[0])] = now
    assert sorted(id for _, ids in texts for id in ids) == list(range(len(seconds)))
    times = [second for second, _ in texts]
    assert all(b - a >= 60 for a, b in pairwise(times))
    assert times[0] == min(seconds)
    assert all(second - seconds[id] <= 60 for second, ids in texts for id in ids)


# --- how many at once ------------------------------------------------------------------------------------------------


def test_a_bucket_lets_a_burst_go_and_then_so_many_a_minute() -> None:
    limit = rate.Limit(per_minute=60, burst=5)
    bucket, many = rate.take(rate.full(limit, NOW), limit, 8, NOW)
    assert many == 5
    bucket, many = rate.take(bucket, limit, 8, NOW)
    assert many == 0
    bucket, many = rate.take(bucket, limit, 8, NOW + timedelta(seconds=2))
    assert many == 2


def test_a_clock_that_goes_back_gives_nothing_and_takes_nothing() -> None:
    limit = rate.Limit(per_minute=60, burst=5)
    bucket, _ = rate.take(rate.full(limit, NOW), limit, 3, NOW)
    back, many = rate.take(bucket, limit, 9, NOW - timedelta(hours=1))
    assert many == 2
    assert rate.take(back, limit, 9, NOW)[1] == 0


@given(st.lists(st.tuples(st.integers(0, 5_000), st.integers(0, 9)), max_size=60))
def test_no_more_goes_than_the_limit_allows(asked: list[tuple[int, int]]) -> None:
    limit, now, went = rate.Limit(per_minute=30, burst=4), NOW, 0
    bucket = rate.full(limit, now)
    for ms, many in asked:
        now += timedelta(milliseconds=ms)
        bucket, granted = rate.take(bucket, limit, many, now)
        went += granted
        assert granted <= many
    assert went <= 4 + (now - NOW).total_seconds() * 0.5 + 1e-6


# --- in words --------------------------------------------------------------------------------------------------------


def test_a_message_says_where_and_what_and_how_to_answer() -> None:
    told = compose([row(1)], Texts(), None)
    assert told.speech == "心灯报警。柳树村，三组 7号，求救。能去请按 1，不能去请按 2。"
    assert told.text == "报警：柳树村三组 7号，求救。能去请回复1，不能去请回复2。"
    assert dict(told.parameters) == {"village": "柳树村", "place": "三组 7号", "what": "求救"}
    english = compose([row(1, lang="en")], Texts(), Signer("https://county.example", b"k"))
    assert english.text == "ALARM 柳树村 三组 7号: call for help. Reply 1 if you can go, 2 if you cannot."
    assert english.long.endswith(f"Answer: {english.link}")


def test_a_drill_says_so_before_anything_else() -> None:
    for kind in ("alarm", "silent"):
        for lang, mark in (("zh", "演练"), ("en", ("This is a drill", "DRILL", "Drill"))):
            told = compose([row(1, kind=model.marked(kind, True), drill=True, lang=lang)], Texts(), None)
            assert all(text.startswith(mark) for text in (told.title, told.speech, told.text, told.long))


def test_one_text_counts_many() -> None:
    rows = [row(n, fields={**FIELDS, "place": f"三组 {n}号"}) for n in range(1, 4)]
    told = compose(rows, Texts(), None)
    assert (told.kind, told.count) == ("many", 3)
    assert told.long == "柳树村 一分钟内又有 3 起报警：三组 1号、三组 2号、三组 3号。每一起都另有电话。"
    assert dict(told.parameters) == {"village": "柳树村", "count": "3"}
    again = [replace(rows[0], id=9), rows[0]]
    assert compose(again, Texts(), None).count == 1  # twice of one incident is one


def test_a_link_is_of_one_message_and_of_nobody_elses() -> None:
    sign = Signer("https://county.example", b"key")
    token = sign.link(41).rpartition("/")[2]
    assert sign.read(token) == 41
    assert sign.read(token.replace("41.", "42.")) is None
    assert Signer("https://county.example", b"other").read(token) is None
    assert [sign.read(bad) for bad in ("", "41", "41.", "x.y", "４１.a")] == [None] * 5


@pytest.mark.parametrize(
    ("text", "said"),
    [("1", "coming"), (" １。", "coming"), ("我去", "coming"), ("2", "cannot"), ("去不了", "cannot"), ("", ""),
     ("12", ""), ("谁啊", ""), ("不去了吧1", "")],
)  # fmt: skip
def test_a_reply_that_is_not_certain_is_no_answer(text: str, said: str) -> None:
    assert read_reply(text) == said
