"""Whether the county is there, told by whoever hears from it."""

from heartlamp_gateway.clock import boottime
from heartlamp_gateway.rules.pulse import in_contact


class Contact:
    """A single number, written and read whole: no lock."""

    def __init__(self) -> None:
        self._last: int | None = None

    def touch(self) -> None:
        self._last = boottime()

    def __bool__(self) -> bool:
        return in_contact(boottime(), self._last)
