"""Second factor, presence, holidays: the small pure rules."""

from datetime import UTC, date, datetime, timedelta

import pyotp
from heartlamp_server.responder import presence, second
from heartlamp_server.responder.roster import holidays
from hypothesis import given
from hypothesis import strategies as st

NOW = datetime(2026, 1, 1, 8, 0, 10, tzinfo=UTC)
SECRET = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"


def code(at: datetime) -> str:
    return pyotp.TOTP(SECRET).at(int(at.timestamp()))


def test_a_code_counts_one_step_around_now_and_no_further() -> None:
    for steps in (-1, 0, 1):
        assert second.step(SECRET, code(NOW + timedelta(seconds=30 * steps)), NOW, 0) is not None
    for steps in (-3, -2, 2, 3):
        assert second.step(SECRET, code(NOW + timedelta(seconds=30 * steps)), NOW, 0) is None


def test_the_codes_of_the_standards_own_table() -> None:
    # RFC 6238, appendix B, SHA-1: the last six of its eight digits.
    for at, digits in ((59, "287082"), (1111111109, "081804"), (1234567890, "005924"), (20000000000, "353130")):
        now = datetime.fromtimestamp(at, UTC)
        assert second.step(SECRET, digits, now, 0) == at // 30


def test_no_code_counts_twice_nor_one_before_it() -> None:
    used = second.step(SECRET, code(NOW), NOW, 0)
    assert used is not None
    assert second.step(SECRET, code(NOW), NOW, used) is None
    assert second.step(SECRET, code(NOW - timedelta(seconds=30)), NOW, used) is None
    assert second.step(SECRET, code(NOW + timedelta(seconds=30)), NOW, used) == used + 1


def test_people_type_spaces_and_nothing_else_passes() -> None:
    digits = code(NOW)
    assert second.step(SECRET, f" {digits[:3]} {digits[3:]} ", NOW, 0) is not None
    for wrong in ("", "12345", f"{digits}0", "abcdef", "１２３４５６", "-" * 6):
        assert second.step(SECRET, wrong, NOW, 0) is None


def test_recovery_codes_are_all_different_and_kept_as_hashes() -> None:
    codes = second.fresh_codes()
    assert len({second.code_hash(c) for c in codes}) == len(codes) == second.RECOVERY_CODES
    assert second.code_hash(f" {codes[0].upper()} ") == second.code_hash(codes[0])


def test_the_qr_code_is_a_picture_without_anything_that_runs() -> None:
    svg = second.picture(second.uri(SECRET, "值班员"))
    assert svg.startswith("<svg")
    assert "script" not in svg
    assert "secret=" + SECRET in second.uri(SECRET, "值班员")


def test_who_signed_in_is_asked_after_a_while_and_counts_until_the_answer_is_late() -> None:
    asked_at = NOW + presence.EVERY
    assert not presence.asked(NOW, asked_at - timedelta(seconds=1))
    assert presence.asked(NOW, asked_at)
    assert presence.present(NOW, asked_at + presence.WITHIN - timedelta(seconds=1))
    assert not presence.present(NOW, asked_at + presence.WITHIN)
    late = asked_at + timedelta(hours=3)
    assert presence.present(presence.answer(NOW, late), late)


@given(st.lists(st.floats(0, presence.EVERY.total_seconds() - 1), max_size=40))
def test_answers_that_nobody_asked_for_buy_no_time(pauses: list[float]) -> None:
    answered, now = NOW, NOW
    for pause in pauses:
        now = min(now + timedelta(seconds=pause), NOW + presence.EVERY - timedelta(seconds=1))
        answered = presence.answer(answered, now)
    assert answered == NOW


def test_holidays_as_they_are_copied_from_the_notice() -> None:
    days, problems = holidays.read(
        "\ufeff日期,类型,名称\n2026-10-01,放假,国庆节\n2026年10月10日,上班,国庆节\n\n2026/2/17,休,春节\n"
    )
    assert problems == []
    assert [(d.day, d.kind, d.name) for d in days] == [
        (date(2026, 2, 17), "holiday", "春节"),
        (date(2026, 10, 1), "holiday", "国庆节"),
        (date(2026, 10, 10), "work", "国庆节"),
    ]


def test_a_bad_row_says_which_and_why_and_spoils_no_other() -> None:
    text = "2026-13-01,放假,\n2026-10-01,也许,\n2026-10-01,放假,\n2026-10-01,放假,\n2026-10-08,上班,\n昨天,放假,"
    days, problems = holidays.read(text)
    assert [d.day for d in days] == [date(2026, 10, 1)]
    assert [int(p.split()[1]) for p in problems] == [1, 2, 4, 5, 6]
    assert all("·" in p for p in problems)


@given(st.text(max_size=200))
def test_no_text_breaks_the_reading_of_holidays(text: str) -> None:
    days, problems = holidays.read(text)
    assert len(days) + len(problems) <= len(text.splitlines()) + 1
