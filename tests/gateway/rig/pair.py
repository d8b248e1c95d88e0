"""`python -m tests.gateway.rig.pair`: who presses and a neighbour, away from the rig's county, so that what the county
does with the press is not counted as the press's way to the neighbour.

On stdin one JSON object: {"port", "ca", "victim": [id, root as hex], "neighbour": [id, root as hex]}. Prints "ready";
then for each line "press" {"press": event id, "ms": until the neighbour's lamp has its call}, and for each line "dark"
an empty object once that lamp has none. Ends with stdin.
"""

import json
import sys
import time
from pathlib import Path

from tests.gateway.rig.device import Device


def main() -> None:
    said = json.loads(sys.stdin.readline())
    ca, port = Path(said["ca"]), said["port"]
    victim, neighbour = (Device(id, bytes.fromhex(root), ca, port) for id, root in (said["victim"], said["neighbour"]))
    victim.start()
    neighbour.start()
    print("ready", flush=True)
    for line in sys.stdin:
        if line == "dark\n":
            neighbour.dark()
            print("{}", flush=True)
            continue
        began = time.perf_counter()
        press = victim.press()
        neighbour.board.wait("the call", neighbour.calls)
        ms = (time.perf_counter() - began) * 1000
        victim.is_received(press)
        print(json.dumps({"press": press, "ms": ms}), flush=True)


if __name__ == "__main__":
    main()
