"""The virtual board: the device application on MicroPython's unix port.

MICROPYPATH=protocol:firmware/app micropython firmware/app/virtual.py --flash FILE [--pictures FOLDER]
… --provision --flash FILE <config.json    makes the flash image and writes the settings into it
… --blank --flash FILE                     makes an empty one: a board that waits to be provisioned
… --ether HOST:PORT,MAC    with a radio, of this address (12 hex), in that ether
"""

import json
import sys

if ".frozen" not in sys.path:
    sys.path.append(".frozen")  # MICROPYPATH replaces the whole path, asyncio's place too

from heartlamp import main
from heartlamp.hal.unix import board as unix
from heartlamp.hal.unix import flash, nvs
from heartlamp.outbox import Outbox
from heartlamp.settings.desk import Desk
from heartlamp.settings.store import Store

ROOT = "/flash"
USAGE = "usage: virtual.py [--provision | --blank] --flash FILE [--ether HOST:PORT,MAC] [--pictures FOLDER]"


def argument(name: str) -> str:
    """What stands after `name`, "" nothing."""
    for i, said in enumerate(sys.argv[:-1]):
        if said == name:
            return sys.argv[i + 1]
    return ""


def provision(path: str) -> None:
    """As over the serial line. Unsent events stay."""
    text = sys.stdin.read()
    board = made(path, True)
    store = Store(board.nvs(), ROOT)
    store.load()
    outbox = Outbox(ROOT + "/out")
    outbox.load(0)
    answer, _ = Desk(board, store, outbox).handle({"id": 1, "cmd": "provision", "settings": json.loads(text)})
    if not answer["ok"]:
        raise ValueError("%s; %s" % (answer["error"], answer["do"]))


def made(path: str, create: bool) -> unix.Board:
    region = nvs.Region(flash.mount(path, ROOT, create))
    region.open()
    return unix.Board(ROOT, argument("--ether"), nvs.Nvs(region, "heartlamp"))


def start() -> None:
    path = argument("--flash")
    if not path:
        raise SystemExit(USAGE)
    try:
        if "--provision" in sys.argv:
            provision(path)
            return
        if "--blank" in sys.argv:
            made(path, True)
            return
        board = made(path, False)
        board.pictures = argument("--pictures") or None
    except (OSError, ValueError) as error:
        print("the virtual board cannot start:", error, file=sys.stderr)
        raise SystemExit(1)
    board.live(main.run)


start()
