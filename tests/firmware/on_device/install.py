# mypy: ignore-errors
"""Runs on MicroPython: puts a bundle into a board's flash image by the device's own code, as if it had been taken in
and had earned its receipt long ago.

install.py <image> <bundle> <file with the modulus in hex, which is too long for an argument>
"""

import sys

if ".frozen" not in sys.path:
    sys.path.append(".frozen")

import vfs
from heartlamp.hal.unix import flash, nvs
from heartlamp.rules import boot
from heartlamp.update import slots
from heartlamp.update import state as kept
from heartlamp.update.download import Device, Download


def main():
    image, bundle, modulus = sys.argv[1:]
    with open(modulus) as f:
        modulus = f.read()
    filesystem, partition, _ = flash.partitions(image, False)
    vfs.mount(vfs.VfsLfs2(filesystem, **flash.LFS), "/flash")
    region = nvs.Region(partition)
    region.open()
    store = nvs.Nvs(region, "heartlamp")
    with open(bundle, "rb") as f:
        data = f.read()
    length = slots.head_length(data[:9])
    id = slots.Head(data[9 : 9 + length], data[9 + length : 393 + length]).id
    download = Download("/flash", store, Device("virtual", "lamp", 0, 12500, int(modulus, 16)))
    for _ in download.beginning(id, len(data)):
        pass
    while not download.complete:
        download.take(download.at, data[download.at : download.at + 2048])
    for _ in download.proving():
        pass
    download.to_trial()
    kept.save(store, boot.confirmed(kept.load(store)))


main()
