# mypy: ignore-errors
# ruff: noqa: UP031
"""Runs on MicroPython: the NVS of the unix port, the power cut after every operation of the flash and in its middle.

nvs_cut.py <seed> [--forget-torn]. A random run of writes and erasures over several pages' worth. After each cut the
values must be those before or those after the operation that was under way. Prints `{"cuts": …, "wrong": …,
"erases": …, "writes": …}`. `--forget-torn`: shows that the test can fail, with a CRC that erased flash
has too.
"""

import json
import random
import sys

if ".frozen" not in sys.path:
    sys.path.append(".frozen")

from heartlamp.hal.unix import nvs as unix_nvs
from nor import Nor, cuts, empty, is_erase

BLOCKS, STEPS = 4, 400


def opened(flash):
    region = unix_nvs.Region(flash)
    region.open()
    return region, unix_nvs.Nvs(region, "heartlamp")


def content(region):
    return dict(region._values)


def after_cut(image):
    """None where the cut is fatal."""
    try:
        return content(opened(Nor(image))[0])
    except ValueError:
        return None


def main():
    random.seed(int(sys.argv[1]))
    if "--forget-torn" in sys.argv:
        unix_nvs.crc32 = lambda data: 0xFFFFFFFF  # as erased flash reads
    image = empty(BLOCKS)
    flash = Nor(bytearray(image))
    region, nvs = opened(flash)
    states = [(0, {}), (len(flash.log), {})]
    for step in range(STEPS):
        name = "key%d" % random.randrange(5)
        what = random.randrange(8)
        if what == 0 and region._values.get(("heartlamp", name)):
            nvs.erase_key(name)
        elif what < 4:
            nvs.set_i32("n" + name, step - 50)
        else:
            nvs.set_blob(name, bytes([random.randrange(256) for _ in range(random.randrange(900))]))
        states.append((len(flash.log), content(region)))
    tried = wrong = 0
    for done, torn in cuts(image, flash.log):
        before = [values for at, values in states if at <= done][-1]
        after = next(values for at, values in states if at > done)
        found = after_cut(torn)
        tried += 1
        wrong += found not in (before, after) or after_cut(torn) != found  # the second time: what the first repaired
    erases = len([1 for operation in flash.log if is_erase(operation)])
    print(json.dumps({"cuts": tried, "wrong": wrong, "erases": erases, "writes": region.writes}))


main()
