"""Runs on the Raspberry Pi that QEMU plays, see pi.py: the siren on its pin 17, read from the driver's debug file and
not through libgpiod. Prints SAID and a JSON object for each thing found."""

import glob
import json
import re
import subprocess
import sys
import threading
import time
from pathlib import Path

from heartlamp_gateway.outputs.adapter import Order
from heartlamp_gateway.outputs.gpio import GpioLine
from heartlamp_gateway.outputs.siren import RHYTHMS, Rhythm, Siren, SirenSettings
from heartlamp_gateway.rules.loudness import Night

CHIP = "/dev/gpiochip0"
SHORT = RHYTHMS | {"fire": Rhythm(((200, 100),), 1_500)}
ORDER = Order("k", "siren", "", "i", "fire", "三组 7号", "03", "", "zh")


def pin() -> str:
    """Such as "gpio_out hi"."""
    for name in glob.glob("/sys/kernel/debug/pinctrl/*/pins"):
        found = re.search(r"^pin 17 \(gpio17\).*function (\w+) in (\w+)", Path(name).read_text(), re.M)
        if found:
            return f"{found[1]} {found[2]}"
    return "no pin"


def say(**found: object) -> None:
    print("SAID " + json.dumps(found), flush=True)


def siren(line: GpioLine) -> Siren:
    return Siren(SirenSettings("siren", line, 60.0, SHORT), Night(), lambda: 720, line)


def a_fire(line: GpioLine) -> dict[str, object]:
    seen: set[str] = set()
    over = threading.Event()

    def watch() -> None:
        while not over.wait(0.03):
            seen.add(pin())

    it = siren(line)
    it.off()
    health, watcher = it.health(), threading.Thread(target=watch)
    watcher.start()
    end = it.perform(ORDER, lambda report: None)
    over.set()
    watcher.join()
    return {"health": health, "end": end.state, "seen": sorted(s for s in seen if "out" in s), "after": pin()}


def killed() -> None:
    line = GpioLine(CHIP, 17, False)
    holder = subprocess.Popen([sys.executable, __file__, "hold"], stdout=subprocess.PIPE, text=True)
    assert holder.stdout is not None
    assert holder.stdout.readline() == "on\n"
    say(held=pin(), health_while_held=siren(line).health())
    holder.kill()
    holder.wait()
    say(after_kill=pin())
    file = Path("/tmp/gateway.toml")
    file.write_text("[siren]\nline = 17\n")
    off = subprocess.run([sys.executable, "-m", "heartlamp_gateway.outputs.siren_off", str(file)])
    say(siren_off=off.returncode, after_siren_off=pin())


if __name__ == "__main__":
    if sys.argv[1:] == ["hold"]:
        with GpioLine(CHIP, 17, False).held() as relay:
            relay.set(True)
            print("on", flush=True)
            time.sleep(600)
    say(by_number=a_fire(GpioLine(CHIP, 17, False)))
    say(by_name=a_fire(GpioLine(CHIP, "GPIO17", False)))
    say(active_low=a_fire(GpioLine(CHIP, 17, True)))
    killed()
