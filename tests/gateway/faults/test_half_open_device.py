"""A device's cable is pulled: its connection to the broker is half-open, nobody closes it.

What the village sees: nothing until the broker has waited for one and a half keep-alives of the device, then it speaks
the lamp's will: offline, so that nobody counts on it. What is kept: what the lamp should show is owed, and told when it
comes back by a new connection, which takes the place of the dead one whether that was noticed or not. How long: no
longer than the lamp needs to notice and to connect. One that stays away is missed after 75 s and 30 s.
"""

from collections.abc import Iterator

import pytest

from tests.gateway.faults.villages import kept
from tests.gateway.rig.cable import Cable
from tests.gateway.rig.village import Rig
from tests.gateway.rig.waiting import until

KEEPALIVE_S = 2


@pytest.fixture
def cable(rig: Rig) -> Iterator[Cable]:
    """Between lamp9 and the broker."""
    made = Cable(rig.port)
    yield made
    made.close()


def test_a_lamp_whose_connection_died_is_offline_and_told_when_it_is_back(rig: Rig, cable: Cable) -> None:
    lamp9, button = rig.device("lamp9", port=cable.port, keepalive=KEEPALIVE_S), rig.device("butt7")
    rig.county.noted("online", "lamp9", 30)
    cable.cut()
    press = button.press("panic")
    button.is_received(press, 30)
    rig.county.noted("offline", "lamp9", 30)
    assert lamp9.calls() == []
    assert ("lit", "lamp9") not in {note[1:] for note in rig.county.store.notes.values()}
    assert press in kept(rig, "SELECT calls FROM lamp WHERE device = 'lamp9' AND shown < ver")[0][0]  # owed
    cable.heal()
    lamp9.call(press, 30, role="near", heard=1)  # it noticed by itself, too
    assert rig.county.noted("lit", "lamp9", 30) == press


def test_a_lamp_that_comes_back_before_anybody_noticed_takes_the_place_of_its_dead_self(rig: Rig, cable: Cable) -> None:
    rig.device("lamp9", port=cable.port, keepalive=60)
    button = rig.device("butt7")
    rig.county.noted("online", "lamp9", 30)
    cable.cut()
    press = button.press("panic")
    button.is_received(press, 30)
    anew = rig.device("lamp9")  # it was switched off and on
    anew.call(press, 30, role="near", heard=1)
    assert rig.county.noted("lit", "lamp9", 30) == press
    second = button.press("fire")
    anew.call(second, 30)
    # The broker speaks the will of the dead one, and that is not the last word of it.
    until("the lamp is there", lambda: presence(rig) == "online")


def presence(rig: Rig) -> str:
    """The last that the county was told of lamp9."""
    return [note[1] for note in rig.county.store.notes.values() if note[2] == "lamp9" and note[1] != "lit"][-1]
