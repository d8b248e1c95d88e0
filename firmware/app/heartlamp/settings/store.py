"""The settings on the flash: in the NVS, and in a file beside it.

A change is written to the NVS's free slot, then to a new file that takes the old one's place; the other slot goes when
both stand. So one whole copy is there at every moment, and the next start makes the two agree on the newer one.
"""

import os

from heartlamp.settings import copy

CHUNK = 1900  # bytes of one NVS value; longer ones are not safe on a nearly full page
CHUNKS = (copy.HEAD + copy.MOST + CHUNK - 1) // CHUNK
UNREADABLE = (OSError, ValueError, KeyError, TypeError)


class Store:
    """`nvs`: as esp32.NVS, None where there is none; `folder`: of the file, "" the root. `fields`: the settings, None
    where the device is not provisioned, and then `why`: "new", "reset", "damaged", or what is wrong with them.
    `left_out`: names of fields that this firmware cannot use; `repaired`: names of copies that load() wrote again."""

    def __init__(self, nvs, folder: str) -> None:
        self._nvs = nvs
        self._slot = None  # of the NVS, where the current settings are
        self._path = folder + "/settings"
        self._before = (folder + "/config.json", folder + "/wifi.json")  # of firmware without this store
        self.fields = None
        self.why = "new"
        self.left_out = []
        self.repaired = []
        self.generation = 0

    def load(self, slept: bool = False) -> "dict | None":
        """The newer of the two copies; makes the other one agree. `slept`: woken from a sleep, before which they
        agreed: the NVS says it all, and a press does not wait for more. Never raises."""
        if slept and self._take_nvs():
            return self.fields
        _remove(self._path + ".new")
        there, found = self._copies()
        if not found:
            self.why = "damaged" if there else "new"
            self._take_over()
            return self.fields
        self.generation = max([one[0] for one in found.values()])
        _, fields, good = next(one for one in found.values() if one[0] == self.generation)
        self._use(fields, good)
        data = copy.write(self.generation, fields)
        for name, write in self._places():
            if (name not in found or found[name][0] < self.generation) and _succeeds(write, data):
                self.repaired.append(name)
        self._free_slot()
        return self.fields

    def save(self, fields: "dict | None") -> "list[str]":
        """The name of the copy that could not be written, "nvs" or "file", in a list: the next start repairs it. None:
        reset. Raises OSError where none could be written, ValueError where the settings are too long: then nothing was
        changed."""
        data = copy.write(self.generation + 1, fields)
        self.generation += 1  # also where it fails: half of it may be there
        places = self._places()
        failed = [name for name, write in places if not _succeeds(write, data)]
        if len(failed) == len(places):
            raise OSError("the settings could not be written")
        self._use(fields, True)
        if not failed:
            self._free_slot()
            for path in self._before:
                _remove(path)
        return failed

    def agree(self) -> bool:
        """Whether every copy can be read, and all say the same."""
        found = list(self._copies()[1].values())
        return len(found) == len(self._places()) and found[0] == found[-1]

    def _places(self) -> list:
        """NVS first: it is what a device with a broken file system starts from."""
        file = ("file", self._write_file)
        return [file] if self._nvs is None else [("nvs", self._write_nvs), file]

    def _use(self, fields: "dict | None", good: bool) -> None:
        self.fields, self.left_out, self.why = fields, [], "reset" if fields is None else ""
        if fields is not None and not good:
            from heartlamp.settings.fields import usable

            try:
                self.fields, self.left_out = usable(fields)
            except ValueError as error:
                self.fields, self.why = None, str(error)

    def _copies(self) -> "tuple[bool, dict]":
        """(whether anything is there, the readable copies by name: (generation, fields, good))."""
        there, found = False, {}
        for name, slot, data in self._read_nvs() + self._read_file():
            there = True
            try:
                one = copy.read(data)
            except UNREADABLE:
                continue
            if name not in found or one[0] > found[name][0]:
                found[name] = one
                if name == "nvs":
                    self._slot = slot
        return there, found

    def _take_nvs(self) -> bool:
        """Whether it holds exactly one copy, and that is good."""
        copies = self._read_nvs()
        if len(copies) != 1:
            return False
        try:
            self.generation, fields, good = copy.read(copies[0][2])
        except UNREADABLE:
            return False
        self._slot = copies[0][1]
        self._use(fields, good)
        return True

    def _take_over(self) -> None:
        """The files of a firmware before this store; they go once both copies stand."""
        from heartlamp.settings.earlier import read

        fields = read(self._before)
        if fields is not None:
            try:
                self.save(fields)
            except (OSError, ValueError):
                self._use(fields, True)  # as they were kept until now

    # --- the NVS ------------------------------------------------------------------------------------------------

    def _read_nvs(self) -> "list[tuple]":
        return (
            [] if self._nvs is None else [("nvs", slot, self._read_slot(slot)) for slot in (0, 1) if self._used(slot)]
        )

    def _used(self, slot: int) -> bool:
        try:
            return self._nvs.get_blob(_key(slot, 0), bytearray(CHUNK)) > 0
        except OSError:
            return False

    def _read_slot(self, slot: int) -> bytes:
        """Empty where a part of it is missing."""
        data, buffer = b"", bytearray(CHUNK)
        try:
            for i in range(CHUNKS):
                data += buffer[: self._nvs.get_blob(_key(slot, i), buffer)]
                if len(data) >= copy.length(data[: copy.HEAD]):
                    break
        except (OSError, ValueError):
            return b""
        return bytes(data)

    def _write_nvs(self, data: bytes) -> None:
        slot = 1 if self._slot == 0 else 0
        for i in range((len(data) + CHUNK - 1) // CHUNK):
            self._nvs.set_blob(_key(slot, i), data[i * CHUNK : (i + 1) * CHUNK])
        self._nvs.commit()
        self._slot = slot

    def _free_slot(self) -> None:
        """What is older than the current settings goes: a consent once withdrawn stays so, whatever breaks later."""
        if self._slot is not None:
            gone = [_succeeds(self._nvs.erase_key, _key(1 - self._slot, i)) for i in range(CHUNKS)]
            if True in gone:
                _succeeds(self._nvs.commit)

    # --- the file -----------------------------------------------------------------------------------------------

    def _read_file(self) -> "list[tuple]":
        try:
            with open(self._path, "rb") as f:
                return [("file", None, f.read(copy.HEAD + copy.MOST + 1))]
        except OSError:
            return []

    def _write_file(self, data: bytes) -> None:
        with open(self._path + ".new", "wb") as f:
            f.write(data)
        os.rename(self._path + ".new", self._path)


def _key(slot: int, chunk: int) -> str:
    return "set%d.%d" % (slot, chunk)


def _succeeds(act, *what) -> bool:
    try:
        act(*what)
        return True
    except OSError:
        return False


def _remove(path: str) -> None:
    try:
        os.remove(path)
    except OSError:
        pass  # it was not there
