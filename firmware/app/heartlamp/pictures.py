"""Stills on the flash until whoever stores them has them, a week at most: few, and never in the way of an alarm.

A picture is written as `new`, becomes `s<first 16 hex of its sum>` when it is whole, and is named after its event once
that is in the outbox: `<order>.<quarter days left>.<event id>`. So an event on the flash always finds its picture after
a power cut, or it is known to be gone. A restart costs a picture a quarter of a day, because nobody knows how long the
device was off: it may be deleted early, never kept longer.
"""

import os

MOST = 4
RESERVE = 192 * 1024  # bytes left free for the records of 200 alarms, and littlefs' copies of them
QUARTERS = 28  # 7 days
QUARTER_MS = 6 * 3_600_000


class Picture:
    """id: of the still's event; size: bytes; order: the lowest is the oldest; left: quarter days."""

    def __init__(self, id: str, size: int, order: int, left: int) -> None:
        self.id = id
        self.size = size
        self.order = order
        self.left = left

    def name(self) -> str:
        return "%08d.%02d.%s" % (self.order, self.left, self.id)


class Pictures:
    """`root`: of the flash. kept: oldest first; dropped: how many had to go before anybody had them."""

    def __init__(self, root: str) -> None:
        self._root = root
        self._folder = root + "/still"
        self.kept = []
        self.dropped = 0

    def load(self, stills: "list[tuple[str, str]]") -> None:
        """`stills`: (event id, sum) of those in the outbox. Never raises."""
        try:
            os.mkdir(self._folder)
        except OSError:
            pass  # it is there, or the flash is broken and there are no pictures
        for name, size in self._list():
            try:
                self._load(name, size, stills)
            except OSError:
                pass  # it stays for the next start
        self.kept.sort(key=_order)
        self.age()

    def _load(self, name: str, size: int, stills: "list[tuple[str, str]]") -> None:
        parts = name.split(".")
        if len(parts) == 3 and parts[0].isdigit() and parts[1].isdigit():
            self.kept.append(Picture(parts[2], size, int(parts[0]), int(parts[1])))
            return
        for id, sum in stills:
            if name == "s" + sum[:16]:
                self._adopt(name, id, size)
                return
        os.remove(self._folder + "/" + name)  # the power went before its event was stored: nothing was promised

    def make_room(self, size: int) -> bool:
        """Drops the oldest until `size` bytes fit. False: they never will."""
        while len(self.kept) >= MOST or self._free() < size + RESERVE:
            if not self.kept:
                return False
            self.dropped += 1
            self.remove(self.kept[0].id)
        return True

    def new(self):
        """The file that a picture is written to. Raises OSError."""
        return open(self._folder + "/new", "wb")

    def whole(self, sum: str) -> None:
        """What was written is whole. sum: 64 hex. Raises OSError."""
        os.rename(self._folder + "/new", self._folder + "/s" + sum[:16])

    def adopt(self, sum: str, id: str, size: int) -> None:
        """Its event is stored. Raises OSError."""
        self._adopt("s" + sum[:16], id, size)

    def discard(self) -> None:
        """Whatever is no picture of an event."""
        for name, _ in self._list():
            if "." not in name:
                self._remove(name)

    def find(self, id: str) -> "Picture | None":
        for picture in self.kept:
            if picture.id == id:
                return picture
        return None

    def read(self, picture: Picture, at: int, buffer) -> int:
        """Fills `buffer` from byte `at` on; how many bytes. Raises OSError."""
        with open(self._folder + "/" + picture.name(), "rb") as f:
            f.seek(at)
            return f.readinto(buffer)

    def remove(self, id: str) -> None:
        picture = self.find(id)
        if picture is not None:
            self.kept.remove(picture)
            self._remove(picture.name())

    def clear(self) -> int:
        """Deletes all; how many there were."""
        count = len(self.kept)
        for picture in list(self.kept):
            self.remove(picture.id)
        self.discard()
        return count

    def age(self) -> None:
        """A quarter of a day is over."""
        for picture in list(self.kept):
            if picture.left <= 1:
                self.dropped += 1
                self.remove(picture.id)
                continue
            before = picture.name()
            picture.left -= 1
            try:
                os.rename(self._folder + "/" + before, self._folder + "/" + picture.name())
            except OSError:
                picture.left += 1

    def _adopt(self, name: str, id: str, size: int) -> None:
        order = self.kept[-1].order + 1 if self.kept else 1
        picture = Picture(id, size, order, QUARTERS)
        os.rename(self._folder + "/" + name, self._folder + "/" + picture.name())
        self.kept.append(picture)

    def _list(self) -> "list[tuple[str, int]]":
        try:
            entries = [(e[0], e[3]) for e in os.ilistdir(self._folder) if e[1] == 0x8000]
        except OSError:
            return []
        entries.sort()
        return entries

    def _remove(self, name: str) -> None:
        try:
            os.remove(self._folder + "/" + name)
        except OSError:
            pass  # a broken flash; the next start finds it again, a quarter of a day older

    def _free(self) -> int:
        try:
            stat = os.statvfs(self._root or "/")
        except OSError:
            return 0
        return stat[0] * stat[3]


def _order(picture: Picture) -> int:
    return picture.order
