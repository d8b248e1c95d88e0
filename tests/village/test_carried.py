"""A village where only one lamp has a line: everybody else is carried by radio, to the county and back."""

import random
import signal
from collections.abc import Iterator

import pytest
from heartlamp_tech.ether import Ether

from tests.village.hops import shows, trace
from tests.village.plan import House, Village
from tests.village.rig import Rig

pytestmark = [pytest.mark.xdist_group("village"), pytest.mark.timeout(120)]

NEAR = House("fan", "二组", 1, ("lamp", "button"), {"button": ("lampfan1",)})
FAR = House("fan", "二组", 2, ("lamp", "button"), {"lamp": ("lampfan1",), "button": ("lampfan2",)})
VILLAGE = Village("fan", "远村", "990101100203", (NEAR, FAR))


@pytest.fixture(scope="module")
def rig(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rig]:
    seed = random.SystemRandom().randrange(2**32)
    print(f"seed {seed}")
    with (
        Ether(seed, loss=0.1) as ether,
        Rig(tmp_path_factory.mktemp("village"), (VILLAGE,), ether=ether) as made,
    ):
        trace(made.journal, FAR.device("lamp"), "lamp", 0)  # the village has found it, and told it what to show
        yield made


def test_a_press_two_hops_away_reaches_the_county_and_its_answer_comes_back(rig: Rig) -> None:
    seat = rig.command_centre()
    button, lamp = FAR.device("button"), FAR.device("lamp")
    since = rig.journal.mark()
    event = press(rig, button, since)
    trace(rig.journal, button, "received", since, event)
    shows(rig.journal, NEAR.device("lamp"), "near", event, since)
    shows(rig.journal, lamp, "own", event, since)
    seat.answer(event, "accepted")
    shows(rig.journal, lamp, "own", event, since, "accepted")  # signed by the county for this lamp
    rig.press(NEAR.device("lamp"), "green")
    shows(rig.journal, lamp, "own", event, since, "coming")
    seat.answer(event, "closed", how="spoke_to", who="duty")


def test_a_restart_of_the_gateway_leaves_nobody_in_the_dark(rig: Rig) -> None:
    gateway = rig.villages["fan"].gateway
    since = rig.journal.mark()
    gateway.pull_plug(signal.SIGKILL)
    gateway.plug_in()
    event = press(rig, NEAR.device("button"), since)
    shows(rig.journal, FAR.device("lamp"), "near", event, since)
    trace(rig.journal, NEAR.device("button"), "received", since, event)
    rig.command_centre().answer(event, "closed", how="spoke_to", who="duty")


def test_what_could_not_be_carried_is_carried_when_its_lamp_is_back(rig: Rig) -> None:
    since = rig.journal.mark()
    rig.boards[NEAR.device("lamp")].kill()
    event = press(rig, FAR.device("button"), since)
    rig.boards[NEAR.device("lamp")].start()
    trace(rig.journal, FAR.device("button"), "received", since, event)
    shows(rig.journal, NEAR.device("lamp"), "near", event, since)
    rig.command_centre().answer(event, "closed", how="spoke_to", who="duty")


def press(rig: Rig, device: str, since: int) -> str:
    rig.press(device)
    return str(trace(rig.journal, device, "pressed", since).fields["event"])
