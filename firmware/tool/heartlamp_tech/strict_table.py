"""Takes the fields of a TOML table one by one, says what belongs in a wrong one, and knows what is left over."""

from collections.abc import Callable
from typing import Any


class WrongFieldError(Exception):
    """Names the field and what belongs there."""


class Table:
    """`where`: the table's name with a dot, "" for the file itself. Each method takes a field; a wrong or missing one
    raises WrongFieldError."""

    def __init__(self, fields: dict[str, Any], where: str = "") -> None:
        self._fields = dict(fields)
        self._where = where

    def __contains__(self, name: str) -> bool:
        return name in self._fields

    def text(self, name: str) -> str:
        return str(self._take(name, "some text", _is_text))

    def one_of(self, name: str, *values: str) -> str:
        return str(self._take(name, "one of " + ", ".join(values), lambda v: v in values))

    def number(self, name: str, least: int, most: int, default: int | None = None) -> int:
        good = lambda v: type(v) is int and least <= v <= most  # noqa: E731
        return int(self._take(name, f"a whole number, {least} to {most}", good, default))

    def names(self, name: str, allowed: tuple[str, ...]) -> tuple[str, ...]:
        """A list, empty where the field is missing."""
        good = lambda v: isinstance(v, list) and len(set(v)) == len(v) and set(v) <= set(allowed)  # noqa: E731
        return tuple(self._take(name, "a list out of " + ", ".join(allowed), good, []))

    def table(self, name: str) -> "Table":
        """An empty one where the field is missing."""
        return Table(self._take(name, "a table", lambda v: isinstance(v, dict), {}), f"{self._where}{name}.")

    def numbers(self, allowed: tuple[str, ...]) -> dict[str, int]:
        """All that is left: names out of `allowed`, each with a whole number."""
        return self._rest("a whole number", allowed, lambda v: type(v) is int)

    def texts(self, allowed: tuple[str, ...]) -> dict[str, str]:
        """All that is left: names out of `allowed`, each with some text."""
        return self._rest("some text", allowed, _is_text)

    def end(self) -> None:
        """Raises WrongFieldError where a field was not taken."""
        for name in self._fields:
            raise WrongFieldError(f"{self._where}{name} is not known; is it spelt right?")

    def _take(self, name: str, what: str, good: Callable[[Any], bool], default: Any = None) -> Any:
        value = self._fields.pop(name, default)
        if not good(value):
            raise WrongFieldError(f"{self._where}{name} must be {what}")
        return value

    def _rest(self, what: str, allowed: tuple[str, ...], good: Callable[[Any], bool]) -> dict[str, Any]:
        for name, value in self._fields.items():
            if name not in allowed:
                raise WrongFieldError(f"{self._where}{name} is not known; it must be one of " + ", ".join(allowed))
            if not good(value):
                raise WrongFieldError(f"{self._where}{name} must be {what}")
        rest, self._fields = self._fields, {}
        return rest


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and value != ""
