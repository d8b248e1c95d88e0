"""Fields of `"sensors"` in the configuration. A wrong one is no reason for a device not to start: its default stands,
and `wrong` counts it."""


class Given:
    """`said`: what stands in the configuration, whatever that is."""

    def __init__(self, said: object) -> None:
        self.wrong = 0
        self._said = self._object(said)

    def names(self, name: str) -> bool:
        """Whether there is anything about `name`."""
        return name in self._said

    def about(self, name: str) -> "dict[str, object]":
        return self._object(self._said.get(name))

    def own(self, name: str, default: int, least: int, most: int) -> int:
        """A field that is about no part of its own."""
        return self.whole(self._said, name, default, least, most)

    def whole(self, said: "dict[str, object]", name: str, default: int, least: int, most: int) -> int:
        value = said.get(name, default)
        if isinstance(value, int) and not isinstance(value, bool) and (least <= value <= most or value == default):
            return value
        self.wrong += 1
        return default

    def _object(self, said: object) -> "dict[str, object]":
        if isinstance(said, dict):
            return said
        self.wrong += int(said is not None)
        return {}
