"""Before the program: mounts the flash, or makes it anew; chooses the copy that starts, and starts it.

No filesystem is trusted here: the state that decides is in NVS, and without NVS, flash or update the copy in the
firmware image starts. rules/boot.py decides; this file touches the world.
"""

import os
import sys

import vfs
from heartlamp.rules import boot
from heartlamp.update import slots
from heartlamp.update import state as kept
from heartlamp_protocol.device.reasons import ROLLED_BACK

RESCUED_MOST = 100  # records read into RAM before a filesystem is made anew


def mount(device, root: str, options: dict, quick: bool = False) -> bool:
    """Mounts littlefs on `root`, "" for the top. True where it could not be read and was made anew: of the events, what
    could still be read is there again. Raises OSError where even that fails: then the device alarms from RAM. `quick`:
    without looking at every folder."""
    kept, blank = [], _blank(device)
    try:
        vfs.mount(vfs.VfsLfs2(device, **options), root or "/")
        if quick:
            return False
        if not _damaged(root):
            return False
        kept = _rescue(root)
        vfs.umount(root or "/")
    except OSError:
        pass
    vfs.VfsLfs2.mkfs(device, **options)
    vfs.mount(vfs.VfsLfs2(device, **options), root or "/")
    _put_back(root, kept)
    return not blank


def choose(nvs, root: str, fresh: bool, slept: bool = False) -> dict:
    """Counts this start, and finds the copy that works. `root`: of the flash; `fresh`: mount() made it anew; `slept`:
    woken from deep sleep, where nobody has time to read a whole slot.

    Returns what the program must know of its start (hal.boot), plain, because the program may be of another version:
    slot: "rom", "a" or "b"; version: of an update's program, 0 for the rom copy, which knows its own; 0 or 1: safe
    (alarms only), trial (it has yet to earn a receipt), fresh; crashes: starts in a row, before this one, that did not
    get healthy; reformatted, lost, refused, refused_version: as in the state."""
    state = kept.load(nvs)
    if fresh:
        state = boot.reformatted(state)
    return _pick(nvs, root, boot.begin(state, slept), fresh, slept)


def _pick(nvs, root: str, state: boot.State, fresh: bool, quick: bool) -> dict:
    while True:
        slot = boot.order(state)[0]
        if slot == boot.ROM or slots.works(root + "/" + slot, state.id_of(slot), quick):
            break
        state = boot.broken(state, slot)
    kept.save(nvs, state)
    return {
        "slot": slot,
        "version": 0 if slot == boot.ROM else slots.head(root + "/" + slot).manifest.version,
        "safe": int(boot.safe(state)),
        "trial": int(slot == state.trial),
        "fresh": int(fresh),
        "crashes": max(0, state.starts - 1),
        "reformatted": state.reformatted,
        "lost": state.lost,
        "refused": state.refused,
        "refused_version": state.refused_version,
    }


def load(nvs, root: str, begun: dict, rom: "list[str]", load_main):
    """(what load_main() returned, the start that it was): imports the chosen copy, and where that alone fails already,
    the next one at once, so that no alarm waits for a restart. `rom`: sys.path without a slot."""
    while True:
        _forget()
        sys.path[:] = ([root + "/" + begun["slot"]] if begun["slot"] != boot.ROM else []) + rom
        try:
            return load_main(), begun
        except Exception as error:
            if begun["slot"] == boot.ROM:
                raise
            sys.print_exception(error, sys.stderr)
        state = boot.broken(kept.load(nvs), begun["slot"], ROLLED_BACK)
        begun = _pick(nvs, root, state, begun["fresh"] == 1, False)


def _forget() -> None:
    """What was imported until now was the rom copy's, or another slot's."""
    for name in list(sys.modules):
        if name.split(".")[0] in ("heartlamp", "heartlamp_protocol"):
            del sys.modules[name]


def _blank(device) -> bool:
    """A chip as it comes from the factory: nothing is lost there."""
    start = bytearray(256)
    try:
        device.readblocks(0, start, 0)
    except OSError:
        return False
    return start == b"\xff" * len(start)


def _damaged(folder: str) -> bool:
    """Whether it, or a folder in it, cannot be listed."""
    try:
        for entry in list(os.ilistdir(folder or "/")):
            if entry[1] == 0x4000 and _damaged(folder + "/" + entry[0]):
                return True
    except OSError:
        return True
    return False


def _rescue(root: str) -> "list[tuple[str, bytes]]":
    """Events and the settings' copy, as far as they can be read."""
    kept = []
    try:
        names = ["/out/" + entry[0] for entry in os.ilistdir(root + "/out")]
    except OSError:
        names = []
    for name in sorted(names)[-RESCUED_MOST:] + ["/settings"]:
        try:
            with open(root + name, "rb") as f:
                kept.append((name, f.read()))
        except OSError:
            pass
    return kept


def _put_back(root: str, kept: "list[tuple[str, bytes]]") -> None:
    try:
        if kept:
            os.mkdir(root + "/out")
        for name, data in kept:
            with open(root + name, "wb") as f:
                f.write(data)
    except OSError:
        pass
