# mypy: ignore-errors
"""Runs on MicroPython: an NVS that stops taking writes, and a device that sleeps. Prints what each start found."""

import json
import sys

import vfs

if ".frozen" not in sys.path:
    sys.path.append(".frozen")

from heartlamp.hal.unix import nvs
from heartlamp.hal.unix.flash import LFS
from heartlamp.settings.store import Store
from nor import Nor, empty

FILES, VALUES = 24, 4
image = empty(FILES + VALUES)
vfs.VfsLfs2.mkfs(Nor(image, 0, FILES), **LFS)
vfs.mount(vfs.VfsLfs2(Nor(image, 0, FILES), **LFS), "/f")
region = nvs.Region(Nor(image, FILES, VALUES))
region.open()


class Worn(nvs.Nvs):
    def set_blob(self, key, value):
        raise OSError(5)

    def erase_key(self, key):
        raise OSError(5)


OLD, NEW = {"dev": "butt0001", "consent": 1}, {"dev": "butt0002", "consent": 0}
good = Store(nvs.Nvs(region, "heartlamp"), "/f")
good.load()
good.save(OLD)
asleep = good.generation
found = {"woken": Store(nvs.Nvs(region, "heartlamp"), "/f").load(asleep)["dev"]}
worn = Store(Worn(region, "heartlamp"), "/f")
worn.load()
found["unwritten"] = worn.save(NEW)
for name, before in (("started", None), ("woken after", worn.generation), ("woken, nobody knows", asleep + 7)):
    again = Store(Worn(region, "heartlamp"), "/f")
    found[name] = again.load(before)["dev"]
reset = Store(Worn(region, "heartlamp"), "/f")
reset.load()
reset.save(None)
found["reset, woken"] = Store(Worn(region, "heartlamp"), "/f").load(reset.generation)
print(json.dumps(found))
