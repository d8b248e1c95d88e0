"""Starts an ESP32: frozen into its image, or copied to one with MicroPython's own image as /main.py. Chooses the copy
of the program (boot.py), runs it, and starts again whatever ended it.

Never run by the tests.
"""

import gc
import os
import sys

import machine
import micropython

# bytes: collected this often from the first import on, RAM stays whole; a heap that first fills up is in pieces
COLLECT_EVERY = 8192
OPTIONS = {"progsize": 64, "readsize": 256}  # as hal/unix/flash.py measured


def flash():
    """The partition of the filesystem. None where MicroPython's own image has mounted it: then the program is on it,
    and it must not be made anew."""
    from esp32 import Partition

    if "main.py" in os.listdir("/"):
        return None
    found = Partition.find(Partition.TYPE_DATA, label="vfs")
    return found[0] if found else None


def storage():
    """None where the NVS does not work."""
    from heartlamp.hal.esp32.nvs import Nvs

    try:
        return Nvs("heartlamp")
    except OSError:
        return None


def load_program() -> tuple:
    from heartlamp import main
    from heartlamp.hal.esp32 import board

    return main, board


def begin() -> tuple:
    """((main, board), how it was started)."""
    gc.threshold(COLLECT_EVERY)
    import boot

    slept, device, fresh = machine.reset_cause() == machine.DEEPSLEEP_RESET, flash(), False
    if device is not None:
        try:
            fresh = boot.mount(device, "", OPTIONS, slept)
        except OSError as error:
            print("no flash:", error)  # then it alarms from RAM
            fresh = True
    store = storage()
    loaded = boot.load(store, "", boot.choose(store, "", fresh, slept), sys.path[:], load_program)
    del sys.modules["boot"]
    return loaded


def start() -> None:
    micropython.kbd_intr(-1)  # a byte 3 on an open serial line must not end the program
    (main, hal), begun = begin()
    board = hal.Board()
    board.boot = begun
    main.run(board)


try:
    start()
except Exception as error:
    sys.print_exception(error)
finally:
    machine.reset()
