"""The virtual board: the device application on MicroPython's unix port.

MICROPYPATH=protocol:firmware/app micropython firmware/app/virtual.py --flash FILE [--pictures FOLDER] [--restart]
… --provision --flash FILE <config.json    makes the flash image and writes the settings into it
… --blank --flash FILE                     makes an empty one: a board that waits to be provisioned
… --ether HOST:PORT,MAC    with a radio, of this address (12 hex), in that ether
main.py --mounted          on a virtual bench: its image has mounted the flash on "/", and machine.nvs is beside it

It starts as an ESP32 does: boot.py chooses the copy of the program, and a reset, a sleep or, with --restart, a crash
goes through boot.py again. The copy `rom` is the one that MICROPYPATH names.
"""

import gc
import json
import sys

import vfs

if ".frozen" not in sys.path:
    sys.path.append(".frozen")  # MICROPYPATH replaces the whole path, asyncio's place too

from heartlamp.hal.unix import flash, nvs

ROOT = "/flash"
COLLECT_EVERY = 8192  # as in board_main.py
USAGE = "usage: virtual.py [--provision | --blank] --flash FILE [--ether HOST:PORT,MAC] [--pictures FOLDER] [--restart]"
POWER_ON, RESET, WATCHDOG, DEEP_SLEEP = 1, 2, 3, 4  # machine's own numbers
FAULT, STUCK, ASLEEP, RESTART = 70, 71, 72, 73  # how the program ends


def argument(name: str) -> str:
    """What stands after `name`, "" nothing."""
    for i, said in enumerate(sys.argv[:-1]):
        if said == name:
            return sys.argv[i + 1]
    return ""


def provision(path: str) -> None:
    """As over the serial line. Unsent events stay."""
    from heartlamp.hal.unix.board import Board
    from heartlamp.outbox import Outbox
    from heartlamp.settings.answers import handle
    from heartlamp.settings.desk import Desk
    from heartlamp.settings.store import Store

    text = sys.stdin.read()
    board = Board(ROOT, "", storage(flash.mount(path, ROOT, True)))
    store = Store(board.nvs(), ROOT)
    store.load()
    outbox = Outbox(ROOT + "/out")
    outbox.load(0)
    answer, _ = handle(Desk(board, store, outbox), {"id": 1, "cmd": "provision", "settings": json.loads(text)})
    if not answer["ok"]:
        raise ValueError("%s; %s" % (answer["error"], answer["do"]))


def storage(partition) -> "nvs.Nvs | None":
    """None where it does not work: then the copy rom starts, with the settings' other copy."""
    region = nvs.Region(partition)
    try:
        region.open()
    except OSError:
        return None
    return nvs.Nvs(region, "heartlamp")


def load_program() -> tuple:
    """The program and its board, of the copy that was chosen."""
    from heartlamp import main
    from heartlamp.hal.unix import board

    return main, board


def begin(filesystem, root: str, store, rom: "list[str]", slept: bool) -> tuple:
    """((main, board), how it was started). filesystem: None where it is mounted already."""
    gc.threshold(COLLECT_EVERY)
    sys.path[:] = rom
    for name in list(sys.modules):
        if name.split(".")[0] in ("heartlamp", "heartlamp_protocol"):
            del sys.modules[name]  # of the start before, perhaps another copy's
    import boot

    try:
        fresh = filesystem is not None and boot.mount(filesystem, root, flash.LFS, slept)
    except OSError as error:
        print("no flash:", error, file=sys.stderr)  # then it alarms from RAM
        fresh = True
    loaded = boot.load(store, root, boot.choose(store, root, fresh, slept), rom, load_program)
    del sys.modules["boot"]  # its rules need no RAM while the program runs
    return loaded


def live(filesystem, root: str, partition) -> None:
    """Until the power goes."""
    store, rom = storage(partition), sys.path[:]
    before, cause = None, POWER_ON
    while True:
        (main, hal), begun = begin(filesystem, root, store, rom, cause == DEEP_SLEEP)
        board = hal.Board(root, argument("--ether"), store)
        board.pictures = argument("--pictures") or None
        board.boot = begun
        board.started(cause, before)
        try:
            main.run(board)
            code = 0
        except SystemExit as end:
            code = end.args[0] if end.args else 0
        except Exception as error:
            sys.print_exception(error, sys.stderr)
            code = FAULT
        if code == ASLEEP:
            board.nap()
            cause = DEEP_SLEEP
        elif code == RESTART or (code in (FAULT, STUCK) and "--restart" in sys.argv):
            cause = WATCHDOG if code == STUCK else RESET
        else:
            raise SystemExit(code)
        before = board
        try:
            if filesystem is not None:
                vfs.umount(root)
        except OSError:
            pass  # it was not there


def start() -> None:
    if "--mounted" in sys.argv:
        import machine

        live(None, "", machine.nvs)
    path = argument("--flash")
    if not path:
        print(USAGE, file=sys.stderr)
        raise SystemExit(2)
    try:
        if "--provision" in sys.argv:
            provision(path)
            return
        if "--blank" in sys.argv:
            storage(flash.mount(path, ROOT, True))
            return
        filesystem, partition, _ = flash.partitions(path, False)
        live(filesystem, ROOT, partition)
    except (OSError, ValueError) as error:
        print("the virtual board cannot start:", error, file=sys.stderr)
        raise SystemExit(1)


start()
