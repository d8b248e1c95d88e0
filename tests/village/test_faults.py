"""Kill -9 of every part at random moments while presses flow: pressed = stored = shown, and no lamp that lies."""

import random
from pathlib import Path

import pytest

from tests.village.faults import TARGETS, check, kill_while_pressing
from tests.village.rig import Rig


def _story(folder: Path, kills_each: int) -> None:
    seed = random.SystemRandom().randrange(2**32)
    with Rig(folder) as rig:
        seat = rig.command_centre()
        run = kill_while_pressing(rig, TARGETS, kills_each, seed)
        check(rig, run, seat)
    counted = sum(p.counts for p in run.presses)
    done = f"{len(run.presses)} presses ({counted} count), {len(run.stored)} events, kills {dict(run.kills)}"
    print(f"seed {seed}: {done}, {len(run.problems)} problems")
    assert counted >= kills_each, f"seed {seed}: hardly a press was made that counts, so nothing was shown"
    assert not run.problems, f"seed {seed}:\n" + "\n".join(run.problems[:40])


@pytest.mark.timeout(300)
def test_two_kills_of_each_lose_nothing(tmp_path: Path) -> None:
    _story(tmp_path, kills_each=2)


@pytest.mark.prove
@pytest.mark.timeout(1800)
def test_thirty_kills_of_each_lose_nothing(tmp_path: Path) -> None:
    _story(tmp_path, kills_each=30)
