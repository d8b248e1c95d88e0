"""Writes the settings: loaded where they change or where their copies disagree, which a start seldom finds.

A change is written to the NVS's free slot, then to a new file that takes the old one's place; the other slot goes when
both stand. So one whole copy is there at every moment, and the next start makes the two agree on the newer one.
`store`: store.py's Store.
"""

import os

from heartlamp.settings import copy
from heartlamp.settings.store import CHUNK, CHUNKS, key


def save(store, fields: "dict | None") -> "list[str]":
    """As Store.save()."""
    data = copy.write(store.generation + 1, fields)
    store.generation += 1  # also where it fails: half of it may be there
    places = _places(store)
    failed = [name for name, write in places if not _succeeds(write, store, data)]
    if len(failed) == len(places):
        raise OSError("the settings could not be written")
    store.use(fields, True)
    if not failed:
        _free_slot(store)
    return failed


def mend(store, found: dict, newest: tuple) -> "list[str]":
    """Makes all copies agree on the newest of those found; the names of those that were written again."""
    _succeeds(os.remove, store.path + ".new")
    data = copy.write(newest[0], newest[1])
    behind = [(name, write) for name, write in _places(store) if name not in found or found[name][0] < newest[0]]
    repaired = [name for name, write in behind if _succeeds(write, store, data)]
    _free_slot(store)
    return repaired


def _places(store) -> list:
    """NVS first: it is what a device with a broken file system starts from."""
    file = ("file", _write_file)
    return [file] if store.nvs is None else [("nvs", _write_nvs), file]


def _write_nvs(store, data: bytes) -> None:
    slot = 1 if store.slot == 0 else 0
    for i in range((len(data) + CHUNK - 1) // CHUNK):
        store.nvs.set_blob(key(slot, i), data[i * CHUNK : (i + 1) * CHUNK])
    store.nvs.commit()
    store.slot = slot


def _free_slot(store) -> None:
    """What is older than the current settings goes: a consent once withdrawn stays so, whatever breaks later. Its
    beginning last, because by that a start sees that there is something."""
    if store.slot is not None:
        gone = [_succeeds(store.nvs.erase_key, key(1 - store.slot, i)) for i in range(CHUNKS - 1, -1, -1)]
        if True in gone:
            _succeeds(store.nvs.commit)


def _write_file(store, data: bytes) -> None:
    with open(store.path + ".new", "wb") as f:
        f.write(data)
    os.rename(store.path + ".new", store.path)


def _succeeds(act, *what) -> bool:
    try:
        act(*what)
        return True
    except OSError:
        return False
