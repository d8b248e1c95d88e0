"""Server-sent events out of lines. Pure."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Event:
    name: str
    id: str
    data: str


@dataclass(slots=True)
class Reader:
    """Feed it line by line; it gives an event at each empty line. `id` stays until the next, by the standard."""

    _name: str = "message"
    _id: str = ""
    _data: list[str] = field(default_factory=list)

    def feed(self, line: bytes) -> Event | None:
        text = line.decode("utf-8", "replace").rstrip("\r\n")
        if not text:
            event = Event(self._name, self._id, "\n".join(self._data)) if self._data else None
            self._name, self._data = "message", []
            return event
        name, _, value = text.partition(":")
        value = value.removeprefix(" ")
        if name == "event":
            self._name = value
        elif name == "id":
            self._id = value
        elif name == "data":
            self._data.append(value)
        return None
