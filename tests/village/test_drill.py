"""The main job: one press, from the button to the command centre and back to the lamp."""

from pathlib import Path

import pytest

from tests.village.drill import drill
from tests.village.rig import Rig


@pytest.mark.timeout(180)
def test_a_press_goes_through_every_hop(tmp_path: Path) -> None:
    with Rig(tmp_path) as rig:
        names = [h.hop for h in drill(rig)]
    assert len(names) == len(set(names)) == 10
