"""Texts that people type and other people read."""

import re
import unicodedata

# By their category: controls, what turns, joins or marks its neighbours, what breaks lines or paragraphs.
_UNSEEN = frozenset(("Cc", "Cf", "Zl", "Zp"))
# Letters, signs and marks that are blank all the same: Unicode's Default_Ignorable_Code_Point, and braille's blank.
_BLANK = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2065\u2800\u3164\ufe00-\ufe0f\uffa0\ufff0-\ufff8\U000e0000-\U000e0fff]"
)


def name(text: str) -> str:
    """One line, of characters that can be seen and do nothing to their neighbours, with single spaces; "" where there
    are none."""
    seen = (c for c in _BLANK.sub("", text) if c.isspace() or unicodedata.category(c) not in _UNSEEN)
    return " ".join("".join(seen).split())


def lines(text: str) -> str:
    """The same, in as many lines as it has."""
    return "\n".join(map(name, text.splitlines())).strip()


def is_seen(text: str) -> bool:
    """Whether nothing in it is a control or turns its neighbours. A character that this Python does not know yet may be
    somebody's name."""
    return not any(unicodedata.category(c) in _UNSEEN for c in text)
