"""`python -m tests.gateway.rig.apart`: a device in a process of its own, as it is a machine of its own: what another
does with what it hears is not counted as this one's.

On stdin one JSON object: {"port", "ca", "device": [id, root as hex]}. Prints "ready"; then a JSON object for each line,
times in seconds of the machine's perf_counter(): "press" {"press": event id, "at"}, "told ID" {"heard"} once that is
heard and received, "call" {"at"} once its lamp has a call, "dark" {} once it has none. Ends with stdin.
"""

import json
import sys
import time
from pathlib import Path

from tests.gateway.rig.device import Device


def main() -> None:
    said = json.loads(sys.stdin.readline())
    id, root = said["device"]
    device = Device(id, bytes.fromhex(root), Path(said["ca"]), said["port"]).start()
    print("ready", flush=True)
    for line in sys.stdin:
        word, _, event = line.strip().partition(" ")
        print(json.dumps(answer(device, word, event)), flush=True)


def answer(device: Device, word: str, event: str) -> dict[str, object]:
    if word == "press":
        at = time.perf_counter()
        return {"press": device.press(), "at": at}
    if word == "told":
        device.is_received(event)
        return {"heard": device.is_heard(event) / 1e9}
    if word == "call":
        device.board.wait("the call", device.calls)
        return {"at": time.perf_counter()}
    if word == "dark":
        device.dark()
    return {}


if __name__ == "__main__":
    main()
