"""A line of the box's GPIO as an output that is off unless somebody holds it and says on. Needs the extra `siren`."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import gpiod

CONSUMER = "heartlamp-siren"


class Relay(Protocol):
    """A line while it is held."""

    def set(self, on: bool) -> None: ...

    def is_on(self) -> bool:
        """Read back from the line, not remembered."""
        ...


@dataclass(frozen=True, slots=True)
class GpioLine:
    """`chip`: its path; `line`: a number on the chip, or its name; `active_low`: the relay closes at 0 V."""

    chip: str
    line: int | str
    active_low: bool

    @contextmanager
    def held(self) -> Iterator[Relay]:
        """Off from the first moment, and off again before it is let go, whatever happened. Raises OSError (also where
        another process holds the line) and ImportError (the extra is not installed)."""
        import gpiod  # lazily: few boxes have a siren
        from gpiod.line import Direction, Value

        settings = gpiod.LineSettings(
            direction=Direction.OUTPUT, active_low=self.active_low, output_value=Value.INACTIVE
        )
        request = gpiod.request_lines(self.chip, consumer=CONSUMER, config={self.line: settings})
        try:
            yield _Held(request, self.line)
        finally:
            try:
                request.set_value(self.line, Value.INACTIVE)
            finally:
                request.release()


class _Held:
    def __init__(self, request: "gpiod.LineRequest", line: int | str) -> None:
        self._request = request
        self._line = line

    def set(self, on: bool) -> None:
        from gpiod.line import Value

        self._request.set_value(self._line, Value.ACTIVE if on else Value.INACTIVE)

    def is_on(self) -> bool:
        from gpiod.line import Value

        return self._request.get_value(self._line) is Value.ACTIVE
