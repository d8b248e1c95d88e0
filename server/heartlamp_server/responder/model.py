"""A person, and how long a session lasts. Pure."""

from dataclasses import dataclass
from datetime import timedelta

SESSION = timedelta(hours=12)


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody whom the county knows by name. `display`: the name that the villages see."""

    name: str
    display: str
