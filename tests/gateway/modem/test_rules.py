"""The pure rules: numbers, answers, texts, one call, and the card's record."""

import threading
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from heartlamp_gateway.outputs.adapter import ENDS, Report
from heartlamp_gateway.outputs.modem import call as rule
from heartlamp_gateway.outputs.modem.answers import read_answer
from heartlamp_gateway.outputs.modem.call import Call
from heartlamp_gateway.outputs.modem.config import Audio, ModemConfig, Sim, read_modem
from heartlamp_gateway.outputs.modem.numbers import dialled, e164, masked
from heartlamp_gateway.outputs.modem.reports import Reports, said
from heartlamp_gateway.outputs.modem.sim import MEGABYTE, Used, counted, warnings
from heartlamp_gateway.outputs.modem.texts import text
from heartlamp_gateway.outputs.modem.trouble import NOT_ALLOWED, Modem, chosen, of_error
from heartlamp_gateway.outputs.modem.turn import Turn
from heartlamp_gateway.outputs.modem.usage import Usage
from heartlamp_protocol.device.names import WHATS
from hypothesis import given
from hypothesis import strategies as st

from tests.gateway.modem.rig import order
from tests.gateway.rig.waiting import Board, until

# --- numbers


@pytest.mark.parametrize(
    "written",
    ["+8613800000007", "13800000007", "8613800000007", "008613800000007", "+86 138-0000-0007", " 138 0000 0007 "],
)
def test_a_number_is_known_however_it_is_written(written: str) -> None:
    assert e164(written, "86") == "+8613800000007"


def test_numbers_of_houses_and_of_operators() -> None:
    assert e164("0577-8888 0007", "86") == "+8657788880007"
    assert e164("10086", "86") == "10086"
    assert e164("+4915100000007", "86") == "+4915100000007"
    assert e164("王", "86") == ""
    assert dialled(" +86 138-0000-0007") == "+8613800000007"
    assert masked("+8613800000007") == "…0007"
    with pytest.raises(ValueError, match="no telephone number"):
        dialled("村口")


# --- answers


@pytest.mark.parametrize(
    ("said", "answer"),
    [
        ("1", "coming"),
        ("１", "coming"),
        ("1。", "coming"),
        (" 1 ", "coming"),
        ("①", "coming"),
        ("一", "coming"),
        ("1 我去", "coming"),
        ("1，马上到", "coming"),
        ("回1", ""),
        ("我去", "coming"),
        ("我去！", "coming"),
        ("马上到", "coming"),
        ("已经在路上了", "coming"),
        ("I go", "coming"),
        ("On my way", "coming"),
        ("1 no problem", "coming"),
        ("2", "cannot"),
        ("２", "cannot"),
        ("2。", "cannot"),
        ("二", "cannot"),
        ("2 去不了", "cannot"),
        ("2我在县里", "cannot"),
        ("去不了", "cannot"),
        ("我去不了", "cannot"),
        ("我不去", "cannot"),
        ("1 去不了", "cannot"),
        ("I can't", "cannot"),
        ("I can’t come", "cannot"),
        ("no", "cannot"),
        ("", ""),
        ("？", ""),
        ("什么事？", ""),
        ("要我去吗", ""),
        ("1?", ""),
        ("12", ""),
        ("1.5", ""),
        ("21:00到", ""),
        ("1点到", ""),
        ("1个人够不够", ""),
        ("1号楼", ""),
        ("一定到", ""),
        ("一会儿再说", ""),
        ("收到", ""),
        ("3", ""),
        ("您的套餐将到期，我去营业厅看看不如在线续订，回复1即可办理，退订回2", ""),
        ("【银行】验证码 123456", ""),
    ],
)
def test_what_is_an_answer(said: str, answer: str) -> None:
    assert read_answer(said) == answer


@given(st.text())
def test_any_text_is_one_of_three(said: str) -> None:
    assert read_answer(said) in ("coming", "cannot", "")


# --- texts


def test_a_message_says_what_and_where_and_how_to_answer() -> None:
    assert text(order()) == "心灯报警：三组 7号 求助！能去回1，不能去回2。"
    assert text(order(drill=1, what="fire")) == "【演练】三组 7号 着火！能去回1，不能去回2。"
    assert text(order(lang="en")) == "Heart-Lamp: 三组 7号, help needed. Reply 1 = I go, 2 = I cannot."
    assert text(order(lang="en", drill=1, what="gas")) == "DRILL. 三组 7号, gas leak. Reply 1 = I go, 2 = I cannot."
    assert text(order(what="test")) == "心灯测试：三组 7号，不用去。"


@given(
    st.sampled_from([*WHATS, "test", "of a later version"]),
    st.text(max_size=200),
    st.sampled_from(["zh", "zh-wenzhou", "en", ""]),
    st.booleans(),
)
def test_a_message_is_one_segment_and_ends_with_how_to_answer(what: str, place: str, lang: str, drill: bool) -> None:
    said = text(order(what=what, place=place, lang=lang, drill=int(drill)))
    assert len(said) <= (160 if said.isascii() else 70)
    assert said.endswith(("不能去回2。", "2 = I cannot.", "不用去。", "No need to go."))
    if drill and what != "test":
        assert said.startswith(("【演练】", "DRILL."))


def test_a_message_does_not_say_the_name_or_anything_but_the_place() -> None:
    assert "户长" not in text(order(name="户长"))


# --- one call

RINGING, TAKEN, OVER = (2, 0), (4, 0), (7, 0)


def begun() -> Call:
    return rule.begun(0.0, ring_s=40.0, answer_s=30.0, until=200.0)


def test_ringing_that_the_modem_only_guesses_is_not_said() -> None:
    assert rule.changed(begun(), 2, 1, 0.0).reports == ()
    assert rule.changed(begun(), 2, 0, 0.0).reports == (Report("rang"),)


def test_each_state_is_said_once() -> None:
    call = rule.changed(begun(), *RINGING, 1.0).call
    assert rule.changed(call, *RINGING, 2.0).reports == ()
    call = rule.changed(call, *TAKEN, 3.0).call
    assert rule.changed(call, *TAKEN, 4.0).reports == ()


def test_a_call_that_ended_before_start_returned_waits_for_why_but_not_for_ever() -> None:
    over = rule.changed(begun(), 7, 5, 1.0)
    assert over.end is None
    assert rule.started(over.call, ("org.freedesktop.ModemManager1.Error.Connection.NoAnswer", ""), 1.1).end == Report(
        "unanswered", rule.AWAY
    )
    assert rule.at(over.call, 2.9).end is None
    assert rule.at(over.call, 3.0).end == Report("busy")


def test_the_limits() -> None:
    assert rule.at(begun(), 39.9).end is None
    assert rule.at(begun(), 40.0).end == Report("unanswered", rule.AWAY)
    taken = rule.changed(begun(), *TAKEN, 20.0).call
    assert rule.at(taken, 49.9).end is None
    assert rule.at(taken, 50.0).end == Report("voicemail", rule.NO_KEY)
    assert rule.at(replace(begun(), rings_until=500.0), 200.0).end == Report("failed", rule.TOO_LONG)
    blind = rule.changed(begun(), 4, 1, 1.0).call
    assert rule.at(blind, 69.9).end is None
    assert rule.at(blind, 70.0).end == Report("unanswered", rule.BLIND)


HAPPENINGS = st.lists(
    st.one_of(
        st.tuples(st.just("state"), st.integers(0, 7), st.integers(0, 9)),
        st.tuples(st.just("key"), st.sampled_from("0123456789*#A")),
        st.tuples(st.just("start"), st.sampled_from([None, ("a.b.Busy", ""), ("", "x")])),
    ),
    max_size=12,
)


@given(HAPPENINGS)
def test_whatever_a_modem_says_a_call_ends_in_time_and_comes_only_by_a_key(
    happenings: list[tuple[object, ...]],
) -> None:
    call, now, ended, states, keys = begun(), 0.0, None, [], ""
    for kind, *args in happenings:
        now += 1.0
        if kind == "state":
            step = rule.changed(call, int(str(args[0])), int(str(args[1])), now)
        elif kind == "key":
            keys += str(args[0])
            step = rule.key(call, str(args[0]), now)
        else:
            step = rule.started(call, args[0], now)  # type: ignore[arg-type]
        call, ended = step.call, step.end
        states += [report.state for report in step.reports]
        if ended:
            break
    ended = ended or rule.at(call, 200.0).end
    assert ended is not None
    assert ended.state in ENDS
    assert (ended.state == "coming") == (keys[-1:] == "1")
    assert (ended.state == "cannot") == (keys[-1:] == "2")
    assert states.count("rang") <= 1
    assert states.count("answered") <= 1


# --- turns


def test_a_turn_that_does_not_come_in_time_is_none() -> None:
    turn = Turn()
    with turn.taking(1.0) as first:
        with turn.taking(0.01) as second:
            assert (first, second) == (True, False)
        assert turn.taken
    assert not turn.taken
    with turn.taking(0.01) as third:
        assert third


def waits(turn: Turn, length: int) -> None:
    until("it waits", lambda: turn.length == length)


def test_turns_come_in_the_order_in_which_they_were_asked_for() -> None:
    turn, order_of, board = Turn(), [], Board()

    def take(name: int) -> None:
        with turn.taking(8.0) as ours, board:
            order_of.append((name, ours))

    with turn.taking(1.0):
        for name in range(5):
            threading.Thread(target=take, args=(name,), daemon=True).start()
            waits(turn, name + 2)
        assert order_of == []
    board.wait("all of them", lambda: len(order_of) == 5)
    assert order_of == [(name, True) for name in range(5)]


# --- delivery reports


def test_a_report_that_is_read_before_its_message_has_a_number() -> None:
    told: list[Report] = []
    reports = Reports(lambda: 10.0)
    reports.came(5, "+861", 0)
    reports.expect(5, "+861", since=9.0, tell=told.append)
    assert told == [Report("delivered")]


def test_a_number_that_came_round_is_of_the_newest_message_and_an_old_report_of_none() -> None:
    now = 0.0
    old: list[Report] = []
    new: list[Report] = []
    reports = Reports(lambda: now)
    reports.came(5, "+861", 0)
    now = 100.0
    reports.expect(5, "+861", since=99.0, tell=old.append)
    assert old == []
    reports.expect(5, "+861", since=100.0, tell=new.append)
    reports.came(5, "+861", 0)
    assert (old, new) == ([], [Report("delivered")])


def test_another_persons_report_is_not_ours() -> None:
    told: list[Report] = []
    reports = Reports(lambda: 0.0)
    reports.expect(5, "+861", since=0.0, tell=told.append)
    reports.came(5, "+862", 0)
    assert told == []


@pytest.mark.parametrize(("status", "state"), [(0x00, "delivered"), (0x43, "failed"), (0x62, "failed"), (0x20, "")])
def test_what_a_status_means(status: int, state: str) -> None:
    report = said(status)
    assert (report.state if report else "") == state


# --- the modem and its words


def modem(path: str, state: int, imei: str = "") -> Modem:
    return Modem(path, {"org.freedesktop.ModemManager1.Modem": {"State": state, "EquipmentIdentifier": imei}})


def test_the_modem_that_is_meant_or_that_is_furthest() -> None:
    broken, works = modem("/0", -1, "1"), modem("/1", 8, "2")
    assert chosen([broken, works], "") == works
    assert chosen([broken, works], "1") == broken
    assert chosen([broken, works], "3") is None
    assert chosen([], "") is None


def test_words_for_an_unknown_error_carry_what_the_modem_said() -> None:
    assert "out of cheese" in of_error("org.freedesktop.ModemManager1.Error.Core.Failed", "out of cheese")


def test_a_box_without_polkit_may_not_use_the_modem() -> None:
    words = of_error("org.freedesktop.ModemManager1.Error.Core.Failed", "PolicyKit authorization error: 'no authority'")
    assert words == NOT_ALLOWED


# --- the card's record

SIM = Sim(payer="村委会", balance=20.0, balance_on=date(2026, 11, 1), expires=date(2027, 1, 31), megabytes=100)
TODAY = date(2026, 11, 22)


def test_a_card_in_order_warns_of_nothing() -> None:
    assert warnings(SIM, Used("2026-11", 79 * MEGABYTE), TODAY) == []
    assert warnings(Sim(), Used("2026-11", 10**12), TODAY) == []


def test_a_plan_that_ends_is_told_30_days_ahead_with_who_pays() -> None:
    fresh = replace(SIM, balance_on=None)
    assert warnings(fresh, Used(), date(2026, 12, 31)) == []
    (warning,) = warnings(fresh, Used(), date(2027, 1, 1))
    assert "还有 30 天" in warning
    assert "in 30 days" in warning
    assert "村委会" in warning
    (warning,) = warnings(fresh, Used(), date(2027, 2, 1))
    assert "已到期" in warning


def test_a_balance_that_nobody_looked_at_for_long() -> None:
    (warning,) = warnings(SIM, Used(), date(2026, 12, 12))
    assert "2026-11-01" in warning


def test_megabytes_over_80_percent() -> None:
    (warning,) = warnings(SIM, Used("2026-11", 80 * MEGABYTE), TODAY)
    assert "80%" in warning
    assert "80 of 100 MB" in warning
    assert warnings(SIM, Used("2026-10", 80 * MEGABYTE), TODAY) == []


def test_an_empty_balance() -> None:
    (warning,) = warnings(replace(SIM, balance=0.0), Used(), TODAY)
    assert "余额" in warning


@pytest.mark.parametrize(
    ("balance", "low", "warned"), [(10.0, 10.0, 1), (10.5, 10.0, 0), (20.0, 30.0, 1), (1.0, 0.0, 0)]
)
def test_a_balance_is_low_from_where_the_village_says(balance: float, low: float, warned: int) -> None:
    assert len(warnings(replace(SIM, balance=balance, balance_low=low), Used(), TODAY)) == warned


def test_a_box_that_does_not_know_the_day_warns_of_nothing_and_goes_on_counting() -> None:
    assert warnings(replace(SIM, balance=0.0), Used(), date(1970, 1, 1)) == []
    assert counted(Used("2026-11", 5), {"a": 3}, date(1970, 1, 1)).octets == 8


def test_octets_are_counted_once() -> None:
    used = counted(Used(), {"a": 100}, TODAY)
    used = counted(used, {"a": 150, "b": 7}, TODAY)
    assert used.octets == 157
    used = counted(used, {"a": 20}, TODAY)  # a counter that began anew
    assert used.octets == 177
    used = counted(used, {"a": 25}, date(2026, 12, 1))
    assert (used.month, used.octets) == ("2026-12", 5)


@given(st.lists(st.dictionaries(st.sampled_from("abc"), st.integers(0, 10**6)), max_size=20))
def test_what_was_counted_is_never_less(readings: list[dict[str, int]]) -> None:
    used = Used()
    for reading in readings:
        after = counted(used, reading, TODAY)
        assert after.octets >= used.octets
        used = after
    assert counted(used, readings[-1] if readings else {}, TODAY).octets == used.octets


def test_the_file_is_written_when_it_pays_and_a_damaged_one_begins_anew(tmp_path: Path) -> None:
    file = tmp_path / "usage.json"
    usage = Usage(file, SIM)
    usage.open()
    usage.count({"a": MEGABYTE}, TODAY)
    first = file.read_bytes()
    usage.count({"a": MEGABYTE + 10}, TODAY)
    assert file.read_bytes() == first
    usage.count({"a": 3 * MEGABYTE}, TODAY)
    again = Usage(file, SIM)
    again.open()
    assert again.octets() == 3 * MEGABYTE
    for damage in (b"", b"{}", b"[]", b'{"month": 1, "octets": "x", "seen": {}}', b"\xff"):
        file.write_bytes(damage)
        broken = Usage(file, SIM)
        broken.open()
        assert broken.octets() == 0


def test_a_disk_that_cannot_be_written_keeps_the_count_in_memory(tmp_path: Path) -> None:
    usage = Usage(tmp_path / "nowhere" / "usage.json", SIM)
    usage.count({"a": 90 * MEGABYTE}, TODAY)
    assert usage.octets() == 90 * MEGABYTE
    assert usage.warnings(TODAY) != []


# --- the configuration


def test_the_table_as_it_may_be(tmp_path: Path) -> None:
    assert read_modem({}, tmp_path) == ModemConfig()
    audio = {"device": "plughw:CARD=EC25", "prompts": "calls"}
    sim = {"payer": "村委会", "balance": 20, "expires": date(2027, 1, 31), "megabytes": 100}
    found = read_modem({"ring_s": 30, "imei": "867000000000001", "audio": audio, "sim": sim}, tmp_path)
    assert found.audio == Audio("plughw:CARD=EC25", tmp_path / "calls")
    assert (found.ring_s, found.sim.megabytes, found.sim.expires) == (30.0, 100, date(2027, 1, 31))


@pytest.mark.parametrize(
    ("table", "words"),
    [
        ({"rings": 3}, "no `rings`"),
        ({"ring_s": 0}, "`ring_s` must be seconds from 5 to 90"),
        ({"ring_s": True}, "`ring_s`"),
        ({"bus": "tcp:host=x"}, "unix:path"),
        ({"imei": "12"}, "15 digits"),
        ({"country": "+86"}, "calling code"),
        ({"audio": {"device": "x"}}, "needs `device`"),
        ({"audio": 1}, "must be a table"),
        ({"sim": {"expires": "2027-01-31"}}, "without quotes"),
        ({"sim": {"balance": "20"}}, "must be a number"),
        ({"sim": {"balance": float("nan")}}, "must be a number"),
        ({"sim": {"balance_low": float("inf")}}, "must be a number"),
        ({"sim": {"megabytes": 1.5}}, "whole number"),
        ({"sim": {"owner": "x"}}, "no `sim.owner`"),
        ({"imei": 5}, "must be a text"),
    ],
)
def test_what_is_wrong_with_a_table_is_told(table: dict[str, object], words: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=words):
        read_modem(table, tmp_path)
