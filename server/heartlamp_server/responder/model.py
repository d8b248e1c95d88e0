"""Logging in, as rules: how many wrong passwords are too many. Pure."""

from dataclasses import dataclass
from datetime import timedelta

SESSION = timedelta(hours=12)
FREE_TRIES = 5
WINDOW_SECONDS = 300.0


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody with an account. `display`: the name that the villages see."""

    name: str
    display: str


@dataclass(frozen=True, slots=True)
class Tries:
    """Wrong passwords of one name from one address. `at`: seconds of a clock that never goes back."""

    at: tuple[float, ...] = ()

    def wrong(self, now: float) -> "Tries":
        return Tries((*self._recent(now), now))

    def wait(self, now: float) -> float:
        """Seconds until the next try is allowed; 0.0 now."""
        recent = self._recent(now)
        return max(0.0, recent[-FREE_TRIES] + WINDOW_SECONDS - now) if len(recent) >= FREE_TRIES else 0.0

    def _recent(self, now: float) -> tuple[float, ...]:
        return tuple(t for t in self.at if now - t < WINDOW_SECONDS)[-FREE_TRIES:]
