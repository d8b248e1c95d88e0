"""Is somebody really at the screen? A level is staffed only while a signed-in operator answers this. Pure.

Nothing runs in the background: when a person last answered says everything."""

from datetime import datetime, timedelta

EVERY = timedelta(minutes=20)
WITHIN = timedelta(minutes=3)
STAFFING = frozenset(("operator", "commander"))
"""Roles whose holders staff their level."""


def asked(answered_at: datetime, now: datetime) -> bool:
    """Whether the screen asks now. Signing in is an answer."""
    return now >= answered_at + EVERY


def lapses_at(answered_at: datetime) -> datetime:
    return answered_at + EVERY + WITHIN


def present(answered_at: datetime, now: datetime) -> bool:
    return now < lapses_at(answered_at)


def answer(answered_at: datetime, now: datetime) -> datetime:
    """The new `answered_at`. An answer that nobody asked for changes nothing: a script that always says yes buys no
    longer absence than a person may have."""
    return now if asked(answered_at, now) else answered_at
