"""The settings on the flash: in the NVS, and in a file beside it. How they are written: keeper.py."""

from heartlamp.settings import copy

CHUNK = 1900  # bytes of one NVS value; longer ones are not safe on a nearly full page
CHUNKS = (copy.HEAD + copy.MOST + CHUNK - 1) // CHUNK
UNREADABLE = (OSError, ValueError, KeyError, TypeError)


class Store:
    """`nvs`: as esp32.NVS, None where there is none; `folder`: of the file, "" the root. `fields`: the settings, None
    where the device is not provisioned, and then `why`: "new", "reset", "damaged", or what is wrong with them.
    `left_out`: names of fields that this firmware cannot use; `repaired`: names of copies that load() wrote again."""

    def __init__(self, nvs, folder: str) -> None:
        self.nvs = nvs
        self.slot = None  # of the NVS, where the current settings are
        self.path = folder + "/settings"
        self.fields = None
        self.why = "new"
        self.left_out = []
        self.repaired = []
        self.generation = 0

    def load(self, before: "int | None" = None) -> "dict | None":
        """The newer of the two copies; makes the other one agree. `before`: the generation that was in force before a
        sleep: where the NVS has that, it says it all, and a press does not wait for more. Never raises."""
        if before is not None and self._take_nvs(before):
            return self.fields
        there, found = self._copies()
        if found:
            self.generation = max([one[0] for one in found.values()])
            newest = next(one for one in found.values() if one[0] == self.generation)
            self.use(newest[1], newest[2])
            if not self._is_whole(there, found):
                from heartlamp.settings.keeper import mend

                self.repaired = mend(self, found, newest)
        else:
            self.why = "damaged" if there else "new"
        return self.fields

    def save(self, fields: "dict | None") -> "list[str]":
        """The name of the copy that could not be written, "nvs" or "file", in a list: the next start repairs it. None:
        reset. Raises OSError where none could be written, ValueError where the settings are too long: then nothing was
        changed."""
        from heartlamp.settings.keeper import save

        return save(self, fields)

    def agree(self) -> bool:
        """Whether every copy can be read, all say the same, and there is nothing else."""
        return self._is_whole(*self._copies())

    def use(self, fields: "dict | None", good: bool) -> None:
        """`good`: this very firmware found them so."""
        self.fields, self.left_out, self.why = fields, [], "reset" if fields is None else ""
        if fields is not None and not good:
            from heartlamp.settings.fields import usable

            try:
                self.fields, self.left_out = usable(fields)
            except ValueError as error:
                self.fields, self.why = None, str(error)

    def _is_whole(self, there: int, found: dict) -> bool:
        copies = list(found.values())
        return there == len(copies) == (1 if self.nvs is None else 2) and copies[0] == copies[-1]

    def _copies(self) -> "tuple[int, dict]":
        """(how many there are, those of them that can be read, by name: (generation, fields, good))."""
        found, listed = {}, self._read_nvs() + self._read_file()
        for name, slot, data in listed:
            try:
                one = copy.read(data)
            except UNREADABLE:
                continue
            if name not in found or one[0] > found[name][0]:
                found[name] = one
                if name == "nvs":
                    self.slot = slot
        return len(listed), found

    def _take_nvs(self, generation: int) -> bool:
        """Whether it holds exactly one copy, of that generation, and that is good."""
        copies = self._read_nvs()
        if len(copies) != 1:
            return False
        try:
            found, fields, good = copy.read(copies[0][2])
        except UNREADABLE:
            return False
        if found != generation:
            return False
        self.generation = found
        self.slot = copies[0][1]
        self.use(fields, good)
        return True

    def _read_nvs(self) -> "list[tuple]":
        return [] if self.nvs is None else [("nvs", slot, self._read_slot(slot)) for slot in (0, 1) if self._used(slot)]

    def _used(self, slot: int) -> bool:
        try:
            return self.nvs.get_blob(key(slot, 0), bytearray(CHUNK)) > 0
        except OSError:
            return False

    def _read_slot(self, slot: int) -> bytes:
        """Empty where a part of it is missing."""
        data, buffer = b"", bytearray(CHUNK)
        try:
            for i in range(CHUNKS):
                data += buffer[: self.nvs.get_blob(key(slot, i), buffer)]
                if len(data) >= copy.length(data[: copy.HEAD]):
                    break
        except (OSError, ValueError):
            return b""
        return bytes(data)

    def _read_file(self) -> "list[tuple]":
        try:
            with open(self.path, "rb") as f:
                return [("file", None, f.read(copy.HEAD + copy.MOST + 1))]
        except OSError:
            return []


def key(slot: int, chunk: int) -> str:
    """Of one NVS value."""
    return "set%d.%d" % (slot, chunk)
