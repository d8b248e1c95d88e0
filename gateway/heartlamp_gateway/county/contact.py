"""Whether the county is there, told by whoever hears from it."""

from heartlamp_gateway.clock import boottime
from heartlamp_gateway.rules.pulse import in_contact


class Contact:
    """A single number, written and read whole: no lock."""

    def __init__(self) -> None:
        self._last: int | None = None
        self._began = boottime()

    def touch(self) -> None:
        self._last = boottime()

    def away_ms(self) -> int:
        """Since when nothing was heard of it, 0 while it is there; before the first word: since we began."""
        return 0 if self else boottime() - (self._last if self._last is not None else self._began)

    def age(self) -> int | None:
        """Since when it has said nothing, ms; None: it never did."""
        last = self._last
        return None if last is None else boottime() - last

    def __bool__(self) -> bool:
        return in_contact(boottime(), self._last)
