"""What an alarm opens, who answers it, what the county says of it."""

from heartlamp_gateway.rules import incidents
from heartlamp_gateway.rules.answers import best_answer
from heartlamp_gateway.rules.model import KEEP_MS

from tests.gateway.rules.village import VILLAGE, A, B, C, calls, id_of, said


def test_an_alarm_lights_its_own_site_and_its_group_and_nobody_else() -> None:
    village, incident = incidents.raise_alarm(VILLAGE, A, "s7", "panic", 0)
    assert incident == A
    assert [c["role"] for c in calls(village, "lamp7")] == ["own"]
    assert [c["role"] for c in calls(village, "lamp9")] == ["near"]
    assert calls(village, "lamp1") == []
    assert village.lamps["lamp9"].ver == VILLAGE.lamps["lamp9"].ver + 1
    assert village.lamps["lamp1"] is VILLAGE.lamps["lamp1"]


def test_a_second_press_joins_and_another_kind_opens() -> None:
    village, _ = incidents.raise_alarm(VILLAGE, A, "s7", "panic", 0)
    again, joined = incidents.raise_alarm(village, B, "s7", "panic", 5)
    assert joined == A
    assert again.incidents[A].events == (A, B)
    assert again.lamps["lamp9"].ver == village.lamps["lamp9"].ver  # it shows it already
    other, opened = incidents.raise_alarm(again, C, "s7", "fire", 6)
    assert opened == C
    assert [c["incident"] for c in calls(other, "lamp7")] == [C, A]  # the newest first


def test_a_silent_alarm_touches_nothing() -> None:
    village, incident = incidents.raise_alarm(VILLAGE, A, "s7", "silent", 0)
    assert village is VILLAGE
    assert incident == ""
    assert incidents.county_says(VILLAGE, said(A, (A,), "accepted", what="silent"), 0) is VILLAGE


def test_a_device_without_a_site_opens_an_incident_that_lights_nobody() -> None:
    village, incident = incidents.raise_alarm(VILLAGE, A, "", "panic", 0)
    assert incident == A
    assert all(not calls(village, device) for device in village.lamps)


def test_a_neighbour_comes_withdraws_and_arrives() -> None:
    village, _ = incidents.raise_alarm(VILLAGE, A, "s7", "panic", 0)
    village, word = incidents.press_key(village, A, "s9", "coming", id_of("lamp9", 1))
    assert word == "coming"
    assert (calls(village, "lamp7")[0]["answer"], calls(village, "lamp7")[0]["who"]) == ("coming", "三组 9号")
    village, word = incidents.press_key(village, A, "s9", "withdrawn", id_of("lamp9", 2))
    assert word == "unanswered"
    assert (calls(village, "lamp7")[0]["answer"], calls(village, "lamp7")[0]["who"]) == ("unanswered", "")
    village, word = incidents.press_key(village, A, "s2", "arrived", id_of("lamp2", 3))
    assert (word, calls(village, "lamp7")[0]["who"]) == ("arrived", "三组 2号")
    assert calls(village, "lamp7")[0]["ver"] == 3


def test_one_of_two_who_come_may_withdraw() -> None:
    village, _ = incidents.raise_alarm(VILLAGE, A, "s7", "panic", 0)
    village, _ = incidents.press_key(village, A, "s9", "coming", id_of("lamp9", 4))
    village, _ = incidents.press_key(village, A, "s2", "coming", id_of("lamp2", 5))
    village, word = incidents.press_key(village, A, "s9", "withdrawn", id_of("lamp9", 6))
    assert word == ""  # of s9 there is nothing to tell but their own signed word; s2 was told
    assert calls(village, "lamp7")[0]["who"] == "三组 2号"


def test_the_victims_own_lamp_says_that_somebody_is_here_and_not_that_it_comes() -> None:
    village, _ = incidents.raise_alarm(VILLAGE, A, "s7", "panic", 0)
    assert incidents.press_key(village, A, "s7", "coming", id_of("lamp7", 7)) == (village, "")
    village, _ = incidents.press_key(village, A, "s9", "coming", id_of("lamp9", 8))
    village, word = incidents.press_key(village, A, "s7", "arrived", id_of("lamp7", 9))
    assert (word, calls(village, "lamp7")[0]["who"]) == ("arrived", "三组 9号")


def test_who_is_named_when_nobody_came() -> None:
    assert best_answer("s7", ()) == ("unanswered", "")
    assert best_answer("s7", (("s7", "arrived", A),)) == ("arrived", "s7")


def test_an_answer_to_nothing_changes_nothing() -> None:
    assert incidents.press_key(VILLAGE, A, "s9", "coming", id_of("lamp9", 10)) == (VILLAGE, "")
    village, _ = incidents.raise_alarm(VILLAGE, A, "s7", "panic", 0)
    assert incidents.press_key(village, A, "s9", "withdrawn", id_of("lamp9", 11)) == (village, "")
    village, _ = incidents.raise_alarm(village, B, "s7", "panic", 0)
    assert (
        incidents.press_key(village, B, "s9", "coming", id_of("lamp9", 12))[1] == "coming"
    )  # an event of the incident names it too


def test_who_goes_where_somebody_has_arrived_is_not_told_to_have_arrived() -> None:
    village, _ = incidents.raise_alarm(VILLAGE, A, "s7", "panic", 0)
    village, word = incidents.press_key(village, A, "s9", "arrived", id_of("lamp9", 13))
    assert word == "arrived"
    village, word = incidents.press_key(village, A, "s2", "coming", id_of("lamp2", 14))
    assert word == ""


def test_the_county_answers_and_closes() -> None:
    village, _ = incidents.raise_alarm(VILLAGE, A, "s7", "panic", 0)
    village = incidents.county_says(village, said(A, (A,), "accepted"), 1)
    assert calls(village, "lamp7")[0]["county"] == '{"mac":"x"}'
    assert calls(village, "lamp9")[0]["county"] == ""  # each lamp gets its own statement
    village = incidents.county_says(village, said(A, (A,), "closed"), 2)
    assert all(not calls(village, device) for device in village.lamps)
    assert village.incidents == {}


def test_neighbours_learn_that_the_countys_people_come_and_are_there() -> None:
    village, _ = incidents.raise_alarm(VILLAGE, A, "s7", "panic", 0)
    for answer in ("coming", "arrived"):
        village = incidents.county_says(village, said(A, (A,), answer), 1)
        near, own = calls(village, "lamp9")[0], calls(village, "lamp7")[0]
        assert (near["answer"], near["who"]) == (answer, "城关派出所")
        assert own["answer"] == "none"  # the victim's lamp has it from the county, signed


def test_a_neighbour_who_withdrew_is_not_coming_whatever_the_county_said_before() -> None:
    village, _ = incidents.raise_alarm(VILLAGE, A, "s7", "panic", 0)
    village, _ = incidents.press_key(village, A, "s9", "coming", id_of("lamp9", 15))
    village = incidents.county_says(village, said(A, (A,), "coming", who="三组 9号", by="s9"), 1)
    village, _ = incidents.press_key(village, A, "s9", "withdrawn", id_of("lamp9", 16))
    assert calls(village, "lamp9")[0]["answer"] == calls(village, "lamp7")[0]["answer"] == "unanswered"


def test_what_an_operator_takes_back_falls_in_the_village_too_and_a_new_press_of_green_stands() -> None:
    went, there, again = (id_of("lamp9", 1), id_of("lamp7", 1), id_of("lamp9", 2))
    village, _ = incidents.raise_alarm(VILLAGE, A, "s7", "panic", 0)
    village, _ = incidents.press_key(village, A, "s2", "coming", id_of("lamp2", 1))
    village, _ = incidents.press_key(village, A, "s9", "coming", went)
    village, _ = incidents.press_key(village, A, "s7", "arrived", there)
    assert calls(village, "lamp2")[0]["answer"] == "arrived"
    village = incidents.county_says(
        village, said(A, (A,), "coming", who="三组 2号", by="s2", withdrawn=(went, there)), 1
    )
    assert (calls(village, "lamp7")[0]["answer"], calls(village, "lamp7")[0]["who"]) == ("coming", "三组 2号")
    village, _ = incidents.press_key(village, A, "s2", "withdrawn", id_of("lamp2", 2))
    assert {calls(village, lamp)[0]["answer"] for lamp in ("lamp7", "lamp9", "lamp2")} == {"unanswered"}
    village, word = incidents.press_key(village, A, "s9", "coming", again)
    village = incidents.county_says(village, said(A, (A,), "unanswered", who="", withdrawn=(went, there)), 1)
    assert (word, calls(village, "lamp7")[0]["answer"]) == ("coming", "coming")  # the county has not heard of it yet


def test_a_press_that_the_closing_did_not_know_opens_anew() -> None:
    village, _ = incidents.raise_alarm(VILLAGE, A, "s7", "panic", 0)
    village, _ = incidents.raise_alarm(village, B, "s7", "panic", 1)
    village = incidents.county_says(village, said(A, (A,), "closed"), 2)
    assert [c["incident"] for c in calls(village, "lamp7")] == [B]


def test_the_new_one_may_be_told_before_the_old_one_is_closed() -> None:
    village, _ = incidents.raise_alarm(VILLAGE, A, "s7", "panic", 0)
    village, _ = incidents.raise_alarm(village, B, "s7", "panic", 1)
    village = incidents.county_says(village, said(B, (B,), "accepted"), 2)
    village = incidents.county_says(village, said(A, (A,), "closed"), 3)
    assert [(c["incident"], c["county"]) for c in calls(village, "lamp7")] == [(B, '{"mac":"x"}')]


def test_the_county_may_join_what_the_village_held_apart() -> None:
    village, _ = incidents.raise_alarm(VILLAGE, B, "s7", "panic", 0)
    village, _ = incidents.press_key(village, B, "s9", "coming", id_of("lamp9", 17))
    village = incidents.county_says(village, said(A, (A, B), "none"), 1)
    assert [(c["incident"], c["answer"]) for c in calls(village, "lamp7")] == [(A, "coming")]


def test_the_county_lights_what_the_village_forgot() -> None:
    village = incidents.county_says(VILLAGE, said(A, (A,), "accepted"), 0)
    assert calls(village, "lamp9")[0]["incident"] == A
    assert incidents.county_says(VILLAGE, said(A, (A,), "closed"), 0).incidents == {}


def test_what_the_county_refuses_goes_dark_unless_something_good_is_in_it() -> None:
    village, _ = incidents.raise_alarm(VILLAGE, A, "s7", "panic", 0)
    assert incidents.refuse(village, A).incidents == {}
    village, _ = incidents.raise_alarm(village, B, "s7", "panic", 0)
    assert incidents.refuse(village, A).incidents[A].events == (B,)
    assert incidents.refuse(village, C) is village


def test_after_thirty_days_a_call_goes_dark() -> None:
    village, _ = incidents.raise_alarm(VILLAGE, A, "s7", "panic", 0)
    assert incidents.expire(village, KEEP_MS - 1) is village
    assert calls(incidents.expire(village, KEEP_MS), "lamp9") == []


def test_a_stuck_key_does_not_grow_a_row_without_end() -> None:
    village = VILLAGE
    for number in range(1000):
        village, _ = incidents.raise_alarm(village, id_of("butt7", number), "s7", "panic", number)
    (incident,) = village.incidents.values()
    assert len(incident.events) == incidents.EVENTS_MAX
    assert (incident.events[0], incident.events[-1]) == (id_of("butt7", 0), id_of("butt7", 999))
