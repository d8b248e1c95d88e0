"""One press, from the key to the county and back, over real parts."""

from gateway_rig.village import Rig


def test_a_press_is_heard_lights_the_neighbours_and_is_received(rig: Rig) -> None:
    lamp7, lamp9, lamp1, button = (rig.device(id) for id in ("lamp7", "lamp9", "lamp1", "butt7"))
    event = button.press("panic")
    button.is_heard(event)
    own = lamp7.call(event)
    near = lamp9.call(event)
    assert (own["role"], own["place"], own["heard"]) == ("own", "三组 7号", 1)
    assert (near["role"], near["what"]) == ("near", "panic")
    button.is_received(event)
    assert rig.county.noted("lit", "lamp9") == event
    assert lamp1.calls() == []  # another household group
