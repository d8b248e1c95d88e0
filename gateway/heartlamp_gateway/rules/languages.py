"""A text for people in both languages at once: an output says what is wrong with it in one, and each screen shows its
own half. Pure."""

import re
from collections.abc import Mapping

_BOTH = re.compile("(.*?。) +([A-Z0-9].*)", re.DOTALL)  # names within the English may be Chinese


def in_both(zh: str, en: str) -> str:
    """`en`: begins with a capital."""
    return f"{zh}。 {en}."


def both(text: str) -> tuple[str, str]:
    """(Chinese, English) of a text that may hold both, the Chinese first; one that does not stands for both."""
    found = _BOTH.fullmatch(text)
    return (found[1], found[2]) if found else (text, text)


def listed(texts: Mapping[str, str]) -> tuple[str, str]:
    """(Chinese, English) of what is said of several, by name."""
    said = [(name, *both(text)) for name, text in sorted(texts.items())]
    zh = "；".join(f"{name}：{words.rstrip('。')}" for name, words, _ in said)
    return zh, "; ".join(f"{name}: {words.rstrip('.')}" for name, _, words in said)
