"""A person, and how long a session lasts. Pure."""

from dataclasses import dataclass
from datetime import timedelta

SESSION = timedelta(hours=12)
WALL_SESSION = timedelta(days=400)
"""Of an account that is nothing but a screen on a wall (400 days: browsers keep no cookie longer)."""


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody whom the county knows by name. `display`: the name that the villages see."""

    name: str
    display: str
