"""`make drill`: one press through every hop, without a screen."""

import json
import sys
import tempfile
import time
from dataclasses import asdict
from pathlib import Path

from tests.village import hops
from tests.village.rig import ROOT, Rig


def drill(rig: Rig) -> list[hops.Hop]:
    """A press, the operator's accept, a neighbour's green key, each hop awaited. TimeoutError names a missing one."""
    seat = rig.command_centre()
    house, neighbour = rig.houses()[0], rig.houses()[1]
    button, lamp = house.device("button"), house.device("lamp")
    since = rig.journal.mark()
    start = rig.press(button)
    result = hops.of_press(rig.journal, house, button, rig.neighbours(house), start, since)
    incident = str(hops.trace(rig.journal, button, "pressed", since).fields["event"])

    start = time.time_ns()
    seat.answer(incident, "accepted")
    result.append(
        hops.hop("accepted→lamp says so", start, hops.shows(rig.journal, lamp, "own", incident, since, "accepted"))
    )
    start = rig.press(neighbour.device("lamp"), "green")
    result.append(
        hops.hop(
            "neighbour's green→lamp says coming", start, hops.shows(rig.journal, lamp, "own", incident, since, "coming")
        )
    )
    start = time.time_ns()
    seat.answer(incident, "closed", how="spoke_to", who="duty")
    dark = rig.journal.wait(
        lambda s: s.source == lamp and s.what == "show" and s.at > start and s.fields["meaning"] == "working",
        since,
        why="the lamp to be ready again after the close",
    )
    result.append(hops.hop("closed→lamp ready again", start, dark))
    return result


def main() -> int:
    build = ROOT / "build"
    build.mkdir(exist_ok=True)
    found: list[hops.Hop] = []
    problem = ""
    with tempfile.TemporaryDirectory(prefix="heartlamp-drill-") as folder:
        try:
            with Rig(Path(folder), say=lambda text: print(f"· {text}", flush=True)) as rig:
                found = drill(rig)
        except (TimeoutError, RuntimeError) as error:
            problem = str(error)
    for h in found:
        print(f"  {h.hop:<38}{h.ms:>9.1f} ms")
    result = {"ok": not problem, "hops": [asdict(h) for h in found], **({"missing": problem} if problem else {})}
    (build / "drill.json").write_text(json.dumps(result, ensure_ascii=False, indent=1) + "\n")
    if problem:
        print(f"a hop is missing: {problem}", file=sys.stderr)
        return 1
    print("every hop is there; build/drill.json holds the figures")
    return 0
