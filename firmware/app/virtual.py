"""The virtual board: the device application on MicroPython's unix port.

MICROPYPATH=protocol:firmware/app micropython firmware/app/virtual.py --flash FILE [--pictures FOLDER]
… --provision --flash FILE <config.json    makes the flash image and writes /config.json into it
… --ether HOST:PORT,MAC    with a radio, of this address (12 hex), in that ether
"""

import json
import os
import sys

if ".frozen" not in sys.path:
    sys.path.append(".frozen")  # MICROPYPATH replaces the whole path, asyncio's place too

from heartlamp import config, main
from heartlamp.hal.unix import board as unix
from heartlamp.hal.unix import flash

ROOT = "/flash"
USAGE = "usage: virtual.py [--provision] --flash FILE [--ether HOST:PORT,MAC] [--pictures FOLDER]"


def argument(name: str) -> str:
    """What stands after `name`, "" nothing."""
    for i, said in enumerate(sys.argv[:-1]):
        if said == name:
            return sys.argv[i + 1]
    return ""


def provision(path: str) -> None:
    """Unsent events stay where the device stays the same."""
    text = sys.stdin.read()
    fields = json.loads(text)
    config.check(fields)
    flash.mount(path, ROOT, True)
    try:
        before = config.read(ROOT + "/config.json").dev
    except (OSError, ValueError):
        before = fields["dev"]
    if before != fields["dev"]:
        raise ValueError("this flash belongs to device %s; remove the file to make another one" % before)
    with open(ROOT + "/config.new", "w") as f:
        f.write(text)
    os.rename(ROOT + "/config.new", ROOT + "/config.json")


def start() -> None:
    path = argument("--flash")
    if not path:
        raise SystemExit(USAGE)
    try:
        if "--provision" in sys.argv:
            provision(path)
            return
        flash.mount(path, ROOT, False)
        board = unix.Board(ROOT, argument("--ether"))
        board.pictures = argument("--pictures") or None
    except (OSError, ValueError) as error:
        print("the virtual board cannot start:", error, file=sys.stderr)
        raise SystemExit(1)
    board.live(main.run)


start()
