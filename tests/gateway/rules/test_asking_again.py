"""The pulse, and when the county is asked again."""

from heartlamp_gateway.rules import pulse, retry

from tests.gateway.rules.village import VILLAGE


def test_somebody_can_answer_when_the_county_or_two_houses_of_a_group_are_there() -> None:
    assert pulse.answerable(VILLAGE, True, {})
    assert not pulse.answerable(VILLAGE, False, {"lamp7": True})
    assert not pulse.answerable(VILLAGE, False, {"lamp7": True, "lamp1": True})  # not of one group
    assert not pulse.answerable(VILLAGE, False, {"lamp7": True, "lamp9": False})
    assert not pulse.answerable(VILLAGE, False, {"lamp7": True, "butt7": True})
    assert pulse.answerable(VILLAGE, False, {"lamp7": True, "lamp9": True})


def test_contact_ends_three_pings_after_the_last_word() -> None:
    assert not pulse.in_contact(100, None)
    assert pulse.in_contact(14_999, 0)
    assert not pulse.in_contact(15_000, 0)


def test_the_county_is_asked_again_after_a_fifth_of_a_second_up_to_five() -> None:
    state = retry.Retry()
    waits = []
    for _ in range(8):
        state = retry.failed(state, 0)
        waits.append(retry.wait_ms(state, 0, fresh=False))
    assert waits == [200, 400, 800, 1600, 3200, 5000, 5000, 5000]
    assert retry.wait_ms(state, 0, fresh=False, event=True) == 1000  # a press that waits is asked for more often
    assert retry.wait_ms(state, 0, fresh=True) == 200  # a new alarm does not wait for the others' turn
    assert retry.wait_ms(state, 5000, fresh=False) == 0


def test_a_revoked_token_is_tried_slowly() -> None:
    state = retry.failed(retry.Retry(), 0, refused=True)
    assert retry.wait_ms(state, 0, fresh=False) == 30_000
    assert retry.wait_ms(state, 0, fresh=True) == 5_000
