# mypy: ignore-errors
"""fill_flash.py FLASH FOLDER: the files of a folder into the top of a new flash image."""

import os
import sys

import vfs
from heartlamp.hal.unix.flash import LFS, partitions


def files(folder: str, below: str = "") -> "list[str]":
    found = []
    for entry in os.ilistdir(folder + "/" + below):
        name = below + entry[0]
        found += files(folder, name + "/") if entry[1] == 0x4000 else [name]
    return found


filesystem, _, _ = partitions(sys.argv[1], True)
vfs.VfsLfs2.mkfs(filesystem, **LFS)
vfs.mount(vfs.VfsLfs2(filesystem, **LFS), "/made")
names = files(sys.argv[2])
for name in names:
    at = name.find("/")
    while at > 0:
        try:
            os.mkdir("/made/" + name[:at])
        except OSError:
            pass
        at = name.find("/", at + 1)
    with open(sys.argv[2] + "/" + name, "rb") as source, open("/made/" + name, "wb") as target:
        target.write(source.read())
vfs.umount("/made")
print(len(names))
