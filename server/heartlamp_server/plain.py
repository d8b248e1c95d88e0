"""Texts that people type and other people read."""

import re

# C0 and C1 but the newline, marks that turn the direction of what follows, and what breaks lines or has no width.
_UNSEEN = re.compile("[\0-\x09\x0b-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]")


def name(text: str) -> str:
    """One line, of characters that can be seen and do nothing to their neighbours."""
    return lines(text).replace("\n", "").strip()


def lines(text: str) -> str:
    """The same, in as many lines as it has."""
    return _UNSEEN.sub("", text).strip()
